"""Things found in pictures, with and without decoding, beside transformers' own detector picture by picture.

Both sides are shown the same pictures in full size, find what reaches the same score, and have as many threads for
arithmetic. Decoding includes the start of its process once a round, as once a video: a share that shrinks with the
length that is measured.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from idleness import idle_note
from pictures import batches, guarded, plain
from sizes import Options, Size
from table import OURS, PLAIN, Row, Timed, hour_row, in_turns, loaded

from vidagent.tools.models.detection import ZeroShotDetector
from vidagent.tools.models.device import Device

if TYPE_CHECKING:
    from PIL.Image import Image

    from vidagent.tools.roles import Pixels

TARGETS = ("lighthouse", "boat", "letter")
BESIDE = "transformers, picture by picture"
_BATCH = 8
# Of trained weights a picture has a few; of weights drawn by chance any number could pass a fixed score.
_N_FOUND, _N_JUDGED = 5, 8
# In full size they fill the memory otherwise.
_SHOWN_S = 40.0
_N_TOKENS = 16
_BOX_SPREAD = 0.1
_SAME = 0.02
_SCORE_MIN = 0.1


def rows(options: Options, folder: Path) -> Iterator[Row]:
    """Loading until the first answer; pictures a second without and with decoding; an hour of video."""
    import cv2
    import torch

    cv2.setNumThreads(torch.get_num_threads())
    device, name = Device.named(options.device), f"OWLv2 {options.size.detector_vision['image_size']} px"
    drawn_detector(folder, options.size)
    loading = loaded(
        lambda: _asked(ZeroShotDetector(folder, device)),
        lambda: PlainDetector(folder, device),
        options.n_rounds,
    )
    yield Row(f"{name}: seconds until the first answer", "from_pretrained", loading)
    baseline: PlainDetector = loading.given[PLAIN]
    baseline.score_min = _score_of(baseline, plain(options.video, options.length_s), options.length_s)
    ours = ZeroShotDetector(folder, device, score_min=baseline.score_min)
    ours.detect([_BLACK], TARGETS)
    yield _row_of_shown(name, ours, baseline, options)

    def our_scores() -> list[float]:
        return our_best(ours, guarded(options.video, options.length_s))

    def plain_scores() -> list[float]:
        return [baseline.best(image) for image in plain(options.video, options.length_s)]

    timed = in_turns(our_scores, plain_scores, options.n_rounds)
    note = f"{_likeness_note(timed)}; {idle_note(our_scores, plain_scores, device.name)}"
    yield Row(f"{name}: pictures with decoding, a second", BESIDE, timed, len(timed.given[OURS]), note=note)
    yield hour_row(f"{name}, a picture a second", BESIDE, timed, options.length_s)


def _row_of_shown(name: str, ours: ZeroShotDetector, baseline: PlainDetector, options: Options) -> Row:
    """The detectors alone, on pictures that were decoded before."""
    length_s = min(options.length_s, _SHOWN_S)
    pictures, images = list(guarded(options.video, length_s)), list(plain(options.video, length_s))
    timed = in_turns(
        lambda: our_best(ours, pictures),
        lambda: [baseline.best(image) for image in images],
        options.n_rounds,
    )
    n = len(timed.given[OURS])
    return Row(f"{name}: decoded pictures, a second", BESIDE, timed, n, note=_likeness_note(timed))


def our_best(detector: ZeroShotDetector, pictures: Iterable[Pixels]) -> list[float]:
    """The highest score in each picture, 0 where nothing was found."""
    found = (each for batch in batches(pictures, _BATCH) for each in detector.detect(batch, TARGETS))
    return [max((one.score for one in each), default=0.0) for each in found]


def _likeness_note(timed: Timed[list[float]]) -> str:
    return f"best scores differ by {unlikeness(timed.given[OURS], timed.given[PLAIN]):.4f} at most"


_BLACK = np.zeros((64, 64, 3), np.uint8)


def drawn_detector(folder: Path, size: Size) -> None:
    """An OWLv2 as ``save_pretrained`` writes it, with weights drawn by chance and CLIP's own words."""
    import torch
    from transformers import Owlv2Config, Owlv2ForObjectDetection, Owlv2ImageProcessor, Owlv2Processor
    from transformers.utils import logging

    logging.disable_progress_bar()
    tokenizer = _clip_tokenizer()
    ids = {name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    text = {**size.detector_text, **ids, "vocab_size": len(tokenizer), "max_position_embeddings": _N_TOKENS}
    width = size.detector_text["hidden_size"]
    torch.manual_seed(0)
    config = Owlv2Config(text_config=text, vision_config=size.detector_vision, projection_dim=width)
    model = Owlv2ForObjectDetection(config)
    _draw(model)
    model.save_pretrained(folder)
    side = size.detector_vision["image_size"]
    images = Owlv2ImageProcessor(size={"height": side, "width": side})
    processor: Any = Owlv2Processor(images, tokenizer)
    processor.save_pretrained(folder)


def _draw(model: Any) -> None:
    """Weights that let pictures differ; those that the library draws first give every place the same box."""
    import torch

    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.normal_(std=weight[0].numel() ** -0.5)
        # So near to where a box is looked for as it is with trained weights.
        model.box_head.dense2.weight.mul_(_BOX_SPREAD)


def _clip_tokenizer() -> Any:
    """CLIP's tokenizer from the list of pairs that comes with open_clip."""
    import open_clip
    from open_clip.tokenizer import bytes_to_unicode
    from transformers import CLIPTokenizer

    file = Path(open_clip.__file__).parent / "bpe_simple_vocab_16e6.txt.gz"
    lines = gzip.decompress(file.read_bytes()).decode().split("\n")[1 : 49152 - 256 - 2 + 1]
    pairs = [(first, second) for first, second in (line.split() for line in lines)]
    letters = list(bytes_to_unicode().values())
    pieces = [*letters, *(f"{letter}</w>" for letter in letters), *map("".join, pairs)]
    pieces += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {piece: place for place, piece in enumerate(pieces)}
    return CLIPTokenizer(vocab=vocabulary, merges=pairs, pad_token="!", model_max_length=_N_TOKENS)


@dataclass
class PlainDetector:
    """OWLv2 as its page in the documentation of transformers shows it; it has been asked once."""

    folder: Path
    device: Device
    score_min: float = _SCORE_MIN

    def __post_init__(self) -> None:
        import transformers
        from PIL import Image

        library: Any = transformers
        self.processor = library.AutoProcessor.from_pretrained(self.folder)
        model = library.AutoModelForZeroShotObjectDetection.from_pretrained(
            self.folder, dtype=self.device.dtype
        )
        self.model = model.to(self.device.name).eval()
        self.best(Image.fromarray(_BLACK))

    def best(self, image: Image) -> float:
        """The highest score in a picture, 0 where nothing was found."""
        return max(self.scores(image, self.score_min), default=0.0)

    def scores(self, image: Image, score_min: float) -> list[float]:
        """Scores of all that was found in a picture."""
        import torch

        texts = [[f"a photo of a {target}" for target in TARGETS]]
        inputs = self.processor(
            images=image, text=texts, padding="max_length", max_length=_N_TOKENS, return_tensors="pt"
        )
        with torch.no_grad():
            outputs = self.model(**inputs.to(self.device.name, self.model.dtype))
        (found,) = self.processor.post_process_grounded_object_detection(
            outputs, score_min, [(image.height, image.width)], text_labels=texts
        )
        # Beside a picture that is not square there is room, which the adapter finds nothing in.
        shows = (found["boxes"][:, :2] < found["boxes"].new_tensor(image.size)).all(dim=1)
        return [float(score) for score in found["scores"][shows]]


def unlikeness(ours: list[float], others: list[float]) -> float:
    """The most that the best scores of a picture differ; no speed counts where they do."""
    if len(ours) != len(others):
        raise SystemExit(f"not the same pictures: {len(ours)} and {len(others)}")
    most = max(abs(one - other) for one, other in zip(ours, others, strict=True))
    if most > _SAME:
        raise SystemExit(f"not the same things found: scores differ by {most:.4f}")
    return most


def _score_of(baseline: PlainDetector, images: Iterator[Image], length_s: float) -> float:
    """The score that a few boxes of a picture reach, by some pictures from all over the video."""
    some = islice(images, 0, None, max(1, int(length_s) // _N_JUDGED))
    scores = [baseline.scores(image, 0.0) for image in some]
    return sorted(chain.from_iterable(scores), reverse=True)[_N_FOUND * len(scores)]


def _asked(detector: ZeroShotDetector) -> Any:
    detector.detect([_BLACK], TARGETS)
    return detector
