"""What documents show: commands, in blocks for a shell and in their prose, and links."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from make_commands import anchor

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:)([^)]+)\)")


@dataclass(frozen=True)
class Example:
    """The words of a command that a document shows, without ``vidagent`` itself."""

    document: str
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """The words in one line."""
        return " ".join(self.words)


def blocks(text: str, *languages: str) -> list[str]:
    """What stands in the blocks of a document in these languages, those for a shell unless named."""
    return [block for language, block in _BLOCK.findall(text) if language in (languages or ("sh", "console"))]


def prose(text: str) -> str:
    """A document without its blocks."""
    return _BLOCK.sub("", text)


def shown(text: str, document: str = "README.md") -> list[Example]:
    """Every command of ours in the blocks of a document, in order."""
    lines = [line for block in blocks(text) for line in block.splitlines()]
    pieces = [re.sub(r"\s#\s.*", "", piece).strip() for line in lines for piece in line.split("&&")]
    ours = [re.sub(r"^(\$ )?(\.venv/bin/)?", "", piece) for piece in pieces]
    return [
        Example(document, tuple(shlex.split(piece)[1:])) for piece in ours if piece.startswith("vidagent ")
    ]


def named(text: str, document: str = "README.md") -> list[Example]:
    """Every command of ours that stands in the prose of a document."""
    quoted = re.findall(r"`vidagent ([^`]+)`", prose(text))
    return [Example(document, tuple(shlex.split(words))) for words in quoted]


def dead_links(text: str, folder: Path) -> list[str]:
    """Links of a document in a folder to files that are not there, or to headings that they lack."""
    found = []
    for target in _LINK.findall(text):
        name, _, heading = target.partition("#")
        path = folder / name
        if name and not path.exists():
            found.append(target)
        elif heading:
            page = path.read_text(encoding="utf-8") if name else text
            if heading not in map(anchor, re.findall(r"^#+ (.*)$", page, re.MULTILINE)):
                found.append(target)
    return found
