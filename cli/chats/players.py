"""Starting a player at one second of a video: the one that is set, or the best that is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...tools.errors import CapabilityError, RequestError
from ...tools.folders import MEDIA_ENDINGS
from ...tools.settings import AUTO

_OPENERS = ("xdg-open", "open")
"""What starts whatever program belongs to the kind of a file; it knows no second to begin at."""

_VLC = frozenset(("vlc", "cvlc", "qvlc", "vlc-wrapper"))
_DIES_WITHIN_S = 0.5


@dataclass(frozen=True)
class Player:
    """A program by its whole ``path``; what it is told depends on its name."""

    path: str

    @property
    def name(self) -> str:
        """What it is called, as far as that tells what it understands."""
        file = Path(self.path).name.lower().removesuffix(".exe").removesuffix(".com")
        # Flatpak calls programs by their address, like org.videolan.VLC.
        return file.rpartition(".")[2] if file.count(".") > 1 else file

    @property
    def knows_seconds(self) -> bool:
        """Whether it can be told where to begin."""
        return self.name == "mpv" or self.name in _VLC

    def command(self, video: Path, time_s: float) -> list[str]:
        """The words that start it, for no shell to read.

        Raises ``RequestError`` for a file whose name says that it is no video, where another program would decide
        what to do with it.
        """
        # An absolute path begins like no option and like no address.
        file = str(video.absolute())
        # The second is told for this file only: what somebody opens next in the player begins at its beginning.
        if self.name == "mpv":
            return [self.path, "--force-window=yes", "--{", f"--start={time_s:.3f}", file, "--}"]
        if self.name in _VLC:
            return [self.path, file, f":start-time={time_s:.3f}"]
        if self.name in _OPENERS and not _is_media(video):
            raise RequestError(f"{video}: its name does not say that it is a video; --player names a player")
        return [self.path, file]


def chosen(
    wanted: str = AUTO, platform: str = sys.platform, which: Callable[[str], str | None] = shutil.which
) -> Player:
    """The player of a name or path, or with ``auto`` mpv, VLC, or what the system opens videos with.

    Raises ``CapabilityError`` where it is not there.
    """
    opener = "open" if platform == "darwin" else "xdg-open"
    names = ("mpv", "vlc", opener) if wanted == AUTO else (os.path.expanduser(wanted),)
    path = next((path for name in names if (path := which(name))), None)
    if path is None:
        missing = "no player is there" if wanted == AUTO else f"{wanted}: no such player"
        raise CapabilityError(f"{missing}; install mpv or VLC, or name one with --player")
    return Player(path)


def start(command: list[str]) -> subprocess.Popen[bytes]:
    """A program in a session of its own, which neither reads what is typed here nor writes to this terminal.

    Raises ``CapabilityError`` where it cannot be started, or fails at once.
    """
    nowhere = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            command, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True
        )
    except OSError as error:
        raise CapabilityError(f"{command[0]}: cannot be started ({error.strerror or error})") from error
    with suppress(subprocess.TimeoutExpired):
        if code := process.wait(_DIES_WITHIN_S):
            raise CapabilityError(f"{command[0]}: failed at once ({_reason(command[0], code)})")
    return process


def _reason(path: str, code: int) -> str:
    # What it says itself is read by nobody: a player that runs for hours would fill whatever takes it.
    if Player(path).name in _VLC and hasattr(os, "geteuid") and os.geteuid() == 0:
        return "VLC plays nothing for root"
    return f"code {code}" if code > 0 else f"signal {-code}"


def _is_media(path: Path) -> bool:
    return path.suffix.lower() in MEDIA_ENDINGS
