"""Rows of answers: the documented JSON of an answer, and what it was the answer to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from ...tools.plain import plain
from .questions import Entry, Flaw, Question

Row = dict[str, object]

KEY = "asked"
"""What a row is known by: it stands first, so that a row that was cut off can be told from another file."""

_N_DIGITS = 16


@dataclass(frozen=True)
class Failure:
    """Why there is no answer, in one line, and the exit code that ``ask`` would have ended with."""

    message: str
    exit_code: int


def key_of(entry: Entry, manner: Mapping[str, object]) -> str:
    """Another one for another question, another video, or another manner of answering."""
    if isinstance(entry, Flaw):
        asked: list[object] = [entry.line, entry.id, entry.message]
    else:
        asked = [entry.id, entry.video, entry.text, list(entry.options)]
    text = json.dumps([*asked, manner], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_N_DIGITS]


def answer_row(key: str, entry: Entry, answer: Mapping[str, object]) -> Row:
    """The row of an answer, which is given as JSON with its grade."""
    return {KEY: key, "id": entry.id, **answer}


def failure_row(key: str, entry: Entry, failure: Failure) -> Row:
    """The row of a question without an answer."""
    question = entry if isinstance(entry, Question) else None
    return {
        KEY: key,
        "id": entry.id,
        "line": entry.line,
        "video": plain(question.video) if question else None,
        "question": question.text if question else None,
        "error": {"message": plain(failure.message), "exit_code": failure.exit_code},
    }


def known_row(question: Question) -> Row | None:
    """The right answer and its seconds as a row tells them; None where they are not known."""
    if question.known is None:
        return None
    return {"known": question.known.answer, "evidence_s": [list(span) for span in question.known.evidence_s]}


def is_current(row: Row, question: Question) -> bool:
    """Whether a row was graded by what is now known of its question."""
    grade = row.get("grade")
    told = {k: grade.get(k) for k in ("known", "evidence_s")} if isinstance(grade, dict) else None
    return told == known_row(question)
