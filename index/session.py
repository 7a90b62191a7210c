"""What the last questions were about, so that the next one may go on from there."""

from __future__ import annotations

from collections.abc import Sequence

from ..tools.clock import Span
from .library import Library
from .records import Video, to_span, to_us

TURNS_KEPT = 3


class Session:
    """Events that came up under a name in the last ``n_turns`` questions; other processes see them too."""

    def __init__(self, library: Library, name: str, n_turns: int = TURNS_KEPT) -> None:
        self._library, self.name, self._n_turns = library, name, n_turns

    def carried(self) -> list[int]:
        """Ids of events from the last questions, the newest first."""
        rows = self._library.rows(
            "SELECT event_id FROM session_event JOIN session ON session.name = session"
            " WHERE session = ? AND added_turn > turn - ? ORDER BY added_turn DESC, event_id",
            self.name,
            self._n_turns,
        )
        return [int(str(row[0])) for row in rows]

    def last(self, video: Video) -> Span | None:
        """The seconds that the last answer cited; None where there was none, or it was about another video."""
        rows = self._library.rows(
            "SELECT start_us, end_us FROM session_citation WHERE session = ? AND media_id = ?",
            self.name,
            video.id,
        )
        return to_span(*rows[0]) if rows else None

    def cite(self, video: Video, span: Span) -> None:
        """Note the seconds that an answer cited."""
        with self._library.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO session(name, turn) VALUES (?, 0)", (self.name,))
            connection.execute(
                "INSERT OR REPLACE INTO session_citation(session, media_id, start_us, end_us) VALUES (?, ?, ?, ?)",
                (self.name, video.id, to_us(span.start_s), to_us(span.end_s)),
            )

    def keep(self, event_ids: Sequence[int]) -> None:
        """Count one more question, which brought up these events; older ones expire."""
        with self._library.transaction() as connection:
            connection.execute(
                "INSERT INTO session(name, turn) VALUES (?, 1) ON CONFLICT(name) DO UPDATE SET turn = turn + 1",
                (self.name,),
            )
            (turn,) = connection.execute("SELECT turn FROM session WHERE name = ?", (self.name,)).fetchone()
            connection.executemany(
                "INSERT OR REPLACE INTO session_event(session, event_id, added_turn) VALUES (?, ?, ?)",
                [(self.name, event_id, turn) for event_id in event_ids],
            )
            connection.execute(
                "DELETE FROM session_event WHERE session = ? AND added_turn <= ?",
                (self.name, turn - self._n_turns),
            )

    def forget(self) -> None:
        """Forget what this name was about."""
        with self._library.transaction() as connection:
            connection.execute("DELETE FROM session WHERE name = ?", (self.name,))
