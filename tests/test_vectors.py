"""The vector cache gives what comparing with every vector would, and mends itself when it is wrong."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.vectors import VectorCache
from vidagent.tools.errors import StorageFullError
from vidagent.tools.roles import Vectors

DIMENSION = 16
Remember = Callable[..., Memory]
Nearest = list[tuple[int, float]]


def made_up(n: int, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(n, DIMENSION))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def cache_of(library: Library) -> VectorCache:
    """A fresh cache, as the next command would open it."""
    return VectorCache(library, 1, DIMENSION)


def by_comparing_all(library: Library, vector: Vectors, n: int, among: set[int] | None = None) -> Nearest:
    rows = library.rows("SELECT id, vec FROM sample WHERE model_id = 1")
    scores = [(int(i), float(np.frombuffer(v, np.float16).astype(np.float32) @ vector)) for i, v in rows]
    chosen = [pair for pair in scores if among is None or pair[0] in among]
    return sorted(chosen, key=lambda pair: (-pair[1], pair[0]))[:n]


def assert_same(found: Nearest, expected: Nearest) -> None:
    assert [i for i, _ in found] == [i for i, _ in expected]
    assert [s for _, s in found] == pytest.approx([s for _, s in expected], abs=1e-5)


@pytest.fixture
def filled(library: Library, remember: Remember) -> Library:
    """A library of two videos with 300 pictures, and its cache already made."""
    remember(vectors=made_up(200, 1), title="one")
    remember(vectors=made_up(100, 2), title="two")
    cache_of(library).nearest(made_up(1)[0], None, 1)
    return library


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [1, 10, 300, 1000])
def test_the_nearest_are_those_of_comparing_all(filled: Library, seed: int, n: int) -> None:
    vector = made_up(1, seed)[0]
    assert_same(cache_of(filled).nearest(vector, None, n), by_comparing_all(filled, vector, n))


@pytest.mark.parametrize("n", [1, 5, 50])
def test_the_search_can_be_limited_to_some_samples(filled: Library, n: int) -> None:
    among = np.arange(3, 300, 13)
    vector = made_up(1, 9)[0]
    found = cache_of(filled).nearest(vector, among, n)
    assert_same(found, by_comparing_all(filled, vector, n, set(among.tolist())))


def test_a_place_without_a_sample_is_never_given(filled: Library) -> None:
    vector = made_up(1)[0]
    for among in (np.array([], np.int64), np.array([7]), np.array([-1, 7, 10**9])):
        found = cache_of(filled).nearest(vector, among, 10)
        assert {i for i, _ in found} == {7} & set(among.tolist())


def test_an_empty_library_has_no_nearest(library: Library) -> None:
    assert cache_of(library).nearest(made_up(1)[0], None, 10) == []


def test_a_sound_cache_is_not_rebuilt(filled: Library) -> None:
    cache = cache_of(filled)
    cache.nearest(made_up(1)[0], None, 10)
    assert not cache.was_rebuilt


def delete(data: bytes) -> bytes | None:
    return None


def truncate(data: bytes) -> bytes:
    return data[: len(data) // 2]


def empty(data: bytes) -> bytes:
    return b""


def flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def exchange(data: bytes) -> bytes:
    return b"not an index at all"


@pytest.mark.parametrize("harm", [delete, truncate, empty, flip, exchange])
def test_a_harmed_cache_is_rebuilt_and_finds_the_same(
    filled: Library, harm: Callable[[bytes], bytes | None]
) -> None:
    vector = made_up(1, 4)[0]
    path = cache_of(filled).path
    data = harm(path.read_bytes())
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    cache = cache_of(filled)
    assert_same(cache.nearest(vector, None, 10), by_comparing_all(filled, vector, 10))
    assert cache.was_rebuilt
    assert not rebuilt_again(filled)


def rebuilt_again(library: Library) -> bool:
    cache = cache_of(library)
    cache.nearest(made_up(1)[0], None, 1)
    return cache.was_rebuilt


def test_the_file_of_yesterday_is_rebuilt(filled: Library, remember: Remember) -> None:
    yesterday = cache_of(filled).path.read_bytes()
    remember(vectors=made_up(50, 3), title="three")
    assert rebuilt_again(filled)
    cache_of(filled).path.write_bytes(yesterday)
    cache = cache_of(filled)
    vector = made_up(50, 3)[0]
    assert_same(cache.nearest(vector, None, 10), by_comparing_all(filled, vector, 10))
    assert cache.was_rebuilt


def test_a_forgotten_video_is_not_found(filled: Library) -> None:
    filled.remove(filled.find("two"))
    found = cache_of(filled).nearest(made_up(100, 2)[0], None, 300)
    assert_same(found, by_comparing_all(filled, made_up(100, 2)[0], 300))
    assert len(found) == 200


def test_a_video_in_the_place_of_another_is_found_by_its_own_pictures(
    filled: Library, remember: Remember
) -> None:
    filled.remove(filled.find("two"))
    remember(vectors=made_up(100, 5), title="three")
    vector = made_up(100, 5)[42]
    assert_same(cache_of(filled).nearest(vector, None, 10), by_comparing_all(filled, vector, 10))


def test_a_video_remembered_afresh_is_found_by_its_new_pictures(filled: Library, remember: Remember) -> None:
    remember(vectors=made_up(100, 6), title="two")
    vector = made_up(100, 6)[42]
    assert_same(cache_of(filled).nearest(vector, None, 10), by_comparing_all(filled, vector, 10))


def test_a_full_disk_is_named_and_leaves_no_half_file(filled: Library) -> None:
    cache = cache_of(filled).path
    cache.unlink()
    # A connection must not be open where a process is forked.
    filled.close()
    child = os.fork()
    if not child:
        os._exit(exit_code_on_a_full_disk(filled.path))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert list(cache.parent.glob("*.part")) == []
    assert not cache.exists()
    with Library(filled.path) as library:
        assert rebuilt_again(library)


def exit_code_on_a_full_disk(path: Path) -> int:
    """0 where the search ends in ``StorageFullError``."""
    with Library(path) as library:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        try:
            cache_of(library).nearest(made_up(1)[0], None, 1)
        except StorageFullError:
            return 0
        except BaseException:
            return 2
    return 1
