"""One contract for every way to read pictures, held against clips of many kinds whose truth is known.

Each picture that is given is the one that a player shows at its second and at the moment it was asked
for; of a healthy clip nothing is missing, of a damaged one nothing is missing without a word.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

import pytest
from clips import number_in
from contract_clips import CLIPS, DAMAGED, Clip

from vidagent.tools.clock import Span
from vidagent.tools.decoding import PictureTrack, Quick, opened
from vidagent.tools.errors import SeekError
from vidagent.tools.picture import Picture
from vidagent.tools.pictures import PictureReader
from vidagent.tools.schedule import IrregularError
from vidagent.tools.seeker import PictureSeeker
from vidagent.tools.selection import EveryStep

EVERY_PICTURE = 1e-6
LIMIT_S = 10.0
N_MOMENTS = 8

Result = TypeVar("Result")


@dataclass(frozen=True)
class Reading:
    """What a reader gave, the places in the truth that it had to give, and the end that it tells."""

    pictures: list[Picture]
    places: list[int]
    end_s: float | None = None
    n_damaged: int = 0
    lost: list[Span] = field(default_factory=list)


def forward(clip: Clip) -> Reading:
    return _read(PictureReader(clip.path, EVERY_PICTURE, clip.track), list(range(len(clip.numbers))))


def _read(reader: PictureReader, places: list[int]) -> Reading:
    pictures = list(reader)
    return Reading(pictures, places, None if reader.spans else reader.end_s, reader.n_damaged, reader.lost)


def stepped(every_s: float) -> Callable[[Clip], Reading]:
    def read(clip: Clip) -> Reading:
        return _read(PictureReader(clip.path, every_s, clip.track), clip.stepped(every_s))

    return read


def within_spans(clip: Clip) -> Reading:
    first_s, length_s = clip.starts_s[0], clip.end_s - clip.starts_s[0]
    starts_s = [first_s + share * length_s for share in (0.013, 0.703, 0.957)]
    spans = [Span(start_s, start_s + 0.05 * length_s) for start_s in starts_s]
    reader = PictureReader(clip.path, 0.1, clip.track, tuple(spans))
    return _read(reader, sorted({p for span in spans for p in clip.stepped_within(span, 0.1)}))


def moments(clip: Clip) -> list[float]:
    """Random moments, none of them within a rounding of where a picture ends."""
    chance = random.Random(clip.path.name)
    places = [chance.randrange(len(clip.numbers)) for _ in range(N_MOMENTS)]
    return [
        clip.starts_s[i] + chance.uniform(0.05, 0.95) * (clip.ends_s[i] - clip.starts_s[i]) for i in places
    ]


def sought_one_by_one(clip: Clip) -> Reading:
    times_s = moments(clip)
    with PictureSeeker(clip.path, clip.track) as seeker:
        pictures = [seeker.at(time_s) for time_s in times_s]
    return Reading(pictures, [clip.place_at(time_s) for time_s in times_s])


def sought_at_once(clip: Clip) -> Reading:
    times_s = moments(clip)
    with PictureSeeker(clip.path, clip.track) as seeker:
        given = list(seeker.at_each(times_s))
    assert [time_s for time_s, _ in given] == sorted(times_s)
    return Reading([picture for _, picture in given], [clip.place_at(time_s) for time_s in sorted(times_s)])


READERS = {
    "forward": forward,
    "four a second": stepped(0.25),
    "one a second": stepped(1.0),
    "within spans": within_spans,
    "sought one by one": sought_one_by_one,
    "sought at once": sought_at_once,
}
# These tell no times, or guessed ones, or not where decoding can begin: only decoding all of them tells.
IRREGULAR = {
    *(
        "vp8.webm",
        "bframes_mpeg4.avi",
        "bframes_h264.avi",
        "mjpeg.avi",
        "mpeg2.mpg",
        "refresh.mp4",
        "refresh.ts",
    ),
    *("none_marked.nut", "none_marked.asf", "odd_parts.mp4", "still_picture.mp4", "all_marked_mpeg4.mp4"),
}
KEYFRAME_EVERY = {
    **dict.fromkeys(
        ["plain.mov", "bframes.flv", "short_groups.ts", "hevc.mkv", "av1.mp4", "all_marked.mp4"], 25
    ),
    "slow.mp4": 8,
    "open_groups.mp4": 10,
    "one_keyframe.mp4": 999,
}


def in_time(work: Callable[[], Result]) -> Result:
    """What the work gives; the test fails where that takes too long, even where nothing can stop it."""
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    worker.join(LIMIT_S)
    assert not worker.is_alive(), f"still at work after {LIMIT_S} s"
    if errors:
        raise errors[0]
    return results[0]


@pytest.fixture(scope="session")
def clip_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Clip]:
    """Makes a clip by its name, once."""
    folder, made = tmp_path_factory.mktemp("contract"), dict[str, Clip]()

    def clip(name: str) -> Clip:
        if name not in made:
            recipe = CLIPS[name] if name in CLIPS else DAMAGED[name].recipe
            made[name] = recipe.made(folder, name)
        return made[name]

    return clip


def numbers(pictures: list[Picture]) -> list[int]:
    return [number_in(picture.luma()) for picture in pictures]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", CLIPS)
def test_each_picture_is_the_one_shown_then_and_none_is_missing(
    clip_of: Callable[[str], Clip], name: str, reader: str
) -> None:
    clip = clip_of(name)
    reading = in_time(lambda: READERS[reader](clip))
    assert numbers(reading.pictures) == [clip.numbers[place] for place in reading.places]
    starts_s = [clip.starts_s[place] for place in reading.places]
    assert [p.pts_s for p in reading.pictures] == pytest.approx(starts_s, abs=clip.within_s)
    for place, picture in zip(reading.places, reading.pictures, strict=True):
        is_last = place == len(clip.numbers) - 1
        within_s = clip.end_within_s if is_last else clip.within_s
        assert picture.end_s == pytest.approx(clip.ends_s[place], abs=within_s)
    assert (reading.n_damaged, reading.lost) == (0, [])
    if reading.end_s is not None:
        assert reading.end_s == pytest.approx(clip.end_s, abs=clip.end_within_s)


@pytest.mark.parametrize("name", CLIPS)
def test_keyframes_alone_are_true_and_in_order(clip_of: Callable[[str], Clip], name: str) -> None:
    clip = clip_of(name)
    reader = PictureReader(clip.path, EVERY_PICTURE, clip.track, keyframes_only=True)
    pictures = in_time(lambda: list(reader))
    assert numbers(pictures) == [clip.number_at(p.pts_s + clip.within_s) for p in pictures]
    # Where the edit list begins between two keyframes, the first one is not shown.
    assert numbers(pictures[:1]) == [25 if name == "cut.mp4" else 0]
    assert [reader.n_damaged, reader.lost] == [0, []]
    assert all(a.pts_s < a.end_s <= b.pts_s for a, b in pairwise(pictures))
    assert reader.end_s == pytest.approx(clip.end_s, abs=clip.end_within_s)


@pytest.mark.parametrize(("name", "every"), KEYFRAME_EVERY.items())
def test_keyframes_alone_are_all_keyframes(clip_of: Callable[[str], Clip], name: str, every: int) -> None:
    clip = clip_of(name)
    pictures = list(PictureReader(clip.path, EVERY_PICTURE, keyframes_only=True))
    assert numbers(pictures) == list(range(0, len(clip.numbers), every))


@pytest.mark.parametrize("every_s", [EVERY_PICTURE, 1.0])
@pytest.mark.parametrize("name", [name for name in CLIPS if name not in IRREGULAR])
def test_the_quick_way_is_exact_where_it_needs_no_other(
    clip_of: Callable[[str], Clip], name: str, every_s: float
) -> None:
    clip = clip_of(name)
    with opened(PictureTrack(clip.path, clip.track), Quick) as quick:
        given = in_time(lambda: numbers(list(quick.pictures(EveryStep(every_s), float("-inf")))))
    places = range(len(clip.numbers)) if every_s == EVERY_PICTURE else clip.stepped(every_s)
    assert given == [clip.numbers[place] for place in places]


@pytest.mark.parametrize("name", sorted(IRREGULAR))
def test_the_quick_way_gives_up_where_packets_do_not_tell(clip_of: Callable[[str], Clip], name: str) -> None:
    clip = clip_of(name)
    with opened(PictureTrack(clip.path, clip.track), Quick) as quick, pytest.raises(IrregularError):
        in_time(lambda: list(quick.pictures(EveryStep(1.0), float("-inf"))))


def wrong(clip: Clip, pictures: list[Picture]) -> list[tuple[float, int]]:
    """The second and the number of each picture that is not the one shown then."""
    truth = {round(start_s, 2): number for number, start_s in zip(clip.numbers, clip.starts_s, strict=True)}
    given = [(p.pts_s, number_in(p.luma())) for p in pictures]
    return [(pts_s, number) for pts_s, number in given if truth.get(round(pts_s, 2)) != number]


@pytest.mark.parametrize("name", DAMAGED)
def test_of_damaged_clips_each_picture_is_right_and_what_is_missing_is_told(
    clip_of: Callable[[str], Clip], name: str
) -> None:
    clip, reader = clip_of(name), PictureReader(clip_of(name).path, EVERY_PICTURE)
    pictures = in_time(lambda: list(reader))
    assert wrong(clip, pictures) == []
    assert all(a.pts_s < a.end_s <= b.pts_s for a, b in pairwise(pictures))
    missing = set(clip.numbers) - set(numbers(pictures))
    assert [number for number in missing if DAMAGED[name].is_unharmed(number)] == []
    middles_s = {n: (a + b) / 2 for n, a, b in zip(clip.numbers, clip.starts_s, clip.ends_s, strict=True)}
    untold = [
        n for n in missing if not any(span.start_s <= middles_s[n] < span.end_s for span in reader.lost)
    ]
    if name.startswith("cut_short"):
        assert all(middles_s[n] > reader.end_s for n in untold)
    else:
        assert untold == []
        assert reader.n_damaged > 0
    assert not any(span.start_s <= p.pts_s < span.end_s for span in reader.lost for p in pictures)
    assert reader.end_s <= clip.end_s + clip.within_s


@pytest.mark.parametrize("name", DAMAGED)
def test_a_moment_of_a_damaged_clip_gives_its_picture_or_a_named_error(
    clip_of: Callable[[str], Clip], name: str
) -> None:
    clip, chance = clip_of(name), random.Random(name)
    times_s = [clip.starts_s[0] + chance.random() * (clip.end_s - clip.starts_s[0]) for _ in range(10)]

    def sought() -> dict[float, int]:
        found = {}
        with PictureSeeker(clip.path) as seeker:
            for time_s in times_s:
                with suppress(SeekError):
                    found[time_s] = number_in(seeker.at(time_s).luma())
        return found

    found = in_time(sought)
    assert {time_s: clip.number_at(time_s) for time_s in found} == found
    refused = {clip.number_at(time_s) for time_s in times_s} - set(found.values())
    assert [number for number in refused if DAMAGED[name].is_unharmed(number)] == []


@pytest.mark.parametrize("name", DAMAGED)
def test_of_damaged_clips_each_picture_of_a_step_is_right(clip_of: Callable[[str], Clip], name: str) -> None:
    clip = clip_of(name)
    assert wrong(clip, in_time(lambda: list(PictureReader(clip.path, 0.25)))) == []
    assert wrong(clip, in_time(lambda: list(PictureReader(clip.path, 0.25, keyframes_only=True)))) == []
