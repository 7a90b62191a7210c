"""What a file says about itself, and what is no usable media and is refused with a plain line."""

from __future__ import annotations

import os
import random
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from clips import RATE_HZ, SIZE, Look, make_clip, number_in, numbered, rotate, steady, tone

from vidagent.tools.clock import Span
from vidagent.tools.container import MAX_PIXELS, clock_zero_s, open_media
from vidagent.tools.errors import MediaError, UnknownVideoError, VidagentError
from vidagent.tools.measure import TrackMeasure, measure
from vidagent.tools.media_info import AttachedPicture, Chapter, OtherStream, PictureTrack
from vidagent.tools.pictures import PictureReader
from vidagent.tools.probe import probe
from vidagent.tools.tracks import Tracks, picture_stream

NASA = Path(__file__).parents[2] / "shared" / "media" / "video" / "nasa_webb_13s.mp4"
NASTY = "ev\x1b[2J\x1b]0;title\x07il\u202e"
TWENTY_FIVE = Fraction(1, 25)
UNMARKED = Disposition(0)
GIF = Look("gif", pixel_format="rgb8", tick=Fraction(1, 100))
# File name, how its pictures are encoded, the encoding of its sound, and what they are called.
KINDS = [
    ("clip.mp4", Look(), "aac", "mp4", "h264", "aac"),
    ("clip.mov", Look(), "aac", "mov", "h264", "aac"),
    (
        "clip.mkv",
        Look("libx265", options={"x265-params": "log-level=none"}),
        "flac",
        "matroska",
        "hevc",
        "flac",
    ),
    ("clip.webm", Look("libvpx-vp9"), "libopus", "matroska", "vp9", "opus"),
    ("clip.ts", Look(), "mp2", "mpegts", "h264", "mp2"),
    ("clip.avi", Look("mpeg4", tick=TWENTY_FIVE), "pcm_s16le", "avi", "mpeg4", "pcm_s16le"),
    ("clip.flv", Look(options={"bf": "0"}), "aac", "flv", "h264", "aac"),
    ("clip.gif", GIF, None, "gif", "gif", None),
]

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


@dataclass(frozen=True)
class Part:
    """A track to write: the only one of its own file, with what the joined file is to say about it."""

    clip: Path
    language: str = "und"
    title: str = ""
    disposition: Disposition = UNMARKED


def join(path: Path, parts: Sequence[Part]) -> Path:
    """One file with all the parts as tracks, in this order."""
    with av.open(str(path), "w") as joined:
        for part in parts:
            with av.open(str(part.clip)) as source:
                track = joined.add_stream_from_template(source.streams[0])
            track.metadata.update({"language": part.language, "title": part.title})
            track.disposition = part.disposition
        for place, part in enumerate(parts):
            with av.open(str(part.clip)) as source:
                for packet in source.demux(source.streams[0]):
                    if packet.size:
                        packet.stream = joined.streams[place]
                        joined.mux(packet)
    return path


def make_special(
    path: Path,
    change: Callable[[av.VideoStream], None],
    look: Look | None = None,
    n: int = 5,
    start_s: float = 0.0,
    finish: Callable[[av.container.OutputContainer], None] = lambda container: None,
) -> Path:
    """A clip of ``n`` pictures whose track, and whose file, are told something more before they are written."""
    look = look or Look()
    with av.open(str(path), "w") as container:
        stream = container.add_stream(look.codec, rate=25, options=dict(look.options))
        stream.width, stream.height = look.size
        stream.pix_fmt = look.pixel_format
        stream.codec_context.time_base = stream.time_base = TWENTY_FIVE
        change(stream)
        finish(container)
        for number in range(n):
            frame = av.VideoFrame.from_ndarray(numbered(look.size)(number), format="rgb24")
            frame = frame.reformat(format=look.pixel_format)
            frame.pts, frame.time_base = number + round(start_s * 25), TWENTY_FIVE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def make_subtitled(
    path: Path, codec: str, language: str = "eng", disposition: Disposition = UNMARKED
) -> Path:
    """A clip with one subtitle track of one line."""
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=25, width=64, height=48, pix_fmt="yuv420p")
        track = container.add_stream(codec)
        if codec in {"mov_text", "subrip", "ass"}:
            track.codec_context.subtitle_header = b"[V4+ Styles]\nFormat: Name\nStyle: Default\n\n[Events]\n"
        track.time_base, track.disposition = Fraction(1, 1000), disposition
        track.metadata.update({"language": language, "title": NASTY})
        container.start_encoding()
        frame = av.VideoFrame(64, 48, "yuv420p")
        frame.pts, frame.time_base = 0, TWENTY_FIVE
        container.mux([*picture.encode(frame), *picture.encode(None)])
        line: av.Packet[av.stream.Stream] = av.Packet(b"\0\x05hello")
        line.stream, line.time_base, line.pts, line.dts, line.duration = track, Fraction(1, 1000), 0, 0, 40
        container.mux(line)
    return path


