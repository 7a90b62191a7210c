"""The folder of models: one folder for each, with a label that says what it is and what its files have to be.

It can be carried to a machine without a connection as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ..digest import sha256_of
from ..errors import CapabilityError, ModelError
from .names import KINDS, ModelName

LABEL = "vidagent.json"
HASHED = f"{LABEL}.hashed"
"""Beside files that take long to hash: for each its size, when it was altered last, and its SHA-256."""
_WORTH_BYTES = 1 << 20
# A file that was altered a moment ago may be altered again without a later time to show for it.
_SETTLED_NS = 1_000_000_000
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Label:
    """Where a model came from, at which revision, and the SHA-256 of each of its files by its path inside."""

    name: str
    source: str
    revision: str
    sha256: dict[str, str]


@dataclass(frozen=True)
class Shelved:
    """A model on the shelf; ``label`` is None for one that was put there by hand."""

    name: ModelName
    folder: Path
    label: Label | None

    @property
    def size_bytes(self) -> int:
        """Bytes of its files, counted anew each time."""
        return _size_bytes(self.folder)


class Shelf:
    """A folder of models, which need not be there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, name: ModelName) -> Path:
        """The folder of a model, whether it is there or not."""
        if name.is_path:
            return Path(name.name).expanduser()
        return self.folder / name.kind / name.folder

    def has(self, name: ModelName) -> bool:
        """Whether a model is there."""
        return self.place(name).is_dir()

    def require(self, name: ModelName) -> Path:
        """The folder of a model that is there. Raises ``CapabilityError`` otherwise."""
        place = self.place(name)
        if place.is_dir():
            return place
        if name.is_path:
            raise CapabilityError(f"{place}: no such folder")
        raise CapabilityError(f"{name}: not on this machine; run: vidagent models pull {name}")

    def models(self) -> list[Shelved]:
        """All models that are there, by kind and name."""
        return list(self._models())

    def _models(self) -> Iterator[Shelved]:
        for kind in KINDS:
            above = self.folder / kind
            places = sorted(place for place in above.iterdir() if place.is_dir()) if above.is_dir() else []
            for place in places:
                if place.suffix != ".part":
                    yield Shelved(
                        ModelName.of_folder(kind, place),
                        place,
                        label_of(place),
                    )


def label_of(folder: Path) -> Label | None:
    """The label of a model's folder, None where it has none. Raises ``ModelError`` for one that is damaged."""
    try:
        return Label(**json.loads((folder / LABEL).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(f"{folder / LABEL}: damaged ({error}); pull the model again") from error


def write_label(folder: Path, name: ModelName, source: str, revision: str) -> Label:
    """Label a model by the files that are in its folder now."""
    label = Label(str(name), source, revision, {file: _hashed(folder / file) for file in _files(folder)})
    put_json(folder / LABEL, asdict(label))
    return label


def known_sha256(file: Path) -> str:
    """SHA-256 of a model's file, as was noted beside it when it was pulled or first hashed.

    It is hashed again, and noted, where its size or the time of its last change is another than then. Raises
    ``OSError`` for a file that cannot be read.
    """
    *stamp, digest = _notes(file.parent).get(file.name, [""])
    is_known = stamp == _stamp(file) and _SHA256.fullmatch(str(digest))
    return str(digest) if is_known else _hashed(file)


def state_of(folder: Path) -> str:
    """A short word that is another one once a file of a model was altered, added or removed; nothing is read."""
    rows = [(file, *_stamp(folder / file)) for file in _files(folder)]
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:12]


def put_json(path: Path, value: object) -> None:
    """Write a file of JSON, whole or not at all. Raises ``OSError`` where that cannot be done."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_text(json.dumps(value, indent=1), encoding="utf-8")
        os.replace(part, path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise


def wrong_files(folder: Path, label: Label) -> list[str]:
    """Files that are missing or are not what the label says, in order."""
    return [file for file, digest in sorted(label.sha256.items()) if _sha256_or_none(folder / file) != digest]


def _hashed(file: Path) -> str:
    """SHA-256 by reading the file, noted where that is worth it and can be believed later."""
    before, now_ns = _stamp(file), time.time_ns()
    digest = sha256_of(file)
    n_bytes, altered_ns = before
    if n_bytes >= _WORTH_BYTES and now_ns - altered_ns > _SETTLED_NS and _stamp(file) == before:
        # Not every folder may be written to.
        with suppress(OSError):
            put_json(file.with_name(HASHED), _notes(file.parent) | {file.name: [*before, digest]})
    return digest


def _stamp(file: Path) -> list[int]:
    status = file.stat()
    return [status.st_size, status.st_mtime_ns]


def _notes(folder: Path) -> dict[str, list[object]]:
    try:
        found = json.loads((folder / HASHED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    rows = found.items() if isinstance(found, dict) else ()
    return {name: row for name, row in rows if isinstance(row, list) and row}


def _sha256_or_none(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except OSError:
        return None


def _files(folder: Path) -> list[str]:
    """Files of a model, as paths inside its folder, without the label."""
    files = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    return sorted(file.as_posix() for file in files if not file.name.startswith(LABEL))


def _size_bytes(folder: Path) -> int:
    return sum((folder / file).stat().st_size for file in _files(folder))
