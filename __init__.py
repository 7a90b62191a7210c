"""vidagent: ask questions of long videos on your own machine."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("vidagent")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0"
