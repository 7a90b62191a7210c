"""Start-up and the second question: whole processes, beside a Python that does nothing."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAMPLE = Path(__file__).parents[1] / "samples" / "gull_island.mp4"
QUESTION = "When does the screen turn red?"
HEAVY = ("torch", "cv2", "faiss", "transformers", "numpy")


def seconds(command: list[str], n_runs: int) -> float:
    """Median wall time of a command in seconds, after one run that is not counted."""
    subprocess.run(command, check=True, capture_output=True)
    taken_s = []
    for _ in range(n_runs):
        begun_s = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken_s.append(time.perf_counter() - begun_s)
    return statistics.median(taken_s)


def loaded_by_import() -> list[str]:
    """Which of the heavy packages ``import vidagent`` loads."""
    code = f"import vidagent, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return list(json.loads(done.stdout.replace("'", '"')))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    vidagent = [sys.executable, "-m", "vidagent"]
    with tempfile.TemporaryDirectory() as folder:
        ask = [*vidagent, "ask", str(SAMPLE), QUESTION, "--json", "--library", f"{folder}/library.db"]
        subprocess.run(ask, check=True, capture_output=True)
        baseline_s = seconds([sys.executable, "-c", "import typer"], runs)
        rows = {
            "python -c 'import typer' (baseline)": baseline_s,
            "vidagent --help": seconds([*vidagent, "--help"], runs),
            "second ask, whole process": seconds(ask, runs),
        }
        answer = json.loads(subprocess.run(ask, check=True, capture_output=True, text=True).stdout)
    for name, taken_s in rows.items():
        print(f"{name:40} {taken_s:7.3f} s   {taken_s / baseline_s:5.1f} × baseline")
    print(f"{'of which search':40} {answer['elapsed_s']:7.3f} s")
    print(f"heavy packages loaded by import vidagent: {loaded_by_import() or 'none'}")


if __name__ == "__main__":
    main()
