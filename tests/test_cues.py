"""Subtitle files are read as they are shown, and no file can take long or say what it does not say."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidagent.tools.ass import parse_ass
from vidagent.tools.clock import Span
from vidagent.tools.cues import CueFile, CueLimits, parse_cues, spoken_lines

MEDIA = Path(__file__).parents[2] / "shared" / "media"
TIMING = "00:00:01,000 --> 00:00:02,500\n"
REAL_FILES = {
    "subs/apollo13_tecatg.vtt": 10_875,  # of 10,876: one call is made again the moment it ends
    "subs/elephants_dream_captions.en.vtt": 78,
    "subs/elephants_dream_chapters.en.vtt": 9,
    "subs/elephants_dream_descriptions.en.vtt": 63,
    "subs/nasa_webb_13s.srt": 4,
    "video/agent327_640x360.en.vtt": 16,
    "video/physics_lecture_slide.en.vtt": 49,
    "video/popeye_4parts.en.srt": 56,
}


def parse(text: str, **limits: float) -> CueFile:
    return parse_cues(text.encode(), CueLimits(**limits))  # type: ignore[arg-type]


def rows(found: CueFile) -> list[tuple[float, float, str]]:
    return [(u.span.start_s, u.span.end_s, u.text) for u in found.cues]


def texts(found: CueFile) -> list[str]:
    return [u.text for u in found.cues]


def srt(start: str, end: str) -> CueFile:
    return parse(f"1\n{start} --> {end}\nhello\n")


def test_a_subrip_file() -> None:
    found = parse(
        "1\n00:00:01,000 --> 00:00:02,500\nHello,\nyou.\n\n2\n01:00:03,000 --> 01:00:04,000\nBye.\n"
    )
    assert rows(found) == [(1.0, 2.5, "Hello, you."), (3603.0, 3604.0, "Bye.")]
    assert found.n_skipped == 0
    assert {u.trust for u in found.cues} == {1.0}


def test_a_webvtt_file_with_everything_in_it() -> None:
    found = parse(
        "WEBVTT - made by hand\nKind: captions\nLanguage: en-GB\n\n"
        "STYLE\n::cue { color: red }\n\nREGION\nid:fred width:40%\n\nNOTE\nnot said,\nnot shown\n\n"
        "intro\n00:01.000 --> 00:02.000 align:start position:0%\nFirst\n\n"
        "NOTE a remark\n\n00:00:03.000 --> 00:00:04.000\tline:0\nSecond\n"
    )
    assert rows(found) == [(1.0, 2.0, "First"), (3.0, 4.0, "Second")]
    assert (found.n_skipped, found.language) == (0, "en-GB")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom", "cp1252"])
def test_line_endings_and_encodings(ending: str, encoding: str) -> None:
    text = f"1\n{TIMING}Où est-il? – Là\n\n2\n00:05,000 --> 00:06,000\nb\n".replace("\n", ending)
    is_big_endian = encoding == "utf-16-be-bom"
    data = ("\ufeff" + text).encode("utf-16-be") if is_big_endian else text.encode(encoding)
    assert rows(parse_cues(data)) == [(1.0, 2.5, "Où est-il? – Là"), (5.0, 6.0, "b")]


def test_what_is_no_windows_text_is_read_as_latin() -> None:
    assert texts(parse_cues(TIMING.encode() + b"caf\xe9\x81")) == ["café"]


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("<i>one</i> <B>two</B> <font color='red'>three</font>", "one two three"),
        ("<c.yellow.bg_blue>one</c> <00:00:01.500>two <i.loud>three</i>", "one two three"),
        ("<ruby>漢<rt>kan</rt></ruby> <lang en>x</lang>", "漢kan x"),
        (r"{\an8}{\i1}up{\i0}", "up"),
        ("<v Ann Lee>Hi.</v> <v.loud Bob>Yo.", "Ann Lee: Hi. Bob: Yo."),
        ("NAR: stays", "NAR: stays"),
        ("one<br>two<br/>three", "one two three"),
        ("#include <stdio.h> if (a<b && c>d) {return;}", "#include <stdio.h> if (a<b && c>d) {return;}"),
        ("R&amp;D &lt;i&gt; a&nbsp;b &#233;&#xE9;", "R&D <i> a b éé"),
        ("&amp;lt; AT&T &copy &nosuch; &notit;", "&lt; AT&T &copy &nosuch; &notit;"),
        ("a&#27;[31m&#0;b\x1b]0;x\x07\x00\u202e\u200b", "a[31m\ufffdb"),
        ("  tab\tand   space ", "tab and space"),
    ],
)
def test_only_words_are_left_of_markup(markup: str, shown: str) -> None:
    assert " ".join(spoken_lines(markup)) == shown
    assert texts(parse("1\n" + TIMING + markup + "\n")) == [shown]


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        ("00:00:01,000", "00:00:02,000", Span(1, 2)),
        ("0:00:01.000", "0:00:02.250", Span(1, 2.25)),
        ("00:01.000", "01:02.000", Span(1, 62)),
        ("142:00:00,000", "142:00:01,000", Span(511200, 511201)),
        ("00:00:01", "00:00:02", Span(1, 2)),
        ("00:00:01,000", "00:00:01,000", Span(1, 1)),
    ],
)
def test_times_that_are_read(start: str, end: str, span: Span) -> None:
    assert [u.span for u in srt(start, end).cues] == [span]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("00:00:02,000", "00:00:01,000"),
        ("-00:00:02,000", "00:00:01,000"),
        ("00:00:01,000", "-00:00:02,000"),
        ("00:61:00,000", "00:62:00,000"),
        ("00:00:75,000", "00:01:20,000"),
        ("1000:00:00,000", "1000:00:01,000"),
        ("9" * 5000 + ":00:00,000", "00:00:02,000"),
        ("00:00:01,000", ""),
        ("", "00:00:01,000"),
        ("00:00:O1,000", "00:00:02,000"),
        ("00:00:01,5", "00:00:02,000"),
        ("00:00:01,000", "00:10:01,001"),
        ("١٢:٠٠:٠١", "00:00:02,000"),
    ],
)
def test_times_that_are_refused_are_counted_and_their_words_dropped(start: str, end: str) -> None:
    found = parse(f"1\n{TIMING}before\n\n2\n{start} --> {end}\nhello\n\n3\n00:09,000 --> 00:10,000\nafter\n")
    assert texts(found) == ["before", "after"]
    assert found.n_skipped == 1


def test_cues_come_in_order_of_time() -> None:
    found = parse("00:05,000 --> 00:06,000\nb\n\n00:01,000 --> 00:02,000\na\n")
    assert texts(found) == ["a", "b"]


def test_an_arrow_in_the_words_is_words() -> None:
    assert texts(parse(f"1\n{TIMING}list-->next is null\nx --> y\n")) == ["list-->next is null x --> y"]


def test_an_empty_line_within_subrip_words_ends_nothing() -> None:
    found = parse(
        f"1\n{TIMING}one\n\n1984\n\n2\n00:05,000 --> 00:06,000\ntwo\n3\n00:07,000 --> 00:08,000\n4\n"
    )
    assert texts(found) == ["one 1984", "two", "4"]


def test_blocks_without_a_time_are_counted() -> None:
    assert parse("just words\n\nand more").n_skipped == 2
    found = parse(f"WEBVTT\n\nlost\n\n{TIMING}kept\n\nlost\nlost\n\nname\n{TIMING}kept too\n\nlost")
    assert (texts(found), found.n_skipped) == (["kept", "kept too"], 3)


def test_cues_without_words_are_neither_kept_nor_counted() -> None:
    assert parse(f"1\n{TIMING}<i></i>\n\n2\n{TIMING}\n") == CueFile((), 0)


def test_rolling_captions_say_each_line_once() -> None:
    found = parse(
        "WEBVTT\nKind: captions\nLanguage: en\n\n"
        "00:00.000 --> 00:02.000 align:start position:0%\n \nhello<00:00:00.500><c> there</c>\n\n"
        "00:02.000 --> 00:02.010 align:start position:0%\nhello there\n \n\n"
        "00:02.010 --> 00:04.000 align:start position:0%\nhello there\nhow<00:00:02.500><c> are you</c>\n\n"
        "00:04.000 --> 00:04.010 align:start position:0%\nhow are you\n \n\n"
        "00:04.010 --> 00:06.000 align:start position:0%\nhow are you\nfine\n"
    )
    assert rows(found) == [(0.0, 2.01, "hello there"), (2.01, 4.01, "how are you"), (4.01, 6.0, "fine")]
    assert found.n_skipped == 0


def test_words_said_again_after_a_pause_stay() -> None:
    found = parse("00:01,000 --> 00:02,000\nNo.\n\n00:02,100 --> 00:03,000\nNo.\n")
    assert texts(found) == ["No.", "No."]


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        ({"cues_max": 1}, f"{TIMING}a\n\n00:05,000 --> 00:06,000\nb\n"),
        ({"line_chars_max": 40}, f"{TIMING}a\n\n00:05,000 --> 00:06,000\n{'b' * 41}\n"),
        ({"cue_chars_max": 4}, f"{TIMING}a\n\n00:05,000 --> 00:06,000\nbb\nbbb\n"),
        ({"cue_s_max": 2.0}, f"{TIMING}a\n\n00:05,000 --> 00:07,001\nb\n"),
        ({"bytes_max": 60}, f"{TIMING}a\n\n00:05,000 --> 00:06,000\n{'b' * 41}\n"),
        ({"bytes_max": 32}, f"{TIMING}a\n\n00:05,000 --> 00:06,000\nb\n"),
    ],
)
def test_each_limit_drops_and_counts(limit: dict[str, int], text: str) -> None:
    n_skipped = parse(text, **limit).n_skipped
    assert n_skipped >= 1
    assert texts(parse(text, **limit)) == ["a"][: 2 - n_skipped]
    assert (texts(parse(text))[0], parse(text).n_skipped) == ("a", 0)


def test_a_file_cut_within_a_character_is_still_utf8() -> None:
    text = f"{TIMING}é\n\n00:05,000 --> 00:06,000\nüü"
    cut = CueLimits(bytes_max=len(text.encode()) - 1)
    assert texts(parse_cues(text.encode(), cut)) == ["é"]


@dataclass(frozen=True)
class Format:
    """How a file of one kind is read, and how a cue is written in it: times are ``h:mm:ss``."""

    parse: Callable[[bytes], CueFile]
    head: str
    pattern: str

    def cue(self, start: str, end: str, text: str) -> str:
        return self.pattern.format(start=start, end=end, text=text)

    def file(self, *cues: str) -> bytes:
        return (self.head + "".join(cues)).encode()


FORMATS = {
    "srt": Format(parse_cues, "", "1\n{start},000 --> {end},000\n{text}\n\n"),
    "vtt": Format(parse_cues, "WEBVTT\n\n", "{start}.000 --> {end}.000\n{text}\n\n"),
    "ass": Format(parse_ass, "[Events]\n", "Dialogue: 0,{start}.00,{end}.00,Default,,0,0,0,,{text}\n"),
}
AT, THEN = "0:00:01", "0:00:02"
FAULTS: dict[str, Callable[[Format], tuple[bytes, int, int]]] = {
    "30 kB of digits for a time": lambda f: (f.file(f.cue("1" * 30_000, THEN, "word")), 0, 1),
    "30 kB of digits for words": lambda f: (f.file(f.cue(AT, THEN, "1" * 30_000)), 0, 1),
    "a line of 50 MB": lambda f: (f.file(f.cue(AT, THEN, "x" * 50_000_000)), 0, 1),
    "NUL within words": lambda f: (f.file(f.cue(AT, THEN, "wo\0rd")), 1, 0),
    "50 MB of NUL": lambda f: (bytes(50_000_000), 0, 0),
    "ends before starts": lambda f: (f.file(f.cue(THEN, AT, "word") * 50_000), 0, 50_000),
    "negative times": lambda f: (f.file(f.cue("-" + THEN, AT, "word") * 50_000), 0, 50_000),
    "UTF-16": lambda f: (f.file(f.cue(AT, THEN, "word") * 20_000).decode().encode("utf-16"), 1, 0),
    "byte order marks": lambda f: (
        b"\xef\xbb\xbf" + f.file(f.cue(AT, THEN, "\ufeffword\ufeff") * 20_000),
        1,
        0,
    ),
    "an entity bomb": lambda f: (
        f.file("<!ENTITY a '&b;&b;'>\n\n" * 2, f.cue(AT, THEN, "&amp;" * 1980) * 950),
        1,
        0 if f.parse is parse_ass else 2,
    ),
}


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_takes_no_time_and_is_counted(fault: str, kind: str) -> None:
    data, n_cues, n_skipped = FAULTS[fault](FORMATS[kind])
    started_s = time.process_time()
    found = FORMATS[kind].parse(data)
    assert time.process_time() - started_s < 10
    assert (len(found.cues), found.n_skipped) == (n_cues, n_skipped)
    assert all(u.text in {"word", "&" * 1980} for u in found.cues)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_million_cues_are_cut_and_counted(kind: str) -> None:
    form, n_minutes = FORMATS[kind], 16_667
    minute = "".join(form.cue(f"MINUTE:{s:02d}", f"MINUTE:{s:02d}", "word") for s in range(60))
    data = form.file(*(minute.replace("MINUTE", f"{i // 60}:{i % 60:02d}") for i in range(n_minutes)))
    started_s = time.process_time()
    found = form.parse(data)
    assert time.process_time() - started_s < 10
    assert len(found.cues) == CueLimits().cues_max
    # One may lie across the end of what is read.
    assert 60 * n_minutes - found.n_skipped - len(found.cues) in (0, 1)


HOSTILE = {
    "10 million empty lines": (b"WEBVTT\n" + b"\n" * 10_000_000, 0, 0),
    "3 million stray blocks": (b"WEBVTT\n" + b"a\n\n" * 3_300_000, 0, 3_299_999),
    "2 million arrows": (b"0:-->\n" * 1_600_000, 0, 1_600_000),
    "open voices": ((TIMING.encode() + b"<v " * 3300 + b">\n\n") * 500, 1, 0),
    "open tags": ((TIMING.encode() + b"<c " * 3300 + b">\n\n") * 500, 1, 0),
    "open braces": ((TIMING.encode() + b"{\\" * 4900 + b"\n\n") * 990, 1, 0),
    "open sequences": ((TIMING.encode() + b"\x1b]" * 4900 + b"\n\n") * 990, 0, 0),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_take_no_time(name: str) -> None:
    data, n_cues, n_skipped = HOSTILE[name]
    started_s = time.process_time()
    found = parse_cues(data)
    assert time.process_time() - started_s < 10
    assert (len(found.cues), found.n_skipped) == (n_cues, n_skipped)


@given(st.binary() | st.lists(st.sampled_from([TIMING, "WEBVTT\n", "<v x>", "&#0;", "\n", "5\n", "-->"])))
def test_no_bytes_raise(data: bytes | list[str]) -> None:
    found = parse_cues(data if isinstance(data, bytes) else "".join(data).encode())
    assert all(u.text.isprintable() or "\u200c" in u.text or "\u200d" in u.text for u in found.cues)


@pytest.mark.parametrize("name", REAL_FILES)
def test_real_files_are_read_whole(name: str) -> None:
    if not (MEDIA / name).is_file():
        pytest.skip(f"{name} is not here")
    found = parse_cues((MEDIA / name).read_bytes())
    assert (len(found.cues), found.n_skipped) == (REAL_FILES[name], 0)


def test_real_lectures_are_read_whole() -> None:
    files = sorted((MEDIA / "subs" / "cs241_angrave").glob("*.vtt"))
    if not files:
        pytest.skip("the lectures are not here")
    found = [parse_cues(file.read_bytes()) for file in files]
    assert (len(files), sum(len(f.cues) for f in found), sum(f.n_skipped for f in found)) == (20, 1382, 0)
    assert all(u.text.startswith("Lawrence Angrave: ") for f in found for u in f.cues)
    assert any("#include <stdio.h>" in u.text for f in found for u in f.cues)
