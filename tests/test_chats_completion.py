"""What a line of a conversation can be completed to; a hostile title leads to its video by the id."""

from __future__ import annotations

import pytest
from conftest import Rememberer

from vidagent.cli.chats.commands import COMMANDS
from vidagent.cli.chats.completion import offers

TIMES_S = (754.24, 12.0, 754.24, 3725.5)


def words(line: str, *times_s: float) -> list[str]:
    return [offer.word for offer in offers(line, [], times_s or TIMES_S)]


def test_commands_are_completed_at_the_front_only() -> None:
    assert words("/") == [f"/{name}" for name in COMMANDS]
    assert words("/vi") == ["/video", "/videos"]
    assert words("what is /vi") == words("/nothing ") == words("/why ") == []


@pytest.mark.parametrize(
    ("line", "expected", "n_begun"),
    [
        ("/show ", ["12:34.240", "00:12.000", "1:02:05.500"], 0),
        ("/show 12", ["12:34.240"], 2),
        ("/open 1", ["12:34.240", "1:02:05.500"], 1),
        ("what happens after 12:3", ["12:34.240"], 4),
        ("what happens after 12", [], 0),
        ("what happens in v12:3", [], 0),
    ],
)
def test_times_are_completed_behind_their_commands_and_in_questions(
    line: str, expected: list[str], n_begun: int
) -> None:
    found = list(offers(line, [], TIMES_S))
    assert [offer.word for offer in found] == expected
    assert all(offer.n_begun == n_begun for offer in found)


def test_a_budget_is_completed() -> None:
    assert words("/budget 6") == ["64frames"]
    assert len(words("/budget ")) == 4


def test_a_title_is_offered_where_it_leads_back_to_its_video(remember: Rememberer) -> None:
    own = remember(title="lecture").video
    bad = remember(title="lec\x1b[2Jture").video
    found = {offer.word: offer.meaning for offer in offers("/video lec", [own, bad], [])}
    assert found == {"lecture": "01:00 lecture", bad.short_id: "01:00 lecture"}
    assert {offer.word for offer in offers("/video ", [own, own], [])} == {own.short_id}
    assert [offer.word for offer in offers(f"/video {bad.short_id[:4]}", [own, bad], [])] == [bad.short_id]
