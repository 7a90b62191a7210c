"""A video's subtitles are found beside it or inside it, on the clock that a player shows."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.stream import Disposition, Stream
from av.subtitles.codeccontext import SubtitleCodecContext

from vidagent.tools import subtitles
from vidagent.tools.clock import Span
from vidagent.tools.container import clock_zero_s, open_media
from vidagent.tools.cues import DEFAULT_LIMITS, CueLimits
from vidagent.tools.errors import MediaError, UnknownVideoError
from vidagent.tools.subtitles import Subtitles, read_subtitles, sidecars

MEDIA = Path(__file__).parents[2] / "shared" / "media"
CUE = "1\n00:00:01,000 --> 00:00:02,000\nhello\n"
TICK = Fraction(1, 1000)
UNMARKED = Disposition(0)
ASS_CUE = "[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\i1}hello,\\Nyou\n"
ASS_HEADER = b"[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name\nStyle: Default\n\n[Events]\n"


@dataclass(frozen=True)
class Track:
    """A text track to write: ``cues`` are (start_s, end_s, packet)."""

    codec: str
    cues: tuple[tuple[float, float, bytes], ...]
    language: str = "eng"
    disposition: Disposition = UNMARKED
    header: bytes = ASS_HEADER


def write_video(path: Path, *tracks: Track, start_s: float = 0.0) -> Path:
    """A five second video with the tracks; its first picture is shown ``start_s`` after the file's zero."""
    with av.open(str(path), "w", options={"avoid_negative_ts": "disabled"}) as container:
        picture = container.add_stream("mpeg4", rate=10, width=64, height=48, pix_fmt="yuv420p")
        streams = [add_track(container, track) for track in tracks]
        container.start_encoding()
        for n in range(50):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.time_base = n + round(start_s * 10), Fraction(1, 10)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        for stream, track in zip(streams, tracks, strict=True):
            for cue in track.cues:
                container.mux(packet_of(stream, *cue))
    return path


def add_track(container: av.container.OutputContainer, track: Track) -> Stream:
    stream = container.add_stream(track.codec)
    assert isinstance(stream.codec_context, SubtitleCodecContext)
    stream.codec_context.subtitle_header = track.header
    stream.time_base = TICK
    stream.metadata["language"] = track.language
    stream.disposition = track.disposition
    return stream


def packet_of(stream: Stream, start_s: float, end_s: float, data: bytes) -> av.Packet[Stream]:
    packet: av.Packet[Stream] = av.Packet(data)
    packet.stream, packet.time_base = stream, TICK
    packet.pts = packet.dts = round(start_s / TICK)
    packet.duration = round((end_s - start_s) / TICK)
    return packet


def rows(found: Subtitles | None) -> list[tuple[float, float, str]]:
    assert found
    return [(round(u.span.start_s, 3), round(u.span.end_s, 3), u.text) for u in found.utterances]


def touch(folder: Path, *names: str) -> Path:
    """Subtitle files by these names in a folder, and the path of the video they are for."""
    for name in names:
        (folder / name).write_text(CUE)
    return folder / "talk.mp4"


def names(video: Path, language: str = "en") -> list[str]:
    return [file.name for file in sidecars(video, language=language)]


def test_sidecars_come_in_order_of_preference(tmp_path: Path) -> None:
    expected = ["talk.en.srt", "talk.English.sdh.vtt", "talk.eng.srt", "talk.en-US.vtt", "talk.srt"]
    expected += ["talk.VTT", "talk.fr.srt", "talk.pt-br.srt", "talk.en.forced.srt", "talk.forced.srt"]
    found = names(touch(tmp_path, *expected))
    assert set(found) == set(expected)
    assert found[0] == "talk.en.srt"
    assert set(found[1:4]) == set(expected[1:4])
    assert set(found[4:6]) == {"talk.srt", "talk.VTT"}
    assert found[6:] == expected[6:]


