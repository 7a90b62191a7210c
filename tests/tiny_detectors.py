"""Detectors of the real architectures, small enough to be made in a test, with weights drawn by chance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

SIDE = 64
"""Pixels of the side of the square that the tiny OWLv2 and OmDet-Turbo look at."""
PATCH = 16
"""Pixels of the side of a patch of the tiny OWLv2; it gives one box for each patch."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,!?'-"
_WORDS = ("a", "car", "door", "cat", "dog", "red", "photo", "of", "the", "st", "bernard", "u", "s", "flag")
# Grounding DINO knows these four by their numbers in the vocabulary of BERT.
_BERT_PLACES = {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, "[MASK]": 103, ".": 1012, "?": 1029}
_BERT_SIZE = 1100


def make_owlv2(folder: Path) -> Path:
    """An OWLv2 of 16 boxes for each picture."""
    from transformers import Owlv2Config, Owlv2ForObjectDetection, Owlv2ImageProcessor, Owlv2Processor

    tokenizer = _clip_tokenizer(n_tokens_max=16)
    text = _clip_text(tokenizer, n_tokens_max=16)
    vision = {**_SMALL, "image_size": SIDE, "patch_size": PATCH}
    config = Owlv2Config(text_config=text, vision_config=vision, projection_dim=32)
    images = Owlv2ImageProcessor(size={"height": SIDE, "width": SIDE})
    return _saved(folder, Owlv2ForObjectDetection(config), Owlv2Processor(images, tokenizer))


def make_grounding_dino(folder: Path) -> Path:
    """A Grounding DINO that takes 40 tokens and gives 12 boxes for each picture."""
    from transformers import (
        BertConfig,
        GroundingDinoConfig,
        GroundingDinoForObjectDetection,
        GroundingDinoImageProcessor,
        GroundingDinoProcessor,
    )

    text = BertConfig(**_SMALL, vocab_size=_BERT_SIZE, max_position_embeddings=64)
    config = GroundingDinoConfig(
        backbone_config=_swin(SIDE),
        text_config=text,
        num_queries=12,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        # Its norm has 32 groups of channels, and a group of one place and one channel has no spread.
        d_model=64,
        max_text_len=40,
    )
    images = GroundingDinoImageProcessor(size={"shortest_edge": 48, "longest_edge": 96})
    processor = GroundingDinoProcessor(images, _bert_tokenizer())
    return _saved(folder, GroundingDinoForObjectDetection(config), processor)


def make_omdet_turbo(folder: Path) -> Path:
    """An OmDet-Turbo of 12 boxes for each picture."""
    from transformers import (
        CLIPTextConfig,
        DetrImageProcessor,
        OmDetTurboConfig,
        OmDetTurboForObjectDetection,
        OmDetTurboProcessor,
    )

    tokenizer = _clip_tokenizer(n_tokens_max=77)
    config = OmDetTurboConfig(
        backbone_config=_swin(SIDE),
        text_config=CLIPTextConfig(**_clip_text(tokenizer, n_tokens_max=77), projection_dim=32),
        # Only the backbone of timm gives maps with their channels last.
        apply_layernorm_after_vision_backbone=False,
        image_size=SIDE,
        num_queries=12,
        text_projection_in_dim=32,
        text_projection_out_dim=32,
        task_encoder_hidden_dim=32,
        class_embed_dim=32,
        encoder_hidden_dim=16,
        decoder_hidden_dim=16,
        vision_features_channels=[16, 16, 16],
        encoder_in_channels=[32, 64, 128],
        encoder_attention_heads=2,
        decoder_num_heads=2,
        encoder_dim_feedforward=32,
        decoder_dim_feedforward=32,
        decoder_num_layers=1,
    )
    images = DetrImageProcessor(size={"height": SIDE, "width": SIDE}, do_pad=False)
    return _saved(folder, OmDetTurboForObjectDetection(config), OmDetTurboProcessor(images, tokenizer))


MAKERS: dict[str, Callable[[Path], Path]] = {
    "owlv2": make_owlv2,
    "grounding-dino": make_grounding_dino,
    "omdet-turbo": make_omdet_turbo,
}
_SMALL = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}


def _saved(folder: Path, model: Any, processor: Any) -> Path:
    _draw_weights(model)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _draw_weights(model: Any) -> None:
    """Weights that are large enough for what is shown and named to make a difference."""
    import torch

    chance = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            drawn = torch.randn(parameter.shape, generator=chance)
            is_norm = parameter.dim() == 1 and bool((parameter == 1).all())
            scale = 1.5 / parameter.shape[-1] ** 0.5 if parameter.dim() > 1 else 0.1
            parameter.copy_(drawn * scale + is_norm)


def _swin(side: int) -> Any:
    from transformers import SwinConfig

    return SwinConfig(
        image_size=side,
        embed_dim=16,
        depths=[1, 1, 1, 1],
        num_heads=[1, 2, 2, 2],
        window_size=4,
        out_indices=[2, 3, 4],
    )


def _clip_text(tokenizer: Any, n_tokens_max: int) -> dict[str, int]:
    ids = {name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    return {**_SMALL, **ids, "vocab_size": len(tokenizer), "max_position_embeddings": n_tokens_max}


def _clip_tokenizer(n_tokens_max: int) -> Any:
    from transformers import CLIPTokenizer

    trained = _trained_pairs()
    # The end of a text is known by the largest number, and an exclamation mark fills up.
    pieces = ["!", *sorted(set(trained[0]) - {"!"}), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {piece: place for place, piece in enumerate(pieces)}
    return CLIPTokenizer(vocab=vocabulary, merges=trained[1], pad_token="!", model_max_length=n_tokens_max)


def _trained_pairs() -> tuple[list[str], list[tuple[str, str]]]:
    """Pieces of words as byte pair encoding learns them from a few words."""
    import json

    from tokenizers import Tokenizer
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.trainers import BpeTrainer

    tokenizer = Tokenizer(BPE(end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = Whitespace()
    singles = [*_LETTERS, *(f"{letter}</w>" for letter in _LETTERS)]
    trainer = BpeTrainer(
        vocab_size=200, special_tokens=singles, end_of_word_suffix="</w>", show_progress=False
    )
    tokenizer.train_from_iterator([" ".join(_WORDS)] * 3, trainer)
    learnt = json.loads(tokenizer.to_str())["model"]
    return list(learnt["vocab"]), [(first, second) for first, second in learnt["merges"]]


def _bert_tokenizer() -> Any:
    from transformers import BertTokenizer

    pieces = [*_WORDS, *_LETTERS, *(f"##{letter}" for letter in _LETTERS)]
    free = (place for place in range(200, _BERT_SIZE) if place not in _BERT_PLACES.values())
    vocabulary = dict(_BERT_PLACES)
    for piece in dict.fromkeys(pieces):
        if piece not in vocabulary:
            vocabulary[piece] = next(free)
    taken = set(vocabulary.values())
    vocabulary |= {f"[unused{place}]": place for place in range(_BERT_SIZE) if place not in taken}
    return BertTokenizer(vocab=vocabulary, do_lower_case=True, model_max_length=64)