def only_picture(path: Path) -> PictureTrack:
    """The picture track of a file that has one."""
    (track,) = probe(path).picture_tracks
    return track


def measured_picture(path: Path) -> TrackMeasure:
    """The first picture track, measured."""
    return measure(path).track("picture", 0)


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
    assert (info.path, info.width, info.height) == (path, *SIZE)
    assert (info.has_picture, info.has_sound, info.n_subtitle_tracks) == (True, True, 0)


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


@pytest.mark.parametrize(("name", "look", "sound", "container", "pictures", "voice"), KINDS)
def test_every_kind_of_file_tells_what_it_is(
    tmp_path: Path, name: str, look: Look, sound: str | None, container: str, pictures: str, voice: str | None
) -> None:
    extra = {"sound": tone(1.0), "sound_codec": sound} if sound else {}
    path = make_clip(tmp_path / name, steady(25), look=look, **extra)  # type: ignore[arg-type]
    info = probe(path)
    assert (info.format, info.size_bytes) == (container, path.stat().st_size)
    track = only_picture(path)
    assert (track.number, track.codec, track.is_default) == (0, pictures, True)
    assert (track.stored_width, track.stored_height, track.shown_width, track.shown_height) == SIZE * 2
    assert (track.rotation_deg, track.bit_depth, track.is_hdr) == (0, 8, False)
    # AVI tells how many channels there are, and not which.
    layout = None if container == "avi" else "mono"
    assert [(t.codec, t.channels, t.layout, t.is_default) for t in info.sound_tracks] == (
        [(voice, 1, layout, True)] if voice else []
    )
    assert [t.rate_hz for t in info.sound_tracks] == (
        [48000 if voice == "opus" else RATE_HZ] if voice else []
    )


@pytest.mark.parametrize(("name", "look", "sound", "container", "pictures", "voice"), KINDS)
def test_every_kind_of_file_is_measured(
    tmp_path: Path, name: str, look: Look, sound: str | None, container: str, pictures: str, voice: str | None
) -> None:
    del container, pictures, voice
    extra = {"sound": tone(1.0), "sound_codec": sound} if sound else {}
    path = make_clip(tmp_path / name, steady(25), look=look, **extra)  # type: ignore[arg-type]
    found = measure(path)
    assert (found.n_damaged, found.ended_early, len(found.tracks)) == (0, False, 2 if sound else 1)
    track = found.track("picture", 0)
    assert (track.n_packets, track.is_irregular) == (25, False)
    assert track.start_s == pytest.approx(0.0, abs=0.09)
    assert track.end_s == pytest.approx((track.start_s or 0) + 1.0, abs=0.005)
    if sound:
        assert found.track("sound", 0).start_s == pytest.approx(0.0, abs=0.09)
        assert found.track("sound", 0).end_s == pytest.approx(1.0, abs=0.15)
        assert found.track("sound", 0).is_irregular is not True


@pytest.mark.parametrize("quarter_turns", [0, 1, 2, 3])
def test_a_turn_is_told_clockwise(tmp_path: Path, quarter_turns: int) -> None:
    track = only_picture(rotate(make_clip(tmp_path / "clip.mp4", steady(3)), quarter_turns))
    assert track.rotation_deg == 90 * quarter_turns
    assert (track.stored_width, track.stored_height) == SIZE
    assert (track.shown_width, track.shown_height) == (SIZE[::-1] if quarter_turns % 2 else SIZE)


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "mov"])
def test_a_turn_is_told_by_every_container_that_has_one(tmp_path: Path, suffix: str) -> None:
    def turned(stream: av.VideoStream) -> None:
        stream.set_display_rotation(-90)

    assert only_picture(make_special(tmp_path / f"clip.{suffix}", turned)).rotation_deg == 90


