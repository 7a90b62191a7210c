"""What a model may order is one known act, with words and seconds of this video; everything else is dropped."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidagent.agent.acts.act import Order
from vidagent.agent.orders import ANSWER, N_SPANS_MAX, N_WORDS_MAX, order_in
from vidagent.tools.clock import Span

ACTS = ("look", "recall", "compare")
VIDEO = Span(0.0, 600.0)


@pytest.mark.parametrize(
    ("reply", "order"),
    [
        ('{"act": "look", "from": "1:00", "to": "1:30"}', Order("look", (), (Span(60, 90),))),
        ('{"act": "look", "from": 60, "to": 90.5}', Order("look", (), (Span(60, 90.5),))),
        ('Sure:\n```json\n{"act": "recall", "words": ["a red\\n door"]}\n```', Order("recall", ("a red door",))),
        ('{"act": "recall", "words": "a door"}', Order("recall", ("a door",))),
        ('{"act": "answer"}', Order(ANSWER)),
        (
            '{"act": "compare", "spans": [{"from": "0:10", "to": "0:12"}, {"from": "5:00", "to": "5:02"}]}',
            Order("compare", (), (Span(10, 12), Span(300, 302))),
        ),
        ('{"act": "look", "at": "2:00"}', Order("look", (), (Span(119, 121),))),
        ('{"thought": "hm"} {"act": "look", "from": "9:50", "to": "20:00"}', Order("look", (), (Span(590, 600),))),
    ],
)  # fmt: skip
def test_an_order_is_read_however_it_is_wrapped(reply: str, order: Order) -> None:
    assert order_in(reply, ACTS, VIDEO) == order


@pytest.mark.parametrize(
    "reply",
    [
        "", "look at 1:00", "[]", "null", '{"act": "delete", "from": "0:10", "to": "0:20"}', '{"act": ["look"]}',
        '{"tool": "look"}', '{"act": "LOOK"}', "{" * 3000, '{"act": "look"' + "9" * 5000,
        '{"act": "shell", "words": "rm"}',
    ],
)  # fmt: skip
def test_what_names_no_act_is_no_order(reply: str) -> None:
    assert order_in(reply, ACTS, VIDEO) is None


def test_seconds_outside_the_video_are_dropped() -> None:
    reply = '{"act": "look", "from": "11:00", "to": "12:00"}'
    assert order_in(reply, ACTS, VIDEO) == Order("look")


def test_no_more_words_and_stretches_are_taken_than_can_be_looked_for() -> None:
    spans = [{"from": i, "to": i + 1} for i in range(20)]
    words = ["w" * 5000, *map(str, range(20)), 7, None, "…"]
    order = order_in(json.dumps({"act": "recall", "spans": spans, "words": words})[:3999], ACTS, VIDEO)
    assert order is None or len(order.words) <= N_WORDS_MAX
    short = json.dumps({"act": "recall", "spans": spans, "words": ["w" * 900, "a", "b", "c", "d", "e"]})
    order = order_in(short, ACTS, VIDEO)
    assert order is not None and len(order.spans) == N_SPANS_MAX and len(order.words) == N_WORDS_MAX
    assert len(order.words[0]) <= 120


replies = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.sampled_from([*ACTS, ANSWER, "1:00"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["act", "words", "from", "to", "spans", "path"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(replies)
def test_whatever_a_model_replies_an_order_lies_in_the_video(reply: object) -> None:
    order = order_in(json.dumps(reply), ACTS, VIDEO)
    if order is not None:
        assert order.act in (*ACTS, ANSWER)
        assert all(VIDEO.start_s <= s.start_s <= s.end_s <= VIDEO.end_s for s in order.spans)
        assert all(isinstance(word, str) and "\n" not in word for word in order.words)
