"""decord shows the right picture at every moment, or is not let near the file."""

from __future__ import annotations

import random
import sys
from bisect import bisect_right
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.packet import Packet
from clips import Look, make_clip, number_in, rotate, steady, tone

from vidagent.tools.decord_seeker import DecordSeeker
from vidagent.tools.errors import (
    CapabilityError,
    MediaError,
    RequestError,
    SeekError,
    UnknownVideoError,
    VidagentError,
)
from vidagent.tools.picture import Picture
from vidagent.tools.seeker import PictureSeeker

pytest.importorskip("decord")

FILMS = Path(__file__).parents[2] / "shared" / "media" / "video"
FRAMES = Fraction(1, 25)
FINE = Fraction(1, 90_000)
EVEN = steady(60)
UNEVEN = [0.0, 1.0, 2.0, *steady(50, start_s=3.0, step_s=0.016), 5.0]
B_FRAMES = {"bf": "3", "g": "12"}
HEVC = "log-level=none:keyint=12:open-gop="
EXACT = {
    "plain.mp4": (EVEN, Look()),
    "bframes.mp4": (EVEN, Look(options=B_FRAMES)),
    "bframes.mkv": (EVEN, Look(options=B_FRAMES)),
    "bframes.mov": (EVEN, Look(options=B_FRAMES)),
    "pyramid.mp4": (EVEN, Look(options={"g": "30", "x264-params": "bframes=8:b-adapt=0:b-pyramid=normal"})),
    "vp9.webm": (EVEN, Look("libvpx-vp9", options={"deadline": "realtime", "cpu-used": "8", "g": "20"})),
    "hevc.mp4": (EVEN, Look("libx265", options={"x265-params": HEVC + "0"})),
    "hevc.mkv": (EVEN, Look("libx265", options={"x265-params": HEVC + "0"})),
    "photos.mov": (EVEN, Look("mjpeg", pixel_format="yuvj420p", tick=FRAMES)),
    "uneven.mp4": (UNEVEN, Look(tick=FINE, options=B_FRAMES)),
    "uneven.mkv": (UNEVEN, Look(tick=FINE, options=B_FRAMES)),
    "single.mp4": ([0.0], Look()),
}


def assert_each_is_right(path: Path, times_s: list[float]) -> None:
    """Asked in order, backwards, mixed and again, every picture is the one that was painted for its second."""
    inside_s = [start_s + 0.004 for start_s in times_s]
    mixed_s = random.Random(4).sample(inside_s, len(inside_s))
    with DecordSeeker(path) as seeker:
        pictures = [picture for _, picture in seeker.at_each(mixed_s)]
        assert [number_in(picture.luma()) for picture in pictures] == list(range(len(times_s)))
        assert [picture.pts_s for picture in pictures] == pytest.approx(times_s, abs=0.001)
        assert [picture.end_s for picture in pictures[:-1]] == [picture.pts_s for picture in pictures[1:]]
        for asked_s in [*reversed(inside_s), *mixed_s, inside_s[-1], *times_s]:
            assert number_in(seeker.at(asked_s).luma()) == bisect_right(times_s, asked_s) - 1


@pytest.mark.parametrize("name", EXACT)
def test_each_moment_has_its_picture(tmp_path: Path, name: str) -> None:
    times_s, look = EXACT[name]
    assert_each_is_right(make_clip(tmp_path / name, times_s, look=look), times_s)


def test_a_file_in_fragments_has_its_pictures(tmp_path: Path) -> None:
    options = {"movflags": "frag_keyframe+empty_moov"}
    path = make_clip(tmp_path / "live.mp4", EVEN, look=Look(options=B_FRAMES), options=options)
    assert_each_is_right(path, EVEN)


def test_pictures_are_as_wide_as_a_player_shows_them(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "wide.mp4", EVEN[:3], look=Look(options={"x264-params": "sar=2/1"}))
    with DecordSeeker(path) as seeker, PictureSeeker(path) as other:
        assert seeker.at(0.0).rgb().shape == other.at(0.0).rgb().shape == (96, 320, 3)