@pytest.mark.parametrize("name", ["talk.ass", "talk.SSA", "talk.en.ass", "talk.eng.forced.ssa"])
def test_styled_sidecars_are_read_like_others(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(ASS_CUE)
    found = read_subtitles(tmp_path / "talk.mp4")
    assert rows(found) == [(1.0, 2.0, "hello, you")]
    assert found and (found.origin, found.n_skipped) == (f"sidecar {name}", 0)


def test_of_two_alike_the_plain_one_comes_before_the_styled_one(tmp_path: Path) -> None:
    video = touch(tmp_path, "talk.en.ass", "talk.en.vtt", "talk.ass", "talk.srt", "talk.ssa", "talk.fr.srt")
    assert names(video) == ["talk.en.vtt", "talk.en.ass", "talk.srt", "talk.ass", "talk.ssa", "talk.fr.srt"]


@pytest.mark.parametrize(
    ("language", "first"),
    [("fr", "talk.fr.srt"), ("fra", "talk.fr.srt"), ("pt-BR", "talk.pt-br.srt"), ("ja", "talk.srt")],
)
def test_the_wanted_language_comes_first(tmp_path: Path, language: str, first: str) -> None:
    video = touch(tmp_path, "talk.en.srt", "talk.fr.srt", "talk.pt.srt", "talk.pt-br.srt", "talk.srt")
    assert names(video, language)[0] == first


def test_hi_is_a_language_alone_and_a_flag_behind_one(tmp_path: Path) -> None:
    video = touch(tmp_path, "talk.hi.srt", "talk.en.hi.srt")
    assert names(video, "hi") == ["talk.hi.srt", "talk.en.hi.srt"]
    assert names(video, "en") == ["talk.en.hi.srt", "talk.hi.srt"]


def test_what_belongs_to_something_else_is_no_sidecar(tmp_path: Path) -> None:
    others = ["talk2.srt", "talk.en.txt", "talk.chapters.vtt", "talk.part2.srt", "talk.en.fr.srt", "Talk.srt"]
    others += ["my talk.srt", "talk.en.srt.bak", "talksrt", "talk..srt"]
    (tmp_path / "below").mkdir()
    touch(tmp_path / "below", "talk.srt")
    (tmp_path / "talk.de.srt").mkdir()
    os.mkfifo(tmp_path / "talk.it.srt")
    assert names(touch(tmp_path, *others)) == []


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    secret, folder = tmp_path / "secret.srt", tmp_path / "videos"
    folder.mkdir()
    secret.write_text(CUE)
    (folder / "talk.srt").symlink_to(secret)
    (folder / "talk.de.srt").symlink_to(folder / "nowhere.srt")
    (folder / "talk.fr.srt").symlink_to("talk.fr.srt")
    (folder / "talk.en.srt").symlink_to("talk.en.vtt")
    assert names(touch(folder, "talk.en.vtt")) == ["talk.en.srt", "talk.en.vtt"]


def test_names_may_hold_pattern_signs_and_both_kinds_of_accents(tmp_path: Path) -> None:
    (tmp_path / "[a]*?.en.srt").write_text(CUE)
    (tmp_path / "cafe\u0301.srt").write_text(CUE)
    assert names(tmp_path / "[a]*?.mp4") == ["[a]*?.en.srt"]
    assert names(tmp_path / "caf\u00e9.mp4") == ["cafe\u0301.srt"]


def test_a_folder_that_is_not_there_has_no_sidecars(tmp_path: Path) -> None:
    assert sidecars(tmp_path / "no" / "talk.mp4") == []
    assert sidecars(Path("nul\0/talk.mp4")) == []


def test_a_sidecar_goes_before_a_track(tmp_path: Path) -> None:
    video = write_video(tmp_path / "talk.mkv", Track("subrip", ((1.0, 2.0, b"inside"),)))
    touch(tmp_path, "talk.srt", "talk.en.srt")
    found = read_subtitles(video)
    assert rows(found) == [(1.0, 2.0, "hello")]
    assert found and (found.origin, found.language, found.n_skipped) == ("sidecar talk.en.srt", "en", 0)


def test_a_sidecar_without_cues_is_passed_over(tmp_path: Path) -> None:
    video = write_video(tmp_path / "talk.mkv", Track("subrip", ((1.0, 2.0, b"inside"),)))
    (tmp_path / "talk.en.srt").write_text("nothing to see")
    assert rows(read_subtitles(video)) == [(1.0, 2.0, "inside")]


def test_refused_cues_are_counted(tmp_path: Path) -> None:
    (tmp_path / "talk.srt").write_text(CUE + "\n2\n00:00:05,000 --> 00:00:04,000\nbackwards\n")
    found = read_subtitles(tmp_path / "talk.mp4")
    assert found and (len(found.utterances), found.n_skipped) == (1, 1)


def test_of_a_huge_sidecar_only_the_beginning_is_read(tmp_path: Path) -> None:
    with (tmp_path / "talk.srt").open("wb") as file:
        file.write(CUE.encode() + b"\n2\n00:00:05,000 --> 00:00:06,000\n")
        file.truncate(40 * DEFAULT_LIMITS.bytes_max)
    found = read_subtitles(tmp_path / "talk.mp4")
    assert found and ([u.text for u in found.utterances], found.n_skipped) == (["hello"], 1)


def test_a_sidecar_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The superuser may read everything, so the file goes away after it was listed.
    monkeypatch.setattr(subtitles, "sidecars", lambda path, language: [tmp_path / "talk.srt"])
    with pytest.raises(MediaError, match=r"talk\.srt: the subtitles cannot be read"):
        read_subtitles(tmp_path / "talk.mp4")


def test_a_video_that_is_not_there_or_is_none(tmp_path: Path) -> None:
    with pytest.raises(UnknownVideoError):
        read_subtitles(tmp_path / "talk.mp4")
    (tmp_path / "talk.mp4").write_text("not a video")
    with pytest.raises(MediaError):
        read_subtitles(tmp_path / "talk.mp4")


@pytest.mark.parametrize(
    ("name", "codec", "packet", "shown"),
    [
        ("a.mkv", "subrip", b"<v Ann>R&amp;D</v>\n<i>{x}</i> <stdio.h>", "Ann: R&D {x} <stdio.h>"),
        (
            "a.mkv",
            "ass",
            rb"0,0,Default,Bob,0,0,0,,{\an8}One, two\Nthree \{x\}\hy{note}",
            "One, two three {x} y",
        ),
        ("a.mp4", "mov_text", b"\0\x06caf\xc3\xa9!\0\0\0\x0cstyl\0\0\0\0", "café!"),
        ("a.mp4", "mov_text", b"\0\x06\xfe\xff\0a\0b", "ab"),
        ("a.mp4", "mov_text", b"\xff\xffcut", "cut"),
    ],
)
def test_text_tracks(tmp_path: Path, name: str, codec: str, packet: bytes, shown: str) -> None:
    video = write_video(tmp_path / name, Track(codec, ((1.0, 2.5, packet),)))
    found = read_subtitles(video)
    assert rows(found) == [(1.0, 2.5, shown)]
    assert found and found.origin.startswith("track 1 (eng, ")
    assert (found.language, found.n_skipped) == ("eng", 0)


def test_only_the_words_beside_a_drawing_are_read(tmp_path: Path) -> None:
    event = rb"0,0,Default,,0,0,0,,{\p1}m 0 0 l 100 0{\p0}words"
    video = write_video(tmp_path / "a.mkv", Track("ass", ((1.0, 2.0, event),)))
    assert rows(read_subtitles(video)) == [(1.0, 2.0, "words")]


def test_a_drawing_has_no_words(tmp_path: Path) -> None:
    drawing = rb"0,0,Default,,0,0,0,,{\an7\p1}m 0 0 l 100 0{\p0}"
    assert read_subtitles(write_video(tmp_path / "a.mkv", Track("ass", ((1.0, 2.0, drawing),)))) is None


def test_the_order_of_columns_in_a_header_does_not_change_that_of_packets(tmp_path: Path) -> None:
    header = ASS_HEADER + b"Format: Text, Start, End, Effect, Style, Name, Layer\n"
    event = b"0,0,Default,Bob,0,0,0,,one, two"
    video = write_video(tmp_path / "a.mkv", Track("ass", ((1.0, 2.0, event),), header=header))
    with open_media(video) as container:
        assert b"Format: Text, Start" in (container.streams.subtitles[0].codec_context.extradata or b"")
    assert rows(read_subtitles(video)) == [(1.0, 2.0, "one, two")]


def test_layers_of_one_line_are_said_once(tmp_path: Path) -> None:
    layers = ((1.0, 2.0, b"0,0,Default,,0,0,0,,{\\bord4}hello"), (1.0, 2.0, b"1,1,Default,,0,0,0,,hello"))
    assert rows(read_subtitles(write_video(tmp_path / "a.mkv", Track("ass", layers)))) == [
        (1.0, 2.0, "hello")
    ]


def test_times_are_those_a_player_shows(tmp_path: Path) -> None:
    cues = ((8.0, 9.0, b"never seen"), (9.5, 10.5, b"half seen"), (11.25, 12.0, b"later"))
    video = write_video(tmp_path / "a.mkv", Track("subrip", cues), start_s=10.0)
    with open_media(video) as container:
        zero_s = clock_zero_s(container)
    assert zero_s == 10.0
    found = read_subtitles(video)
    assert rows(found) == [(0.0, 0.5, "half seen"), (1.25, 2.0, "later")]
    assert found and found.n_skipped == 1


def test_tracks_are_chosen_by_language_then_default(tmp_path: Path) -> None:
    def track(text: str, language: str, disposition: Disposition = UNMARKED) -> Track:
        return Track("subrip", ((1.0, 2.0, text.encode()),), language, disposition)

    video = write_video(
        tmp_path / "a.mkv",
        track("forced", "eng", Disposition.forced | Disposition.default),
        track("french", "fre", Disposition.default),
        track("plain", "eng"),
        track("chosen", "eng", Disposition.default),
        Track("subrip", (), "ger"),
    )
    assert rows(read_subtitles(video)) == [(1.0, 2.0, "chosen")]
    assert rows(read_subtitles(video, language="fr")) == [(1.0, 2.0, "french")]
    assert rows(read_subtitles(video, language="de"))[0][2] in {"chosen", "french"}


def test_a_track_without_words_is_passed_over(tmp_path: Path) -> None:
    empty, full = Track("subrip", ((1.0, 2.0, b"<i></i>"),)), Track("subrip", ((1.0, 2.0, b"words"),), "ger")
    found = read_subtitles(write_video(tmp_path / "a.mkv", empty, full))
    assert found and found.origin == "track 2 (ger, srt)"


def test_packets_over_the_limits_are_counted(tmp_path: Path) -> None:
    long_s = DEFAULT_LIMITS.cue_s_max + 1
    cues = ((1.0, 2.0, b"kept"), (2.0, 3.0, b"x" * 20_000), (3.0, 3.0 + long_s, b"too long"))
    found = read_subtitles(write_video(tmp_path / "a.mkv", Track("subrip", cues)))
    assert found and ([u.text for u in found.utterances], found.n_skipped) == (["kept"], 2)


def test_cues_over_the_number_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subtitles, "DEFAULT_LIMITS", CueLimits(cues_max=2))
    cues = tuple((float(n), n + 0.5, f"word {n}".encode()) for n in range(5))
    found = read_subtitles(write_video(tmp_path / "a.mkv", Track("subrip", cues)))
    assert found and (len(found.utterances), found.n_skipped) == (2, 3)


