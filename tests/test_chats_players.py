"""Starting a player: the words that it gets, which one is chosen, and that no shell reads them."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from vidagent.cli.chats.players import Player, chosen, start
from vidagent.tools.errors import CapabilityError, RequestError


def found(*names: str) -> Callable[[str], str | None]:
    return lambda name: f"/usr/bin/{name}" if name in names else None


@pytest.mark.parametrize(
    ("name", "before", "behind"),
    [
        ("mpv", ["--force-window=yes", "--{", "--start=61.250"], ["--}"]),
        ("io.mpv.Mpv", ["--force-window=yes", "--{", "--start=61.250"], ["--}"]),
        ("vlc", [], [":start-time=61.250"]),
        ("mpv.com", ["--force-window=yes", "--{", "--start=61.250"], ["--}"]),
        ("VLC.exe", [], [":start-time=61.250"]),
        ("org.videolan.VLC", [], [":start-time=61.250"]),
        ("vlc-wrapper", [], [":start-time=61.250"]),
        ("xdg-open", [], []),
        ("other", [], []),
        ("vlc.sh", [], []),
    ],
)
def test_a_player_is_told_the_second_and_an_absolute_path(
    name: str, before: list[str], behind: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("-o $(touch owned); a.mp4")
    assert Player(f"/usr/bin/{name}").command(file, 61.25) == [
        f"/usr/bin/{name}",
        *before,
        str(tmp_path / file),
        *behind,
    ]
    assert Player(f"/usr/bin/{name}").knows_seconds == bool(behind)


def test_another_program_never_decides_what_to_do_with_what_is_named_like_no_video() -> None:
    with pytest.raises(RequestError, match="does not say that it is a video"):
        Player("/usr/bin/xdg-open").command(Path("/tmp/film.html"), 0.0)
    assert Player("/usr/bin/mpv").command(Path("/tmp/film.html"), 0.0)[-2] == "/tmp/film.html"


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


@pytest.mark.parametrize(
    ("name", "does", "said"),
    [
        ("mpv", "exit 2", "mpv: failed at once (code 2)"),
        ("vlc", "kill -9 $$", "signal 9"),
        ("cvlc", "exit 1", "VLC plays nothing for root"),
    ],
)
def test_a_player_that_fails_at_once_is_not_said_to_play(
    name: str, does: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0 if name == "cvlc" else 1000)
    player = tmp_path / name
    player.write_text(f"#!/bin/sh\n{does}\n")
    player.chmod(0o700)
    with pytest.raises(CapabilityError, match=re.escape(said)):
        start(Player(str(player)).command(Path("film.mp4"), 1.0))


def test_a_player_that_goes_on_or_hands_over_is_left_alone(tmp_path: Path) -> None:
    assert start(["/bin/sh", "-c", "exit 0"]).returncode == 0
    begun_s = time.monotonic()
    process = start(["/bin/sh", "-c", "sleep 30"])
    assert (process.returncode, time.monotonic() - begun_s < 10) == (None, True)
    process.kill()
    process.wait(60)
