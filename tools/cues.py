"""Reading SubRip and WebVTT: one pass over lines, limits on everything, whatever is refused is counted."""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html.entities import html5
from itertools import pairwise

from .clock import Span
from .plain import plain
from .roles import Utterance

# Every pattern is bounded or stops at a bracket, so that none takes longer than its text is long.
_LOOKS_TIMED = re.compile(r"\s{0,20}[-+]?[0-9]{1,9}:")
_TIME = re.compile(r"(?:([0-9]{1,3}):)?([0-5]?[0-9]):([0-5][0-9])(?:[.,]([0-9]{3}))?")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]+([^<>]*)>")
_BREAK = re.compile(r"<br[ \t]*/?>", re.IGNORECASE)
# Only the tags that subtitles have: a lecture may well say "#include <stdio.h>".
_TAG = re.compile(
    r"</?(?:[ibusv]|c|em|strong|ruby|rt|lang|font|span)(?:\.[^\s<>]*)?>"
    r"|<(?:c|lang|font|span)(?:\.[^\s<>]*)?[ \t][^<>]*>"
    r"|<[0-9][0-9:.]*>",
    re.IGNORECASE,
)
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_LANGUAGE = re.compile(r"Language:\s{0,20}([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3})\s{0,20}")
_NO_CUE = ("WEBVTT", "NOTE", "STYLE", "REGION")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# Cues that follow each other this closely are one picture to a viewer.
_TOUCHING_S = 0.05


@dataclass(frozen=True)
class CueLimits:
    """How much of a subtitle file is taken; what lies beyond is refused and counted."""

    bytes_max: int = 10_000_000
    cues_max: int = 50_000
    line_chars_max: int = 10_000
    cue_chars_max: int = 10_000
    cue_s_max: float = 600.0


@dataclass(frozen=True)
class Cue:
    """Lines of text, free of markup, and when they are on the screen."""

    span: Span
    lines: tuple[str, ...]


@dataclass(frozen=True)
class CueFile:
    """What a subtitle file says, in order of time.

    ``n_skipped`` counts cues that were refused for their times or their size, and blocks of text
    that belong to no cue; of a file over ``bytes_max`` it is the least number. ``language`` is what
    the header of a WebVTT file claims. Cues without words are neither kept nor counted.
    """

    cues: tuple[Utterance, ...]
    n_skipped: int
    language: str | None = None


DEFAULT_LIMITS = CueLimits()


def parse_cues(data: bytes, limits: CueLimits = DEFAULT_LIMITS) -> CueFile:
    """The cues of a .srt or .vtt file; never raises, whatever the bytes are."""
    blocks = _Blocks(file_lines(data, limits), limits)
    cues = blocks.read(was_cut=len(data) > limits.bytes_max)
    n_skipped = blocks.n_skipped + data.count(b"-->", limits.bytes_max)
    return CueFile(utterances(cues), n_skipped, blocks.language())


def utterances(cues: Iterable[Cue]) -> tuple[Utterance, ...]:
    """Cues in order of time as an author's words, each line said once."""
    ordered = sorted(cues, key=lambda cue: (cue.span.start_s, cue.span.end_s))
    return tuple(Utterance(cue.span, " ".join(cue.lines), 1.0) for cue in _said_once(ordered))


def spoken_lines(text: str) -> tuple[str, ...]:
    """The lines of a cue that hold words: tags and overrides removed, entities resolved once.

    A voice tag ``<v Ann>`` becomes "Ann: " for the reader.
    """
    if "<" in text and ">" in text:
        text = _TAG.sub("", _BREAK.sub("\n", _VOICE.sub(r"\1: ", text)))
    if "{" in text:
        text = _OVERRIDE.sub("", text)
    if "&" in text:
        text = _ENTITY.sub(_character, text)
    shown = plain(text, keep_lines=True).split("\n")
    return tuple(line for raw in shown if (line := " ".join(raw.split())))


