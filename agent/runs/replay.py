"""Replaying a run: its answer computed again, from the memory and from what the models gave, without any model."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property, partial
from math import inf
from pathlib import Path
from typing import Any

from ...index.library import Library
from ...index.meaning import Meaning
from ...index.memory import Memory
from ...index.records import Video
from ...index.sound_meaning import SoundMeaning
from ...tools.clock import Span
from ...tools.engines import Maker
from ...tools.errors import UnknownVideoError, VidagentError
from ...tools.roles import SpeechRecognizer, TextReader
from ..answer import Answer
from ..methods.spending import Budget
from ..planner import ask
from ..searching import Searching
from ..viewer import Viewer
from .memory_digest import digest_of, library_size
from .past import Run, Values, list_of, mapping_of, number_of, text_of
from .recording import FORM, Asked
from .replaying import (
    ReplayedDetector,
    ReplayedMemory,
    ReplayedPictures,
    ReplayedReader,
    ReplayedRecognizer,
    ReplayedSession,
    ReplayedSounds,
    ReplayedSpotter,
    ReplayedTextReader,
    ReplayedTexts,
    span_of,
)
from .script import ReplayError, Script, readable

_CHARACTERS_MAX = 1 << 17
_DIMENSION_MAX = 1 << 16
_TOLD_MAX = 60
# What asks whether the video's file is there is sent to one that is, or to one that cannot be: the video's own is not
# touched, and what a trace says is never a path.
_HERE = Path(__file__)
_NOWHERE = _HERE / "gone"


@dataclass(frozen=True)
class Replay:
    """What a run comes to when it is done again.

    ``answer`` is None where it ends in an ``error`` as it did then. ``difference`` tells in one line what is not as
    it was, and is empty where everything is, to the last byte.
    """

    within: Span | None
    answer: Answer | None
    error: str = ""
    difference: str = ""


def replay(run: Run, library: Library) -> Replay:
    """The run done again with what a library remembers of its video; nothing is loaded, looked at or kept.

    Raises ``ReplayError`` where the trace lacks what that needs, is damaged, or where something else is asked of a
    model than in the run; and ``UnknownVideoError`` where the video is forgotten or its memory another one by now.
    """
    _check_whole(run)
    return _Replaying(run, library).done()


def _check_whole(run: Run) -> None:
    if run.n_damaged:
        raise ReplayError(
            f"run {run.id}: {run.n_damaged} line(s) of its trace are damaged, so it cannot be replayed"
        )
    if not run.question:
        raise ReplayError(
            f"run {run.id}: it ended before its question was understood, so there is nothing to replay"
        )
    if not run.asked:
        raise ReplayError(f"run {run.id}: its trace is of an older form, which lacks what a replay needs")
    if run.asked.get("form") != FORM:
        maker = text_of(run.asked.get("vidagent"))
        raise ReplayError(
            f"run {run.id}: its trace is of another form than this vidagent reads (made by {maker})"
        )
    if not run.answer and not run.error:
        raise ReplayError(
            f"run {run.id}: it was broken off before its answer, so there is nothing to compare with"
        )


class _Replaying:
    """One run on its way to its answer for the second time."""

    def __init__(self, run: Run, library: Library) -> None:
        self._run, self._library = run, library
        self._script = Script(run)
        self._models = mapping_of(run.asked.get("models"))
        self._asked = _asked_of(run)
        self._memory = self._remembered()

    def done(self) -> Replay:
        """What it comes to."""
        try:
            answer = self._as_told(self._answer())
        except (ReplayError, UnknownVideoError):
            raise
        except VidagentError as error:
            ending = {"kind": type(error).__name__, "text": str(error)}
            then = {name: self._run.error.get(name) for name in ending}
            return Replay(self._asked.within, None, str(error), self._difference(then, ending))
        return Replay(self._asked.within, answer, "", self._difference(self._run.answer, answer.to_json()))

    def _answer(self) -> Answer:
        asked, memory = self._asked, self._memory
        return ask(
            memory,
            asked.text,
            asked.options,
            asked.min_confidence,
            asked.within,
            meaning=self._meaning,
            session=ReplayedSession(memory, asked.session, self._script) if asked.session else None,
            pictures=ReplayedPictures(self._script, *self._named("pictures"))
            if self._has("pictures")
            else None,
            sounds=self._sounds,
            spotter=ReplayedSpotter(self._script, self._name("spotter")) if self._has("spotter") else None,
            text_reader=self._text_reader,
            recognizer=self._recognizer,
            viewer=self._viewer,
        )

    def _has(self, role: str) -> bool:
        return role in self._models

    def _name(self, role: str) -> str:
        return text_of(mapping_of(self._models.get(role)).get("name"))

    def _named(self, role: str) -> tuple[str, int]:
        """Name and dimension of an embedder, as the library knows it too."""
        name, dimension = self._name(role), mapping_of(self._models.get(role)).get("dimension")
        known = self._library.rows("SELECT dimension FROM model WHERE name = ?", name)
        if not isinstance(dimension, int) or not 0 < dimension <= _DIMENSION_MAX:
            raise ReplayError(f"run {self._run.id}: its model of {role} has no size: the trace is damaged")
        # A model of texts has left a row, which a replay must not write.
        if (known and known != [(dimension,)]) or (not known and role == "texts"):
            raise self._changed()
        return name, dimension

    @property
    def _meaning(self) -> Meaning | None:
        if not self._has("texts"):
            return None
        return Meaning(self._library, ReplayedTexts(self._script, *self._named("texts")))

    @property
    def _sounds(self) -> SoundMeaning | None:
        if not self._has("sounds"):
            return None
        return SoundMeaning(self._library, ReplayedSounds(self._script, *self._named("sounds")))

    @property
    def _text_reader(self) -> Maker[TextReader] | None:
        name = self._name("text-reader")
        make = partial(ReplayedTextReader, self._script, name)
        return Maker(name, make) if self._has("text-reader") else None

    @property
    def _recognizer(self) -> Maker[SpeechRecognizer] | None:
        name = self._name("recognizer")
        make = partial(ReplayedRecognizer, self._script, name)
        return Maker(name, make) if self._has("recognizer") else None

    @property
    def _viewer(self) -> Viewer | None:
        if not self._has("reader"):
            return None
        reader = ReplayedReader(self._script)
        return Viewer(reader, reader.measured, reader.is_untrained, self._searching)

    @property
    def _searching(self) -> Searching:
        detector = ReplayedDetector(self._script, self._name("detector")) if self._has("detector") else None
        with readable("how pictures were searched"):
            row = self._models["reader"]
            return Searching(
                text_of(row["strategy"]),
                Budget(**{name: inf if n is None else float(n) for name, n in row["budget"].items()}),
                int(row["n_frames_max"]),
                detector,
                row["is_exhaustive"] is True,
                self._script.clock,
            )

    @cached_property
    def _video(self) -> Video:
        """The video of the run, as the library remembers it."""
        asked, sha256 = self._run.asked, text_of(self._run.question.get("video"))
        key = (sha256, asked.get("sidecar"), asked.get("tracks"))
        found = [v for v in self._library.videos() if (v.sha256, v.sidecar_sha256, v.tracks) == key]
        if not found:
            raise UnknownVideoError(
                f"run {self._run.id}: its video {sha256[:8]} is not remembered in {self._library.path}"
            )
        return min(found, key=lambda video: not video.is_whole)

    def _remembered(self) -> Memory:
        """The memory as it was asked, with a stand-in for the video's file."""
        known = [name for name in list_of(self._run.asked.get("known")) if isinstance(name, str)]
        if digest_of(Memory(self._library, self._video), known) != self._run.asked.get("memory"):
            raise self._changed()
        file = _HERE if self._run.asked.get("is_there") is True else _NOWHERE
        status = _HERE.stat()
        video = replace(self._video, path=file, size_bytes=status.st_size, mtime_ns=status.st_mtime_ns)
        return ReplayedMemory(self._library, video, self._script, known)

    def _changed(self) -> UnknownVideoError:
        return UnknownVideoError(
            f"run {self._run.id}: what is remembered of {self._video.title} is not what it was; it cannot be replayed"
        )

    def _as_told(self, answer: Answer) -> Answer:
        """The answer with the place and the title that the video had, and the time that it took."""
        then = mapping_of(self._run.answer.get("video"))
        path, title = text_of(then.get("path")), text_of(then.get("title"))
        return replace(
            answer,
            video=replace(answer.video, path=Path(path), title=title),
            notes=tuple(note.replace(str(answer.video.path), path) for note in answer.notes),
            elapsed_s=number_of(self._run.answer.get("elapsed_s")),
        )

    def _difference(self, then: Values, now: Values) -> str:
        names = [name for name in {**now, **then} if _plain(then.get(name)) != _plain(now.get(name))]
        if not names and _plain(dict(then)) == _plain(dict(now)):
            return ""
        told = (
            f"{names[0]} was {_short(then.get(names[0]))}, is {_short(now.get(names[0]))}"
            if names
            else "its order"
        )
        others = f"; {', '.join(names[1:])} differ too" if names[1:] else ""
        return f"run {self._run.id} comes to something else now: {told}{others}{self._reasons()}"

    def _reasons(self) -> str:
        """What has changed since, and may be why."""
        from ... import __version__

        is_other = self._run.asked.get("vidagent") != __version__
        maker = f"; it was made by vidagent {text_of(self._run.asked.get('vidagent'))}" if is_other else ""
        has_grown = self._run.asked.get("library") != library_size(self._memory)
        return f"{maker}; the library holds other videos by now" if has_grown else maker


def _asked_of(run: Run) -> Asked:
    asked = run.asked
    with readable(f"run {run.id}: the question"):
        within, least, session = asked["within"], asked["min_confidence"], asked["session"]
        if session is not None and not isinstance(session, str):
            raise TypeError("no name of a session")
        return Asked(
            _words(asked["text"]),
            tuple(_words(option) for option in asked["options"]),
            None if least is None else float(least),
            None if within is None else span_of(within),
            session,
        )


def _words(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _CHARACTERS_MAX:
        raise TypeError("no words")
    return value


def _plain(value: object) -> str:
    return json.dumps(value)


def _short(value: object) -> str:
    text = _plain(value)
    return text if len(text) <= _TOLD_MAX else f"{text[:_TOLD_MAX]}…"
