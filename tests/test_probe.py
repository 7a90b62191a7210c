"""What a file says about itself, and what is no usable media and is refused with a plain line."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clips import RATE_HZ, SIZE, Look, make_clip, number_in, numbered, rotate, steady, tone

from vidagent.tools.container import clock_zero_s, open_media
from vidagent.tools.errors import MediaError, UnknownVideoError, VidagentError
from vidagent.tools.pictures import PictureReader
from vidagent.tools.probe import MediaInfo, probe
from vidagent.tools.tracks import picture_stream

HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile {url}\n"
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
    '<Representation id="1"><BaseURL>{url}</BaseURL></Representation></AdaptationSet></Period></MPD>'
)
PLAYLISTS = {"hls": HLS, "concat": CONCAT, "sdp": SDP, "dash": DASH}


def refusal(path: Path) -> VidagentError:
    """The error of probing, which must be one short line that names the file."""
    with pytest.raises(VidagentError) as caught:
        probe(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert len(line) < len(str(path)) + 200
    assert len(line.splitlines()) == 1
    return caught.value


def make_song(path: Path, codec: str, cover: str, layout: str = "yuvj420p") -> Path:
    """A sound file with a cover picture."""
    with av.open(str(path), "w") as container:
        sound = container.add_stream(codec, rate=RATE_HZ, layout="mono")
        picture = container.add_stream(cover, rate=1)
        picture.width, picture.height = SIZE
        picture.pix_fmt = layout
        picture.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(numbered()(1), format="rgb24").reformat(format=layout)
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        container.mux([*picture.encode(frame), *picture.encode(None)])
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.rate, silence.pts = RATE_HZ, 0
        container.mux([*sound.encode(silence), *sound.encode(None)])
    return path


def join_tracks(path: Path, clips: list[Path], default: int) -> Path:
    """One file with the picture track of each clip, of which one is the default."""
    with av.open(str(path), "w") as joined:
        for place, clip in enumerate(clips):
            with av.open(str(clip)) as source:
                track = joined.add_stream_from_template(source.streams.video[0])
                track.disposition = av.stream.Disposition.default if place == default else 0
        for place, clip in enumerate(clips):
            with av.open(str(clip)) as source:
                for packet in source.demux(video=0):
                    if packet.size:
                        packet.stream = joined.streams[place]
                        joined.mux(packet)
    return path


@pytest.fixture
def address() -> Iterator[tuple[socket.socket, str]]:
    """A listener that nobody should call, with its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener, f"http://127.0.0.1:{listener.getsockname()[1]}/a.ts"


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts", "clip.mov"])
def test_a_video_tells_its_size_length_and_tracks(tmp_path: Path, name: str) -> None:
    path = make_clip(tmp_path / name, steady(50), sound=tone(2.0))
    info = probe(path)
    assert info.duration_s_from_header == pytest.approx(2.0, abs=0.15)
    assert info == MediaInfo(path, info.duration_s_from_header, *SIZE, True, True, 0)


def test_a_silent_video_has_no_sound(tmp_path: Path) -> None:
    assert not probe(make_clip(tmp_path / "clip.mp4", steady(5))).has_sound


@pytest.mark.parametrize(
    ("name", "codec"), [("talk.m4a", "aac"), ("talk.mp3", "libmp3lame"), ("talk.wav", "pcm_s16le")]
)
def test_sound_alone_has_no_picture(tmp_path: Path, name: str, codec: str) -> None:
    info = probe(make_clip(tmp_path / name, sound=tone(1.0), sound_codec=codec))
    assert (info.has_picture, info.has_sound, info.width, info.height) == (False, True, 0, 0)


@pytest.mark.parametrize(
    ("name", "codec", "cover", "layout"),
    [
        ("song.mp3", "libmp3lame", "png", "rgb24"),
        ("song.mp3", "libmp3lame", "mjpeg", "yuvj420p"),
        ("song.mp4", "aac", "mjpeg", "yuvj420p"),
        ("song.flac", "flac", "png", "rgb24"),
    ],
)
def test_cover_art_is_no_picture(tmp_path: Path, name: str, codec: str, cover: str, layout: str) -> None:
    path = make_song(tmp_path / name, codec, cover, layout)
    with av.open(str(path)) as container:
        assert container.streams.video, "the clip was to have a cover"
    info = probe(path)
    assert (info.has_picture, info.has_sound) == (False, True)
    with pytest.raises(MediaError, match="no picture"):
        next(iter(PictureReader(path, 1.0)))


