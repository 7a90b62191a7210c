"""Memory and length: a made video of hours is read, and resident memory sampled on the way."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

PICTURES_PER_S = 2
SIZE = (320, 180)


def make_video(path: Path, hours: float) -> None:
    """A video of moving colours that change every 40 s, with a tone that comes and goes."""
    import av

    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        picture = container.add_stream(
            "libx264", rate=PICTURES_PER_S, options={"preset": "ultrafast", "g": "20"}
        )
        picture.width, picture.height, picture.pix_fmt = *SIZE, "yuv420p"
        sound = container.add_stream("aac", rate=16000, layout="mono")
        for second in range(int(hours * 3600)):
            if second % 40 == 0:
                base = rng.integers(0, 255, (1, 1, 3))
            for half in range(PICTURES_PER_S):
                image = np.broadcast_to(base, (SIZE[1], SIZE[0], 3)).astype(np.uint8).copy()
                place = (second * 7 + half * 3) % (SIZE[0] - 40)
                image[60:120, place : place + 40] = 255 - base
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts, frame.time_base = second * PICTURES_PER_S + half, Fraction(1, PICTURES_PER_S)
                container.mux(picture.encode(frame))
            tone = 0.1 * np.sin(np.arange(16000) * 0.2) * (second % 60 < 30)
            samples = av.AudioFrame.from_ndarray(tone.astype(np.float32)[None], format="fltp", layout="mono")
            samples.sample_rate, samples.pts, samples.time_base = 16000, second * 16000, Fraction(1, 16000)
            container.mux(sound.encode(samples))
        container.mux(picture.encode(None))
        container.mux(sound.encode(None))


def resident_mb(process: int) -> float:
    """Resident memory of a process and its children, 0.0 once it has ended."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return pages * 4096 / 1e6 + sum(resident_mb(int(child)) for child in children)


def main() -> None:
    """Print resident memory at each tenth of the time, and the slope over the second half."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=2.0)
    hours = parser.parse_args().hours
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder, "long.mp4")
        make_video(video, hours)
        command = [
            sys.executable,
            "-m",
            "vidagent",
            "ingest",
            str(video),
            "--library",
            f"{folder}/library.db",
        ]
        begun_s = time.monotonic()
        process = subprocess.Popen(command)
        sampled = []
        while process.poll() is None:
            sampled.append((time.monotonic() - begun_s, resident_mb(process.pid)))
            time.sleep(0.5)
    for tenth in range(1, 10):
        at_s, mb = sampled[len(sampled) * tenth // 10]
        print(f"{at_s:7.1f} s  {mb:6.0f} MB")
    middle, last = sampled[len(sampled) // 2 : -2][0], sampled[-3]
    print(f"{hours} hours in {sampled[-1][0]:.0f} s; peak {max(mb for _, mb in sampled):.0f} MB; ", end="")
    print(f"from half way to the end {last[1] - middle[1]:+.0f} MB")


if __name__ == "__main__":
    main()
