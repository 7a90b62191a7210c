"""``python -m vidagent`` is the command ``vidagent``."""

from .cli.main import run

run()
