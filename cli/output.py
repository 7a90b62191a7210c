"""Files that a command writes: whole or not at all, and never in place of another one unless that is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from ..tools.errors import RequestError, VidagentError

ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")]
PlainOption = Annotated[bool, typer.Option("--plain", help="Draw no pictures and no colours.")]


def refuse_existing(path: Path, is_forced: bool) -> None:
    """Nothing, for a place that may be written to; a link counts as a file, wherever it leads.

    Raises ``RequestError`` where something is there, and for a folder even if ``is_forced``.
    """
    if path.is_dir() and not path.is_symlink():
        raise RequestError(f"{path}: is a folder; name a file")
    if os.path.lexists(path) and not is_forced:
        raise RequestError(f"{path}: is there already; --force overwrites it")


def is_device(path: Path) -> bool:
    """Whether something is there that is no file, but takes what is written as it comes."""
    return path.exists() and not path.is_file() and not path.is_dir()


def check_output(path: Path, is_forced: bool, takes_devices: bool) -> None:
    """Nothing, where the work will not be in vain: a file can be written there, or text to a device.

    Raises ``RequestError`` like ``refuse_existing`` and for a device that cannot be written to like that, and
    ``VidagentError`` where nothing can be written.
    """
    with writing(path):
        if not is_device(path):
            refuse_existing(path, is_forced)
        elif not takes_devices:
            raise RequestError(f"{path}: can only be written to a file")
        folder = path.absolute().parent
        if not folder.is_dir():
            raise VidagentError(f"{path}: no such folder: {folder}")
        if not os.access(path if is_device(path) else folder, os.W_OK):
            raise VidagentError(f"{path}: cannot be written (no permission)")


def refuse_same(path: Path, *others: Path) -> None:
    """Raises ``RequestError`` where the file to be replaced is one of those that the work needs."""
    for other in others:
        if path.exists() and other.exists() and path.samefile(other):
            raise RequestError(f"{path}: is read itself; name another file with -o")


def write_text(path: Path, text: str, is_forced: bool) -> None:
    """Write a text as UTF-8 to a new file or a device; raises what ``new_file`` raises."""
    data = text.encode("utf-8", "backslashreplace")
    if not is_device(path):
        with new_file(path, is_forced) as part:
            part.write_bytes(data)
        return
    with writing(path):
        path.write_bytes(data)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What the system refuses while a file is written, as ``VidagentError``."""
    try:
        yield
    except OSError as error:
        raise VidagentError(f"{path}: cannot be written ({error.strerror or error})") from error


@contextmanager
def new_file(path: Path, is_forced: bool) -> Iterator[Path]:
    """A new file beside ``path`` to be written to; it takes that name when the block ends well, else it is gone.

    A link in that place is replaced, and what it leads to is left alone. Raises ``RequestError`` like
    ``refuse_existing`` and ``VidagentError`` where nothing can be written there.
    """
    import secrets

    refuse_existing(path, is_forced)
    part = path.with_name(f".{secrets.token_hex(6)}.part")
    try:
        with writing(path):
            # Nobody can have made this one before, not even as a link to somewhere else.
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
            yield part
            _put_in_place(part, path, is_forced)
    finally:
        with suppress(OSError):
            part.unlink()


def _put_in_place(part: Path, path: Path, is_forced: bool) -> None:
    if not is_forced:
        # A second name is given only where there is none; some file systems know no second names.
        with suppress(OSError):
            os.link(part, path)
            return
        refuse_existing(path, is_forced)
    part.replace(path)


def new_folder(path: Path) -> None:
    """Make a folder where there is none; raises ``VidagentError`` where that cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VidagentError(f"{path}: cannot be made a folder ({error.strerror or error})") from error
