"""A cut of a damaged stretch: what is left of it lies at its seconds, and all that is missing is told."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from clips import Look, make_clip, number_in, numbered, steady, tone
from commands import Commands

from vidagent.tools.clock import Span
from vidagent.tools.cutting import Piece, cut
from vidagent.tools.errors import RequestError
from vidagent.tools.pictures import PictureReader
from vidagent.tools.sound import read_sound

ALL_S = 1e-6
STEP_S = 0.04
GROUP_S = 1.0
"""From keyframe to keyframe: damage spreads to the next one."""


@pytest.fixture(params=["film.mp4", "film.mkv"])
def film(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Six seconds of numbered pictures with a tone; a keyframe lies at each whole second."""
    look = Look(options={"g": "25", "bf": "0"})
    return make_clip(tmp_path / request.param, steady(150, step_s=STEP_S), numbered(), look, tone(6.0))


def spoil(film: Path, kind: str, start_s: float, end_s: float) -> None:
    """Overwrite the packets of a kind that begin in a stretch, so that none of them can be decoded."""
    data = bytearray(film.read_bytes())
    with av.open(str(film)) as container:
        stream = next(each for each in container.streams if each.type == kind)
        packets = [
            (packet.pos or 0, bytes(packet), float(packet.pts * packet.time_base))
            for packet in container.demux(stream)
            if packet.size and packet.pts is not None and packet.time_base is not None
        ]
    for place, body, time_s in packets:
        if start_s - 1e-6 <= time_s < end_s - 1e-6:
            begins = data.index(body, place)
            data[begins : begins + len(body)] = b"\xff" * len(body)
    film.write_bytes(data)


def made(film: Path, start_s: float, end_s: float) -> tuple[Piece, Path]:
    target = film.with_name("cut.mp4")
    (piece,) = cut(film, [Span(start_s, end_s)], target, ".mp4")
    return piece, target


def bounds(span: Span) -> tuple[float, float]:
    return span.start_s, span.end_s


def shown(path: Path) -> list[tuple[float, int]]:
    return [(picture.pts_s, number_in(picture.luma())) for picture in PictureReader(path, ALL_S)]


def silent_s(path: Path) -> list[float]:
    """The whole tenths of seconds in which there is no sound."""
    found = []
    for window in read_sound(path, rate_hz=48_000, window_s=0.1):
        if len(window.samples) == 4800 and np.abs(window.samples).mean() < 0.02:
            found.append(round(window.start_s, 1))
    return found


def test_a_hole_in_the_pictures_stays_a_hole_of_its_length(film: Path) -> None:
    spoil(film, "video", 2.0, 2.4)
    piece, target = made(film, 0.52, 4.52)
    assert bounds(piece.span) == pytest.approx((0.52, 4.52))
    (lost,) = piece.lost
    # From the damaged keyframe on nothing can be seen, up to the next one.
    assert bounds(lost) == pytest.approx((2.0, 2.0 + GROUP_S))
    wanted = [(n * STEP_S - 0.52, n) for n in range(13, 113) if not 50 <= n < 75]
    got = shown(target)
    assert [number for _, number in got] == [number for _, number in wanted]
    assert [time_s for time_s, _ in got] == pytest.approx([time_s for time_s, _ in wanted], abs=1e-4)
    assert silent_s(target) == []


def test_a_hole_in_the_sound_is_silence_of_its_length(film: Path) -> None:
    spoil(film, "audio", 2.0, 3.0)
    piece, target = made(film, 0.52, 4.52)
    (lost,) = piece.lost
    # A packet lasts for 1024 samples.
    assert bounds(lost) == pytest.approx((2.0, 3.0), abs=0.065)
    assert piece.n_pictures == len(shown(target)) == 100
    quiet = silent_s(target)
    assert (quiet[0], quiet[-1]) == pytest.approx((1.6, 2.3), abs=0.11)


def test_what_is_missing_at_the_ends_of_a_stretch_is_told_too(film: Path) -> None:
    spoil(film, "video", 1.0, 1.2)
    spoil(film, "video", 4.0, 4.2)
    spoil(film, "audio", 3.0, 3.2)
    spoil(film, "audio", 4.6, 4.8)
    piece, target = made(film, 1.2, 4.9)
    assert bounds(piece.span) == pytest.approx((2.0, 4.0))
    assert piece.n_pictures == len(shown(target)) == 50
    first, between, last = piece.lost
    assert bounds(first) == pytest.approx((1.2, 2.0))
    assert bounds(between) == pytest.approx((3.0, 3.2), abs=0.065)
    assert bounds(last) == pytest.approx((4.0, 4.9))


def test_damage_outside_of_a_stretch_is_not_told(film: Path) -> None:
    spoil(film, "video", 4.0, 5.0)
    spoil(film, "audio", 0.0, 0.5)
    piece, target = made(film, 1.2, 3.6)
    assert (bounds(piece.span), piece.lost) == (pytest.approx((1.2, 3.6)), ())
    assert (len(shown(target)), silent_s(target)) == (60, [])


def test_a_stretch_without_any_picture_is_refused(film: Path) -> None:
    spoil(film, "video", 2.0, 4.0)
    with pytest.raises(RequestError, match=r"no undamaged picture is shown from 00:02\.200 to 00:03\.800"):
        made(film, 2.2, 3.8)


def test_the_command_tells_what_is_lost_to_the_millisecond(
    film: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    spoil(film, "video", 2.0, 2.2)
    command, target = Commands(monkeypatch, capsys, tmp_path / "library.db"), tmp_path / "out.mp4"
    done = command("clip", film, "2.28-4", "1-2.2", "-o", target)
    assert done.lines == [
        f"{target}: 00:03.000–00:04.000, 25 picture(s), from 00:00.000 of it on",
        f"{target}: 00:01.000–00:02.000, 25 picture(s), from 00:01.000 of it on",
    ]
    assert done.code == 0
    assert done.complaint.splitlines() == [
        "vidagent: damaged, so it cannot be seen or heard: 00:02.000–00:02.200",
        "vidagent: damaged, so it cannot be seen or heard: 00:02.280–00:03.000",
    ]
    rows = command("clip", film, "2.28-4", "-o", target, "--force", "--json").value["pieces"]
    assert [(row["start_s"], row["end_s"], row["lost"]) for row in rows] == [(3.0, 4.0, [[2.28, 3.0]])]
