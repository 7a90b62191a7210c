"""A maker of subtitles that are pictures: PGS segments written by hand, DVD and DVB packets made from them."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer, OutputContainer
from av.stream import Disposition, Stream
from PIL import Image, ImageDraw, ImageFont

Pixels = npt.NDArray[np.uint8]

CANVAS = (1920, 1080)
SMALL = (720, 576)
UNMARKED = Disposition(0)
_TICKS_PER_S = 90_000
_OBJECT_BYTES_MAX = 60_000
_COMPOSITION, _WINDOWS, _PALETTE, _OBJECT, _END = 0x16, 0x17, 0x14, 0x15, 0x80


@dataclass(frozen=True)
class Drawing:
    """A bitmap and its place in pixels; a number is 16 times its grey, from 0 to 15, plus its opacity."""

    numbers: Pixels
    left: int
    top: int


@dataclass(frozen=True)
class DisplaySet:
    """What is shown from ``at_s`` on, nothing without drawings.

    ``written`` is the share of each bitmap's code that is there, ``claimed_s`` the packet's duration.
    """

    at_s: float
    drawings: tuple[Drawing, ...] = ()
    written: float = 1.0
    has_end: bool = True
    claimed_s: float | None = None


@dataclass(frozen=True)
class BitmapTrack:
    """A track to write; ``codec`` is empty for PGS, or the name of FFmpeg's encoder."""

    sets: Sequence[DisplaySet]
    canvas: tuple[int, int] = CANVAS
    language: str = "eng"
    disposition: Disposition = UNMARKED
    codec: str = ""


