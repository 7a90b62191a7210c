"""Pictures in a terminal: the form that it takes, found without harm, and pictures that come out as they were."""

from __future__ import annotations

import base64
import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping

import numpy as np
import pytest
from PIL import Image

from vidagent.cli.pictures.asking import CELL, cell_size
from vidagent.cli.pictures.blocks import half_blocks
from vidagent.cli.pictures.capability import Form, form_of, shows_colour
from vidagent.cli.pictures.protocols import iterm2, kitty
from vidagent.cli.pictures.sixel import sixel
from vidagent.cli.pictures.terminal import Terminal
from vidagent.tools.roles import Pixels

XTERM = {"TERM": "xterm-256color"}
ASKS = """
import fcntl, sys, termios
sys.path[:] = {path!r}
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from vidagent.cli.pictures.asking import device_attributes
before = termios.tcgetattr(0)
print(sorted(device_attributes({timeout_s})), termios.tcgetattr(0) == before)
"""


def never() -> frozenset[int]:
    raise AssertionError("a terminal that is known is not asked")


def silent() -> frozenset[int]:
    return frozenset()


def quarters(width: int = 40, height: int = 24) -> Pixels:
    """A picture of four plain colours that sixel and the 256 colours hold exactly."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, width // 2 :] = (255, 0, 0)
    picture[height // 2 :, : width // 2] = (0, 255, 0)
    picture[height // 2 :, width // 2 :] = (0, 0, 255)
    return picture


@pytest.mark.parametrize(
    ("environment", "form"),
    [
        ({"TERM": "xterm-kitty"}, Form.KITTY),
        ({**XTERM, "KITTY_WINDOW_ID": "1"}, Form.KITTY),
        ({"TERM": "xterm-ghostty"}, Form.KITTY),
        ({**XTERM, "TERM_PROGRAM": "iTerm.app"}, Form.ITERM2),
        ({**XTERM, "TERM_PROGRAM": "WezTerm"}, Form.ITERM2),
        ({**XTERM, "LC_TERMINAL": "iTerm2"}, Form.ITERM2),
        ({"TERM": "foot"}, Form.SIXEL),
    ],
)
def test_a_terminal_that_names_itself_gets_its_own_form(environment: Mapping[str, str], form: Form) -> None:
    assert form_of(environment, never, is_narrow=True) is form


@pytest.mark.parametrize(
    ("environment", "form"),
    [
        ({**XTERM, "COLORTERM": "truecolor"}, Form.TRUE_BLOCKS),
        (XTERM, Form.BLOCKS),
        ({"TERM": "xterm"}, Form.NONE),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"}, Form.BLOCKS),
        ({**XTERM, "TERM_PROGRAM": "iTerm.app", "TMUX": "/tmp/tmux"}, Form.BLOCKS),
    ],
)
def test_others_are_asked_and_get_half_blocks_by_their_colours(
    environment: Mapping[str, str], form: Form
) -> None:
    assert form_of(environment, silent, is_narrow=False) is form
    assert form_of(environment, lambda: frozenset({62, 4}), is_narrow=False) is Form.SIXEL
    assert form_of(environment, silent, is_narrow=True) is Form.NONE


def test_no_colour_goes_where_it_is_not_wanted() -> None:
    assert shows_colour(True, XTERM)
    assert shows_colour(True, {**XTERM, "NO_COLOR": ""})
    assert not shows_colour(False, XTERM)
    assert not shows_colour(True, {**XTERM, "NO_COLOR": "1"})
    assert not shows_colour(True, {"TERM": "dumb"})
    assert not shows_colour(True, {})


def test_a_pipe_gets_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-kitty")
    terminal = Terminal.of_output()
    assert (terminal.form, terminal.has_colour) == (Form.NONE, False)
    assert terminal.drawn(quarters()) == ""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
@pytest.mark.parametrize(
    ("answer", "attributes"),
    [
        (b"\x1b[?62;4;6c", "[4, 6, 62]"),
        (b"typed\x1b[?1;2c", "[1, 2]"),
        (b"\x1b[?;;c", "[]"),
        (b"x" * 999, "[]"),
    ],
)
def test_a_terminal_is_asked_and_left_as_it_was(answer: bytes, attributes: str) -> None:
    asked, told = ask(answer, timeout_s=20.0 if b"c" in answer else 0.2)
    assert asked.startswith(b"\x1b[c")
    assert told == f"{attributes} True"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
def test_a_silent_terminal_is_not_waited_for() -> None:
    begun_s = time.monotonic()
    assert ask(b"", timeout_s=0.1)[1] == "[] True"
    assert time.monotonic() - begun_s < 20.0


def ask(answer: bytes, timeout_s: float) -> tuple[bytes, str]:
    """What a program writes to a terminal that answers so, and what it says last."""
    ours, its = os.openpty()
    code = ASKS.format(path=sys.path, timeout_s=timeout_s)
    child = subprocess.Popen([sys.executable, "-c", code], stdin=its, stdout=its, start_new_session=True)
    os.close(its)
    said = b""
    while b"True" not in said and b"False" not in said:
        is_first = not said
        said += os.read(ours, 1000)
        if is_first and answer:
            os.write(ours, answer)
    assert child.wait() == 0
    os.close(ours)
    return said, said.decode().split("\x1b[c")[1].splitlines()[-1]


def test_where_nobody_tells_the_size_of_a_cell_it_is_the_usual_one() -> None:
    assert cell_size(io.StringIO()) == CELL
    with open(os.devnull) as file:
        assert cell_size(file) == CELL


def test_kitty_and_iterm2_carry_the_picture_itself() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8)
    chunks = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", kitty(noise, 8, 3))
    assert chunks[0][0] == "a=T,f=100,q=2,c=8,r=3,m=1"
    assert [head for head, _ in chunks[1:]] == ["m=1"] * (len(chunks) - 2) + ["m=0"]
    assert all(len(body) <= 4096 for _, body in chunks)
    assert np.array_equal(opened("".join(body for _, body in chunks)), noise)
    match = re.fullmatch(
        r"\x1b]1337;File=inline=1;size=(\d+);width=8;height=3;[^:]*:([^\x07]*)\x07\n", iterm2(noise, 8, 3)
    )
    assert match and len(base64.b64decode(match[2])) == int(match[1])
    assert np.array_equal(opened(match[2]), noise)


def opened(text: str) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))


@pytest.mark.parametrize("size", [(40, 24), (7, 11), (1, 1)])
def test_sixel_paints_every_pixel_in_its_colour(size: tuple[int, int]) -> None:
    picture = quarters(*size)
    assert np.array_equal(painted(sixel(picture)), picture)


def painted(text: str) -> Pixels:
    """What a terminal that knows sixel paints; a pixel that is never painted is gray."""
    match = re.fullmatch(r'\x1bP0;1q"1;1;(\d+);(\d+)(.*)\x1b\\\n', text)
    assert match
    width, height = int(match[1]), int(match[2])
    paper = np.full((height, width, 3), 128, np.uint8)
    colours: dict[str, tuple[int, ...]] = {}
    x = y = 0
    colour = ""
    for number, defined, repeat, character in re.findall(
        r"#(\d+)((?:;\d+){4})?|(?:!(\d+))?([?-~$-])", match[3]
    ):
        if defined:
            colours[number] = tuple(round(int(share) * 2.55) for share in defined.split(";")[2:])
        elif number:
            colour = number
        elif character == "$":
            x = 0
        elif character == "-":
            x, y = 0, y + 6
        else:
            for bit in range(6):
                if ord(character) - 63 >> bit & 1:
                    paper[y + bit, x : x + int(repeat or 1)] = colours[colour]
            x += int(repeat or 1)
    return paper


def test_half_blocks_show_two_pixels_a_character_and_leave_no_colour_on() -> None:
    lines = half_blocks(quarters(), 4, 2, is_true=True).splitlines()
    assert lines[0] == "\x1b[38;2;0;0;0;48;2;0;0;0m▀▀\x1b[38;2;255;0;0;48;2;255;0;0m▀▀\x1b[0m"
    assert lines[1] == "\x1b[38;2;0;255;0;48;2;0;255;0m▀▀\x1b[38;2;0;0;255;48;2;0;0;255m▀▀\x1b[0m"
    one = half_blocks(quarters(), 2, 1, is_true=False)
    assert one == "\x1b[38;5;16;48;5;46m▀\x1b[38;5;196;48;5;21m▀\x1b[0m\n"


@pytest.mark.parametrize("form", [form for form in Form if form is not Form.NONE])
@pytest.mark.parametrize("size", [(640, 360), (90, 1600), (1, 1), (3, 900)])
def test_any_shape_of_picture_is_drawn_in_any_form(form: Form, size: tuple[int, int]) -> None:
    text = Terminal(form, True, 80, (10, 20)).drawn(quarters(*size))
    assert text.endswith("\n")
    if form is Form.TRUE_BLOCKS:
        rows = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.splitlines()]
        assert {len(row) for row in rows} == {max(1, min(48, -(-size[0] // 10)))}
        assert len(rows) <= 48
