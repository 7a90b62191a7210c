"""Reading videos: times real time, busy cores and peak memory, beside a plain PyAV decode."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_DECODE = """
import av, sys
with av.open(sys.argv[1]) as container:
    for stream in container.streams.video[:1]:
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            pass
"""


def measured(command: list[str]) -> tuple[float, float, int, str]:
    """Wall seconds, processor seconds, peak resident MB and output of a command run on its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun_s = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    output, _ = process.communicate()
    wall_s = time.perf_counter() - begun_s
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall_s, cpu_s, after.ru_maxrss // 1024, output


def main() -> None:
    """Print one row per video; peak memory is that of the largest process so far."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", nargs="+", type=Path)
    for video in parser.parse_args().videos:
        with tempfile.TemporaryDirectory() as folder:
            library = ["--library", f"{folder}/library.db", "--json"]
            command = [sys.executable, "-m", "vidagent", "ingest", str(video), *library]
            wall_s, cpu_s, peak_mb, output = measured(command)
        plain_s = measured([sys.executable, "-c", _DECODE, str(video)])[0]
        length_s = json.loads(output)["duration_s"]
        busy = cpu_s / wall_s / (os.cpu_count() or 1)
        print(
            f"{video.name}: {length_s:.1f} s read in {wall_s:.1f} s = {length_s / wall_s:.1f} × real time; "
            f"cores busy {busy:.0%}; peak {peak_mb} MB; plain PyAV decode {plain_s:.1f} s, ratio {wall_s / plain_s:.1f}"
        )


if __name__ == "__main__":
    main()
