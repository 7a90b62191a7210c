"""Events that look like an earlier one of their video: found in order of time, and never deleted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from conftest import Lines, Rememberer, make_file
from hypothesis import given
from hypothesis import strategies as st
from memories import Findings, store

from vidagent.index.consolidation import Consolidation
from vidagent.index.episode_writing import update_events
from vidagent.index.gist import Content
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.records import ContentKey
from vidagent.index.resegmentation import resegment
from vidagent.index.segmentation import SegmentationSettings
from vidagent.tools.roles import Vectors

SCENE_S = 40


def consolidated(means: Vectors, gamma: float) -> list[int | None]:
    kept = Consolidation(gamma, [], means[:0])
    twins = []
    for place, mean in enumerate(means):
        twins.append(kept.twin(mean))
        if twins[-1] is None:
            kept.keep(place, mean)
    return twins


def greedy(means: Vectors, gamma: float) -> list[int | None]:
    """The published filter, all against all: kept where no kept one before is as alike as gamma."""
    twins: list[int | None] = []
    for i in range(len(means)):
        alike = {j: float(means[j] @ means[i]) for j in range(i) if twins[j] is None}
        close = [j for j in alike if alike[j] >= gamma]
        twins.append(max(close, key=lambda j: (alike[j], -j)) if close else None)
    return twins


@given(st.integers(0, 10_000), st.integers(1, 60), st.floats(0.05, 0.95))
def test_who_is_kept_is_unlike_all_that_were_kept_before(seed: int, n: int, gamma: float) -> None:
    rows = np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float32)
    means = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert consolidated(means, gamma) == greedy(means, gamma)


def film(looks: str) -> Vectors:
    """A vector a second, each letter a scene of its own kind."""
    random = np.random.default_rng(5)
    kinds = {letter: random.normal(size=32) for letter in sorted(set(looks))}
    rows = np.repeat([kinds[letter] for letter in looks], SCENE_S, axis=0)
    rows = rows + 0.2 * random.normal(size=rows.shape)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def remembered(
    library: Library, folder: Path, findings_of: Callable[..., Findings], looks: str, texts: Lines = ()
) -> Memory:
    found = findings_of(texts=texts, vectors=film(looks), duration_s=float(len(looks) * SCENE_S))
    key = ContentKey("0" * 64)
    return Memory(
        library, store(library, make_file(folder / "film.mp4"), key, "", replace(found, events=None))
    )


def twins_s(memory: Memory) -> list[tuple[float, float | None]]:
    starts_s = {event.id: event.span.start_s for event in memory.events()}
    return [
        (event.span.start_s, starts_s[event.duplicate_of] if event.duplicate_of else None)
        for event in memory.events()
    ]


def test_a_scene_that_comes_back_names_the_first_one_and_stays(
    library: Library, tmp_path: Path, findings_of: Callable[..., Findings]
) -> None:
    memory = remembered(library, tmp_path, findings_of, "abcabd")
    assert twins_s(memory) == [(0, None), (40, None), (80, None), (120, 0), (160, 40), (200, None)]


def test_a_scene_that_comes_back_with_other_words_is_no_repetition(
    library: Library, tmp_path: Path, findings_of: Callable[..., Findings]
) -> None:
    texts = [
        (5.0, 9.0, "Popeye sails the ocean."),
        (50.0, 54.0, "Whales swallow wooden ships."),
        (125.0, 129.0, "Popeye sails the ocean!"),
        (170.0, 174.0, "Eagles carry heavy rocks."),
    ]
    memory = remembered(library, tmp_path, findings_of, "abcab", texts)
    assert twins_s(memory) == [(0, None), (40, None), (80, None), (120, 0), (160, None)]


def test_a_model_is_asked_about_each_event_once_and_not_about_a_repetition(
    library: Library, tmp_path: Path, findings_of: Callable[..., Findings]
) -> None:
    memory = remembered(library, tmp_path, findings_of, "abcabdcaebd")
    expected = twins_s(memory)
    asked: list[float] = []

    def tell(content: Content) -> str:
        asked.append(content.span.start_s)
        return "told"

    ((model_id,),) = library.rows("SELECT id FROM model")
    with library.transaction() as connection:
        connection.execute("DELETE FROM event")
        connection.execute("DELETE FROM boundary")
        for until_s in (*range(50, 440, 50), 440):
            update_events(
                connection,
                memory.video.id,
                int(str(model_id)),
                until_s,
                until_s == 440,
                SegmentationSettings(),
                tell,
            )
    assert twins_s(memory) == expected
    assert asked == [start_s for start_s, twin_s in expected if twin_s is None]
    assert {e.gist for e in memory.events() if e.duplicate_of is None} == {"told"}


def test_repetitions_are_found_again_when_a_video_is_cut_anew(
    library: Library, tmp_path: Path, findings_of: Callable[..., Findings]
) -> None:
    memory = remembered(library, tmp_path, findings_of, "aba")
    first = {event.id for event in memory.events()}
    resegment(library, memory.video, replace(SegmentationSettings(), min_contrast=1.9, barrier_at=1.9))
    assert len(memory.events()) == 1
    resegment(library, memory.video, SegmentationSettings())
    assert twins_s(memory) == [(0, None), (40, None), (80, 0)]
    assert len(first) == 3


def test_a_video_without_pictures_repeats_nothing(remember: Rememberer) -> None:
    assert all(event.duplicate_of is None for event in remember().events())
