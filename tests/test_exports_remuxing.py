"""A video with other chapters is the same video: every packet, every time, every track."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import av
import pytest
from clips import Look, make_clip, steady, tone
from PIL import Image

from vidagent.tools.chapters import tiled
from vidagent.tools.clock import Span
from vidagent.tools.container import clock_zero_s, open_media
from vidagent.tools.errors import MediaError, UnknownVideoError, VidagentError
from vidagent.tools.media_info import Chapter
from vidagent.tools.probe import probe
from vidagent.tools.remuxing import remux

N, END_S = 50, 2.0
CHAPTERS = tiled([Chapter(Span(0.0, 0.5), "one"), Chapter(Span(1.0, 1.5), "-two, #3")], END_S)
B_FRAMES = Look(options={"bf": "2", "g": "12"})

Packets = dict[str, list[tuple[float, int]]]


def packets_of(path: Path) -> Packets:
    """Each stream's packets, as seconds on the player's clock and sizes, in the order of time."""
    with open_media(path) as container:
        zero_s = clock_zero_s(container)
        found: Packets = {
            f"{s.type} {s.index}": [] for s in container.streams if s.type in ("video", "audio")
        }
        for packet in container.demux([s for s in container.streams if f"{s.type} {s.index}" in found]):
            if packet.size and packet.pts is not None and packet.time_base is not None:
                stream = packet.stream
                found[f"{stream.type} {stream.index}"].append(
                    (float(packet.pts * packet.time_base) - zero_s, packet.size)
                )
    return {name: sorted(rows) for name, rows in found.items()}


def times(packets: Packets) -> dict[str, list[float]]:
    return {name: [time_s for time_s, _ in rows if time_s >= -1e-6] for name, rows in packets.items()}


def chapters_of(path: Path) -> list[tuple[float, float, str]]:
    with open_media(path) as container:
        return [
            (float(c["start"] * c["time_base"]), float(c["end"] * c["time_base"]), c["metadata"]["title"])
            for c in container.chapters()
        ]


def mp4(folder: Path) -> Path:
    return make_clip(folder / "a.mp4", steady(N), look=B_FRAMES, sound=tone(END_S))


def mkv(folder: Path) -> Path:
    return make_clip(folder / "a.mkv", steady(N, 0.023), look=B_FRAMES, sound=tone(END_S), sound_at_s=0.3)


def ts(folder: Path) -> Path:
    """MPEG-TS, whose clock begins anywhere."""
    return make_clip(folder / "a.ts", steady(N, 100.0), look=B_FRAMES, sound=tone(END_S), sound_at_s=100.0)


def webm(folder: Path) -> Path:
    look = Look("libvpx-vp9", options={"deadline": "realtime", "cpu-used": "8"})
    return make_clip(folder / "a.webm", steady(N), look=look, sound=tone(END_S), sound_codec="libopus")


def silent(folder: Path) -> Path:
    """Pictures at varying distances, and no sound."""
    at_s = [i * 0.04 + (0.013 if i % 3 else 0.0) for i in range(N)]
    return make_clip(folder / "silent.mp4", at_s, look=B_FRAMES)


def heard(folder: Path) -> Path:
    return make_clip(folder / "heard.m4a", sound=tone(END_S))


@pytest.mark.parametrize("form", ["mkv", "mp4"])
@pytest.mark.parametrize("made", [mp4, mkv, ts, webm, silent, heard])
def test_every_packet_keeps_its_time_and_chapters_are_where_they_should_be(
    tmp_path: Path, made: Callable[[Path], Path], form: str
) -> None:
    source, target = made(tmp_path), tmp_path / f"out.{form}"
    assert remux(source, target, form, CHAPTERS) == ()
    before, after = packets_of(source), packets_of(target)
    assert list(before) == list(after)
    # An mp4 file's decoder may be given sound before the clock begins, for which Matroska has no place.
    for name, seconds in times(before).items():
        assert times(after)[name] == pytest.approx(seconds, abs=0.0011), name
        assert len(seconds) > 20
    assert chapters_of(target) == [
        (chapter.span.start_s, chapter.span.end_s, chapter.title) for chapter in CHAPTERS
    ]
    with open_media(target) as opened:
        assert clock_zero_s(opened) == pytest.approx(0.0, abs=0.0011)


@pytest.mark.parametrize("form", ["mkv", "mp4"])
def test_pictures_are_the_same_to_the_byte_where_only_the_file_changes(tmp_path: Path, form: str) -> None:
    source, target = mp4(tmp_path), tmp_path / f"out.{form}"
    remux(source, target, form, CHAPTERS)
    frames = []
    for path in (source, target):
        with av.open(str(path)) as container:
            frames.append([bytes(f.planes[0]) for f in container.decode(video=0)])
    assert frames[0] == frames[1] and len(frames[0]) == N


def with_chapters(folder: Path, form: str = "mp4") -> Path:
    path = folder / f"first.{form}"
    remux(mp4(folder), path, form, CHAPTERS)
    return path


@pytest.mark.parametrize("form", ["mkv", "mp4"])
def test_old_chapters_are_replaced(tmp_path: Path, form: str) -> None:
    source, target = with_chapters(tmp_path, form), tmp_path / "second.mp4"
    assert remux(source, target, "mp4", tiled([Chapter(Span(0.0, END_S), "all")], END_S)) == ()
    assert chapters_of(target) == [(0.0, END_S, "all")]


def test_hundreds_of_chapters_are_kept_in_mp4(tmp_path: Path) -> None:
    chapters = [Chapter(Span(i / 200, (i + 1) / 200), f"c{i}") for i in range(400)]
    remux(silent(tmp_path), tmp_path / "out.mp4", "mp4", chapters)
    found = chapters_of(tmp_path / "out.mp4")
    assert [title for *_, title in found] == [f"c{i}" for i in range(400)]
    assert [start_s for start_s, *_ in found] == pytest.approx([i / 200 for i in range(400)])


def subtitled(folder: Path) -> Path:
    """Pictures with SubRip in Matroska, which mp4 has no place for, in German and forced."""
    path = folder / "subtitled.mkv"
    with av.open(str(silent(folder))) as source, av.open(str(path), "w") as made:
        pictures = made.add_stream_from_template(source.streams.video[0], opaque=True)
        words = made.add_mux_stream("subrip")
        words.metadata["language"] = "ger"
        words.disposition = av.stream.Disposition.forced
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = pictures
                made.mux(packet)
        line = av.Packet(b"Guten Tag")
        line.stream, line.time_base = words, pictures.time_base
        line.pts = line.dts = 0
        line.duration = 1000
        made.mux(line)
    return path


def test_a_track_that_a_container_cannot_hold_is_named_before_anything_is_written(tmp_path: Path) -> None:
    source = subtitled(tmp_path)
    with pytest.raises(VidagentError, match=r"subtitle track 0 \(srt\) cannot go into mp4") as caught:
        remux(source, tmp_path / "out.mp4", "mp4", CHAPTERS)
    assert caught.value.exit_code == 1
    assert remux(source, tmp_path / "out.mp4", "mp4", CHAPTERS, leaves_out=True) == (
        "subtitle track 0 (srt)",
    )
    assert list(packets_of(tmp_path / "out.mp4")) == ["video 0"]


def test_subtitles_keep_their_words_language_and_marks(tmp_path: Path) -> None:
    remux(subtitled(tmp_path), tmp_path / "out.mkv", "mkv", CHAPTERS)
    with av.open(str(tmp_path / "out.mkv")) as container:
        (stream,) = container.streams.subtitles
        assert stream.language == "ger" and stream.disposition & av.stream.Disposition.forced
        assert [bytes(p) for p in container.demux(stream) if p.size] == [b"Guten Tag"]


def test_pictures_that_an_mp4_file_hides_stay_hidden_or_are_refused(tmp_path: Path) -> None:
    source, hidden = mp4(tmp_path), tmp_path / "hidden.mp4"
    with av.open(str(source)) as opened, av.open(str(hidden), "w") as made:
        track = made.add_stream_from_template(opened.streams.video[0], opaque=True)
        for packet in opened.demux(video=0):
            if packet.size:
                packet.pts -= round(0.4 / packet.time_base)
                packet.dts -= round(0.4 / packet.time_base)
                packet.stream = track
                made.mux(packet)
    remux(hidden, tmp_path / "out.mp4", "mp4", CHAPTERS)
    before, after = packets_of(hidden)["video 0"], packets_of(tmp_path / "out.mp4")["video 0"]
    assert [time_s for time_s, _ in after] == pytest.approx([time_s for time_s, _ in before])
    assert before[0][0] == pytest.approx(-0.4)
    with pytest.raises(VidagentError, match="pictures that it hides"):
        remux(hidden, tmp_path / "out.mkv", "mkv", CHAPTERS)


def attached(folder: Path, name: str, kind: str, data: bytes) -> Path:
    path = folder / "attached.mkv"
    with av.open(str(silent(folder))) as source, av.open(str(path), "w") as made:
        pictures = made.add_stream_from_template(source.streams.video[0], opaque=True)
        made.add_attachment(name, kind, data)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = pictures
                made.mux(packet)
    return path


def test_a_cover_stays_a_cover_in_both_containers(tmp_path: Path) -> None:
    image = BytesIO()
    Image.new("RGB", (32, 32), "red").save(image, "png")
    source, there, back = (
        attached(tmp_path, "cover.png", "image/png", image.getvalue()),
        tmp_path / "a.mp4",
        tmp_path / "b.mkv",
    )
    remux(source, there, "mp4", CHAPTERS)
    remux(there, back, "mkv", CHAPTERS)
    for path in (there, back):
        info = probe(path)
        assert [(cover.codec, cover.width) for cover in info.attached_pictures] == [("png", 32)]
        assert len(info.picture_tracks) == 1


def test_a_font_stays_with_matroska_and_is_named_where_it_cannot_go(tmp_path: Path) -> None:
    source = attached(tmp_path, "sans.ttf", "application/x-truetype-font", b"no real font")
    remux(source, tmp_path / "out.mkv", "mkv", CHAPTERS)
    with av.open(str(tmp_path / "out.mkv")) as container:
        (font,) = container.streams.attachments
        assert (font.name, font.data) == ("sans.ttf", b"no real font")
    with pytest.raises(VidagentError, match=r"attachment 0 .* cannot go into mp4"):
        remux(source, tmp_path / "out.mp4", "mp4", CHAPTERS)


@pytest.mark.parametrize("leaves_out", [False, True])
def test_a_file_of_which_nothing_can_go_along_is_refused(tmp_path: Path, leaves_out: bool) -> None:
    source = make_clip(tmp_path / "a.gif", steady(3), look=Look("gif", pixel_format="rgb8"))
    with pytest.raises(VidagentError, match=r"picture track 0 \(gif\) cannot go into mkv"):
        remux(source, tmp_path / "out.mkv", "mkv", CHAPTERS, leaves_out)


@pytest.mark.parametrize("form", ["mkv", "mp4"])
def test_a_clock_that_runs_backwards_is_told_with_its_place(tmp_path: Path, form: str) -> None:
    twice = tmp_path / "twice.ts"
    twice.write_bytes(2 * ts(tmp_path).read_bytes())
    with pytest.raises(VidagentError, match=r"run backwards at 00:0\d\.\d"):
        remux(twice, tmp_path / f"out.{form}", form, CHAPTERS)


def test_what_is_no_video_or_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(MediaError):
        remux(tmp_path / "text.mp4", tmp_path / "out.mkv", "mkv", CHAPTERS)
    with pytest.raises(UnknownVideoError):
        remux(tmp_path / "none.mp4", tmp_path / "out.mkv", "mkv", CHAPTERS)
    with pytest.raises(VidagentError, match="cannot be written as mkv"):
        remux(heard(tmp_path), tmp_path / "nowhere" / "out.mkv", "mkv", CHAPTERS)
