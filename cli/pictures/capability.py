"""Which form of picture a terminal takes, told by its environment, or by its own answer where that says nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum


class Form(StrEnum):
    """How a picture is written to a terminal; ``NONE`` is not at all."""

    KITTY = "kitty"
    ITERM2 = "iterm2"
    SIXEL = "sixel"
    TRUE_BLOCKS = "half blocks in all colours"
    BLOCKS = "half blocks in 256 colours"
    NONE = "none"


# By the beginning of TERM, or by TERM_PROGRAM.
_KITTY_TERMS, _KITTY_PROGRAMS = ("xterm-kitty", "xterm-ghostty"), {"ghostty"}
_ITERM2_PROGRAMS = {"iTerm.app", "WezTerm", "mintty"}
_SIXEL_TERMS = ("foot", "mlterm", "yaft", "contour")
# These stand between us and the real terminal, and let no picture through that they do not know themselves.
_BETWEEN = ("screen", "tmux")
_TRUE_COLOURS = {"truecolor", "24bit"}
SIXEL_ATTRIBUTE = 4
"""What a terminal's device attributes hold where it takes sixel."""


def shows_colour(is_terminal: bool, environment: Mapping[str, str]) -> bool:
    """Whether colours may be written: to a terminal that knows them, unless ``NO_COLOR`` is set and not empty."""
    return is_terminal and not environment.get("NO_COLOR") and environment.get("TERM", "") not in ("", "dumb")


def form_of(
    environment: Mapping[str, str], attributes: Callable[[], frozenset[int]], is_narrow: bool
) -> Form:
    """The best form that a terminal with colours takes.

    ``attributes`` asks the terminal for its device attributes, and is called only where the environment
    does not tell. Half blocks need an output that ``is_narrow`` does not say to lack them.
    """
    told = Form.NONE if _is_between(environment) else _told(environment)
    if told is not Form.NONE:
        return told
    if SIXEL_ATTRIBUTE in attributes():
        return Form.SIXEL
    return Form.NONE if is_narrow else _blocks(environment)


def _is_between(environment: Mapping[str, str]) -> bool:
    return environment.get("TERM", "").startswith(_BETWEEN) or bool(environment.get("TMUX"))


def _told(environment: Mapping[str, str]) -> Form:
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    if environment.get("KITTY_WINDOW_ID") or term.startswith(_KITTY_TERMS) or program in _KITTY_PROGRAMS:
        return Form.KITTY
    if program in _ITERM2_PROGRAMS or environment.get("LC_TERMINAL") == "iTerm2":
        return Form.ITERM2
    return Form.SIXEL if term.startswith(_SIXEL_TERMS) else Form.NONE


def _blocks(environment: Mapping[str, str]) -> Form:
    term = environment.get("TERM", "")
    if environment.get("COLORTERM", "").lower() in _TRUE_COLOURS or term.endswith("-direct"):
        return Form.TRUE_BLOCKS
    return Form.BLOCKS if "256color" in term else Form.NONE
