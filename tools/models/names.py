"""What models are called: a kind of adapter, and the model's own name or the folder where it lies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import RequestError

_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
KINDS = (
    "open_clip",
    "whisper",
    "faster-whisper",
    "clap",
    "detect",
    "sentence-transformers",
    "transformers",
    "openai",
)
"""``openai`` is a server; what the others name lies on this machine."""


@dataclass(frozen=True)
class ModelName:
    """A model as ``kind:name``: of a hub (``owner/name``), by a short name, a server's address, or a folder."""

    kind: str
    name: str

    @classmethod
    def parse(cls, text: str) -> ModelName:
        """The name in a text. Raises ``RequestError`` for an unknown kind, and for what is no name."""
        kind, colon, name = text.partition(":")
        if not colon or not name or kind not in KINDS:
            raise RequestError(f"{text}: no model; write KIND:NAME, where KIND is one of {', '.join(KINDS)}")
        found = cls(kind, name)
        if kind != "openai" and not found.is_path and not _is_name(name):
            raise RequestError(f"{text}: no model's name; a folder begins with / or ./")
        return found

    @property
    def is_path(self) -> bool:
        """Whether it names a place of this machine."""
        return self.name.startswith(("/", "./", "../", "~", ".\\")) or Path(self.name).is_absolute()

    @property
    def is_of_hub(self) -> bool:
        """Whether a hub may have it."""
        return not self.is_path and bool(_HUB.fullmatch(self.name))

    @classmethod
    def of_folder(cls, kind: str, folder: Path) -> ModelName:
        """The name of which ``folder`` is the folder."""
        return cls(kind, folder.name.replace("--", "/", 1))

    @property
    def folder(self) -> str:
        """The name as that of one folder, the same on every machine."""
        return self.name.replace("/", "--")

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def _is_name(name: str) -> bool:
    # Neither a dot folder nor a way out of the folder of models.
    return bool(_HUB.fullmatch(name) or _PLAIN.fullmatch(name)) and ".." not in name and "--" not in name
