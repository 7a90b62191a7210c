"""The tree of errors is the one that its module draws."""

from __future__ import annotations

import re

import pytest

from vidagent.tools import errors
from vidagent.tools.errors import VidagentError

_LINE = re.compile(r"( {4}[ │├└─]*)([A-Z]\w+) +(\d) +(\S.*)")
DRAWN = [match.groups() for line in (errors.__doc__ or "").splitlines() if (match := _LINE.fullmatch(line))]
CLASSES = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}


def drawn_parents() -> dict[str, str]:
    """Each drawn class but the root, with the class it hangs on."""
    parents: dict[str, str] = {}
    branch: list[str] = []
    for indent, name, _, _ in DRAWN:
        depth = (len(indent) - 4) // 4
        branch[depth:] = [name]
        if depth:
            parents[name] = branch[depth - 1]
    return parents


def test_the_drawing_shows_every_class_once() -> None:
    assert sorted(name for _, name, _, _ in DRAWN) == sorted(CLASSES)
    assert len(DRAWN) >= 10


@pytest.mark.parametrize(("name", "parent"), sorted(drawn_parents().items()))
def test_a_class_hangs_where_it_is_drawn(name: str, parent: str) -> None:
    assert CLASSES[name].__bases__ == (CLASSES[parent],)


@pytest.mark.parametrize(("name", "exit_code"), [(name, int(code)) for _, name, code, _ in DRAWN])
def test_a_class_has_the_exit_code_drawn_beside_it(name: str, exit_code: int) -> None:
    assert CLASSES[name].exit_code == exit_code


def test_all_hang_on_one_root() -> None:
    assert all(issubclass(kind, VidagentError) for kind in CLASSES.values())
    assert VidagentError.__bases__ == (Exception,)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_class_says_what_it_means_and_keeps_its_message(name: str) -> None:
    assert CLASSES[name].__doc__
    assert str(CLASSES[name]("talk.mp4: not a file")) == "talk.mp4: not a file"
