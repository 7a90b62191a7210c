"""Cutting a timeline into events: surprise, barriers, merging, division."""

from .cutting import segment
from .lexical import lexical_samples, speech_marks
from .settings import SegmentationSettings, settings_for, with_grain
from .signals import Boundary, Mark, Segmentation, Signals

__all__ = [
    "Boundary",
    "Mark",
    "Segmentation",
    "SegmentationSettings",
    "Signals",
    "lexical_samples",
    "segment",
    "settings_for",
    "speech_marks",
    "with_grain",
]