REFUSED = {
    "stream.ts": (EVEN, Look(tick=FRAMES), "container is mpegts"),
    "old.avi": (EVEN, Look(tick=FRAMES), "container is avi"),
    "flash.flv": (EVEN, Look(), "container is flv"),
    "still.gif": (EVEN, Look("gif", pixel_format="rgb8", tick=Fraction(1, 100)), "container is gif"),
    "av1.mp4": (EVEN, Look("libsvtav1", options={"preset": "10"}), "codec is av1"),
    "vp8.webm": (EVEN, Look("libvpx", options={"deadline": "realtime"}), "codec is vp8"),
    "edited.mp4": (steady(60, start_s=-0.4), Look(), "an edit list leaves pictures out"),
    "open_hevc.mp4": (
        EVEN,
        Look("libx265", options={"x265-params": HEVC + "1"}),
        "behind the keyframe at .* is shown before it",
    ),
    "open_h264.mkv": (
        EVEN,
        Look(options={**B_FRAMES, "x264-params": "open-gop=1"}),
        "keyframe at .* needs pictures before it",
    ),
    "refresh.mp4": (
        EVEN,
        Look(options={"bf": "0", "g": "12", "x264-params": "intra-refresh=1"}),
        "keyframe at .* needs pictures before it",
    ),
    "fields.mp4": (EVEN, Look(options={"flags": "+ildct+ilme", "x264-params": "tff=1"}), "two fields"),
}


def assert_refused(path: Path, reason: str) -> None:
    """The file is refused for this reason, in one line that names it; the other seeker takes it."""
    with pytest.raises(SeekError, match=reason) as refusal, DecordSeeker(path):
        pass
    assert str(refusal.value).startswith(f"{path}: decord may show wrong pictures or none: ")
    assert "\n" not in str(refusal.value)
    with PictureSeeker(path) as seeker:
        assert seeker.at(0.5).pts_s <= 0.5


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_in_which_decord_goes_wrong_is_refused(tmp_path: Path, name: str) -> None:
    times_s, look, reason = REFUSED[name]
    assert_refused(make_clip(tmp_path / name, times_s, look=look), reason)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_pictures_that_start_after_the_sound_are_refused(tmp_path: Path, suffix: str) -> None:
    path = make_clip(
        tmp_path / f"late.{suffix}", steady(20, start_s=0.4), sound=tone(1.2), sound_codec="pcm_s16le"
    )
    assert_refused(path, "first picture is shown at 0.4")


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_pictures_to_be_turned_are_refused(tmp_path: Path, quarter_turns: int) -> None:
    assert_refused(rotate(make_clip(tmp_path / "turned.mp4", EVEN), quarter_turns), "have to be turned")


def test_pictures_buried_behind_sound_cannot_be_opened_and_are_refused(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "buried.mkv", EVEN, sound=tone(30.0), sound_codec="pcm_s16le")
    assert_refused(path, "decord cannot open it: Check failed")


def copied(
    path: Path, source: Path, change: Callable[[list[Packet]], list[Packet]], n_tracks: int = 1
) -> Path:
    """A file that holds the changed packets of another one, in as many tracks."""
    with av.open(str(source)) as given, av.open(str(path), "w") as made:
        tracks = [made.add_stream_from_template(given.streams.video[0]) for _ in range(n_tracks)]
        for packet in change([packet for packet in given.demux(video=0) if packet.size]):
            for track in tracks:
                packet.stream = track
                made.mux(packet)
    return path


def test_a_file_with_a_second_picture_track_is_refused(tmp_path: Path) -> None:
    path = copied(tmp_path / "two.mkv", make_clip(tmp_path / "one.mkv", EVEN), lambda packets: packets, 2)
    assert_refused(path, "more than one picture track")


