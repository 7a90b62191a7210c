"""Child processes for tests of what a process may do, or leave behind, and a limit to how long they may take."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_AGAIN_S = 5.0


def exit_code_of(work: Callable[[], int]) -> int:
    """What a child process says that does the work."""
    child = os.fork()
    if not child:
        code = 3
        try:
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def at_once(work: Callable[[int], object], n: int) -> list[int | None]:
    """Exit codes of ``n`` processes that start together."""
    context = multiprocessing.get_context("fork")
    start = context.Barrier(n)

    def wait_and_work(number: int) -> None:
        start.wait()
        work(number)

    children = [context.Process(target=wait_and_work, args=(number,)) for number in range(n)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    return [child.exitcode for child in children]


def child_ids() -> set[int]:
    """The processes that this one has started and not yet seen off."""
    lists = Path("/proc/self/task").glob("*/children")
    return {int(word) for file in lists for word in file.read_text().split()}


def resident_mb(process: int, most: bool = False) -> float:
    """Memory that a process holds now, or the most that it ever held."""
    label = "VmHWM:" if most else "VmRSS:"
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(label))


def n_open_files(process: int) -> int:
    """How many files, pipes and the like a process holds open."""
    return len(os.listdir(f"/proc/{process}/fd"))


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises ``TimeoutError`` in what is done meanwhile, where that takes longer; for the main thread only."""

    def give_up(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    # Again and again, since what was interrupted may wait once more while it cleans up.
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
