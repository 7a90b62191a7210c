"""The processor that models run on, and the numbers that suit it."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ..errors import CapabilityError

if TYPE_CHECKING:
    import torch

_log = logging.getLogger("vidagent")
Item = TypeVar("Item")
Result = TypeVar("Result")
_BF16_SINCE = (8, 0)


@dataclass(frozen=True)
class Device:
    """A processor by its name in torch: ``cpu``, ``cuda``, ``cuda:1`` or ``mps``."""

    name: str

    @classmethod
    def best(cls) -> Device:
        """The fastest that is there."""
        import torch

        if torch.cuda.is_available():
            return cls("cuda")
        return cls("mps" if torch.backends.mps.is_available() else "cpu")

    @classmethod
    def named(cls, name: str) -> Device:
        """The one that a user names, ``auto`` for the best. Raises ``CapabilityError`` for one that is not there."""
        if name == "auto":
            return cls.best()
        if name.split(":")[0] not in ("cpu", "cuda", "mps"):
            raise CapabilityError(f"{name}: no device; there are cpu, cuda, cuda:N and mps")
        device = cls(name)
        if not device.is_there():
            raise CapabilityError(f"{name}: this machine has no such device; leave it at auto")
        return device

    def is_there(self) -> bool:
        """Whether this machine has it."""
        import torch

        kind, _, number = self.name.partition(":")
        if kind == "cuda":
            return torch.cuda.is_available() and int(number or 0) < torch.cuda.device_count()
        return kind == "cpu" or (kind == "mps" and torch.backends.mps.is_available())

    @property
    def dtype(self) -> torch.dtype:
        """Half precision where the device is fast at it, bfloat16 for choice as nothing overflows in it."""
        import torch

        if self.name.startswith("cuda"):
            return (
                torch.bfloat16
                if torch.cuda.get_device_capability(self.name) >= _BF16_SINCE
                else torch.float16
            )
        return torch.float16 if self.name == "mps" else torch.float32

    def free_bytes(self) -> int | None:
        """Memory that is free for models, None where that cannot be told."""
        import torch

        if self.name.startswith("cuda"):
            return int(torch.cuda.mem_get_info(self.name)[0])
        return None


def in_batches(
    items: Sequence[Item], work: Callable[[Sequence[Item]], Sequence[Result]], n_at_once: int
) -> list[Result]:
    """The results of ``work`` on all items, ``n_at_once`` at a time.

    Whenever the memory is short, that is said in one line and half as many are taken.

    Raises what ``work`` raises, and its error of memory where even one item is too much.
    """
    found: list[Result] = []
    while len(found) < len(items):
        some = items[len(found) : len(found) + n_at_once]
        try:
            found += work(some)
        except (MemoryError, RuntimeError) as error:
            if not is_short_of_memory(error) or len(some) == 1:
                raise
            n_at_once = len(some) // 2
            _log.warning("memory is short: %d at a time instead of %d", n_at_once, len(some))
            _give_back()
    return found


def is_short_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is no memory left, on whatever device."""
    import torch

    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def _give_back() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
