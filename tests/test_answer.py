"""An answer keeps its moments inside the video and becomes the JSON that is documented."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidagent.agent.answer import Answer, Moment, Recall
from vidagent.agent.evidence import Evidence, best_first
from vidagent.agent.ledger import Looked
from vidagent.index.recollecting import Recalled
from vidagent.index.records import Coverage, Video
from vidagent.tools.clock import Span

DOCUMENT = Path(__file__).parents[1] / "docs" / "json.md"
FILM, DIGEST, NOTES = Path("films/Möwe.mp4"), "0123456789abcdef" * 4, ("a note",)
VIDEO = Video(1, DIGEST, FILM, "Möwe", 1, 1, "", "", "{}", 60.00049, 640, 360, NOTES)
MOMENT = Moment(Span(1.23456, 5.00049), 0.876543, "speech", "“to be”", 0.98765)
ANSWER = Answer(
    video=VIDEO,
    question="What is said?",
    kind="what",
    text="to be",
    option=None,
    abstained=False,
    confidence=0.876543,
    moments=(MOMENT,),
    coverage=(Looked(Coverage("speech", "sidecar a.srt", 1.0, 3, 1.0), 60.0, Span(10.0, 12.0004)),),
    reader="extractive",
    recall=Recall("detailed", 0.123456, (Recalled(1, 7, Span(1.00049, 9.0), "hit", 0.5, 7),)),
    elapsed_s=0.123456,
    notes=NOTES,
)


def documented_fields() -> set[str]:
    """The names in the table of the document that describes the JSON."""
    _, _, after = DOCUMENT.read_text(encoding="utf-8").partition("## The JSON of an answer")
    rows = re.findall(r"^\| (`.+?`) \| ", after.partition("\n\n`source`")[0], re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_the_json_has_exactly_the_documented_fields() -> None:
    assert len(documented_fields()) == 16
    assert set(ANSWER.to_json()) == documented_fields()


def test_the_parts_of_the_json_have_the_documented_fields() -> None:
    made = json.loads(json.dumps(ANSWER.to_json()))
    assert set(made["moments"][0]) == {"start_s", "end_s", "score", "source", "quote", "trust"}
    assert set(made["coverage"][0]) == {"sense", "engine", "share", "n_looks", "trust", "looks_per_s", "gap"}
    assert made["coverage"][0]["gap"] == [10.0, 12.0]
    assert made["recall"] == {
        "path": "detailed",
        "fast_probability": 0.1235,
        "events": [{"start_s": 1.0, "end_s": 9.0, "reason": "hit"}],
    }
    assert set(made["video"]) == {"id", "title", "path", "duration_s"}


def test_the_json_has_plain_rounded_values() -> None:
    made = json.loads(json.dumps(ANSWER.to_json()))
    assert made["moments"] == [
        {
            "start_s": 1.235,
            "end_s": 5.0,
            "score": 0.8765,
            "source": "speech",
            "quote": "“to be”",
            "trust": 0.988,
        }
    ]
    assert made["video"] == {"id": "01234567", "title": "Möwe", "path": "films/Möwe.mp4", "duration_s": 60.0}
    assert (made["answer"], made["option"], made["notes"]) == ("to be", None, ["a note"])
    assert (made["confidence"], made["elapsed_s"]) == (0.8765, 0.1235)


def test_what_supports_an_answer_is_cited_and_what_came_near_is_not() -> None:
    assert ANSWER.to_json()["citations"] == ANSWER.to_json()["moments"]
    abstained = replace(ANSWER, abstained=True).to_json()
    assert abstained["citations"] == []
    assert len(abstained["moments"]) == 1  # type: ignore[arg-type]


TIMES = st.floats(-10.0, 100.0)


@given(TIMES, TIMES, st.floats(0.0, 60.0))
def test_a_moment_stays_inside_the_video(one_s: float, other_s: float, duration_s: float) -> None:
    evidence = Evidence(Span(*sorted((one_s, other_s))), "sound", "", 1.0, 1.0)
    moment = Moment.of(evidence, replace(VIDEO, duration_s=duration_s))
    assert 0.0 <= moment.span.start_s <= moment.span.end_s <= duration_s


@given(st.floats(0.0, 60.0), st.floats(0.0, 60.0))
def test_a_moment_inside_the_video_is_left_as_it_is(one_s: float, other_s: float) -> None:
    evidence = Evidence(Span(*sorted((one_s, other_s))), "screen", "a line", 0.5, 0.9)
    moment = Moment.of(evidence, VIDEO)
    assert (moment.span, moment.quote, moment.score) == (evidence.span, "a line", evidence.confidence)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_more_fit_and_more_trust_make_surer(fit: float, less: float, trust: float) -> None:
    sure = Evidence(Span(0.0, 1.0), "speech", "", fit, trust)
    assert 0.0 <= sure.confidence < 1.0
    assert replace(sure, fit=fit * less).confidence <= sure.confidence
    assert replace(sure, trust=trust * less).confidence <= sure.confidence


@pytest.mark.parametrize(("fits", "starts"), [((0.5, 0.9, 0.9), [1.0, 2.0, 0.0]), ((), [])])
def test_the_best_evidence_comes_first_and_the_earlier_among_equals(
    fits: tuple[float, ...], starts: list[float]
) -> None:
    found = [Evidence(Span(float(n), n + 1.0), "speech", "", fit, 1.0) for n, fit in enumerate(fits)]
    assert [e.span.start_s for e in best_first(found[::-1])] == starts
