"""What a user has settled: by flag, by environment, by file, in that order; and where each value came from."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from platformdirs import user_config_path, user_data_path

from .errors import RequestError

PREFIX = "VIDAGENT_"
AUTO = "auto"
# Enough for any settings, and an end to a file that has none.
_BYTES_MAX = 1 << 20
MODEL_SETTINGS = ("picture_model", "speech_model", "sound_model", "text_vectors", "detector", "reader")


@dataclass(frozen=True)
class Settings:
    """The settings of one command.

    The six last name a model for each role, ``auto`` for the best that is on the machine; see ``vidagent models``.
    ``player`` is what plays videos, by name or path, ``auto`` for the best that is there.
    Nothing reaches the network while ``offline`` is true, not even a server that a setting names.
    """

    library: Path
    models: Path
    runs: Path
    offline: bool
    device: str
    language: str
    player: str
    picture_model: str
    speech_model: str
    sound_model: str
    text_vectors: str
    detector: str
    reader: str


@dataclass(frozen=True)
class Settled:
    """Settings, and by name where each came from: a flag, a variable, a file, or nobody (``default``)."""

    settings: Settings
    origins: Mapping[str, str]


def flag_of(name: str) -> str:
    """How a setting is given on the command line."""
    return "--" + name.replace("_", "-")


def variable_of(name: str) -> str:
    """How a setting is given in the environment."""
    return PREFIX + name.upper()


def config_path() -> Path:
    """Where the file of settings lies, whether there is one or not."""
    named = os.environ.get(f"{PREFIX}CONFIG")
    return Path(named) if named else user_config_path("vidagent") / "config.toml"


def settled(flags: Mapping[str, object] | None = None) -> Settled:
    """The settings that hold now; ``flags`` of None were not given.

    Raises ``RequestError`` for a file that cannot be read, a name that is no setting, or a value of a wrong kind.
    """
    path = config_path()
    sources: list[dict[str, tuple[str, object]]] = [
        {name: (flag_of(name), value) for name, value in (flags or {}).items() if value is not None},
        {name: (variable_of(name), word) for name in _NAMES if (word := os.environ.get(variable_of(name)))},
        {name: (str(path), value) for name, value in _file(path).items()},
        {name: ("default", value) for name, value in _defaults().items()},
    ]
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for name in _NAMES:
        origins[name], value = next(source[name] for source in sources if name in source)
        values[name] = _KINDS[name](origins[name], name, value)
    return Settled(Settings(**values), origins)  # type: ignore[arg-type]


def _defaults() -> dict[str, object]:
    data = user_data_path("vidagent")
    return {
        "library": data / "library.db",
        "models": data / "models",
        "runs": data / "runs",
        "offline": False,
        "device": AUTO,
        "language": "en",
        "player": AUTO,
        **dict.fromkeys(MODEL_SETTINGS, AUTO),
    }


def _file(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            values = tomllib.loads(file.read(_BYTES_MAX).decode())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise RequestError(f"{path}: cannot be read as settings: {error}") from error
    for name in values:
        if name not in _NAMES:
            near = difflib.get_close_matches(name, _NAMES, 1)
            raise RequestError(f"{path}: {name} is no setting" + (f"; is {near[0]} meant?" if near else ""))
    return values


def _path(origin: str, name: str, value: object) -> Path:
    if not isinstance(value, (str, Path)) or not str(value):
        raise RequestError(f"{origin}: {name} has to be a path, not {value!r}")
    return Path(value).expanduser()


def _word(origin: str, name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise RequestError(f"{origin}: {name} has to be a word in quotes, not {value!r}")
    return value.strip()


def _switch(origin: str, name: str, value: object) -> bool:
    known = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    answer = (
        value
        if isinstance(value, bool)
        else known.get(str(value).lower())
        if isinstance(value, str)
        else None
    )
    if answer is None:
        raise RequestError(f"{origin}: {name} has to be true or false, not {value!r}")
    return answer


_Kind = Callable[[str, str, object], object]
_OTHER: dict[str, _Kind] = {"library": _path, "models": _path, "runs": _path, "offline": _switch}
_NAMES = tuple(field.name for field in fields(Settings))
_KINDS = {name: _OTHER.get(name, _word) for name in _NAMES}
