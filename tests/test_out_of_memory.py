"""A model that runs out of memory for good ends a command with its code, and leaves the library as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from clips import make_clip, numbered, steady
from commands import Commands
from tiny_embedders import CLIP, make_open_clip

from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.index.soundness import findings
from vidagent.tools.engines import embedded


def test_a_command_ends_and_the_next_one_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import open_clip.model
    import torch

    def encode_image(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 2.00 GiB")

    clip = make_clip(tmp_path / "numbers.mkv", steady(10, 0.0, 1.0), numbered())
    model = make_open_clip(tmp_path / "clip", CLIP)
    with Library(tmp_path / "library.db") as library:
        ingest(library, clip, embedded(read_text=False, hear_speech=False))
    vidagent = Commands(monkeypatch, capsys, tmp_path / "library.db")
    words = ("ask", "numbers", "What is shown?", "--picture-model", str(model), "--reader", "extractive")

    with monkeypatch.context() as patched:
        patched.setattr(open_clip.model.CLIP, "encode_image", encode_image)
        done = vidagent(*words)
    assert (done.code, done.out) == (3, "")
    assert "out of memory" in done.complaint
    assert "Traceback" not in done.complaint
    with Library(tmp_path / "library.db") as library:
        assert findings(library) == []
        assert library.rows("SELECT DISTINCT name FROM model JOIN sample ON model.id = model_id") == [
            ("appearance-1",)
        ]

    assert vidagent(*words).code == 0
    with Library(tmp_path / "library.db") as library:
        assert len(library.rows("SELECT DISTINCT model_id FROM sample")) == 2
