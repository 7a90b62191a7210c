"""Messages arrive whole or are refused; a picture arrives as it was sent."""

from __future__ import annotations

import io
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clips import Look, make_clip, rotate, steady

from vidagent.tools.picture import packed, unpacked
from vidagent.tools.pictures import PictureReader
from vidagent.tools.wire import WireError, receive, send

LOOKS = {
    "usual.mp4": Look(),
    "odd.mkv": Look("ffv1", size=(161, 97)),
    "narrow.mkv": Look("ffv1", size=(33, 501)),
    "deep.mkv": Look("ffv1", pixel_format="yuv422p10le"),
    "alpha.mkv": Look("ffv1", pixel_format="yuva420p"),
    "packed.mkv": Look("ffv1", pixel_format="bgr0"),
    "grey.mkv": Look("ffv1", pixel_format="gray16le"),
    "full.avi": Look("mjpeg", pixel_format="yuvj420p", tick=Fraction(1, 25)),
    "still.gif": Look("gif", pixel_format="rgb8", tick=Fraction(1, 100)),
}


def sent(header: dict[str, object], *blobs: bytes) -> bytes:
    stream = io.BytesIO()
    send(stream, header, blobs)
    return stream.getvalue()


def test_messages_arrive_one_after_the_other() -> None:
    stream = io.BytesIO(sent({"kind": "one", "x": 1}, b"abc", b"\n{}") + sent({"kind": "two"}))
    first, second = receive(stream), receive(stream)
    assert first is not None
    assert second is not None
    assert (first.kind, first.header["x"], bytes(first.body)) == ("one", 1, b"abc\n{}")
    assert (second.kind, bytes(second.body)) == ("two", b"")
    assert receive(stream) is None


@pytest.mark.parametrize("n_kept", range(1, len(sent({"kind": "x"}, b"0123456789"))))
def test_half_a_message_is_refused(n_kept: int) -> None:
    with pytest.raises(WireError):
        receive(io.BytesIO(sent({"kind": "x"}, b"0123456789")[:n_kept]))


@pytest.mark.parametrize(
    "line",
    [
        b"not json\n",
        b"[]\n",
        b"{}\n",
        b'{"n_bytes": -1}\n',
        b'{"n_bytes": "9"}\n',
        b'{"n_bytes": 1e3}\n',
        b'{"n_bytes": 99999999999999}\n',
        b"\xff\xfe\n",
        b"x" * (2 << 20),
    ],
)
def test_what_is_no_message_is_refused_without_taking_room_for_it(line: bytes) -> None:
    with pytest.raises(WireError):
        receive(io.BytesIO(line))


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_a_picture_arrives_as_it_was_sent(tmp_path: Path, name: str) -> None:
    for picture in PictureReader(make_clip(tmp_path / name, steady(3), look=LOOKS[name]), 0.001):
        header, planes = packed(picture)
        arrived = unpacked(json.loads(json.dumps(header)), bytearray(b"".join(planes)))
        assert (arrived.pts_s, arrived.end_s) == (picture.pts_s, picture.end_s)
        assert np.array_equal(arrived.luma(), picture.luma())
        assert np.array_equal(arrived.rgb(), picture.rgb())
        assert np.array_equal(arrived.rgb(short_side=20), picture.rgb(short_side=20))


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_turned_picture_arrives_turned(tmp_path: Path, quarter_turns: int) -> None:
    path = rotate(make_clip(tmp_path / "clip.mp4", steady(3)), quarter_turns)
    picture = next(iter(PictureReader(path, 1.0)))
    header, planes = packed(picture)
    arrived = unpacked(header, bytearray(b"".join(planes)))
    assert np.array_equal(arrived.luma(), picture.luma())
    assert arrived.n_turns


@pytest.mark.parametrize("n_bytes", [0, 1, 160 * 96, 10**6])
def test_planes_of_another_size_are_no_picture(tmp_path: Path, n_bytes: int) -> None:
    header, _ = packed(next(iter(PictureReader(make_clip(tmp_path / "clip.mp4", steady(3)), 1.0))))
    with pytest.raises(ValueError, match="no picture"):
        unpacked(header, bytearray(n_bytes))