def painted(
    text: str,
    left: int = 600,
    top: int = 900,
    points: int = 48,
    grey: int = 255,
    outline: int | None = 0,
    opacity: int = 255,
) -> Drawing:
    """Words in a plain typeface; greys and opacity from 0 to 255, no outline where that is None."""
    stroke = 0 if outline is None else max(1, points // 16)
    font = ImageFont.load_default(points)
    box = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox((0, 0), text, font, stroke_width=stroke)
    image = Image.new("LA", (int(box[2] - box[0]) + 2, int(box[3] - box[1]) + 2))
    ImageDraw.Draw(image).multiline_text(
        (1 - box[0], 1 - box[1]),
        text,
        (grey, opacity),
        font,
        stroke_width=stroke,
        stroke_fill=(outline or 0, opacity),
    )
    levels = np.asarray(image, np.uint8) // 17
    return Drawing(np.where(levels[..., 1] > 0, levels[..., 0] * 16 + levels[..., 1], 0), left, top)


def filled(width: int, height: int, left: int = 0, top: int = 0) -> Drawing:
    """A white box."""
    return Drawing(np.broadcast_to(np.uint8(255), (height, width)), left, top)


def write_sup(path: Path, sets: Sequence[DisplaySet], canvas: tuple[int, int] = CANVAS) -> Path:
    """Writes a bare PGS file."""
    path.write_bytes(b"".join(_set_bytes(number, one, canvas) for number, one in enumerate(sets)))
    return path


def write_captions(path: Path, *tracks: BitmapTrack, beside: Path | None = None) -> Path:
    """Writes a file whose name says its format, with the tracks and the pictures of another file."""
    with ExitStack() as stack:
        container = stack.enter_context(av.open(str(path), "w", options={"avoid_negative_ts": "disabled"}))
        pairs = [(stack.enter_context(av.open(str(beside))), None)] if beside else []
        for number, track in enumerate(tracks):
            sup = write_sup(path.with_suffix(f".{number}.sup"), track.sets, track.canvas)
            pairs.append((stack.enter_context(av.open(str(sup))), track))
        streams = [_add_stream(container, source, track) for source, track in pairs]
        container.start_encoding()
        packets = [
            packet
            for stream, (source, track) in zip(streams, pairs, strict=True)
            for packet in _packets(stream, source, track)
        ]
        for packet in sorted(packets, key=lambda packet: (packet.dts or 0) * (packet.time_base or 0)):
            container.mux(packet)
    return path


def _set_bytes(number: int, one: DisplaySet, canvas: tuple[int, int]) -> bytes:
    def segment(kind: int, content: bytes) -> bytes:
        return b"PG" + struct.pack(">IIBH", round(one.at_s * _TICKS_PER_S), 0, kind, len(content)) + content

    parts = [segment(_COMPOSITION, _composition(number, one, canvas))]
    if one.drawings:
        parts.append(segment(_WINDOWS, _windows(one)))
        parts.append(segment(_PALETTE, _palette()))
    for name, drawing in enumerate(one.drawings):
        parts += [segment(_OBJECT, content) for content in _object(name, drawing, one.written)]
    return b"".join([*parts, segment(_END, b"")] if one.has_end else parts)


def _composition(number: int, one: DisplaySet, canvas: tuple[int, int]) -> bytes:
    starts_epoch = 0x80
    head = struct.pack(">HHBHBBBB", *canvas, 0x10, number, starts_epoch, 0, 0, len(one.drawings))
    places = [
        struct.pack(">HBBHH", name, name, 0, drawing.left, drawing.top)
        for name, drawing in enumerate(one.drawings)
    ]
    return head + b"".join(places)


def _windows(one: DisplaySet) -> bytes:
    boxes = [
        struct.pack(">BHHHH", name, drawing.left, drawing.top, *drawing.numbers.shape[::-1])
        for name, drawing in enumerate(one.drawings)
    ]
    return bytes([len(boxes)]) + b"".join(boxes)


def _palette() -> bytes:
    entries = [bytes([n, 16 + (n // 16) * 219 // 15, 128, 128, n % 16 * 17]) for n in range(256) if n % 16]
    return b"\0\0" + b"".join(entries)


def _object(name: int, drawing: Drawing, written: float) -> list[bytes]:
    code = _run_lengths(drawing.numbers)
    code = code[: round(written * len(code))]
    content = struct.pack(">HH", *drawing.numbers.shape[::-1]) + code
    pieces = [content[at : at + _OBJECT_BYTES_MAX] for at in range(0, len(content), _OBJECT_BYTES_MAX)]
    is_first, is_last = 0x80, 0x40
    objects = []
    for at, piece in enumerate(pieces):
        flags = is_first * (at == 0) | is_last * (at == len(pieces) - 1)
        length = len(content).to_bytes(3, "big") if at == 0 else b""
        objects.append(struct.pack(">HBB", name, 0, flags) + length + piece)
    return objects


def _run_lengths(numbers: Pixels) -> bytes:
    return b"".join(_row_code(row.tobytes()) for row in numbers)


@lru_cache
def _row_code(row: bytes) -> bytes:
    code = bytearray()
    for number, run in groupby(row):
        n_left = len(list(run))
        while n_left:
            n = min(n_left, 0x3FFF)
            code += _run(number, n)
            n_left -= n
    return bytes(code) + b"\0\0"


def _run(number: int, n: int) -> bytes:
    if number and n < 3:
        return bytes([number]) * n
    flag = 0x80 if number else 0
    length = bytes([0, flag | n]) if n < 64 else bytes([0, flag | 0x40 | n >> 8, n & 0xFF])
    return length + bytes([number] if number else [])


def _add_stream(container: OutputContainer, source: InputContainer, track: BitmapTrack | None) -> Stream:
    if track is None:
        return container.add_stream_from_template(source.streams.video[0])
    template = source.streams.subtitles[0]
    stream: Stream = (
        container.add_stream(track.codec) if track.codec else container.add_stream_from_template(template)
    )
    stream.time_base = Fraction(1, _TICKS_PER_S)
    stream.metadata["language"] = track.language
    stream.disposition = track.disposition
    return stream


def _packets(
    stream: Stream, source: InputContainer, track: BitmapTrack | None
) -> Iterator[av.Packet[Stream]]:
    began = -1
    for packet in source.demux(source.streams[0]):
        if not packet.size:
            continue
        began += bytes(packet)[0] == _COMPOSITION
        made = _encoded(packet, stream, track, began) if track and track.codec else packet
        if made is None:
            continue
        if track and not track.codec and track.sets[began].claimed_s is not None:
            made.duration = round((track.sets[began].claimed_s or 0) * _TICKS_PER_S)
        made.stream = stream
        yield made


def _encoded(
    packet: av.Packet[Stream], stream: Stream, track: BitmapTrack, number: int
) -> av.Packet[Stream] | None:
    """The packet's display set in another encoding, shown until the next set; a DVD has none that clears."""
    found = packet.stream.codec_context.decode2(packet)
    if found is None or (track.codec == "dvdsub" and not len(found)):
        return None
    ends_s = [*(one.at_s for one in track.sets[1:]), track.sets[-1].at_s + 5]
    length_s = ends_s[number] - track.sets[number].at_s
    found.start_display_time, found.end_display_time = 0, round(length_s * 1000)
    made = stream.codec_context.encode_subtitle(found)
    made.time_base, made.pts, made.dts = packet.time_base, packet.pts, packet.pts
    made.duration = round(length_s * _TICKS_PER_S)
    return made
