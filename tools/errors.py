"""The one tree of errors, ordered by what the caller can do about them.

    VidagentError              1  something went wrong
    ├── RequestError           2  ask differently
    │   ├── MediaError         2  name another file: this one cannot be used
    │   └── SeekError          2  name another second: nothing can be shown at this one
    ├── ModelError             3  a model or a server failed: try again or choose another
    ├── CapabilityError        4  something has to be installed or switched on first
    ├── UnknownVideoError      5  name a video that exists
    └── LibraryError           1  the library cannot be used as it is
        ├── LibraryTooNewError 1  update vidagent
        ├── LibraryBusyError   1  wait for the other process
        └── StorageFullError   1  make room

The number is the exit code of a command that ends with the error. Every message is one line that
names the thing at fault and the way out.
"""


class VidagentError(Exception):
    """Base of every error that a user can meet."""

    exit_code = 1


class RequestError(VidagentError):
    """The request itself cannot be carried out as put."""

    exit_code = 2


class MediaError(RequestError):
    """The named file is not usable media."""


class SeekError(RequestError):
    """At the named second the file shows no picture, or only a damaged one."""


class ModelError(VidagentError):
    """A model or a model server failed."""

    exit_code = 3


class CapabilityError(VidagentError):
    """Something that was asked for is not on this machine."""

    exit_code = 4


class UnknownVideoError(VidagentError):
    """Neither a file nor a remembered video goes by this name."""

    exit_code = 5


class LibraryError(VidagentError):
    """The library file cannot be used as it is."""


class LibraryTooNewError(LibraryError):
    """The library was written by a newer vidagent."""


class LibraryBusyError(LibraryError):
    """Another process holds the library for longer than we are willing to wait."""


class StorageFullError(LibraryError):
    """The disk or a size limit stopped a write; what was committed before is kept."""


def first_line(error: BaseException) -> str:
    """The first line of what a library says, its error's name where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def in_one_line(error: BaseException, n_characters_max: int) -> str:
    """All that a library says as one line, cut off where it goes on; its error's name where it says nothing."""
    return " ".join(str(error).split())[:n_characters_max] or type(error).__name__
