"""Who does the work of a batch: this process, or several others."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from typing import Any, Protocol, TypeVar, cast

from ...index.watching import Report
from ...tools.errors import VidagentError
from .progress import BatchLine
from .rows import Failure
from .work import Manner, Work, attempt, work_of

Item = TypeVar("Item")
Result = TypeVar("Result")
Told = tuple[str, str, float, float | None]

# So many items a process are under way or done ahead of the first that is not.
_N_AHEAD = 8
_TOLD_EVERY_S, _END_S = 0.5, 5.0


class Workers(Protocol):
    """Those who do jobs."""

    def each(self, job: Callable[[Work, Item], Result], items: Iterable[Item]) -> Iterator[Result | Failure]:
        """What a job makes of each item, in their order. Raises ``LibraryError``."""
        ...


@dataclass(frozen=True)
class OwnProcess:
    """This process, which does one job after the other."""

    work: Work

    def each(self, job: Callable[[Work, Item], Result], items: Iterable[Item]) -> Iterator[Result | Failure]:
        """See ``Workers``."""
        for item in items:
            yield cast("Result | Failure", attempt(job, self.work, item))


@dataclass(frozen=True)
class OtherProcesses:
    """Other processes, each of which does one job at a time."""

    executor: ProcessPoolExecutor
    n_ahead: int

    def each(self, job: Callable[[Work, Item], Result], items: Iterable[Item]) -> Iterator[Result | Failure]:
        """See ``Workers``; raises ``VidagentError`` where one of them was ended."""
        pending: deque[Future[object]] = deque()
        try:
            for item in items:
                pending.append(self.executor.submit(_do, job, item))
                if len(pending) >= self.n_ahead:
                    yield cast("Result | Failure", pending.popleft().result())
            while pending:
                yield cast("Result | Failure", pending.popleft().result())
        except BrokenProcessPool as error:
            raise VidagentError(
                "a process that did part of the work was ended from outside, perhaps for want of memory; "
                "the same command goes on from there, and --jobs 1 takes less"
            ) from error


@contextmanager
def workers(manner: Manner, n: int, line: BatchLine) -> Iterator[Workers]:
    """This process where one is enough, else ``n`` others, which end with the block and with this process."""
    if n <= 1:
        with work_of(manner, line.watch) as work:
            yield OwnProcess(work)
        return
    context = multiprocessing.get_context("spawn")
    told: SimpleQueue[Told | None] = context.SimpleQueue()
    listener = threading.Thread(target=_listen, args=(told, line), daemon=True)
    before = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(n, context, _begin, (manner, told))
    listener.start()
    try:
        yield OtherProcesses(executor, n * _N_AHEAD)
    except BaseException:
        # They are ended before they are waited for: what one of them does may take long.
        _end(set(multiprocessing.active_children()) - before)
        executor.shutdown(cancel_futures=True)
        raise
    executor.shutdown()
    # Not after one of them was ended: it may have held the lock of what is told.
    told.put(None)
    listener.join(_END_S)


def _end(children: Iterable[Any]) -> None:
    """End what may be in the middle of long work; all that it stored is whole."""
    for child in children:
        with suppress(ValueError):
            child.terminate()
    for child in children:
        with suppress(ValueError):
            child.join(_END_S)


def _listen(told: SimpleQueue[Told | None], line: BatchLine) -> None:
    with suppress(EOFError, OSError):
        while (news := told.get()) is not None:
            line.note(*news)


class _Worker:
    """What a process that works for another one keeps from job to job."""

    manner: Manner
    told: SimpleQueue[Told | None]
    work: Work | None = None


def _begin(manner: Manner, told: SimpleQueue[Told | None]) -> None:
    # Ctrl-C is for the process at the terminal: a decoder that it ended would be taken for a damaged video.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Worker.manner, _Worker.told = manner, told
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do(job: Callable[[Work, Item], object], item: Item) -> object:
    if _Worker.work is None:
        stack = ExitStack()
        _Worker.work = stack.enter_context(work_of(_Worker.manner, _watch))
        atexit.register(stack.close)
    return attempt(job, _Worker.work, item)


@contextmanager
def _watch(title: str) -> Generator[Report, None, None]:
    told_s = [0.0]

    def report(stage: str, done: float, total: float | None) -> None:
        if time.monotonic() - told_s[0] >= _TOLD_EVERY_S:
            told_s[0] = time.monotonic()
            _Worker.told.put((title, stage, done, total))

    yield report