@pytest.mark.parametrize(
    ("suffix", "turn_deg"), [("mkv", 0), ("mkv", 90), ("mp4", 0), ("mp4", 90), ("ts", 0)]
)
def test_wide_pixels_widen_the_picture_before_it_is_turned(
    tmp_path: Path, suffix: str, turn_deg: int
) -> None:
    def wide(stream: av.VideoStream) -> None:
        stream.codec_context.sample_aspect_ratio = Fraction(64, 45)
        stream.set_display_rotation(-turn_deg)

    path = make_special(tmp_path / f"clip.{suffix}", wide)
    track, info = only_picture(path), probe(path)
    assert (track.sample_aspect, track.rotation_deg) == ("64:45", turn_deg)
    assert (track.stored_width, track.stored_height) == (160, 96)
    shown = (228, 96) if turn_deg == 0 else (96, 228)
    assert (track.shown_width, track.shown_height) == (info.width, info.height) == shown


def test_an_absurd_aspect_leaves_at_least_one_pixel(tmp_path: Path) -> None:
    def wide(stream: av.VideoStream) -> None:
        stream.codec_context.sample_aspect_ratio = Fraction(64, 45)

    path = make_special(tmp_path / "clip.mp4", wide)
    wrong = path.read_bytes().replace(
        struct.pack(">4s2I", b"pasp", 64, 45), struct.pack(">4s2I", b"pasp", 1, 60000)
    )
    path.write_bytes(wrong)
    track = only_picture(path)
    assert (track.sample_aspect, track.shown_width, track.shown_height) == ("1:60000", 1, 96)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize(("layout", "expected"), [("yuvj420p", "pc"), ("yuv420p", None)])
def test_a_full_colour_range_is_told(tmp_path: Path, suffix: str, layout: str, expected: str | None) -> None:
    path = make_clip(tmp_path / f"clip.{suffix}", steady(5), look=Look(pixel_format=layout))
    track = only_picture(path)
    assert (track.colour_range, track.pixel_format) == (expected, layout)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize(
    ("number", "name", "is_hdr"), [(16, "smpte2084", True), (18, "arib-std-b67", True), (1, "bt709", False)]
)
def test_hdr_is_told_by_its_transfer(
    tmp_path: Path, suffix: str, number: int, name: str, is_hdr: bool
) -> None:
    def wide_range(stream: av.VideoStream) -> None:
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace, context.color_range = number, 9, 9, 1

    look = Look("libx265", pixel_format="yuv420p10le", options={"x265-params": "log-level=none"})
    track = only_picture(make_special(tmp_path / f"clip.{suffix}", wide_range, look))
    assert (track.is_hdr, track.colour_transfer) == (is_hdr, name)
    assert (track.colour_primaries, track.colour_space, track.colour_range) == ("bt2020", "bt2020nc", "tv")
    assert (track.bit_depth, track.profile, track.pixel_format) == (10, "Main 10", "yuv420p10le")


def chaptered(
    *spans_s: tuple[float, float], is_titled: bool = True
) -> Callable[[av.container.OutputContainer], None]:
    """Gives a file these chapters, with titles that would act on a terminal."""
    chapters = [
        {
            "id": number,
            "start": round(start_s * 1000),
            "end": round(end_s * 1000),
            "time_base": Fraction(1, 1000),
            "metadata": {"title": f"{NASTY} {number}"} if is_titled else {},
        }
        for number, (start_s, end_s) in enumerate(spans_s)
    ]
    return lambda container: container.set_chapters(chapters)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "mov", "webm"])
def test_chapters_are_told_with_plain_titles(tmp_path: Path, suffix: str) -> None:
    look = Look("libvpx-vp9") if suffix == "webm" else Look()
    add = chaptered((0.0, 0.5), (0.5, 1.0))
    path = make_special(tmp_path / f"clip.{suffix}", lambda stream: None, look, n=25, finish=add)
    first, second = probe(path).chapters
    assert first == Chapter(Span(0.0, 0.5), "evil 0")
    assert second == Chapter(Span(0.5, 1.0), "evil 1")


