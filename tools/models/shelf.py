"""The folder of models: one folder for each, with a label that says what it is and what its files have to be.

It can be carried to a machine without a connection as it is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ..digest import sha256_of
from ..errors import CapabilityError, ModelError
from .names import KINDS, ModelName

LABEL = "vidagent.json"


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
    label = Label(str(name), source, revision, {file: sha256_of(folder / file) for file in _files(folder)})
    part = folder / f"{LABEL}.part"
    part.write_text(json.dumps(asdict(label), indent=1), encoding="utf-8")
    os.replace(part, folder / LABEL)
    return label


def wrong_files(folder: Path, label: Label) -> list[str]:
    """Files that are missing or are not what the label says, in order."""
    return [file for file, digest in sorted(label.sha256.items()) if _sha256_or_none(folder / file) != digest]


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
