"""An answer while a video LLM writes it: shown as it grows, harmless in whatever pieces it comes, and then gone."""

from __future__ import annotations

import io
import sys
from itertools import accumulate

import pytest

from vidagent.agent.viewing import Tell
from vidagent.cli.chats.rendering import Draft

PIECES = ("It seems \x1b[", "2Jthat\x1b]0;ow", "ned\x07 a [red]fox[/red]", "\n\u202ewaits.")


class Screen(io.StringIO):
    """A terminal that takes everything."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def seen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """What stands in for stdout from now on: pytest puts its own in place when a test begins."""
    made = Screen()
    monkeypatch.setattr(sys, "stdout", made)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return made


def tell(draft: Draft) -> None:
    with draft.written():
        write(draft.tell)


def write(told: Tell) -> None:
    for reply in accumulate(PIECES):
        told(reply)


def test_a_draft_grows_and_vanishes(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = seen(monkeypatch)
    draft = Draft(True)
    tell(draft)
    written = screen.getvalue()
    assert "It seems that a [red]fox[/red] waits." in written
    assert written.index("It seems") < written.index("It seems that a")
    # The line is cleared at the end, and the cursor stands in it again.
    assert written.endswith("\x1b[2K") and "\x1b[?25h" in written
    tell(draft)
    assert "waits.It seems" not in screen.getvalue()


def test_what_is_written_after_another_look_takes_the_place_of_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = seen(monkeypatch)
    draft = Draft(True)
    with draft.written():
        write(draft.tell)
        n_first = len(screen.getvalue())
        for reply in ("A", "A hen."):
            draft.tell(reply)
        second = screen.getvalue()[n_first:]
    assert "A hen." in second and "fox" not in second


def test_nothing_in_it_reaches_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = seen(monkeypatch)
    tell(Draft(True))
    for harm in ("\x1b[2J", "\x1b]", "\x07", "\u202e", "owned"):
        assert harm not in screen.getvalue()


def test_a_draft_that_is_broken_off_is_cleared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = seen(monkeypatch)
    with pytest.raises(KeyboardInterrupt), Draft(True).written():
        raise KeyboardInterrupt
    assert screen.getvalue() == ""
    draft = Draft(True)
    with pytest.raises(KeyboardInterrupt), draft.written():
        draft.tell("It seems")
        raise KeyboardInterrupt
    assert screen.getvalue().endswith("\x1b[2K")


def test_no_draft_is_shown_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = seen(monkeypatch)
    tell(Draft(False))
    assert screen.getvalue() == ""