def test_a_chapter_may_have_no_title(tmp_path: Path) -> None:
    add = chaptered((0.0, 0.5), is_titled=False)
    path = make_special(tmp_path / "clip.mkv", lambda stream: None, n=25, finish=add)
    assert probe(path).chapters == (Chapter(Span(0.0, 0.5), None),)


def test_chapters_lie_on_the_clock_of_a_player(tmp_path: Path) -> None:
    add = chaptered((2.0, 10.5), (10.5, 11.0))
    path = make_special(tmp_path / "late.mkv", lambda stream: None, n=25, start_s=10.0, finish=add)
    info = probe(path)
    assert info.start_s == 10.0
    # What lies before the first picture is never seen.
    assert [chapter.span for chapter in info.chapters] == [Span(0, 0.5), Span(0.5, 1.0)]


@pytest.mark.parametrize("default", [0, 1])
@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_tracks_are_counted_by_kind_and_the_default_ones_marked(
    tmp_path: Path, suffix: str, default: int
) -> None:
    flags = [Disposition.default if place == default else UNMARKED for place in (0, 1)]
    sounds = [make_clip(tmp_path / f"sound{hz}.mkv", sound=tone(0.5, hz)) for hz in (440, 880)]
    small = make_clip(tmp_path / "small.mkv", steady(5))
    large = make_clip(tmp_path / "large.mkv", steady(5), look=Look(size=(320, 192)))
    parts = [
        Part(sounds[0], "ger", "Ton", flags[0]),
        Part(small, "und", NASTY, flags[0]),
        Part(sounds[1], "eng", "", flags[1]),
        Part(large, "fre", "", flags[1]),
    ]
    path = join(tmp_path / f"all.{suffix}", parts)
    info = probe(path)
    pictures, voices = info.picture_tracks, info.sound_tracks
    assert [(t.number, t.stream_index, t.shown_width) for t in pictures] == [(0, 1, 160), (1, 3, 320)]
    assert [(t.number, t.stream_index) for t in voices] == [(0, 0), (1, 2)]
    assert [t.is_default for t in pictures] == [t.is_default for t in voices] == [default == 0, default == 1]
    assert [(t.language, t.title) for t in pictures] == [(None, "evil"), ("fre", None)]
    assert [(t.language, t.title) for t in voices] == [("ger", "Ton"), ("eng", None)]
    assert info.width == (160, 320)[default]
    found = [(t.kind, t.number, t.stream_index, t.n_packets) for t in measure(path).tracks]
    assert found[:2] == [("picture", 0, 1, 5), ("picture", 1, 3, 5)]
    assert [track[:3] for track in found[2:]] == [("sound", 0, 0), ("sound", 1, 2)]


def test_each_picture_track_has_its_own_turn(tmp_path: Path) -> None:
    def turned(stream: av.VideoStream) -> None:
        stream.set_display_rotation(-90)

    upright = make_clip(tmp_path / "upright.mp4", steady(60))
    lying = make_special(tmp_path / "lying.mp4", turned, n=60)
    path = join(tmp_path / "both.mkv", [Part(upright), Part(lying)])
    assert [track.rotation_deg for track in probe(path).picture_tracks] == [0, 90]


def test_a_real_video_with_two_tracks_of_each_kind() -> None:
    if not NASA.is_file():
        pytest.skip("the video is not here")
    info = probe(NASA)
    assert [t.is_default for t in info.picture_tracks] == [True, False]
    assert [t.is_default for t in info.sound_tracks] == [False, True]
    assert [t.shown_width for t in info.picture_tracks] == [320, 480]
    assert [t.rate_hz for t in info.sound_tracks] == [8000, 16000]
    assert [(t.kind, t.is_default) for t in info.subtitle_tracks] == [("text", True)] * 2
    assert [t.stream_index for t in info.subtitle_tracks] == [2, 5]
    assert measure(NASA).duration_s == pytest.approx(info.duration_s_from_header, abs=0.01)


@pytest.mark.parametrize(
    ("name", "codec", "layout", "expected"),
    [("song.mp3", "libmp3lame", "rgb24", "png"), ("song.mp4", "aac", "yuvj420p", "mjpeg")],
)
def test_cover_art_is_told_apart(tmp_path: Path, name: str, codec: str, layout: str, expected: str) -> None:
    info = probe(make_song(tmp_path / name, codec, expected, layout))
    (cover,) = info.attached_pictures
    assert cover == AttachedPicture(cover.stream_index, expected, *SIZE)
    assert (info.picture_tracks, info.other_streams) == ((), ())


