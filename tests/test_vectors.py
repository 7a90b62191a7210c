"""The vector cache gives what comparing with every vector would, and mends itself when it is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from vidagent.index.fingerprint import fingerprint
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.vector_file import generation_of
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


SEARCH = """
import json, sys
from pathlib import Path
import numpy as np
from vidagent.index.library import Library
from vidagent.index.snapshot import Snapshot
from vidagent.index.vectors import VectorCache
kind, path = sys.argv[1:3]
with {"read": Snapshot, "write": Library}[kind](Path(path)) as library:
    ((dimension,),) = library.rows("SELECT dimension FROM model WHERE id = 1")
    caches = [VectorCache(library, 1, dimension) for _ in range(2)]
    found = [cache.nearest(np.ones(dimension, np.float32), None, 10) for cache in caches]
    print(json.dumps([found, [cache.notices for cache in caches]]))
"""
SHORT_MEMORY = f"""
import os, resource
import faiss, numpy as np
# Threads and buffers that every search needs are there before the memory gets short.
faiss.IndexFlatIP(8).search(np.ones((1, 8), np.float32), 1)
np.ones((4096, 512), np.float32) @ np.ones(512, np.float32)
used_bytes = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
resource.setrlimit(resource.RLIMIT_AS, (used_bytes + 40_000_000, resource.RLIM_INFINITY))
{SEARCH}"""


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


def generations(library: Library) -> tuple[int, int]:
    """That of the file by the library's note, and by the file itself."""
    cache = cache_of(library)
    noted = cache._file.noted()
    return (noted.generation if noted else 0), generation_of(cache.path)


def test_each_file_is_of_the_generation_after_the_one_before(filled: Library, remember: Remember) -> None:
    assert generations(filled) == (1, 1)
    for generation in (2, 3):
        remember(vectors=made_up(60, 3 + generation), title=f"later {generation}")
        cache_of(filled).nearest(made_up(1)[0], None, 1)
        assert generations(filled) == (generation, generation)
    # What is forgotten takes the note along, and the file still tells how many there were.
    filled.remove(filled.find("two"))
    cache_of(filled).nearest(made_up(1)[0], None, 1)
    assert generations(filled) == (4, 4)


@pytest.mark.parametrize("is_noted_as_sound", [False, True])
def test_a_file_of_an_earlier_generation_is_rebuilt_once_with_one_notice(
    filled: Library, remember: Remember, caplog: pytest.LogCaptureFixture, is_noted_as_sound: bool
) -> None:
    path = cache_of(filled).path
    earlier = path.read_bytes()
    remember(vectors=made_up(60, 3), title="three")
    cache_of(filled).nearest(made_up(1)[0], None, 1)
    path.write_bytes(earlier)
    if is_noted_as_sound:
        # As if the hash alone were to be believed.
        with filled.transaction() as connection:
            connection.execute("UPDATE vector_cache SET sha256 = ?", (fingerprint(path),))
    vector = made_up(60, 3)[30]
    for _ in range(3):
        assert_same(cache_of(filled).nearest(vector, None, 10), by_comparing_all(filled, vector, 10))
    assert caplog.messages == [f"{path.name}: the cache of vectors did not fit its library and was made anew"]
    assert generations(filled) == (3, 3)


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


# ---- without any index


@pytest.mark.parametrize(
    "among", [None, np.arange(3, 300, 13), np.array([], np.int64), np.array([-1, 7, 10**9])]
)
@pytest.mark.parametrize("n", [1, 10, 1000])
def test_without_faiss_the_nearest_are_the_same(
    filled: Library, monkeypatch: pytest.MonkeyPatch, among: Vectors | None, n: int
) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    vector = made_up(1, 9)[0]
    chosen = None if among is None else set(among.tolist())
    assert_same(cache_of(filled).nearest(vector, among, n), by_comparing_all(filled, vector, n, chosen))


