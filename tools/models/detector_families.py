"""Kinds of detectors of transformers: how each is asked, and where its boxes and scores are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ..roles import Pixels
from .detector_boxes import Shares
from .detector_pictures import squared

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

# A picture longer than so many times what the model looks at is shrunk first: OWLv2 is shown a square that is
# blurred in full size, which takes seconds and gigabytes for a large one.
_SIDES_MAX = 3
_N_QUERIES_MAX = 64


@dataclass(frozen=True)
class Family:
    """One kind of model: how it is asked, and where its boxes and scores are."""

    model: Any
    processor: Any
    score_min: ClassVar[float]

    def parts(self, targets: Sequence[str]) -> Iterator[list[str]]:
        """The targets in order, as many at once as the text encoder takes."""
        part: list[str] = []
        for target in targets:
            if part and not self.fits([*part, target]):
                yield part
                part = []
            part.append(target)
        yield part

    def look(self, pictures: Sequence[Pixels], targets: Sequence[str]) -> tuple[Shares, Shares]:
        """What is in pictures of one size: boxes (n, n_boxes, 4) and scores (n, n_boxes, n_targets).

        Boxes are (centre, size) in shares of the frame.
        """
        import torch

        inputs = self.inputs(pictures, targets)
        with torch.inference_mode():
            outputs = self.model(**inputs.to(self.model.device, self.model.dtype))
            boxes, scores = self.boxes_and_scores(outputs, targets)
        return boxes.float().cpu().numpy(), scores.float().cpu().numpy()

    def fits(self, targets: Sequence[str]) -> bool:
        """Whether the text encoder takes so many targets at once."""
        raise NotImplementedError

    def inputs(self, pictures: Sequence[Pixels], targets: Sequence[str]) -> Any:
        """What the model is given, made by its processor."""
        raise NotImplementedError

    def boxes_and_scores(self, outputs: Any, targets: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Both as ``look`` gives them."""
        raise NotImplementedError

    def frame(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of what the boxes of a picture are shares of."""
        return height, width

    def forget(self) -> None:
        """Drop what is remembered of earlier questions, as it would change the last digits of the next answer."""

    @property
    def side_max(self) -> int:
        """Pixels of the longest side of a picture that the processor should be given."""
        size = dict(self.processor.image_processor.size)
        return _SIDES_MAX * max(int(side) for side in size.values() if side)

    @property
    def room(self) -> dict[str, Any]:
        """Texts filled up or cut to what the text encoder takes."""
        return {"padding": "max_length", "max_length": self.n_tokens_max, "truncation": True}

    @property
    def n_tokens_max(self) -> int:
        """As many tokens as the text encoder takes in one text."""
        return int(self.model.config.text_config.max_position_embeddings)


class _Owl(Family):
    score_min: ClassVar[float] = 0.1

    def fits(self, targets: Sequence[str]) -> bool:
        # Each target is a text of its own, so memory alone limits them.
        return len(targets) <= _N_QUERIES_MAX

    def inputs(self, pictures: Sequence[Pixels], targets: Sequence[str]) -> Any:
        # So OWLv2 is asked in the examples of transformers.
        article = ["" if target.lower().startswith(("a ", "an ", "the ")) else "a " for target in targets]
        texts = [f"a photo of {a}{target}" for a, target in zip(article, targets, strict=True)]
        processor = self.processor.image_processor
        side, scale = int(processor.size["height"]), float(processor.rescale_factor)
        # What is square, small and scaled already, it only puts around the mean of the training pictures.
        squares = [squared(picture, side, scale) for picture in pictures]
        shown = processor(squares, do_rescale=False, return_tensors="pt")
        asked = self.processor.tokenizer(texts, return_tensors="pt", **self.room)
        return shown | {name: numbers.repeat(len(pictures), 1) for name, numbers in asked.items()}

    def boxes_and_scores(self, outputs: Any, targets: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        return outputs.pred_boxes, outputs.logits.float().sigmoid()

    def frame(self, height: int, width: int) -> tuple[int, int]:
        # Its processor makes pictures square, to the right and below.
        return max(height, width), max(height, width)


class _OmDet(Family):
    score_min: ClassVar[float] = 0.3

    def fits(self, targets: Sequence[str]) -> bool:
        return len(self.processor.tokenizer(self._task(targets))["input_ids"]) <= self.n_tokens_max

    def _task(self, targets: Sequence[str]) -> str:
        return f"Detect {', '.join(targets)}."

    def inputs(self, pictures: Sequence[Pixels], targets: Sequence[str]) -> Any:
        texts, tasks = [list(targets)] * len(pictures), [self._task(targets)] * len(pictures)
        shown = _coloured(pictures)
        return self.processor(images=shown, text=texts, task=tasks, return_tensors="pt", **self.room)

    def boxes_and_scores(self, outputs: Any, targets: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        return outputs.decoder_coord_logits, outputs.decoder_class_logits.float().sigmoid()

    def forget(self) -> None:
        for name in ("language_cache_class", "language_cache_prompt"):
            setattr(self.model, name, type(getattr(self.model, name))(self.model.config.cache_size))


class _GroundingDino(Family):
    """All targets are one text, "a cat. a dog."; the score of a target is the mean over its own tokens.

    The mean is that of the authors' evaluation on COCO (``PostProcessCocoGrounding``). Tokens are known by their
    place in the text, so that names that are part of each other are told apart.
    """

    score_min: ClassVar[float] = 0.25

    @property
    def n_tokens_max(self) -> int:
        return min(super().n_tokens_max, int(self.model.config.max_text_len))

    def fits(self, targets: Sequence[str]) -> bool:
        return len(self._tokens(self._text(targets))["input_ids"]) <= self.n_tokens_max

    def inputs(self, pictures: Sequence[Pixels], targets: Sequence[str]) -> Any:
        texts = [self._text(targets)] * len(pictures)
        return self.processor(images=_coloured(pictures), text=texts, return_tensors="pt")

    def boxes_and_scores(self, outputs: Any, targets: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        of_tokens = outputs.logits.float().sigmoid()
        weights = torch.zeros(of_tokens.shape[-1], len(targets), device=of_tokens.device)
        for number, places in enumerate(self._places(targets)):
            weights[places, number] = 1 / max(1, len(places))
        return outputs.pred_boxes, of_tokens @ weights

    def _places(self, targets: Sequence[str]) -> Iterator[list[int]]:
        """Places of each target's tokens in the text."""
        offsets = self._tokens(self._text(targets))["offset_mapping"]
        first = 0
        for phrase in map(self._phrase, targets):
            end = first + len(phrase)
            yield [at for at, (start, stop) in enumerate(offsets) if first <= start < stop <= end]
            first = end + len(". ")

    def _text(self, targets: Sequence[str]) -> str:
        return ". ".join(map(self._phrase, targets)) + "."

    def _phrase(self, target: str) -> str:
        # A dot or a question mark would end the phrase.
        phrase = " ".join(re.sub(r"[.?]", " ", target.lower()).split())
        # Three tokens go to the text's beginning, the dot and the end.
        beyond = self._tokens(phrase, add_special_tokens=False)["offset_mapping"][self.n_tokens_max - 3 :]
        return phrase[: beyond[0][0]].rstrip() if beyond else phrase

    def _tokens(self, text: str, **options: bool) -> Any:
        return self.processor.tokenizer(text, return_offsets_mapping=True, **options)


FAMILIES = {"owlv2": _Owl, "grounding-dino": _GroundingDino, "omdet-turbo": _OmDet}
"""The kinds that are known, by what their configuration calls them."""


def _coloured(pictures: Sequence[Pixels]) -> list[Image]:
    """Of bare numbers the processor would have to guess which side the colours are."""
    from PIL.Image import fromarray

    return [fromarray(picture) for picture in pictures]