def test_cover_art_beside_moving_pictures_is_not_counted_with_them(tmp_path: Path) -> None:
    cover = make_clip(tmp_path / "cover.mkv", [0.0], look=Look("mjpeg", (80, 80), "yuvj420p"))
    film = make_clip(tmp_path / "film.mkv", steady(5))
    path = join(tmp_path / "film.mp4", [Part(cover, disposition=Disposition.attached_pic), Part(film)])
    info = probe(path)
    assert [(c.codec, c.width, c.height) for c in info.attached_pictures] == [("mjpeg", 80, 80)]
    assert [(t.number, t.codec, t.shown_width) for t in info.picture_tracks] == [(0, "h264", 160)]
    assert [t.kind for t in measure(path).tracks] == ["picture"]


@pytest.mark.parametrize(
    ("name", "codec", "expected", "kind"),
    [
        ("a.mp4", "mov_text", "mov_text", "text"),
        ("a.mkv", "subrip", "subrip", "text"),
        ("a.mkv", "ass", "ass", "text"),
        ("a.mkv", "dvdsub", "dvd_subtitle", "bitmap"),
        ("a.mkv", "dvbsub", "dvb_subtitle", "bitmap"),
    ],
)
def test_subtitle_tracks_are_words_or_pictures_of_words(
    tmp_path: Path, name: str, codec: str, expected: str, kind: str
) -> None:
    info = probe(make_subtitled(tmp_path / name, codec))
    (track,) = info.subtitle_tracks
    assert (track.number, track.stream_index, track.codec, track.kind) == (0, 1, expected, kind)
    assert (track.language, track.title, track.is_forced) == ("eng", "evil", False)
    assert info.n_subtitle_tracks == 1


@pytest.mark.parametrize("is_default", [False, True])
@pytest.mark.parametrize("is_forced", [False, True])
def test_subtitles_may_be_default_and_forced(tmp_path: Path, is_default: bool, is_forced: bool) -> None:
    flags = (Disposition.default if is_default else UNMARKED) | (
        Disposition.forced if is_forced else UNMARKED
    )
    (track,) = probe(make_subtitled(tmp_path / "a.mkv", "subrip", disposition=flags)).subtitle_tracks
    assert (track.is_default, track.is_forced) == (is_default, is_forced)


def test_subtitles_in_an_unknown_encoding_are_listed(tmp_path: Path) -> None:
    path = make_subtitled(tmp_path / "a.mkv", "subrip")
    path.write_bytes(path.read_bytes().replace(b"S_TEXT/UTF8", b"S_TEXT/ABCD"))
    (track,) = probe(path).subtitle_tracks
    assert (track.codec, track.kind) == (None, "unknown")


def test_an_attachment_is_an_other_stream(tmp_path: Path) -> None:
    def attach(container: av.container.OutputContainer) -> None:
        container.add_attachment("font.ttf", "font/ttf\x1b[2J", b"no font")

    path = make_special(tmp_path / "clip.mkv", lambda stream: None, finish=attach)
    assert probe(path).other_streams == (OtherStream(1, "attachment", "font/ttf"),)


