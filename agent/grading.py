"""Grading answers against known ones: is it right, and do its seconds hold the evidence?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..index.stemming import fold_numbers, stems, words_of
from ..tools.clock import Span
from .answer import Answer
from .words import content_words

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SHARE_OF_WORDS = 0.7
_SHARE_OF_SUMMARY = 0.3
_SLACK_S = 0.5


@dataclass(frozen=True)
class Grade:
    """``is_right`` judges the answer; ``has_seconds`` its best citation, None where none is due."""

    is_right: bool
    has_seconds: bool | None


def grade(row: Mapping[str, object], answer: Answer) -> Grade:
    """Grade an answer by a question row with ``answer``, ``evidence_s`` and perhaps ``options``.

    A moment counts where at least half of the shorter of moment and evidence lies in both, give or
    take half a second.
    """
    gold = str(row["answer"])
    evidence = _spans(row.get("evidence_s"))
    if gold == "not found":
        return Grade(answer.abstained, None)
    if answer.abstained:
        return Grade(False, False if evidence else None)
    has_seconds = _holds(answer, evidence) if evidence else None
    return Grade(_is_right(gold, row, answer, bool(has_seconds)), has_seconds)


def _is_right(gold: str, row: Mapping[str, object], answer: Answer, has_seconds: bool) -> bool:
    if row.get("options"):
        return answer.option == gold
    if answer.kind == "when":
        return has_seconds
    if match := re.match(r"(yes|no)\b", gold, re.I):
        return answer.text.lower().startswith(match.group(1).lower())
    if answer.kind == "count" or (answer.kind == "duration" and _NUMBER.match(gold)):
        return _same_number(gold, answer.text)
    if answer.kind == "summary":
        return _share(gold, answer.text) >= _SHARE_OF_SUMMARY
    return _share(gold, answer.text) >= _SHARE_OF_WORDS


def _same_number(gold: str, text: str) -> bool:
    numbers = [
        _NUMBER.findall(" ".join(fold_numbers(words_of(t.replace("once", "1"))))) for t in (gold, text)
    ]
    if not all(numbers):
        return False
    wanted, given = (
        float(numbers[0][0]),
        float(_NUMBER.findall(text)[0] if _NUMBER.search(text) else numbers[1][0]),
    )
    return abs(given - wanted) <= (0 if float(wanted).is_integer() and "sec" not in gold else _SLACK_S * 2)


def _share(gold: str, text: str) -> float:
    wanted = set(stems(" ".join(content_words(gold)) or gold))
    return len(wanted & set(stems(text))) / len(wanted) if wanted else 0.0


def _holds(answer: Answer, evidence: Sequence[Span]) -> bool:
    return bool(answer.moments) and any(_meets(answer.moments[0].span, span) for span in evidence)


def _meets(moment: Span, evidence: Span) -> bool:
    if moment.gap_s(evidence) > _SLACK_S:
        return False
    return moment.overlap_s(evidence.widened(_SLACK_S)) >= 0.5 * min(moment.duration_s, evidence.duration_s)


def _spans(rows: object) -> list[Span]:
    return [Span(float(a), float(b)) for a, b in rows] if isinstance(rows, list) else []
