"""Models: how quickly they work behind their adapters, each beside the plain use of its own library.

Weights are drawn by chance, which changes no speed. Figures are medians of rounds in which both take turns.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import detection
import embedding
import reading
import speech
import torch
from sizes import SIZES, Options
from table import HEADING, Row

SAMPLE = Path(__file__).parents[2] / "samples" / "gull_island.mp4"
SECTIONS: dict[str, Callable[[Options, Path], Iterator[Row]]] = {
    "embedding": embedding.rows,
    "detection": detection.rows,
    "whisper": speech.whisper_rows,
    "faster-whisper": speech.faster_whisper_rows,
    "reading": reading.rows,
}
"""What can be measured, by name; each is given an empty folder for its weights."""


def main() -> None:
    """Print the table."""
    given = _arguments()
    size = SIZES[given.size]
    size = replace(size, embedder=given.architecture or size.embedder)
    options = Options(given.video, size, given.device, given.rounds, given.seconds or size.length_s)
    if given.threads:
        torch.set_num_threads(given.threads)
    print(HEADING)
    for name in given.only or SECTIONS:
        # A full video LLM takes 17 GB there.
        with tempfile.TemporaryDirectory() as folder:
            for row in SECTIONS[name](options, Path(folder)):
                print(row, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("bench/models", description=__doc__)
    parser.add_argument("video", nargs="?", type=Path, default=SAMPLE, help="a video with speech")
    parser.add_argument("--size", choices=SIZES, default="tiny", help="full: as on a workstation with a GPU")
    parser.add_argument("--architecture", help="another embedder of open_clip")
    parser.add_argument("--device", default="auto")
    parser.add_argument(
        "--threads", type=int, help="of torch on a processor; its own choice if none is given"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, help="how much of the video is looked at and heard")
    parser.add_argument("--only", choices=SECTIONS, action="append")
    return parser.parse_args()


if __name__ == "__main__":
    main()
