"""A real server, ``transformers serve``, answers through the adapter; when it dies in the middle, that is said."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from children import time_limit
from tiny_video_llms import make

from vidagent.tools.errors import ModelError
from vidagent.tools.models.endpoint import Deadlines, EndpointModel, Retries
from vidagent.tools.roles import Prompt, StampedFrame

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("fastapi", "openai", "pydantic", "uvicorn")),
    reason="the packages of transformers[serving] are not installed",
)
_START_S = 120.0
_CODE = "import torch; torch.set_num_threads(1); from transformers.cli.transformers import main; main()"


@dataclass(frozen=True)
class Served:
    """A process that serves the one model of a folder."""

    process: subprocess.Popen[bytes]
    url: str
    folder: Path

    @property
    def model(self) -> EndpointModel:
        """The adapter to it."""
        return EndpointModel(
            self.url,
            str(self.folder),
            deadlines=Deadlines(first_s=60.0, silence_s=20.0, whole_s=120.0),
            retries=Retries(n_tries=1),
        )


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """A server as a process of its own, once it is ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["serve", str(folder), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    log = folder.parent / f"{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", _CODE, *arguments],
            env={**os.environ, "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", process, log)
        yield Served(process, f"http://127.0.0.1:{port}/v1", folder)
    finally:
        process.kill()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end_s = time.monotonic() + _START_S
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < end_s and process.poll() is None:
        try:
            opener.open(url, timeout=5.0).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"no server: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make("smolvlm", tmp_path_factory.mktemp("served") / "tiny")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Served]:
    with served(folder) as running:
        yield running


def shown(n_frames: int) -> Prompt:
    """A question about some pictures that differ."""
    rng = np.random.default_rng(0)
    frames = [StampedFrame(61.7 * n, rng.integers(0, 255, (48, 64, 3), np.uint8)) for n in range(n_frames)]
    return Prompt((*frames, "How many boats leave the harbour?"), system="You are a helpful assistant.")


@pytest.mark.parametrize("n_frames", [0, 1, 3])
def test_a_real_server_answers_the_same_to_the_same_prompt(server: Served, n_frames: int) -> None:
    with time_limit(120.0):
        answers = ["".join(server.model.stream(shown(n_frames), 8)) for _ in range(2)]
    assert answers[0] == answers[1] != ""


def test_a_real_server_sees_the_pictures(server: Served) -> None:
    dark, bright = (
        Prompt((StampedFrame(3.2, np.full((48, 64, 3), shade, np.uint8)), "yes no")) for shade in (0, 255)
    )
    with time_limit(120.0):
        assert "".join(server.model.stream(dark, 12)) != "".join(server.model.stream(bright, 12))


def test_a_real_answer_comes_in_pieces(server: Served) -> None:
    with time_limit(120.0):
        assert len(list(server.model.stream(shown(1), 24))) > 1


def test_a_real_server_answers_others_after_an_answer_was_broken_off(server: Served) -> None:
    with time_limit(60.0):
        answer = server.model.stream(shown(1), 20_000)
        assert next(answer)
        answer.close()
        assert "".join(server.model.stream(shown(1), 8))


def test_a_real_server_that_tells_no_likelihoods_gives_none(server: Served) -> None:
    with time_limit(120.0):
        assert server.model.probabilities(shown(1), ["yes", "no"]) is None


def test_the_budget_of_a_real_server_is_known(server: Served) -> None:
    assert server.model.budget.n_frames >= 1


def test_a_server_that_is_killed_in_the_middle_of_an_answer_is_an_error_within_seconds(
    server: Served,
) -> None:
    """It comes last, since it ends the server of the others."""
    with time_limit(120.0):
        answer = server.model.stream(shown(1), 20_000)
        assert next(answer)
        server.process.send_signal(signal.SIGKILL)
        killed_s = time.monotonic()
        with pytest.raises(
            ModelError, match=r"broke off in the middle; is the server still running"
        ) as caught:
            list(answer)
        assert time.monotonic() - killed_s < 20.0
        assert "\n" not in str(caught.value)
        server.process.wait()
        with pytest.raises(ModelError, match="cannot be reached"):
            list(server.model.stream(shown(1), 8))
