"""A conversation as a file: Markdown to read, or a JSON object a line for programs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...tools.clock import format_time
from ...tools.errors import RequestError
from ...tools.plain import plain
from ..edge import json_text
from ..output import new_file
from ..rendering import answer_lines
from .turns import Turn

MARKDOWN, LINES = (".md", ".markdown"), (".jsonl", ".ndjson")

# What begins a tag, a link, a picture, code or emphasis anywhere, and a list or a heading at the front of a line.
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|!&~$])")
_AT_FRONT = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))")


def write(turns: Sequence[Turn], path: Path, is_forced: bool) -> None:
    """Write a conversation, in the form that the ending names; nothing is overwritten unless ``is_forced``.

    Raises ``RequestError`` for another ending, where there is a file already, and before the first answer.
    """
    ending = path.suffix.lower()
    if ending not in MARKDOWN + LINES:
        raise RequestError(f"{path}: has to end in {MARKDOWN[0]} or {LINES[0]}")
    if not turns:
        raise RequestError("nothing was answered yet")
    lines = markdown_lines(turns) if ending in MARKDOWN else json_lines(turns)
    text = "".join(f"{line}\n" for line in lines)
    with new_file(path, is_forced) as part:
        part.write_text(text, encoding="utf-8")


def json_lines(turns: Sequence[Turn]) -> Iterator[str]:
    """One object a turn: ``question``, ``asked_at``, ``answers`` as of ``ask --json``, best first, and ``failures``."""
    for turn in turns:
        answers = [answer.to_json() for answer in turn.answers]
        failures = [{"video": failure.title, "error": str(failure.error)} for failure in turn.failures]
        row = {"question": turn.question, "asked_at": turn.asked_at, "answers": answers, "failures": failures}
        yield json_text(row)


def markdown_lines(turns: Sequence[Turn]) -> Iterator[str]:
    """A heading a question; under it each answer with its video, and its proof as a list."""
    videos = {answer.video.id: answer.video for turn in turns for answer in turn.answers}.values()
    yield "# Conversation"
    yield ""
    yield from (f"- {escaped(video.title)}, {format_time(video.duration_s)}" for video in videos)
    for turn in turns:
        yield ""
        yield f"## {escaped(turn.question)}"
        for answer in turn.answers:
            first, *rest = answer_lines(answer)
            yield ""
            head = f"[{answer.video.title}] " if len(videos) > 1 else ""
            yield escaped(head + first)
            yield ""
            yield from (f"- {escaped(line.strip())}" for line in rest)
        yield from (f"\n- {escaped(f'[{f.title}] {f.error}')}" for f in turn.failures)


def escaped(text: str) -> str:
    """Text on one line that Markdown shows as it is: no link, picture, tag or heading comes of it."""
    return _AT_FRONT.sub(_escaped_at_front, _MARKS.sub(r"\\\1", plain(text)))


def _escaped_at_front(match: re.Match[str]) -> str:
    space, mark = match[1], match[2]
    # A number keeps its digits: what makes a list of it is the point behind.
    return f"{space}{mark}\\" if mark.isdigit() else f"{space}\\{mark}"