def test_a_name_that_acts_on_a_terminal_comes_out_plain(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J\udce9.srt").write_text(CUE)
    found = read_subtitles(tmp_path / "a\x1b[2J\udce9.mp4")
    assert found and found.origin == "sidecar a\ufffd.srt"


def test_words_that_act_on_a_terminal_come_out_plain(tmp_path: Path) -> None:
    hostile = Track("subrip", ((1.0, 2.0, b"\x1b]0;title\x07hello\x1b[2J"),), "x\x1b[1")
    found = read_subtitles(write_video(tmp_path / "a.mkv", hostile))
    assert found and found.utterances[0].text == "hello"
    assert found.origin.isprintable()


def test_a_cut_file_gives_what_it_holds(tmp_path: Path) -> None:
    cues = tuple((n / 10, n / 10 + 0.1, f"word {n}".encode()) for n in range(40))
    video = write_video(tmp_path / "a.mkv", Track("subrip", cues))
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    assert 0 < len(rows(read_subtitles(video))) < 40


def test_pictures_of_text_and_no_text_give_none(tmp_path: Path) -> None:
    assert read_subtitles(write_video(tmp_path / "a.mkv")) is None
    if (MEDIA / "video" / "popeye_p1.mkv").is_file():
        assert read_subtitles(MEDIA / "video" / "popeye_p1.mkv") is None


def test_a_real_video_with_two_text_tracks() -> None:
    video = MEDIA / "video" / "nasa_webb_13s.mp4"
    if not video.is_file():
        pytest.skip("the video is not here")
    found = read_subtitles(video)
    assert found and found.origin == "track 2 (eng, mov_text)"
    assert found.utterances[0].text == "NAR: This is the optical and science segment of the Webb"
    assert rows(found)[2] == (8.35, 12.47, "at NASA’s Goddard Space Flight Center in Greenbelt, Maryland.")
    assert len(found.utterances) == 4
    assert found.utterances[0].span == Span(0.21, 4.26)


def test_a_real_sidecar() -> None:
    video = MEDIA / "video" / "popeye_4parts.mp4"
    if not video.is_file():
        pytest.skip("the video is not here")
    found = read_subtitles(video)
    assert found and (found.origin, len(found.utterances)) == ("sidecar popeye_4parts.en.srt", 56)