def test_a_track_in_an_unknown_encoding_is_an_other_stream(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", steady(5), sound=tone(0.2))
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    info = probe(path)
    assert info.other_streams == (OtherStream(0, "video", None),)
    assert [t.kind for t in measure(path).tracks] == ["sound"]


def test_nothing_is_measured_where_every_encoding_is_unknown(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", steady(5))
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    found = measure(path)
    assert (found.tracks, found.duration_s, found.ended_early) == ((), None, False)


def test_sound_without_channels_has_none(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "talk.wav", sound=tone(1.0), sound_codec="pcm_s16le")
    data = bytearray(path.read_bytes())
    data[22:24] = b"\0\0"
    path.write_bytes(data)
    (track,) = probe(path).sound_tracks
    assert (track.channels, track.layout, track.rate_hz) == (None, None, RATE_HZ)
    assert measure(path).duration_s is None


def test_a_picture_over_the_limit_is_not_decoded(tmp_path: Path) -> None:
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 8192, MAX_PIXELS // 8192 + 16, "yuvj420p"
    encoder.time_base = TWENTY_FIVE
    frame = av.VideoFrame(encoder.width, encoder.height, "yuvj420p")
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.pts = 0
    with av.open(str(tmp_path / "huge.mkv"), "w") as target:
        stream = target.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = encoder.width, encoder.height, "yuvj420p"
        for packet in [*encoder.encode(frame), *encoder.encode(None)]:
            packet.stream = stream
            target.mux(packet)
    track = only_picture(tmp_path / "huge.mkv")
    assert (track.stored_width, track.stored_height) == (encoder.width, encoder.height)
    assert track.rotation_deg is None


def blanked(path: Path, n: int) -> Path:
    """The file with the first ``n`` packets of its picture track filled with ones."""
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size][:n]
    for at, size in places:
        data[at : at + size] = b"\xff" * size
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("n", "expected"), [(1, 90), (10, None)])
def test_a_damaged_first_picture_does_no_harm(tmp_path: Path, n: int, expected: int | None) -> None:
    look = Look(options={"g": "1", "bf": "0"})
    path = blanked(rotate(make_clip(tmp_path / "clip.mp4", steady(10), look=look), 1), n)
    assert only_picture(path).rotation_deg == expected
    assert measured_picture(path).n_packets == 10


def test_pictures_whose_size_nobody_knows_have_none(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.ts", steady(200), sound=tone(8.0))
    data = path.read_bytes()
    # The tables of the stream stay, the only keyframe goes, and with it what tells the size.
    path.write_bytes(data[: 188 * 3] + data[188 * 60 :])
    info, track = probe(path), only_picture(path)
    assert (track.stored_width, track.shown_height, track.rotation_deg, track.pixel_format) == (None,) * 4
    assert (info.width, info.height, info.has_picture) == (0, 0, True)
    assert measured_picture(path).n_keyframes == 0
    assert measured_picture(path).keyframe_gap_s is None


def test_a_header_may_claim_more_than_there_is(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mkv", steady(250), sound=tone(10.0))
    assert measure(path).duration_s == pytest.approx(probe(path).duration_s_from_header, abs=0.05)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert probe(path).duration_s_from_header == pytest.approx(10.0, abs=0.1)
    assert 4.0 < (measure(path).duration_s or 0) < 6.0
    assert measured_picture(path).is_irregular is False


def test_a_packet_that_was_cut_off_counts_as_damaged(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", steady(100), options={"movflags": "faststart"})
    assert measure(path).n_damaged == 0
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    found = measure(path)
    assert (found.n_damaged, found.ended_early) == (1, False)


def test_reading_stops_where_the_file_makes_no_sense(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", steady(50), look=Look(options={"bf": "0"}))
    data = bytearray(path.read_bytes())
    sizes = data.index(b"stsz") + 16
    # The twenty-first picture claims to be half a gigabyte long.
    data[sizes + 80 : sizes + 84] = struct.pack(">I", 1 << 29)
    path.write_bytes(data)
    found = measure(path)
    assert (found.ended_early, found.n_damaged) == (True, 1)
    assert found.track("picture", 0).n_packets == 20
    assert found.duration_s == pytest.approx(20 / 25)


def test_a_track_that_begins_half_way_does_not_end_the_measuring(tmp_path: Path) -> None:
    alone = make_clip(tmp_path / "alone.ts", steady(50)).read_bytes()
    both = make_clip(
        tmp_path / "both.ts", steady(50, start_s=4.0), sound=tone(2.0), sound_at_s=4.0
    ).read_bytes()
    nothing = b"\x47\x1f\xff\x10" + b"\xff" * 184
    path = tmp_path / "joined.ts"
    path.write_bytes(alone + nothing * 30000 + both + nothing * 2000 + alone)
    with av.open(str(path)) as container:
        assert len(container.streams) == 1
        with pytest.raises(IndexError):
            list(container.demux())
    found = measure(path)
    assert (found.ended_early, len(found.tracks)) == (False, 1)
    assert found.tracks[0].n_packets == 150


@pytest.mark.parametrize("suffix", ["ts", "mkv"])
def test_a_file_whose_clock_starts_late_begins_at_zero(tmp_path: Path, suffix: str) -> None:
    path = make_clip(tmp_path / f"late.{suffix}", steady(50, start_s=10.0))
    info = probe(path)
    assert info.start_s == 10.0
    assert info.picture_tracks[0].start_s == 0.0
    track = measured_picture(path)
    assert (track.start_s, track.end_s) == (0.0, pytest.approx(2.0))


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "aac"), ("mkv", "pcm_s16le"), ("ts", "mp2")])
def test_late_sound_is_late(tmp_path: Path, suffix: str, codec: str) -> None:
    path = make_clip(
        tmp_path / f"clip.{suffix}", steady(125), sound=tone(2.0), sound_at_s=3.0, sound_codec=codec
    )
    (track,) = probe(path).sound_tracks
    found = measure(path).track("sound", 0)
    assert track.start_s == pytest.approx(3.0, abs=0.15)
    assert found.start_s == pytest.approx(3.0, abs=0.15)
    assert found.end_s == pytest.approx(5.0, abs=0.15)
    assert measured_picture(path).start_s == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize(
    ("name", "codec"), [("talk.m4a", "aac"), ("talk.mp3", "libmp3lame"), ("talk.mkv", "aac")]
)
def test_the_silence_that_an_encoder_puts_first_lies_before_zero(
    tmp_path: Path, name: str, codec: str
) -> None:
    path = make_clip(tmp_path / name, sound=tone(2.0), sound_codec=codec)
    assert measure(path).track("sound", 0).start_s == pytest.approx(0.0, abs=0.001)


@pytest.mark.parametrize(
    ("name", "look", "step_s", "expected"),
    [
        ("film.mkv", Look(), 1001 / 30000, False),
        ("film.mp4", Look(tick=Fraction(1, 30000)), 1001 / 30000, False),
        ("film.flv", Look(options={"bf": "0"}), 1001 / 24000, False),
        ("film.ts", Look(tick=Fraction(1, 90000)), 1 / 60, False),
        ("film.gif", GIF, 1 / 30, False),
        ("film.avi", Look("mpeg4", tick=TWENTY_FIVE), 1 / 25, False),
    ],
)
def test_rounded_times_of_a_constant_rate_are_constant(
    tmp_path: Path, name: str, look: Look, step_s: float, expected: bool
) -> None:
    track = measured_picture(make_clip(tmp_path / name, steady(60, step_s=step_s), look=look))
    assert track.is_irregular is expected
    assert track.end_s == pytest.approx((track.start_s or 0) + 60 * step_s, abs=0.02)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "gif", "avi"])