def test_without_faiss_there_is_one_notice_however_often_one_asks(
    filled: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    for _ in range(3):
        cache = cache_of(filled)
        assert len(cache.nearest(made_up(1)[0], None, 5)) == 5
    (notice,) = caplog.messages
    assert notice.startswith(f"{cache.path.name}: the cache of vectors cannot be used (")
    assert "all vectors are compared" in notice


def test_without_faiss_an_empty_library_has_no_nearest(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    assert cache_of(library).nearest(made_up(1)[0], None, 10) == []


N_LARGE, LARGE_DIMENSION = 40_000, 512


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed library of pictures that fill 80 MB where numbers take four bytes."""
    path = tmp_path_factory.mktemp("large") / "library.db"
    vectors = np.random.default_rng(1).normal(size=(N_LARGE, LARGE_DIMENSION)).astype(np.float16)
    with Library(path) as library, library.transaction() as connection:
        connection.execute("INSERT INTO model VALUES (1, 'made up', ?)", (LARGE_DIMENSION,))
        connection.execute(
            "INSERT INTO media(id, sha256, path, title, size_bytes, mtime_ns, sidecar_sha256, tracks, settings,"
            " duration_us, width, height, notes) VALUES (1, 'ab', '/a', 'a', 1, 1, '', '', '{}', 1, 1, 1, '[]')"
        )
        connection.executemany(
            "INSERT INTO sample(media_id, model_id, t_us, vec) VALUES (1, 1, ?, ?)",
            ((number, vector.tobytes()) for number, vector in enumerate(vectors)),
        )
    return path


def test_comparing_with_all_holds_a_block_of_them_at_a_time(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    vector = np.ones(LARGE_DIMENSION, np.float32)
    with Library(large) as library:
        tracemalloc.start()
        found = VectorCache(library, 1, LARGE_DIMENSION).nearest(vector, None, 10)
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert_same(found, by_comparing_all(library, vector, 10))
    assert peak_bytes < 10_000_000


def searched(script: str, *command: str) -> tuple[list[Nearest], list[list[str]]]:
    """What two caches of a process of its own find nearest to a vector of ones, and their notices."""
    done = subprocess.run(
        [*command[:-2], sys.executable, "-c", script, *command[-2:]],
        capture_output=True, text=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found, notices = json.loads(done.stdout)
    return [[(i, score) for i, score in each] for each in found], notices


def test_where_the_memory_is_short_the_nearest_are_the_same(large: Path) -> None:
    found, notices = searched(SHORT_MEMORY, "write", str(large))
    with Library(large) as library:
        expected = by_comparing_all(library, np.ones(LARGE_DIMENSION, np.float32), 10)
    for each in found:
        assert_same(each, expected)
    assert [len(each) for each in notices] == [1, 0]
    assert "the memory is short" in notices[0][0]


@cache
def may_mount() -> bool:
    """Whether a process here may have file systems of its own."""
    command = ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def searched_on(
    folder: Path, kind: str, prepare: str, library: Path
) -> tuple[list[Nearest], list[list[str]]]:
    """What is found in a copy of a library on a small file system that only the child process has."""
    mount = (
        f'mount -t tmpfs -o size=8m tmpfs "$0" && cp "$1" "$0"/library.db && cd "$0" && {prepare} && shift 1'
    )
    shell = ["unshare", "--map-root-user", "--mount", "bash", "-c", f'{mount} && exec "$@"']
    return searched(SEARCH, *shell, str(folder), str(library), kind, str(folder / "library.db"))


FILL = "head -c $(( $(stat -f -c %a . ) * $(stat -f -c %S .) - 131072 )) /dev/zero > filler"


@pytest.mark.skipif(not may_mount(), reason="no file system may be mounted here")
@pytest.mark.parametrize(
    ("kind", "prepare", "told"),
    [
        ("read", 'mount -o remount,ro "$0"', "Read-only file system"),
        ("write", FILL, "No space left on device"),
    ],
)
def test_a_folder_that_takes_no_file_hinders_no_search(
    library: Library, remember: Remember, tmp_path: Path, kind: str, prepare: str, told: str
) -> None:
    remember(vectors=np.tile(made_up(2000, 1), 8) / 8**0.5)
    library.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    (tmp_path / "small").mkdir()
    found, notices = searched_on(tmp_path / "small", kind, prepare, library.path)
    expected = by_comparing_all(library, np.ones(8 * DIMENSION, np.float32), 10)
    for each in found:
        assert_same(each, expected)
    assert notices == [
        [f"library.db.1.faiss: the cache of vectors could not be kept ({told}) and will be made again"], [],
    ]  # fmt: skip
