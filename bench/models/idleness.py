"""How much of the time a graphics processor has nothing to do."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from shutil import which
from statistics import fmean
from typing import Any

NO_GPU = "no GPU"
_EVERY_MS = 100


def idle_note(ours: Callable[[], Any], plain: Callable[[], Any], device: str) -> str:
    """The idle share during each of two works, which are done once more for it, so that no timing is disturbed."""
    if not device.startswith("cuda") or which("nvidia-smi") is None:
        return NO_GPU
    shares = [idle_share(work, device) for work in (ours, plain)]
    return f"GPU idle {shares[0]:.0%}, plain {shares[1]:.0%}"


def idle_share(work: Callable[[], Any], device: str) -> float:
    """1 less the mean of what ``nvidia-smi`` calls utilization: the share of time in which a kernel ran."""
    command = ["nvidia-smi", "-i", _gpu(device), "--query-gpu=utilization.gpu"]
    options = ["--format=csv,noheader,nounits", f"--loop-ms={_EVERY_MS}"]
    sampler = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
    try:
        work()
    finally:
        sampler.terminate()
        said, _ = sampler.communicate()
    return 1 - fmean(_percents(said)) / 100


def _gpu(device: str) -> str:
    """The card's own number, which does not depend on which cards this process may see."""
    import torch

    return f"GPU-{torch.cuda.get_device_properties(device).uuid}"


def _percents(said: str) -> list[float]:
    """Whole lines only, since the last one may have been broken off."""
    found = [
        float(line)
        for line in said.splitlines(keepends=True)
        if line.endswith("\n") and line.strip().isdigit()
    ]
    if not found:
        raise SystemExit("nvidia-smi told nothing; measure a longer part of the video")
    return found