def test_a_file_that_begins_between_two_keyframes_is_refused(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mkv", EVEN, look=Look(options={"g": "10", "bf": "0"}))
    path = copied(tmp_path / "rest.mkv", whole, lambda packets: packets[5:])
    assert_refused(path, "begins between two keyframes")


def test_two_pictures_at_the_same_time_are_refused(tmp_path: Path) -> None:
    def doubled(packets: list[Packet]) -> list[Packet]:
        packets[1].pts = packets[2].pts
        return packets

    whole = make_clip(tmp_path / "whole.mkv", EVEN, look=Look(options=B_FRAMES))
    assert_refused(copied(tmp_path / "double.mkv", whole, doubled), "two pictures are shown at the same time")


def test_a_moment_without_a_picture_is_an_error(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", EVEN)
    with DecordSeeker(path) as seeker:
        for time_s in (-0.1, 2.4, 1e12, float("inf"), float("nan")):
            with pytest.raises(SeekError, match=r"clip\.mp4: no picture is shown"):
                seeker.at(time_s)
        given = seeker.at_each([1.0, 99.0])
        assert next(given)[0] == 1.0
        with pytest.raises(SeekError, match=r"01:39.0 \(99.000 s\)"):
            next(given)
        assert number_in(seeker.at(2.39).luma()) == 59


def test_a_picture_that_decord_cannot_decode_is_an_error_and_others_are_shown(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "spoiled.mp4", EVEN, look=Look(options=B_FRAMES))
    with av.open(str(path)) as container:
        at, size = [(p.pos, p.size) for p in container.demux(video=0) if p.size][30]
    media = bytearray(path.read_bytes())
    media[at : at + size] = b"\xff" * size
    path.write_bytes(media)
    with DecordSeeker(path) as seeker:
        with pytest.raises(SeekError, match=r"spoiled\.mp4: decord shows no picture at 00:01\."):
            list(seeker.at_each(steady(10, start_s=1.1)))
        assert number_in(seeker.at(0.1).luma()) == 2


def test_a_seeker_works_only_inside_its_with_block(tmp_path: Path) -> None:
    seeker = DecordSeeker(make_clip(tmp_path / "clip.mp4", EVEN))
    for _ in range(2):
        with pytest.raises(RequestError, match="with block"):
            seeker.at(0.0)
        with seeker:
            assert seeker.at(0.0).pts_s == 0.0


def test_what_is_no_film_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnknownVideoError), DecordSeeker(tmp_path / "none.mp4"):
        pass
    with pytest.raises(MediaError), DecordSeeker(make_clip(tmp_path / "song.mp4", sound=tone(1.0))):
        pass


def test_a_missing_decord_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "decord", None)
    path = make_clip(tmp_path / "clip.mp4", EVEN[:3])
    with pytest.raises(CapabilityError, match="pip install decord"), DecordSeeker(path):
        pass


def test_the_pass_over_the_packets_is_felt(tmp_path: Path) -> None:
    beats: list[None] = []
    with DecordSeeker(make_clip(tmp_path / "clip.mp4", EVEN), pulse=lambda: beats.append(None)):
        assert len(beats) == len(EVEN)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("agent327_640x360.mp4", "first picture is shown at 0.021 s"),
        ("popeye_p1.mkv", "shown before it"),
        ("nasa_webb_13s.mp4", "more than one picture track"),
        ("vhs_glow.gif", "container is gif"),
        ("sintel_trailer_854x480.mp4", None),
        ("intel_one-by-one-person-detection.mp4", None),
        ("physics_lecture_slide.mp4", None),
        ("bbb_full_512x288.mp4", None),
    ],
)
def test_a_real_film_is_refused_or_shown_as_by_the_other_seeker(name: str, reason: str | None) -> None:
    path = FILMS / name
    if not path.is_file():
        pytest.skip("this film is not here")
    if reason:
        with pytest.raises(VidagentError, match=reason), DecordSeeker(path):
            pass
        return
    with DecordSeeker(path) as seeker, PictureSeeker(path) as other:
        chance = random.Random(8)
        times_s = [chance.uniform(0.0, 50.0 if "sintel" in name else 13.0) for _ in range(30)]
        shown = dict(other.at_each(times_s))
        for time_s in times_s:
            assert_alike(seeker.at(time_s), shown[time_s])


def assert_alike(picture: Picture, other: Picture) -> None:
    assert (picture.pts_s, picture.end_s) == (other.pts_s, other.end_s)
    assert np.abs(picture.rgb().astype(int) - other.rgb()).mean() < 1
