"""``vidagent probe``: what a file holds, told to a person and to a program."""

from __future__ import annotations

import json
import re
import shutil
import struct
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.stream import Disposition
from clips import Look, make_clip, numbered, rotate, steady, tone

from vidagent.cli.main import run
from vidagent.index.library import Library
from vidagent.index.memory import Memory

CONTROLS = {*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0), 0x202E}
NASTY = "ev\x1b[2J\x1b]0;title\x07il\u202e[bold]\x9b2J\n"
TWENTY_FIVE = Fraction(1, 25)
TRACK = {"number", "stream_index", "codec", "language", "title", "is_default"}
FIELDS = {
    "": {
        "path", "format", "size_bytes", "start_s", "duration_s_from_header", "picture_tracks",
        "sound_tracks", "subtitle_tracks", "attached_pictures", "chapters", "other_streams", "sidecars",
        "measured",
    },
    "picture_tracks": TRACK | {
        "profile", "stored_width", "stored_height", "shown_width", "shown_height", "rotation_deg",
        "sample_aspect", "frame_rate", "pixel_format", "bit_depth", "colour_range", "colour_space",
        "colour_primaries", "colour_transfer", "is_hdr", "start_s", "duration_s_from_header", "end_s_from_header",
    },
    "sound_tracks": TRACK | {
        "profile", "rate_hz", "channels", "layout", "start_s", "duration_s_from_header", "end_s_from_header",
    },
    "subtitle_tracks": TRACK | {"kind", "is_forced"},
    "attached_pictures": {"stream_index", "codec", "width", "height"},
    "chapters": {"start_s", "end_s", "title"},
    "other_streams": {"stream_index", "kind", "codec"},
}  # fmt: skip
MEASURED = {"duration_s", "tracks", "n_damaged", "ended_early"}
MEASURED_TRACK = {
    "kind", "number", "stream_index", "n_packets", "start_s", "end_s", "n_keyframes", "keyframe_gap_s",
    "is_irregular",
}  # fmt: skip


