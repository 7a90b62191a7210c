"""What the decoding process does: read one file as its input says, and send what it finds.

A file can be made to crash or to stall a decoder. Here that costs a process with bounded memory,
which the program outlives.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from .bitmap_subtitles import BitmapReader
from .clock import Span
from .container import Pulse
from .errors import VidagentError
from .media_info import Chapter, to_plain
from .picture import Picture, packed
from .pictures import PictureReader
from .probe import probe
from .remuxing import remux
from .seeker import PictureSeeker
from .sound import SoundReader
from .wire import Blob, send

MEMORY_BYTES_MAX = 6 << 30
"""Room for the pictures that a decoder keeps of the largest video that is read."""
_BEAT_EVERY_S = 0.5

Sent = tuple[dict[str, Any], Sequence[Blob]]


@dataclass
class _Pulse:
    """Tells the program now and then that reading goes on; a decoder that hangs falls silent."""

    stream: IO[bytes]
    last_s: float = 0.0

    def __call__(self) -> None:
        now_s = time.monotonic()
        if now_s - self.last_s > _BEAT_EVERY_S:
            self.last_s = now_s
            send(self.stream, {"kind": "beat"})


def serve() -> None:
    """Do the one job that the input describes, and end; the program ends us by closing our output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory()
    # Whatever a library prints must not come between the messages.
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    request = json.loads(sys.stdin.buffer.readline())
    with suppress(BrokenPipeError):
        for header, blobs in _done(request, _Pulse(stream)):
            send(stream, header, blobs)


def _done(request: dict[str, Any], pulse: Pulse) -> Iterator[Sent]:
    try:
        yield from _JOBS[request["job"]](Path(request["path"]), request, pulse)
    except VidagentError as error:
        yield {"kind": "error", "name": type(error).__name__, "text": str(error)}, ()
    except MemoryError:
        text = f"{request['path']}: needs more memory to decode than the {MEMORY_BYTES_MAX >> 30} GiB allowed"
        yield {"kind": "error", "name": "MediaError", "text": text}, ()
    except Exception as error:
        # A fault of ours: told in full, since only here it can be seen.
        yield {"kind": "fault", "text": f"{type(error).__name__}: {error}"}, ()


def _pictures(path: Path, request: dict[str, Any], pulse: Pulse) -> Iterator[Sent]:
    reader = PictureReader(
        path,
        request["every_s"],
        request["track"],
        _spans(request),
        request["keyframes_only"],
        pulse,
    )
    for picture in reader:
        header, blobs = _picture(picture)
        yield header | {"so_far": _counts(reader)}, blobs
    yield {"kind": "end", "end_s": reader.end_s, **_counts(reader)}, ()


def _counts(reader: PictureReader) -> dict[str, Any]:
    lost = [asdict(span) for span in reader.lost]
    return {"n_pictures": reader.n_pictures, "n_damaged": reader.n_damaged, "lost": lost}


def _moments(path: Path, request: dict[str, Any], pulse: Pulse) -> Iterator[Sent]:
    with PictureSeeker(path, request["track"], pulse) as seeker:
        for time_s, picture in seeker.at_each(request["times_s"]):
            header, blobs = _picture(picture)
            yield header | {"time_s": time_s}, blobs
    yield {"kind": "end"}, ()


def _sound(path: Path, request: dict[str, Any], pulse: Pulse) -> Iterator[Sent]:
    shape = {name: request[name] for name in ("track", "rate_hz", "window_s", "overlap_s")}
    reader = SoundReader(path, **shape, spans=_spans(request), pulse=pulse)
    for window in reader:
        yield {"kind": "window", "start_s": window.start_s}, (window.samples.tobytes(),)
    counts = {"end_s": reader.end_s, "n_damaged": reader.n_damaged}
    yield {"kind": "end", "lost": [asdict(span) for span in reader.lost], **counts}, ()


def _captions(path: Path, request: dict[str, Any], pulse: Pulse) -> Iterator[Sent]:
    reader = BitmapReader(path, request["language"])
    for caption in reader:
        pulse()
        header = {"span": asdict(caption.span), "size": caption.image.shape[:2], "box": caption.box}
        yield {"kind": "caption", **header}, (caption.image.tobytes(),)
    yield {"kind": "end", "n_damaged": reader.n_damaged}, ()


def _probe(path: Path, request: dict[str, Any], pulse: Pulse) -> Iterator[Sent]:
    yield {"kind": "info", "info": to_plain(probe(path))}, ()


def _remux(path: Path, request: dict[str, Any], pulse: Pulse) -> Iterator[Sent]:
    chapters = [Chapter(Span(start_s, end_s), title) for start_s, end_s, title in request["chapters"]]
    target = Path(request["target"])
    left_out = remux(path, target, request["form"], chapters, request["leaves_out"], pulse)
    yield {"kind": "info", "left_out": left_out}, ()


_JOBS = {
    "pictures": _pictures,
    "moments": _moments,
    "sound": _sound,
    "captions": _captions,
    "probe": _probe,
    "remux": _remux,
}


def _picture(picture: Picture) -> Sent:
    header, blobs = packed(picture)
    return {"kind": "picture", **header}, blobs


def _spans(request: dict[str, Any]) -> tuple[Span, ...]:
    return tuple(Span(start_s, end_s) for start_s, end_s in request["spans"])


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # this system has no such limits
        return
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
