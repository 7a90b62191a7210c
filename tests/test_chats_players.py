"""Starting a player: the words that it gets, which one is chosen, and that no shell reads them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vidagent.cli.chats.players import Player, chosen, start
from vidagent.tools.errors import CapabilityError, RequestError


def found(*names: str) -> Callable[[str], str | None]:
    return lambda name: f"/usr/bin/{name}" if name in names else None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mpv", ["--start=61.250", "--force-window=yes", "--"]),
        ("vlc", ["--start-time=61.250"]),
        ("xdg-open", []),
        ("other", []),
    ],
)
def test_a_player_is_told_the_second_and_an_absolute_path(
    name: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("-o $(touch owned); a.mp4")
    assert Player(f"/usr/bin/{name}").command(file, 61.25) == [
        f"/usr/bin/{name}",
        *words,
        str(tmp_path / file),
    ]


def test_another_program_never_decides_what_to_do_with_what_is_named_like_no_video() -> None:
    with pytest.raises(RequestError, match="does not say that it is a video"):
        Player("/usr/bin/xdg-open").command(Path("/tmp/film.html"), 0.0)
    assert Player("/usr/bin/mpv").command(Path("/tmp/film.html"), 0.0)[-1] == "/tmp/film.html"


@pytest.mark.parametrize(
    ("wanted", "platform", "there", "expected"),
    [
        ("auto", "linux", ("mpv", "vlc", "xdg-open", "open"), "mpv"),
        ("auto", "linux", ("vlc", "xdg-open"), "vlc"),
        ("auto", "linux", ("xdg-open", "open"), "xdg-open"),
        ("auto", "darwin", ("open", "xdg-open"), "open"),
        ("vlc", "linux", ("mpv", "vlc"), "vlc"),
    ],
)
def test_the_player_is_the_one_that_is_set_or_the_best_there_is(
    wanted: str, platform: str, there: tuple[str, ...], expected: str
) -> None:
    assert chosen(wanted, platform, found(*there)).name == expected


@pytest.mark.parametrize(("wanted", "there"), [("auto", ("open",)), ("vlc", ("mpv",)), ("mpv -x", ("mpv",))])
def test_a_missing_player_is_told(wanted: str, there: tuple[str, ...]) -> None:
    with pytest.raises(CapabilityError, match="install mpv or VLC"):
        chosen(wanted, "linux", found(*there))


def test_a_player_is_started_without_a_shell_and_away_from_the_terminal(tmp_path: Path) -> None:
    words = "$(touch owned) `touch owned`; touch owned"
    code = "import os, sys; open(sys.argv[1], 'w').write(f'{sys.argv[2]} {os.getsid(0) == os.getpid()}')"
    process = start([sys.executable, "-c", code, str(tmp_path / "told"), words])
    assert process.wait(60) == 0
    assert (tmp_path / "told").read_text() == f"{words} True"
    with pytest.raises(CapabilityError, match="cannot be started"):
        start([str(tmp_path / "told")])
