"""Cutting a timeline into events: surprise, barriers, merging, division."""

from .cutting import segment
from .lexical import lexical_samples, speech_marks
from .settings import SegmentationSettings, Surprise, settings_for, with_grain, with_lengths, with_surprise
from .signals import Boundary, Mark, Segmentation, Signals

__all__ = [
    "Boundary",
    "Mark",
    "Segmentation",
    "SegmentationSettings",
    "Signals",
    "Surprise",
    "lexical_samples",
    "segment",
    "settings_for",
    "speech_marks",
    "with_grain",
    "with_lengths",
    "with_surprise",
]
