"""Work is done in batches that shrink when memory is short, and gives the same whatever the batches."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from vidagent.tools.errors import CapabilityError
from vidagent.tools.models.device import Device, in_batches, is_short_of_memory


@pytest.mark.parametrize("n_fits", [1, 2, 3, 7, 100])
def test_batches_halve_until_they_fit_and_nothing_is_lost(n_fits: int) -> None:
    sizes: list[int] = []

    def double(some: Sequence[int]) -> list[int]:
        if len(some) > n_fits:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        sizes.append(len(some))
        return [2 * item for item in some]

    assert in_batches(range(20), double, 16) == [2 * item for item in range(20)]
    assert max(sizes) <= n_fits


def test_one_that_never_fits_and_other_errors_are_raised() -> None:
    def too_much(some: Sequence[int]) -> list[int]:
        raise MemoryError

    def broken(some: Sequence[int]) -> list[int]:
        raise RuntimeError("shapes differ")

    with pytest.raises(MemoryError):
        in_batches([1, 2, 3], too_much, 2)
    with pytest.raises(RuntimeError, match="shapes differ"):
        in_batches([1, 2, 3], broken, 2)


def test_real_shortage_of_the_cpu_is_recognised() -> None:
    import torch

    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 46)
    assert is_short_of_memory(caught.value)
    assert not is_short_of_memory(ValueError("out of memory"))


@pytest.mark.parametrize("name", ["tpu", "cuda:99", "gpu"])
def test_a_device_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(CapabilityError, match=name):
        Device.named(name)


def test_the_best_device_is_there() -> None:
    assert Device.named("auto").is_there()
    assert Device.named("cpu").dtype.is_floating_point