class Terminal:
    """Runs ``vidagent probe`` in this process, and keeps what it said and how it ended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *words: object) -> tuple[int, str, str]:
        """Exit code, output and complaint."""
        self._monkeypatch.setattr(sys, "argv", ["vidagent", "probe", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            run()
        return int(ended.value.code or 0), *self._capsys.readouterr()

    def told(self, *words: object) -> str:
        """What a command that ends well prints."""
        code, output, complaint = self(*words)
        assert (code, complaint) == (0, "")
        return output

    def row(self, label: str, *words: object) -> str:
        """The only line that begins with a label, without it."""
        (text,) = [row[len(label) :] for row in self.told(*words).splitlines() if row.startswith(f"{label} ")]
        return text.strip()

    def json(self, *words: object) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        found = json.loads(self.told(*words, "--json"))
        assert isinstance(found, dict)
        return found


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Terminal:
    """The command line, with a library that is not there."""
    monkeypatch.setenv("VIDAGENT_LIBRARY", str(tmp_path / "no" / "library.db"))
    return Terminal(monkeypatch, capsys)


def make_full(path: Path, n_chapters: int = 2) -> Path:
    """A Matroska file of two seconds with one of everything, under names that would act on a terminal."""
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=25)
        picture.width, picture.height, picture.pix_fmt = 160, 96, "yuv420p"
        picture.codec_context.time_base = picture.time_base = TWENTY_FIVE
        sound = container.add_stream("flac", rate=16000, layout="mono")
        words = container.add_stream("subrip")
        words.codec_context.subtitle_header, words.time_base = b"[Events]\n", Fraction(1, 1000)
        words.disposition = Disposition.forced
        for stream in (picture, sound, words):
            stream.metadata.update({"title": NASTY, "language": "e\x1b[2Jng"})
        container.add_attachment("f.ttf", f"font/{NASTY}", b"no font")
        length = 2000 // n_chapters
        container.set_chapters([
            {"id": n, "start": n * length, "end": (n + 1) * length, "time_base": Fraction(1, 1000),
             "metadata": {"title": f"{NASTY}{n}"}}
            for n in range(n_chapters)
        ])  # fmt: skip
        container.start_encoding()
        for number in range(50):
            frame = av.VideoFrame.from_ndarray(numbered()(number), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, TWENTY_FIVE
            container.mux(picture.encode(frame))
        samples = av.AudioFrame.from_ndarray((tone(2.0) * 32767).astype("int16")[None], "s16", "mono")
        samples.sample_rate, samples.pts = 16000, 0
        container.mux([*picture.encode(None), *sound.encode(samples), *sound.encode(None)])
        line: av.Packet[av.stream.Stream] = av.Packet(b"hello")
        line.stream, line.time_base, line.pts, line.dts, line.duration = words, Fraction(1, 1000), 0, 0, 40
        container.mux(line)
    return path


def test_a_person_reads_what_a_file_holds(tmp_path: Path, terminal: Terminal) -> None:
    path = make_full(tmp_path / "film.mkv")
    (tmp_path / "film.de.srt").write_text("nothing")
    rows = terminal.told(path).splitlines()
    told = [re.sub(" {2,}", " | ", row) for row in rows]
    picture = "h264 High, 160x96, 25 pictures/s (constant), keyframes up to 2.00 s apart"
    assert told == [
        f"file | {path}",
        f"container | matroska, {path.stat().st_size:,} bytes",
        "clock | starts at 0.000 s of the file's own clock",
        "length | 2.000 s claimed, 2.000 s measured",
        f"picture 0 | default | 00:00.0–00:02.0 | {picture}, eng, “evil[bold]”",
        "sound 0 | default | 00:00.0–00:02.0 | flac, 16000 Hz, mono, eng, “evil[bold]”",
        "subtitle 0 | subrip (text), forced, eng, “evil[bold]”",
        "sidecar | film.de.srt",
        "chapter 1 | 00:00.0–00:01.0 | evil[bold] 0",
        "chapter 2 | 00:01.0–00:02.0 | evil[bold] 1",
        "stream 3 | attachment, font/evil[bold], not used",
    ]
    starts = {row.index(word) for row in rows for word in ("h264", "flac", "subrip") if word in row}
    assert len(starts) == 1


def test_a_program_reads_every_field(tmp_path: Path, terminal: Terminal) -> None:
    path = make_full(tmp_path / "film.mkv")
    (tmp_path / "film.de.srt").write_text("nothing")
    found = terminal.json(path)
    assert set(found) == FIELDS[""]
    for name in ("picture_tracks", "sound_tracks", "subtitle_tracks", "chapters", "other_streams"):
        assert {frozenset(row) for row in found[name]} == {frozenset(FIELDS[name])}
    assert set(found["measured"]) == MEASURED
    assert {frozenset(row) for row in found["measured"]["tracks"]} == {frozenset(MEASURED_TRACK)}
    assert (found["path"], found["sidecars"]) == (str(path), [str(tmp_path / "film.de.srt")])
    assert found["chapters"][1] == {"start_s": 1.0, "end_s": 2.0, "title": "evil[bold] 1"}
    assert found["picture_tracks"][0]["colour_range"] is None
    picture, sound = found["measured"]["tracks"]
    assert (picture["kind"], picture["n_packets"], picture["start_s"], picture["end_s"]) == (
        "picture",
        50,
        0,
        2,
    )
    assert (sound["kind"], sound["number"], sound["stream_index"]) == ("sound", 0, 1)


def test_a_cover_has_its_fields(tmp_path: Path, terminal: Terminal) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=16000, layout="mono")
        picture = container.add_stream("mjpeg", rate=1)
        picture.width, picture.height, picture.pix_fmt = 80, 60, "yuvj420p"
        picture.disposition = Disposition.attached_pic
        frame = av.VideoFrame(80, 60, "yuvj420p")
        frame.pts, frame.time_base = 0, TWENTY_FIVE
        container.mux([*picture.encode(frame), *picture.encode(None)])
        samples = av.AudioFrame.from_ndarray(tone(0.064)[None], "fltp", "mono")
        samples.sample_rate, samples.pts = 16000, 0
        container.mux([*sound.encode(samples), *sound.encode(None)])
    assert terminal.row("cover", path) == "mjpeg, 80x60"
    (cover,) = terminal.json(path)["attached_pictures"]
    assert set(cover) == FIELDS["attached_pictures"]


def test_quick_measures_nothing(tmp_path: Path, terminal: Terminal) -> None:
    path = make_clip(tmp_path / "clip.mkv", steady(50))
    assert terminal.json(path, "--quick")["measured"] is None
    told = terminal.told(path, "--quick")
    assert "2.000 s claimed, not measured" in told
    assert "keyframes" not in told
    assert "00:00.0" not in told


def test_seconds_are_free_of_rounding_noise(tmp_path: Path, terminal: Terminal) -> None:
    path = make_clip(tmp_path / "clip.ts", steady(53, step_s=0.03))
    printed = terminal.told(path, "--json")
    assert max(len(digits) for digits in re.findall(r"\.(\d+)", printed.split('"measured"')[1])) <= 6


@pytest.mark.parametrize(
    ("n_chapters", "n_told", "more"), [(20, 20, ""), (21, 20, "and 1 more"), (50, 20, "and 30 more")]
)
def test_of_many_chapters_twenty_are_told(
    tmp_path: Path, terminal: Terminal, n_chapters: int, n_told: int, more: str
) -> None:
    path = make_full(tmp_path / "film.mkv", n_chapters)
    told = terminal.told(path)
    assert len(re.findall(r"^chapter \d+ ", told, re.M)) == n_told
    assert re.findall(r"and \d+ more", told) == ([more] if more else [])
    assert len(terminal.json(path)["chapters"]) == n_chapters


def test_nothing_in_a_file_or_its_name_acts_on_a_terminal(tmp_path: Path, terminal: Terminal) -> None:
    path = tmp_path / f"{NASTY}.mkv"
    make_full(tmp_path / "plain.mkv").rename(path)
    (tmp_path / f"{NASTY}.srt").write_text("nothing")
    for words in ((path,), (path, "--quick"), (path, "--json")):
        assert not CONTROLS & {ord(character) for character in terminal.told(*words)}


def test_a_long_title_is_cut_for_a_person_only(tmp_path: Path, terminal: Terminal) -> None:
    path = tmp_path / "clip.mkv"
    with (
        av.open(str(make_clip(tmp_path / "plain.mkv", steady(5)))) as source,
        av.open(str(path), "w") as target,
    ):
        track = target.add_stream_from_template(source.streams.video[0])
        track.metadata["title"] = "a" * 5000
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = track
                target.mux(packet)
    assert len(terminal.row("picture 0", path)) < 250
    assert terminal.json(path)["picture_tracks"][0]["title"] == "a" * 5000


def test_a_length_that_is_not_as_claimed_is_said_plainly(tmp_path: Path, terminal: Terminal) -> None:
    path = make_clip(tmp_path / "clip.mkv", steady(250))
    assert terminal.row("length", path) == "10.000 s claimed, 10.000 s measured"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    found = re.fullmatch(
        r"10\.000 s claimed, but picture and sound end at (\d\.\d{3}) s, (\d\.\d{3}) s before that",
        terminal.row("length", path),
    )
    assert found
    assert float(found[1]) + float(found[2]) == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("too_much_s", "told"),
    [(0.0, ""), (0.9, ""), (-0.9, ""), (1.5, "1.500 s before that"), (-1.5, "1.500 s after that")],
)
def test_less_than_a_picture_is_no_difference(
    tmp_path: Path, terminal: Terminal, too_much_s: float, told: str
) -> None:
    path = tmp_path / "slides.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=1, width=64, height=48, pix_fmt="yuv420p")
        for number in range(5):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    data = path.read_bytes()
    claim = b"\x44\x89\x88" + struct.pack(">d", 5000.0)
    assert claim in data
    path.write_bytes(data.replace(claim, claim[:3] + struct.pack(">d", 5000 + 1000 * too_much_s)))
    line = terminal.row("length", path)
    assert line.endswith(told or "5.000 s measured")
    assert line.startswith(f"{5 + too_much_s:.3f} s claimed, ")


def test_damage_is_told(tmp_path: Path, terminal: Terminal) -> None:
    path = make_clip(tmp_path / "clip.mp4", steady(100), options={"movflags": "faststart"})
    assert "\ndamage" not in terminal.told(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    assert terminal.row("damage", path) == "1 damaged packet"


def test_reading_that_ended_early_is_told(tmp_path: Path, terminal: Terminal) -> None:
    path = make_clip(tmp_path / "clip.mp4", steady(50), look=Look(options={"bf": "0"}))
    data = bytearray(path.read_bytes())
    at = data.index(b"stsz") + 96
    data[at : at + 4] = (1 << 29).to_bytes(4, "big")
    path.write_bytes(data)
    assert terminal.row("damage", path) == "1 damaged packet; the file could not be read to its end"
    assert terminal.json(path)["measured"]["ended_early"] is True


def test_the_clock_of_the_file_is_told(tmp_path: Path, terminal: Terminal) -> None:
    path = make_clip(tmp_path / "late.ts", steady(50, start_s=10.0))
    assert terminal.row("clock", path) == "starts at 10.000 s of the file's own clock"
    assert terminal.row("picture 0", path).startswith("default  00:00.0–00:02.0  ")


def test_sound_that_starts_late_is_seen_to(tmp_path: Path, terminal: Terminal) -> None:
    path = make_clip(
        tmp_path / "clip.mkv", steady(125), sound=tone(2.0), sound_at_s=3.0, sound_codec="pcm_s16le"
    )
    assert "00:03.0–00:05.0" in terminal.row("sound 0", path)


def test_a_variable_rate_is_told(tmp_path: Path, terminal: Terminal) -> None:
    times_s = [*steady(25), *steady(50, start_s=1.0, step_s=0.02)]
    assert "pictures/s (variable)" in terminal.row("picture 0", make_clip(tmp_path / "clip.mkv", times_s))


def test_only_the_remarkable_is_remarked_on(tmp_path: Path, terminal: Terminal) -> None:
    told = terminal.row("picture 0", make_clip(tmp_path / "clip.mp4", steady(25)), "--quick")
    assert told == "default  h264 High, 160x96, 25 pictures/s"
    square = make_clip(tmp_path / "clip.webm", steady(25), look=Look("libvpx-vp9"))
    assert terminal.json(square)["picture_tracks"][0]["sample_aspect"] == "1:1"
    assert terminal.row("picture 0", square, "--quick") == "default  vp9 Profile 0, 160x96, 25 pictures/s"


def test_a_turned_picture_is_remarked_on(tmp_path: Path, terminal: Terminal) -> None:
    path = rotate(make_clip(tmp_path / "clip.mp4", steady(5)), 1)
    assert "160x96, shown as 96x160, turned 90° clockwise, " in terminal.row("picture 0", path)


def test_wide_pixels_hdr_and_full_range_are_remarked_on(tmp_path: Path, terminal: Terminal) -> None:
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx265", rate=25, options={"x265-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p10le"
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace, context.color_range = 16, 9, 9, 2
        context.sample_aspect_ratio = Fraction(64, 45)
        frame = av.VideoFrame.from_ndarray(numbered()(1), format="rgb24").reformat(format="yuv420p10le")
        frame.pts, frame.time_base = 0, TWENTY_FIVE
        container.mux([*stream.encode(frame), *stream.encode(None)])
    told = terminal.row("picture 0", path)
    assert "160x96, shown as 228x96, pixels 64:45, HDR (smpte2084), 10 bit, full colour range, " in told


def test_a_track_in_an_unknown_encoding_is_told(tmp_path: Path, terminal: Terminal) -> None:
    path = make_clip(tmp_path / "clip.mp4", steady(5), sound=tone(0.2))
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zz\x1bz"))
    assert terminal.row("stream 0", path) == "video, unknown encoding, not used"
    assert terminal.json(path)["other_streams"] == [{"stream_index": 0, "kind": "video", "codec": None}]


def test_what_nobody_knows_is_null_and_said_to_be_unknown(tmp_path: Path, terminal: Terminal) -> None:
    path = make_clip(tmp_path / "clip.ts", steady(200), sound=tone(8.0))
    data = path.read_bytes()
    path.write_bytes(data[: 188 * 3] + data[188 * 60 :])
    assert "h264, unknown size, " in terminal.row("picture 0", path)
    (track,) = terminal.json(path)["picture_tracks"]
    assert (track["stored_width"], track["shown_height"], track["rotation_deg"]) == (None, None, None)


def test_a_track_without_a_time_is_never_heard(tmp_path: Path, terminal: Terminal) -> None:
    path = make_clip(tmp_path / "talk.wav", sound=tone(1.0), sound_codec="pcm_s16le")
    data = bytearray(path.read_bytes())
    data[22:24] = b"\0\0"
    path.write_bytes(data)
    assert terminal.row("sound 0", path) == "default  never  pcm_s16le, 16000 Hz"
    assert terminal.row("length", path) == "1.000 s claimed, no packet tells a time"


@pytest.mark.parametrize("by", ["title", "id"])
def test_a_remembered_video_is_found_by_its_name(
    tmp_path: Path,
    terminal: Terminal,
    remember: Callable[..., Memory],
    library: Library,
    by: str,
) -> None:
    path = make_clip(tmp_path / "harbour.mp4", steady(5))
    video = remember(path=path).video
    name = {"title": "harbour", "id": video.short_id}[by]
    assert terminal.json(name, "--library", library.path)["path"] == str(path)


def test_a_remembered_video_that_is_gone_is_named(
    tmp_path: Path, terminal: Terminal, remember: Callable[..., Memory], library: Library
) -> None:
    path = make_clip(tmp_path / "harbour.mp4", steady(5))
    remember(path=path)
    path.unlink()
    code, output, complaint = terminal("harbour", "--library", library.path)
    assert (code, output) == (5, "")
    assert complaint == f"vidagent: {path}: no such file\n"


def test_a_file_needs_no_library(tmp_path: Path, terminal: Terminal) -> None:
    path = make_clip(tmp_path / "clip.mp4", steady(5))
    (tmp_path / "library.db").write_text("this is no library")
    assert terminal.told(path, "--library", tmp_path / "library.db")
    assert terminal.told(path)
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("name", ["nowhere.mp4", "x" * 300, "nul\0byte"])
def test_what_is_not_there_makes_no_library(tmp_path: Path, terminal: Terminal, name: str) -> None:
    code, output, complaint = terminal(name)
    assert (code, output) == (5, "")
    assert "no such file, and no remembered video by this name" in complaint
    assert len(complaint.splitlines()) == 1
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("flags", [(), ("--json",), ("--quick",)])
def test_what_is_no_media_is_refused(tmp_path: Path, terminal: Terminal, flags: tuple[str, ...]) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("only words\n" * 200)
    for path in (text, tmp_path):
        code, output, complaint = terminal(path, *flags)
        assert (code, output) == (2, "")
        assert complaint.startswith(f"vidagent: {path}: ")
        assert len(complaint.splitlines()) == 1


def test_a_copy_without_sidecars_lists_none(tmp_path: Path, terminal: Terminal) -> None:
    path = make_clip(tmp_path / "film.mp4", steady(5))
    (tmp_path / "other.srt").write_text("nothing")
    assert terminal.json(path)["sidecars"] == []
    shutil.copy(path, tmp_path / "other.mp4")
    assert terminal.row("sidecar", tmp_path / "other.mp4") == "other.srt"