def decode_text(data: bytes, is_whole: bool = True) -> str:
    """Text of a file or a packet: by its byte order mark, else UTF-8, else Windows-1252.

    With ``is_whole`` false the last character may be cut in two.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data, is_whole)
    except UnicodeDecodeError:
        return _windows_text(data)


def file_lines(data: bytes, limits: CueLimits) -> list[str]:
    """The lines of a file up to ``bytes_max``, at least one, without NUL; the last one may be cut."""
    text = decode_text(data[: limits.bytes_max], is_whole=len(data) <= limits.bytes_max)
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def span_within(start_s: float | None, end_s: float | None, limits: CueLimits) -> Span | None:
    """The span of a cue; None where a time is missing, the end lies before the start or too far behind it."""
    if start_s is None or end_s is None or not 0 <= end_s - start_s <= limits.cue_s_max:
        return None
    return Span(start_s, end_s)


@dataclass
class _Blocks:
    """The lines of one file, taken apart at its timing lines."""

    lines: list[str]
    limits: CueLimits
    n_skipped: int = 0
    _is_vtt: bool = field(init=False)

    def __post_init__(self) -> None:
        self._is_vtt = self.lines[0].startswith("WEBVTT")

    def read(self, was_cut: bool) -> list[Cue]:
        marks = [i for i, line in enumerate(self.lines) if "-->" in line and self._is_timing(line)]
        stretches = list(pairwise([*marks, len(self.lines)]))
        n_taken = min(len(stretches) - (was_cut and bool(marks)), self.limits.cues_max)
        self.n_skipped += len(stretches) - n_taken
        self._count_strays(self.lines[: marks[0] if marks else None], is_before_cue=bool(marks))
        return [cue for at, end in stretches[:n_taken] if (cue := self._cue(at, end)) and cue.lines]

    def language(self) -> str | None:
        header = self.lines[1:20] if self._is_vtt else []
        return next((found[1] for line in header if (found := _LANGUAGE.fullmatch(line))), None)

    def _is_timing(self, line: str) -> bool:
        if len(line) > self.limits.line_chars_max:
            return False
        start, _, end = line.partition("-->")
        return bool(_LOOKS_TIMED.match(start) or _LOOKS_TIMED.match(end))

    def _cue(self, at: int, end: int) -> Cue | None:
        text = self._text(self.lines[at + 1 : end], is_last=end == len(self.lines))
        span = _span(self.lines[at], self.limits)
        if span is None or _over_limits(text, self.limits):
            self.n_skipped += 1
            return None
        return Cue(span, spoken_lines("\n".join(text)))

    def _text(self, body: list[str], is_last: bool) -> list[str]:
        if self._is_vtt and "" in body:
            blank = body.index("")
            self._count_strays(body[blank:], is_before_cue=not is_last)
            return body[:blank]
        # Between two timing lines, a number right above the second one is that cue's and not text.
        # In SubRip an empty line may stand inside a text, so the next cue alone ends it.
        return body[:-1] if body and not is_last and body[-1].strip().isdigit() else body

    def _count_strays(self, between: list[str], is_before_cue: bool) -> None:
        starts = [line for before, line in pairwise(["", *between]) if line and not before]
        # A single line right above a timing line names that cue.
        ends_with_name = is_before_cue and between[-1:] != [""] and between[-2:-1] in ([], [""])
        strays = starts[:-1] if ends_with_name else starts
        self.n_skipped += sum(not (line.isspace() or line.startswith(_NO_CUE)) for line in strays)


def _windows_text(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _over_limits(text: Sequence[str], limits: CueLimits) -> bool:
    lengths = [len(line) for line in text]
    return max(lengths, default=0) > limits.line_chars_max or sum(lengths) > limits.cue_chars_max


def _span(line: str, limits: CueLimits) -> Span | None:
    left, _, right = line.partition("-->")
    end = right.strip().partition(" ")[0].partition("\t")[0]
    return span_within(_seconds(left.strip()), _seconds(end), limits)


def _seconds(text: str) -> float | None:
    match = _TIME.fullmatch(text)
    if not match:
        return None
    hours, minutes, seconds, milliseconds = match.groups("0")
    whole_s = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return (whole_s * 1000 + int(milliseconds)) / 1000


def _character(entity: re.Match[str]) -> str:
    name = entity[0]
    return html.unescape(name) if name[1] == "#" else html5.get(name[1:], name)


def _said_once(cues: Sequence[Cue]) -> list[Cue]:
    """Roll-up captions show a line again while the next one is said: keep its first showing."""
    kept: list[Cue] = []
    shown = Cue(Span(-1e9, -1e9), ())
    for cue in cues:
        n_old = _n_still_shown(shown, cue)
        if n_old < len(cue.lines):
            kept.append(Cue(cue.span, cue.lines[n_old:]))
        else:
            kept[-1] = Cue(kept[-1].span.hull(cue.span), kept[-1].lines)
        shown = cue
    return kept


def _n_still_shown(before: Cue, cue: Cue) -> int:
    if cue.span.start_s > before.span.end_s + _TOUCHING_S:
        return 0
    n_most = min(len(before.lines), len(cue.lines))
    return next((n for n in range(n_most, 0, -1) if before.lines[-n:] == cue.lines[:n]), 0)
