"""Reading SubStation Alpha: the words of one event, and .ass and .ssa files in one pass over their lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .cues import DEFAULT_LIMITS, Cue, CueFile, CueLimits, file_lines, span_within, spoken_lines, utterances

# Every pattern is bounded or stops at a bracket, so that none takes longer than its text is long.
_TIME = re.compile(r"\s{0,20}([0-9]{1,3}):([0-5]?[0-9]):([0-5]?[0-9])\.([0-9]{2})\s{0,20}")
_OVERRIDE = re.compile(r"(?<!\\)\{[^}]*\}")
_DRAWING = re.compile(r"\\p([0-9])")
_BREAK = re.compile(r"\\[Nn]")
_CUE, _FORMAT, _SECTION = "Dialogue:", "Format:", "["
_USUAL = "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text"


@dataclass(frozen=True)
class _Columns:
    """How many fields an event has, and which of them are read."""

    count: int
    start: int
    end: int
    text: int


def parse_ass(data: bytes, limits: CueLimits = DEFAULT_LIMITS) -> CueFile:
    """The cues of a .ass or .ssa file; never raises, whatever the bytes are.

    Cues are the ``Dialogue:`` lines of the section ``[Events]``; ``n_skipped`` counts those that were
    refused, and those that stand elsewhere; of a file over ``bytes_max`` it is the least number.
    """
    lines = file_lines(data, limits)
    n_unread = 0
    if len(data) > limits.bytes_max:
        n_unread = data.count(b"\nDialogue:", max(0, data.rfind(b"\n", 0, limits.bytes_max)))
        lines.pop()
    events = _Events(limits)
    for line in lines:
        if line.startswith((_CUE, _FORMAT, _SECTION)):
            events.take(line)
    return CueFile(utterances(events.cues), events.n_skipped + n_unread)


def ass_text(text: str) -> str:
    """What a viewer reads of an event's text, one line a row: overrides and drawings have no words."""
    # What opens behind the last bracket that closes is no override.
    end = text.rfind("}") + 1
    overrides, pieces = _OVERRIDE.findall(text, 0, end), _OVERRIDE.split(text[:end])
    pieces[-1] += text[end:]
    shown, is_drawn = [pieces[0]], False
    for override, piece in zip(overrides, pieces[1:], strict=True):
        if "\\p" in override and (modes := _DRAWING.findall(override)):
            is_drawn = modes[-1] != "0"
        if not is_drawn:
            shown.append(piece)
    words = _BREAK.sub("\n", "".join(shown)).replace(r"\h", " ")
    return words.replace(r"\{", "{").replace(r"\}", "}")


@dataclass
class _Events:
    """The events of one file while its lines are taken; ``n_skipped`` counts those refused."""

    limits: CueLimits
    cues: list[Cue] = field(default_factory=list)
    n_skipped: int = 0
    _is_open: bool = False
    _columns: _Columns | None = field(default_factory=lambda: _columns(_USUAL))

    def take(self, line: str) -> None:
        if line.startswith(_SECTION):
            self._is_open = line.strip().lower() == "[events]"
        elif line.startswith(_CUE):
            self._take_cue(line)
        elif self._is_open:
            self._columns = _columns(line)

    def _take_cue(self, line: str) -> None:
        has_room = len(self.cues) < self.limits.cues_max and len(line) <= self.limits.line_chars_max
        cue = self._cue(line) if has_room and self._is_open else None
        if cue is None:
            self.n_skipped += 1
        elif cue.lines:
            self.cues.append(cue)

    def _cue(self, line: str) -> Cue | None:
        columns = self._columns
        fields = line[len(_CUE) :].split(",", columns.count - 1) if columns else []
        if columns is None or len(fields) < columns.count:
            return None
        text, start_s, end_s = (
            fields[columns.text],
            _seconds(fields[columns.start]),
            _seconds(fields[columns.end]),
        )
        span = span_within(start_s, end_s, self.limits)
        if span is None or len(text) > self.limits.cue_chars_max:
            return None
        return Cue(span, spoken_lines(ass_text(text)))


def _columns(line: str) -> _Columns | None:
    names = [name.strip().lower() for name in line[len(_FORMAT) :].split(",")]
    if not {"start", "end", "text"}.issubset(names):
        return None
    return _Columns(len(names), names.index("start"), names.index("end"), names.index("text"))


def _seconds(text: str) -> float | None:
    match = _TIME.fullmatch(text)
    if not match:
        return None
    hours, minutes, seconds, hundredths = map(int, match.groups())
    return (((hours * 60 + minutes) * 60 + seconds) * 100 + hundredths) / 100
