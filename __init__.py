"""vidagent: ask questions of long videos on your own machine.

    import vidagent
    vidagent.ask("film.mp4", "When does the screen turn red?").moments[0].span

The names in ``__all__`` are what programs may rely on; ``docs/python.md`` shows each of them at work.
"""

from typing import TYPE_CHECKING

__all__ = [
    "Answer",
    "Asked",
    "CapabilityError",
    "Library",
    "LibraryError",
    "MediaError",
    "Memory",
    "ModelError",
    "Moment",
    "RequestError",
    "Searching",
    "Settings",
    "Span",
    "UnknownVideoError",
    "VidagentError",
    "ask",
    "asking",
    "remember",
    "search",
    "settings",
]

if TYPE_CHECKING:
    from .agent.answer import Answer, Moment
    from .agent.runs.recording import Asked
    from .agent.searching import Searching
    from .api import ask, asking, remember, search, settings
    from .index.library import Library
    from .index.memory import Memory
    from .tools.clock import Span
    from .tools.errors import (
        CapabilityError,
        LibraryError,
        MediaError,
        ModelError,
        RequestError,
        UnknownVideoError,
        VidagentError,
    )
    from .tools.settings import Settings

    __version__: str
else:
    # A name is imported when it is first asked for, so that the command line starts as quickly without them.
    _HOMES = {
        "api": ("ask", "asking", "remember", "search", "settings"),
        "agent.answer": ("Answer", "Moment"),
        "agent.runs.recording": ("Asked",),
        "agent.searching": ("Searching",),
        "index.library": ("Library",),
        "index.memory": ("Memory",),
        "tools.clock": ("Span",),
        "tools.settings": ("Settings",),
        "tools.errors": tuple(name for name in __all__ if name.endswith("Error")),
    }
    _HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

    def __getattr__(name):
        """A public name, from the module that it lives in."""
        if name == "__version__":
            globals()[name] = value = _version()
            return value
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        globals()[name] = value = getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
        return value

    def _version():
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("vidagent")
        except PackageNotFoundError:  # run from a checkout that was never installed
            return "0"

    def __dir__():
        """All names, those not imported yet among them."""
        return sorted({*globals(), *__all__})
