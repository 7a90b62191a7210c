"""Sizes of the models that are measured; those of ``full`` are published ones that fill a workstation's card."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

N_WHISPER_VOCABULARY = 51865


@dataclass(frozen=True)
class WhisperSize:
    """A Whisper by the width and the number of layers of its two halves, alike."""

    n_state: int
    n_heads: int
    n_layers: int
    n_mels: int = 80
    n_vocabulary: int = N_WHISPER_VOCABULARY


@dataclass(frozen=True)
class ReaderSize:
    """A Qwen2.5-VL: both towers, and pixels of the side of the square pictures that it is shown."""

    text: dict[str, Any]
    vision: dict[str, Any]
    side: int


@dataclass(frozen=True)
class Size:
    """One model of every role; the detector is an OWLv2 of a vision tower and a text tower."""

    embedder: str
    detector_vision: dict[str, int]
    detector_text: dict[str, int]
    whisper: WhisperSize
    reader: ReaderSize
    length_s: float


@dataclass(frozen=True)
class Options:
    """What is measured, on what, and how often."""

    video: Path
    size: Size
    device: str
    n_rounds: int
    length_s: float
    n_frames: tuple[int, ...] = field(default=(32, 64, 256))


def _tower(width: int, inner: int, n_layers: int, n_heads: int, **more: int) -> dict[str, int]:
    return {
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": n_layers,
        "num_attention_heads": n_heads,
        **more,
    }


def _reader(
    text: dict[str, int], n_kv_heads: int, vision: tuple[int, int, int, int], side: int
) -> ReaderSize:
    """``vision`` is width, inner width, layers and heads; every eighth layer looks at the whole picture."""
    width, inner, depth, n_heads = vision
    # Time, height and width have a share each of half a head's numbers.
    half = text["hidden_size"] // text["num_attention_heads"] // 2
    sections = [half // 4, half * 3 // 8, half - half // 4 - half * 3 // 8]
    return ReaderSize(
        {
            **text,
            "num_key_value_heads": n_kv_heads,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": sections},
        },
        {
            "hidden_size": width,
            "intermediate_size": inner,
            "depth": depth,
            "num_heads": n_heads,
            "out_hidden_size": text["hidden_size"],
            "fullatt_block_indexes": list(range(min(7, depth - 1), depth, 8)),
        },
        side,
    )


SIZES: dict[str, Size] = {
    "tiny": Size(
        "ViT-S-32-alt",
        _tower(192, 768, 4, 3, image_size=256, patch_size=16),
        _tower(128, 512, 2, 2),
        WhisperSize(128, 2, 2),
        _reader(_tower(64, 128, 2, 4, vocab_size=1024), 2, (64, 128, 2, 2), 56),
        20.0,
    ),
    "base": Size(
        "MobileCLIP2-S0",
        _tower(768, 3072, 12, 12, image_size=960, patch_size=16),
        _tower(512, 2048, 12, 8),
        WhisperSize(512, 8, 6),
        _reader(_tower(896, 4864, 24, 14, vocab_size=151936), 2, (512, 1376, 12, 8), 224),
        60.0,
    ),
    "full": Size(
        "ViT-B-16-SigLIP2-384",
        _tower(1024, 4096, 24, 16, image_size=1008, patch_size=14),
        _tower(768, 3072, 12, 12),
        WhisperSize(1280, 20, 32, 128, N_WHISPER_VOCABULARY + 1),
        _reader(_tower(3584, 18944, 28, 28, vocab_size=152064), 4, (1280, 3420, 32, 16), 448),
        300.0,
    ),
}
"""``full`` is ViT-B-16-SigLIP2-384, OWLv2 large, Whisper large-v3 and Qwen2.5-VL-7B."""