@pytest.mark.parametrize("default", [0, 1])
def test_of_two_picture_tracks_the_default_one_is_read(tmp_path: Path, default: int) -> None:
    small = make_clip(tmp_path / "small.mkv", steady(3))
    large = make_clip(tmp_path / "large.mkv", steady(3), look=Look(size=(320, 192)))
    path = join_tracks(tmp_path / "both.mkv", [small, large], default)
    info = probe(path)
    assert (info.width, info.height) == [SIZE, (320, 192)][default]
    assert [p.luma().shape[1] for p in PictureReader(path, 0.01)] == [info.width] * 3


@pytest.mark.parametrize("quarter_turns", [0, 1, 2, 3])
def test_the_size_is_that_of_the_picture_as_shown(tmp_path: Path, quarter_turns: int) -> None:
    path = rotate(make_clip(tmp_path / "clip.mp4", steady(3)), quarter_turns)
    info = probe(path)
    shown = next(iter(PictureReader(path, 1.0))).luma()
    assert (info.height, info.width) == shown.shape


def test_the_clock_starts_where_a_player_starts(tmp_path: Path) -> None:
    with open_media(make_clip(tmp_path / "late.ts", steady(5, start_s=10.0))) as container:
        first = next(iter(container.decode(picture_stream(container))))
        assert first.time > 9
        assert first.time - clock_zero_s(container) == 0


@pytest.mark.parametrize("name", ["nowhere.mp4", "no/such/folder.mp4", "x" * 300 + ".mp4", "nul\0byte.mp4"])
def test_a_file_that_is_not_there_is_an_unknown_video(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownVideoError, match="no such file"):
        probe(tmp_path / name)


def test_a_folder_or_a_device_is_not_a_file(tmp_path: Path) -> None:
    assert type(refusal(tmp_path)) is MediaError
    assert type(refusal(Path(os.devnull))) is MediaError


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    assert type(refusal(tmp_path / "pipe.mp4")) is MediaError


@pytest.mark.parametrize("data", [b"", b"x", b"only words\n" * 200, b"\0" * 5000, b"\xff" * 5000, b"GIF89a"])
@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".mp3"])
def test_what_is_no_media_is_refused(tmp_path: Path, data: bytes, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    path.write_bytes(data)
    assert type(refusal(path)) is MediaError


def test_an_mp4_without_its_table_of_contents_is_refused(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", steady(50))
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moov")])
    assert type(refusal(path)) is MediaError


@pytest.mark.parametrize("four_letters", [b"zzzz", b"\0\0\0\0"])
def test_a_picture_in_an_unknown_encoding_is_refused(tmp_path: Path, four_letters: bytes) -> None:
    path = make_clip(tmp_path / "clip.mp4", steady(5))
    path.write_bytes(path.read_bytes().replace(b"avc1", four_letters))
    assert type(refusal(path)) is MediaError
    with pytest.raises(MediaError):
        list(PictureReader(path, 1.0))


def test_sound_beside_a_picture_in_an_unknown_encoding_is_still_heard(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", steady(5), sound=tone(0.2))
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    info = probe(path)
    assert (info.has_picture, info.has_sound) == (False, True)


@pytest.mark.parametrize("kind", sorted(PLAYLISTS))
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".m3u8", ".mpd", ".sdp"])
def test_a_playlist_is_refused_and_calls_nobody(
    tmp_path: Path, address: tuple[socket.socket, str], kind: str, suffix: str
) -> None:
    listener, url = address
    path = tmp_path / f"clip{suffix}"
    path.write_text(PLAYLISTS[kind].format(url=url))
    assert type(refusal(path)) is MediaError
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize("kind", ["hls", "concat"])
def test_a_playlist_opens_no_other_file(tmp_path: Path, kind: str) -> None:
    make_clip(tmp_path / "other.ts", steady(5))
    path = tmp_path / "list.mp4"
    path.write_text(PLAYLISTS[kind].format(url="other.ts"))
    assert type(refusal(path)) is MediaError


@pytest.mark.parametrize(
    "name",
    [
        "http:evil.mp4",
        "concat:a.mp4|b.mp4",
        "-y.mp4",
        "file:x.mp4",
        "%03d.mp4",
        "two\nlines.mp4",
        "ünï ☎.mp4",
        "pipe:0",
    ],
)
def test_a_strange_name_is_a_name_and_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    make_clip(tmp_path / "plain.mp4", steady(5)).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert probe(Path(name)).width == SIZE[0]
    assert [number_in(p.luma()) for p in PictureReader(Path(name), 0.01)] == [0, 1, 2, 3, 4]


def test_a_name_that_is_no_text_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    make_clip(tmp_path / "plain.mp4", steady(5)).rename(path)
    assert probe(path).width == SIZE[0]
