"""The vector cache gives what comparing with every vector would, and mends itself when it is wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.vectors import VectorCache
from vidagent.tools.roles import Vectors

DIMENSION = 16
Remember = Callable[..., Memory]
Nearest = list[tuple[int, float]]
FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from vidagent.index.library import Library
from vidagent.index.vectors import VectorCache
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
with Library(Path(sys.argv[1])) as library:
    cache = VectorCache(library, 1, 16)
    print(len(cache.nearest(np.ones(16, np.float32), None, 5)) == 5, cache.notices)
"""


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
    assert not rebuilt_again(filled)
    cache_of(filled).path.write_bytes(yesterday)
    cache = cache_of(filled)
    vector = made_up(50, 3)[0]
    assert_same(cache.nearest(vector, None, 10), by_comparing_all(filled, vector, 10))
    assert cache.was_rebuilt


@pytest.mark.parametrize("n", [3, 200])
def test_pictures_that_came_later_are_added_and_found(filled: Library, remember: Remember, n: int) -> None:
    remember(vectors=made_up(n, 3), title="three")
    for _ in range(2):
        cache = cache_of(filled)
        vector = made_up(n, 3)[n // 2]
        assert_same(cache.nearest(vector, None, 10), by_comparing_all(filled, vector, 10))
        assert (cache.was_rebuilt, cache.notices) == (False, [])


def test_a_new_process_finds_the_same_without_rebuilding(filled: Library) -> None:
    vector = made_up(1, 4)[0]
    with Library(filled.path) as other:
        cache = cache_of(other)
        assert_same(cache.nearest(vector, None, 10), by_comparing_all(filled, vector, 10))
    assert (cache.was_rebuilt, cache.notices) == (False, [])


@pytest.mark.parametrize("harm", [delete, truncate, empty, flip, exchange])
def test_a_harmed_cache_gets_one_notice(
    filled: Library, harm: Callable[[bytes], bytes | None], caplog: pytest.LogCaptureFixture
) -> None:
    path = cache_of(filled).path
    data = harm(path.read_bytes())
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    cache = cache_of(filled)
    for _ in range(3):
        cache.nearest(made_up(1)[0], None, 5)
    assert cache.notices == [f"{path.name}: the cache of vectors did not fit its library and was made anew"]
    assert caplog.messages == cache.notices


def test_nothing_is_noticed_where_nothing_was_wrong(
    filled: Library, caplog: pytest.LogCaptureFixture
) -> None:
    filled.remove(filled.find("two"))
    cache_of(filled).nearest(made_up(1)[0], None, 5)
    assert caplog.messages == []


def test_very_many_vectors_are_compressed_and_nearly_all_nearest_found(
    library: Library, remember: Remember
) -> None:
    remember(vectors=made_up(2000, 1))
    hits = 0
    for seed in range(20):
        vector = made_up(1, 100 + seed)[0]
        cache = VectorCache(library, 1, DIMENSION, exact_max=1999)
        found = cache.nearest(vector, None, 10)
        true = dict(by_comparing_all(library, vector, 2000))
        assert [score for _, score in found] == pytest.approx([true[i] for i, _ in found], abs=1e-5)
        hits += len({i for i, _ in found} & {i for i, _ in by_comparing_all(library, vector, 10)})
    assert hits > 100
    assert cache.path.stat().st_size < 2000 * (DIMENSION + 60) + 60_000
    among = np.arange(1, 50)
    assert {i for i, _ in cache.nearest(vector, among, 100)} <= set(among.tolist())


def test_what_grows_past_the_limit_is_laid_out_anew(library: Library, remember: Remember) -> None:
    remember(vectors=made_up(500, 1), title="one")
    VectorCache(library, 1, DIMENSION, exact_max=600).nearest(made_up(1)[0], None, 1)
    remember(vectors=made_up(500, 2), title="two")
    cache = VectorCache(library, 1, DIMENSION, exact_max=600)
    assert cache.nearest(made_up(500, 2)[7], None, 1)[0][1] == pytest.approx(1.0, abs=1e-3)
    assert (cache.was_rebuilt, cache.notices) == (True, [])


@pytest.mark.parametrize("vector", [np.full(DIMENSION, np.nan), np.full(DIMENSION, np.inf), np.ones(3)])
def test_what_is_no_vector_is_refused(filled: Library, vector: Vectors) -> None:
    with pytest.raises(ValueError, match="not a finite vector"):
        cache_of(filled).nearest(vector.astype(np.float32), None, 3)


def test_events_are_found_by_their_means(filled: Library) -> None:
    means = made_up(2, 8)
    ids = [row[0] for row in filled.rows("SELECT id FROM event ORDER BY id")]
    with filled.transaction() as connection:
        for event_id, mean in zip(ids, means, strict=True):
            connection.execute(
                "UPDATE event SET mean = ? WHERE id = ?", (mean.astype(np.float16).tobytes(), event_id)
            )
    cache = VectorCache(filled, 1, DIMENSION, "event")
    assert [i for i, _ in cache.nearest(means[1], None, 1)] == ids[1:]
    with filled.transaction() as connection:
        connection.execute("UPDATE event SET mean = NULL WHERE id = ?", (ids[1],))
    assert [i for i, _ in cache.nearest(means[1], None, 2)] == ids[:1]


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


def test_a_full_disk_gets_a_notice_and_leaves_no_half_file(filled: Library) -> None:
    cache = cache_of(filled).path
    cache.unlink()
    # A process of its own: FAISS's threads do not outlive a fork.
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(filled.path)], capture_output=True, text=True)
    assert "could not be kept" in done.stdout, done.stderr
    assert "True" in done.stdout
    assert list(cache.parent.glob("*.part")) == []
    assert not cache.exists()
    with Library(filled.path) as library:
        assert rebuilt_again(library)


def test_a_folder_that_cannot_be_written_hinders_no_search(filled: Library) -> None:
    cache = cache_of(filled)
    cache.path.unlink()
    cache.path.mkdir()
    vector = made_up(1, 4)[0]
    assert_same(cache.nearest(vector, None, 10), by_comparing_all(filled, vector, 10))
    assert "could not be kept" in cache.notices[-1]
