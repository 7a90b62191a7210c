"""What could stand next in a line: commands, videos, times and files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from ...tools.clock import format_time
from ...tools.plain import plain
from .commands import COMMANDS, MARK, Takes
from .turns import USUAL, Conversation

if TYPE_CHECKING:
    from ...index.records import Video

_TIME_BEGUN = re.compile(r"(?<![\w:.])\d{1,3}:[\d:.]*$")
_BUDGETS = ("30s", "64frames", "20ktok", USUAL)
_TIMES_MAX = 40


@dataclass(frozen=True)
class Offer:
    """A word in place of the last ``n_begun`` characters, and what it means."""

    word: str
    n_begun: int
    meaning: str = ""


def offers(line: str, videos: Sequence[Video], times_s: Iterable[float]) -> Iterator[Offer]:
    """What could stand at the end of a line, files left out; whatever a video is called is made harmless."""
    name, space, words = line.partition(" ")
    if not line.startswith(MARK):
        # In a question only a time that has been begun is completed.
        if begun := _TIME_BEGUN.search(line):
            yield from _times(begun[0], times_s)
    elif not space:
        for command in COMMANDS.values():
            if command.name.startswith(name.removeprefix(MARK)):
                yield Offer(MARK + command.name, len(line), command.about)
    elif takes := _takes(name):
        if takes is Takes.TIME:
            yield from _times(words.lstrip(), times_s)
        elif takes is Takes.VIDEO:
            yield from _videos(words.lstrip(), videos)
        elif takes is Takes.BUDGET:
            yield from (Offer(each, len(words)) for each in _BUDGETS if each.startswith(words.lstrip()))


def _takes(name: str) -> Takes:
    command = COMMANDS.get(name.removeprefix(MARK).removesuffix("!"))
    return command.takes if command else Takes.NOTHING


def _times(begun: str, times_s: Iterable[float]) -> Iterator[Offer]:
    # With three decimals: a second that was rounded may lie before the picture that it stands for.
    written = dict.fromkeys(format_time(time_s, 3) for time_s in times_s)
    fits = [word for word in written if word.startswith(begun)]
    yield from (Offer(word, len(begun)) for word in fits[:_TIMES_MAX])


def _videos(begun: str, videos: Sequence[Video]) -> Iterator[Offer]:
    titles = [video.title for video in videos]
    for video in videos:
        title = plain(video.title)
        # A title that is not shown as it is, or is another one's too, would not lead back to its video.
        is_own = title == video.title and titles.count(title) == 1
        if title.casefold().startswith(begun.casefold()) or video.short_id.startswith(begun):
            length = format_time(video.duration_s, 0)
            yield Offer(title if is_own else video.short_id, len(begun), f"{length} {title}")


class LineCompleter(Completer):
    """Completes a line by ``offers``, for the videos that a library remembers, and by the files that there are."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._files = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        """See ``Completer``."""
        line = document.current_line_before_cursor if document.line_count > 1 else document.text_before_cursor
        name, space, words = line.partition(" ")
        if line.startswith(MARK) and space and _takes(name) is Takes.FILE:
            yield from self._files.get_completions(Document(words.lstrip()), event)
            return
        videos = self._conversation.asking.library.videos() if _takes(name) is Takes.VIDEO else []
        for offer in offers(line, videos, self._conversation.times_s()):
            yield Completion(offer.word, -offer.n_begun, display_meta=offer.meaning)
