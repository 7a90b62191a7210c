"""A trace in memory, of which a test reads what was noted."""

from __future__ import annotations

import json
from typing import Any


class Tape:
    """Takes note of steps, as a file of a trace would hold them."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, dict[str, Any]]] = []

    def note(self, step: str, **values: object) -> None:
        """See ``Trace``."""
        self.rows.append((step, json.loads(json.dumps(values))))

    def named(self, step: str) -> list[dict[str, Any]]:
        """What belongs to each step of a name."""
        return [values for name, values in self.rows if name == step]