@pytest.mark.parametrize("missing", [{20}, {20, 30}, {1}, set(range(1, 60, 3))])
def test_missing_pictures_make_the_rate_variable(tmp_path: Path, suffix: str, missing: set[int]) -> None:
    look = GIF if suffix == "gif" else Look("mpeg4", tick=TWENTY_FIVE)
    times_s = [time_s for number, time_s in enumerate(steady(60)) if number not in missing]
    track = measured_picture(make_clip(tmp_path / f"clip.{suffix}", times_s, look=look))
    assert track.n_packets == 60 - len(missing)
    assert track.is_irregular is True


def test_a_rate_that_changes_is_variable(tmp_path: Path) -> None:
    times_s = [*steady(25), *steady(50, start_s=1.0, step_s=0.02)]
    assert measured_picture(make_clip(tmp_path / "clip.mkv", times_s)).is_irregular is True


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_pictures_have_no_rate(tmp_path: Path, n: int) -> None:
    track = measured_picture(make_clip(tmp_path / "clip.mkv", steady(n)))
    assert (track.n_packets, track.is_irregular) == (n, None)
    assert track.end_s == pytest.approx(n / 25)


@pytest.mark.parametrize(("pause_s", "expected"), [(0.0, False), (0.5, True)])
@pytest.mark.parametrize(("suffix", "codec"), [("mkv", "pcm_s16le"), ("mp4", "aac"), ("ts", "mp2")])
def test_a_gap_in_the_sound_is_told(
    tmp_path: Path, suffix: str, codec: str, pause_s: float, expected: bool
) -> None:
    first = make_clip(tmp_path / f"first.{suffix}", sound=tone(1.0), sound_codec=codec)
    path = tmp_path / f"both.{suffix}"
    with av.open(str(first)) as source, av.open(str(path), "w") as target:
        track = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.size and packet.pts is not None and packet.dts is not None:
                late = round(pause_s / packet.time_base) if packet.pts * packet.time_base > 0.5 else 0
                packet.pts, packet.dts, packet.stream = packet.pts + late, packet.dts + late, track
                target.mux(packet)
    assert measure(path).track("sound", 0).is_irregular is expected


