"""A maker of small videos whose pictures carry their own number, so that a test can tell which one it got."""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.float32]
Painter = Callable[[int], Pixels]

SIZE = (160, 96)
STEP_S = 0.04
RATE_HZ = 16000
MILLISECONDS = Fraction(1, 1000)
TOLERANCE_S = 1e-3
_N_BITS = 8


@dataclass(frozen=True)
class Look:
    """How pictures are encoded: ``size`` is (width, height), ``tick`` the unit of their timestamps.

    ``rate_hz`` is the rate that the header tells.
    """

    codec: str = "libx264"
    size: tuple[int, int] = SIZE
    pixel_format: str = "yuv420p"
    tick: Fraction = MILLISECONDS
    options: Mapping[str, str] = field(default_factory=dict)
    rate_hz: int = round(1 / STEP_S)


def steady(n: int, start_s: float = 0.0, step_s: float = STEP_S) -> list[float]:
    """Seconds of ``n`` evenly spaced pictures."""
    return [start_s + i * step_s for i in range(n)]


def numbered(size: tuple[int, int] = SIZE) -> Painter:
    """Pictures with their number in binary: eight black or white blocks above, a white corner below left."""
    width, height = size

    def paint(number: int) -> Pixels:
        picture = np.full((height, width, 3), 96, np.uint8)
        for bit, columns in enumerate(np.array_split(np.arange(width), _N_BITS)):
            picture[: height // 2, columns] = 255 * (number >> (_N_BITS - 1 - bit) & 1)
        picture[height // 2 :, : width // 2] = 255
        return picture

    return paint


def number_in(luma: Pixels) -> int:
    """The number painted by ``numbered``; -1 where the picture does not stand upright."""
    height, width = luma.shape
    corner, rest = luma[height * 3 // 4, width // 4], luma[height * 3 // 4, width * 3 // 4]
    if corner < 200 or not 50 < rest < 150:
        return -1
    columns = [int((bit + 0.5) * width / _N_BITS) for bit in range(_N_BITS)]
    return sum(int(luma[height // 4, x] > 128) << (_N_BITS - 1 - bit) for bit, x in enumerate(columns))


def solid(colour: tuple[int, int, int], size: tuple[int, int] = SIZE) -> Painter:
    """Pictures of one colour (red, green, blue)."""
    picture = np.full((size[1], size[0], 3), colour, np.uint8)
    return lambda number: picture


def tone(duration_s: float, hertz: float = 440.0) -> Samples:
    """A sine at half scale, mono at ``RATE_HZ``."""
    seconds = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    return np.asarray(0.5 * np.sin(2 * np.pi * hertz * seconds), np.float32)


def make_clip(
    path: Path,
    times_s: Sequence[float] = (),
    paint: Painter | None = None,
    look: Look | None = None,
    sound: Samples | None = None,
    sound_at_s: float = 0.0,
    sound_codec: str = "aac",
    options: Mapping[str, str] | None = None,
) -> Path:
    """Writes a file whose name says its format; picture ``i`` is ``paint(i)``, shown at ``times_s[i]``.

    Without ``times_s`` there is no picture track, without ``sound`` (mono at ``RATE_HZ``) no sound track.
    """
    look = look or Look()
    with av.open(str(path), "w", options=dict(options or {})) as container:
        pictures = _add_pictures(container, look) if len(times_s) else None
        voice = container.add_stream(sound_codec, rate=RATE_HZ, layout="mono") if sound is not None else None
        if voice is not None and sound is not None:
            _mux(container, voice, _sound_frames(sound, sound_at_s, voice.frame_size or 1024))
        if pictures is not None:
            _mux(container, pictures, _picture_frames(times_s, paint or numbered(look.size), look))
    return path


def cut(
    source: Path,
    target: Path,
    until_s: float,
    since_s: float = 0.0,
    kinds: Collection[str] = ("video", "audio"),
) -> Path:
    """A stretch of a file, its packets as they are, on a clock that begins with it; the target again.

    It begins at a second that has a keyframe, and holds the tracks of some kinds.
    """
    with av.open(str(source)) as opened, av.open(str(target), "w") as made:
        streams = {each: made.add_stream_from_template(each) for each in opened.streams if each.type in kinds}
        for each, copied in streams.items():
            copied.disposition = each.disposition
        begun = set[av.stream.Stream]()
        for packet in opened.demux(*streams):
            if packet.dts is None or packet.dts * packet.time_base >= until_s:
                continue
            # Those before the keyframe in the order of decoding are of the pictures before it.
            if packet.is_keyframe and packet.pts * packet.time_base >= since_s - TOLERANCE_S:
                begun.add(packet.stream)
            if packet.stream in begun:
                shift = round(since_s / packet.time_base)
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = streams[packet.stream]
                made.mux(packet)
    return target


def rotate(path: Path, quarter_turns: int) -> Path:
    """Tells players of an mp4 file to turn its pictures clockwise by so many quarters of a circle."""
    cosine, sine = [(1, 0), (0, 1), (-1, 0), (0, -1)][quarter_turns % 4]
    matrix = [v << 16 for v in (cosine, sine, 0, -sine, cosine, 0, 0, 0)] + [1 << 30]
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    data[at : at + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(data)
    return path


def _add_pictures(container: av.container.OutputContainer, look: Look) -> av.VideoStream:
    stream = container.add_stream(look.codec, rate=look.rate_hz, options=dict(look.options))
    stream.width, stream.height = look.size
    stream.pix_fmt = look.pixel_format
    stream.codec_context.time_base = stream.time_base = look.tick
    return stream


def _picture_frames(times_s: Sequence[float], paint: Painter, look: Look) -> list[av.VideoFrame]:
    ends_s = [*times_s[1:], times_s[-1] + STEP_S]
    frames = []
    for number, (start_s, end_s) in enumerate(zip(times_s, ends_s, strict=True)):
        frame = av.VideoFrame.from_ndarray(paint(number), format="rgb24").reformat(format=look.pixel_format)
        frame.time_base, frame.pts = look.tick, round(start_s / look.tick)
        frame.duration = round((end_s - start_s) / look.tick)
        frames.append(frame)
    return frames


def _sound_frames(sound: Samples, at_s: float, length: int) -> list[av.AudioFrame]:
    frames = []
    for first in range(0, len(sound), length):
        frame = av.AudioFrame.from_ndarray(sound[None, first : first + length], format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = RATE_HZ, Fraction(1, RATE_HZ)
        frame.pts = round(at_s * RATE_HZ) + first
        frames.append(frame)
    return frames


def _mux(container: av.container.OutputContainer, stream: av.stream.Stream, frames: Sequence[object]) -> None:
    for frame in [*frames, None]:
        container.mux(stream.encode(frame))