@pytest.mark.parametrize(("every", "expected"), [(25, 1.0), (10, 0.4), (250, 3.0)])
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_the_longest_way_between_keyframes_is_told(
    tmp_path: Path, suffix: str, every: int, expected: float
) -> None:
    look = Look(options={"g": str(every), "keyint_min": str(every), "sc_threshold": "0"})
    track = measured_picture(make_clip(tmp_path / f"clip.{suffix}", steady(75), look=look))
    assert track.n_keyframes == -(-75 // every)
    assert track.keyframe_gap_s == pytest.approx(expected, abs=0.002)


def test_pictures_that_an_edit_list_cuts_away_have_no_time(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "cut.mp4", steady(40, start_s=-0.4))
    assert b"elst" in path.read_bytes()
    track = measured_picture(path)
    assert (track.n_packets, track.start_s) == (40, pytest.approx(0.0, abs=0.001))
    assert track.end_s == pytest.approx(1.2)


def test_an_edit_list_may_end_a_track_early(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "cut.mp4", steady(75), look=Look(options={"g": "25"}))
    data = bytearray(path.read_bytes())
    length = data.index(b"elst") + 12
    assert data[length : length + 4] == struct.pack(">I", 3000)
    data[length : length + 4] = struct.pack(">I", 1000)
    path.write_bytes(data)
    track = measured_picture(path)
    assert (track.end_s, track.keyframe_gap_s) == (pytest.approx(1.0), pytest.approx(1.0))


@pytest.mark.parametrize("name", ["flip.mp4", "flip.mkv", "flip.ts", "flip.avi", "flip.flv", "flip.gif"])
def test_flipped_bits_end_in_an_answer_or_in_a_named_error(tmp_path: Path, name: str) -> None:
    look = {"flip.avi": Look("mpeg4", tick=TWENTY_FIVE), "flip.gif": GIF}.get(name, Look(options={"bf": "0"}))
    sound = None if name == "flip.gif" else tone(2.0)
    codec = "aac" if name == "flip.flv" else "libmp3lame"
    data = make_clip(tmp_path / name, steady(50), look=look, sound=sound, sound_codec=codec).read_bytes()
    path = tmp_path / f"damaged_{name}"
    n_read = 0
    for seed in range(100):
        chance, damaged = random.Random(seed), bytearray(data)
        for _ in range(20):
            damaged[chance.randrange(8, 2000 if seed % 2 else len(damaged))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            found = measure(probe(path).path)
        except VidagentError:
            continue
        n_read += 1
        assert all((t.start_s or 0) <= (t.end_s or 0) for t in found.tracks)
    assert n_read > 10


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.mov"])
def test_the_end_that_is_claimed_is_that_of_the_tracks_that_are_read(tmp_path: Path, name: str) -> None:
    path = make_clip(tmp_path / name, steady(50), sound=tone(3.0))
    info = probe(path)
    assert info.picture_tracks[0].end_s_from_header == pytest.approx(2.0, abs=0.05)
    assert info.end_s_from_header(Tracks()) == pytest.approx(3.0, abs=0.08)
    assert info.end_s_from_header(Tracks()) == pytest.approx(measure(path).duration_s, abs=0.08)


def test_subtitles_that_outlive_the_film_do_not_lengthen_it(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=25)
        picture.width, picture.height, picture.pix_fmt = *SIZE, "yuv420p"
        words = container.add_stream("subrip")
        words.codec_context.subtitle_header, words.time_base = b"[Events]\n", Fraction(1, 1000)
        for number in range(25):
            frame = av.VideoFrame.from_ndarray(numbered()(number), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        line = av.Packet(b"still talking")
        line.stream, line.time_base, line.pts, line.dts, line.duration = (
            words,
            Fraction(1, 1000),
            900,
            900,
            60_000,
        )
        container.mux(line)
    info = probe(path)
    assert info.duration_s_from_header == pytest.approx(60.9, abs=0.1)
    assert info.end_s_from_header(Tracks()) == pytest.approx(1.0, abs=0.05)
