"""A made film that tells what a video model sees on this machine: a burnt-in clock, cuts, beeps and ever smaller words.

All that is in it is known, so that what a model says of it can be counted right or wrong.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from ..clock import Span
from ..errors import CapabilityError, RequestError
from ..roles import Pixels, Samples

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_Places = npt.NDArray[Any]

SIZE = (1280, 720)
"""Width and height of the pictures."""
STEP_S = 0.1
"""Each picture is shown for so long, and the clock goes by such steps."""
DURATION_S = 40.0
BEEP_S, BEEP_HZ = 0.2, 1000
HEIGHTS_PX = (48, 32, 24, 16, 12, 8)
"""Heights of the words' capitals, in the order they are shown."""
CLOCK_PX = 96
"""Height of the clock's digits."""

_N_SCENES, _SCENE_TENTHS_MIN = 8, 30
_SLOT_TENTHS, _WORD_TENTHS = 65, 40
# A beep so near to a cut could be told by the cut.
_APART_TENTHS = 5
# Capitals that are flat above and below, and that no reader takes for another one or for a digit.
_LETTERS, _N_LETTERS = "AEFHKLMNPRTXYZ", 6
_RATE_HZ = 16000
_SOUND_FRAME = 1600
_TICK = Fraction(1, 1000)
# Matroska keeps every sample and every second as they are; AAC in MP4 would begin with silence of its own.
_FORMAT, _SOUND = "matroska", "pcm_s16le"
_CODECS: tuple[tuple[str, dict[str, str]], ...] = (
    ("libx264", {"preset": "ultrafast", "crf": "16", "g": "50", "threads": "1"}),
    ("libopenh264", {"b": "6000000"}),
    ("mpeg4", {"qscale": "2", "flags": "+qscale", "threads": "1"}),
)
_PIXELS = "yuv420p"
_BLACK, _WHITE, _NO_COLOUR = 16, 235, 128
_CLOCK_AT, _WORD_AT = (640, 120), (640, 600)
_CLOCK_PLATE, _WORD_PLATE = (480, 160), (560, 100)
# Each tells of columns and rows which pixels are dark.
_PATTERNS: tuple[Callable[[_Places, _Places], _Places], ...] = (
    lambda across, down: across < 0,
    lambda across, down: across // 80 % 2 == 0,
    lambda across, down: down // 80 % 2 == 0,
    lambda across, down: (across // 80 + down // 80) % 2 == 0,
    lambda across, down: (across + down) // 120 % 2 == 0,
    lambda across, down: np.hypot(across - SIZE[0] / 2, down - SIZE[1] / 2) // 90 % 2 == 0,
    lambda across, down: (across // 40 % 4 == 0) & (down // 40 % 4 == 0),
    lambda across, down: across > SIZE[0] / 2,
)


class ShownWord(NamedTuple):
    """A word in the picture, how high its capitals are, and when it is shown."""

    text: str
    height_px: int
    span: Span


@dataclass(frozen=True)
class ClockClip:
    """The film and what is in it, in seconds of the container.

    ``cuts_s`` are those of the first picture of each new scene, ``beeps_s`` those where a tone begins. The
    clock in each picture shows the picture's own second with its tenths, as "07.3".
    """

    path: Path
    cuts_s: tuple[float, ...]
    beeps_s: tuple[float, ...]
    words: tuple[ShownWord, ...]
    duration_s: float


def make_clock_clip(folder: Path, seed: int = 0) -> ClockClip:
    """Writes the film into a folder; the same seed gives the same film, another one other words and seconds.

    H.264 where this machine can write it, MPEG-4 otherwise. Raises ``RequestError`` where the folder cannot be
    written, and ``CapabilityError`` where no picture codec is there.
    """
    chance = random.Random(seed)
    clip = _planned(folder / f"clock-{seed}.mkv", chance)
    part = clip.path.with_suffix(".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(part, clip, chance)
        # Who is interrupted leaves no half film under the film's name.
        os.replace(part, clip.path)
    except OSError as error:
        raise RequestError(f"{folder}: cannot be written ({error.strerror}); name another folder") from error
    return clip


def _planned(path: Path, chance: random.Random) -> ClockClip:
    cuts, words = _cuts(chance), _words(chance)
    return ClockClip(path, tuple(cut / 10 for cut in cuts), _beeps_s(chance, cuts), words, DURATION_S)


def _cuts(chance: random.Random) -> list[int]:
    """Tenths of seconds of the cuts, at uneven distances."""
    free = round(DURATION_S * 10) - _N_SCENES * _SCENE_TENTHS_MIN
    shares = sorted(chance.sample(range(1, free), _N_SCENES - 1))
    return [share + number * _SCENE_TENTHS_MIN for number, share in enumerate(shares, start=1)]


def _words(chance: random.Random) -> tuple[ShownWord, ...]:
    starts = (
        _SLOT_TENTHS * number + chance.randrange(_SLOT_TENTHS - _WORD_TENTHS)
        for number in range(len(HEIGHTS_PX))
    )
    return tuple(
        ShownWord(
            "".join(chance.sample(_LETTERS, _N_LETTERS)),
            height,
            Span(start / 10, (start + _WORD_TENTHS) / 10),
        )
        for height, start in zip(HEIGHTS_PX, starts, strict=True)
    )


def _beeps_s(chance: random.Random, cuts: Sequence[int]) -> tuple[float, ...]:
    return tuple(_beep_s(chance, cuts, _SLOT_TENTHS * number) for number in range(len(HEIGHTS_PX)))


def _beep_s(chance: random.Random, cuts: Sequence[int], first: int) -> float:
    """A second of the slot that begins at a tenth, in hundredths and away from the cuts."""
    tenths = range(first + _APART_TENTHS, first + _SLOT_TENTHS - _APART_TENTHS)
    hundredths = [
        hundredth
        for hundredth in range(10 * tenths.start, 10 * tenths.stop)
        if all(abs(hundredth - 10 * cut) > 10 * _APART_TENTHS for cut in cuts)
    ]
    return chance.choice(hundredths) / 100


def _write(path: Path, clip: ClockClip, chance: random.Random) -> None:
    import av

    scenes = _scenes(chance)
    with av.open(str(path), "w", format=_FORMAT) as container:
        pictures, sound = _picture_track(container), _sound_track(container)
        # A step of pictures, then one of sound, so that a player has both at hand.
        for picture, noise in zip(_pictures(clip, scenes), _noises(clip), strict=True):
            container.mux(pictures.encode(picture))
            container.mux(sound.encode(noise))
        container.mux(pictures.encode(None))
        container.mux(sound.encode(None))


def _picture_track(container: OutputContainer) -> VideoStream:
    name, options = _codec()
    track = cast("VideoStream", container.add_stream(name, rate=round(1 / STEP_S), options=options))
    track.width, track.height = SIZE
    track.pix_fmt = _PIXELS
    track.codec_context.time_base = track.time_base = _TICK
    return track


def _sound_track(container: OutputContainer) -> AudioStream:
    return cast("AudioStream", container.add_stream(_SOUND, rate=_RATE_HZ, layout="mono"))


def _codec() -> tuple[str, dict[str, str]]:
    import av

    for name, options in _CODECS:
        try:
            av.codec.Codec(name, "w")
        except av.codec.codec.UnknownCodecError:
            continue
        return name, dict(options)
    raise CapabilityError(
        "PyAV here can write neither H.264 nor MPEG-4; run: pip install --force-reinstall av"
    )


def _pictures(clip: ClockClip, scenes: Sequence[Pixels]) -> Iterator[VideoFrame]:
    import av

    grounds = [_planes(scene) for scene in scenes]
    for number in range(round(clip.duration_s / STEP_S)):
        time_s = number / 10
        planes = grounds[sum(cut_s <= time_s for cut_s in clip.cuts_s)].copy()
        _put(planes, f"{time_s:04.1f}", CLOCK_PX, _CLOCK_AT, _CLOCK_PLATE)
        for word in clip.words:
            if word.span.start_s <= time_s < word.span.end_s:
                _put(planes, word.text, word.height_px, _WORD_AT, _WORD_PLATE)
        frame = av.VideoFrame.from_ndarray(planes, format=_PIXELS)
        frame.time_base, frame.pts, frame.duration = _TICK, 100 * number, 100
        yield frame


def _planes(scene: Pixels) -> Pixels:
    """Brightness above and the two colours below it, as an encoder takes them: (height * 3 / 2, width).

    Colours are converted once for each scene, since what is written into it has none.
    """
    import av

    return cast(
        "Pixels", av.VideoFrame.from_ndarray(scene, format="rgb24").reformat(format=_PIXELS).to_ndarray()
    )


def _noises(clip: ClockClip) -> Iterator[AudioFrame]:
    import av

    samples = (_sound(clip) * 32767).astype(np.int16)
    for first in range(0, len(samples), _SOUND_FRAME):
        frame = av.AudioFrame.from_ndarray(samples[None, first : first + _SOUND_FRAME], "s16", "mono")
        frame.sample_rate, frame.time_base, frame.pts = _RATE_HZ, Fraction(1, _RATE_HZ), first
        yield frame


def _sound(clip: ClockClip) -> Samples:
    """Silence with the beeps in it."""
    samples = np.zeros(round(clip.duration_s * _RATE_HZ), np.float32)
    seconds = np.arange(round(BEEP_S * _RATE_HZ)) / _RATE_HZ
    tone = 0.5 * np.sin(2 * np.pi * BEEP_HZ * seconds)
    for beep_s in clip.beeps_s:
        first = round(beep_s * _RATE_HZ)
        samples[first : first + len(tone)] = tone
    return samples


def _scenes(chance: random.Random) -> list[Pixels]:
    """Pictures that differ in colour and in pattern from those before and after."""
    import cv2

    hues = np.arange(_N_SCENES, dtype=np.uint8) * (180 // _N_SCENES)
    # By three steps round the circle, neighbours are never of like colours.
    colours = [np.array([[[hues[3 * n % _N_SCENES], 160, 170]]], np.uint8) for n in range(_N_SCENES)]
    first = chance.randrange(_N_SCENES)
    return [
        _patterned((first + number) % _N_SCENES, cv2.cvtColor(colour, cv2.COLOR_HSV2RGB)[0, 0])
        for number, colour in enumerate(colours)
    ]


def _patterned(kind: int, colour: Pixels) -> Pixels:
    """A picture of a colour and a darker shade of it, in one of eight patterns."""
    across, down = np.arange(SIZE[0])[None, :], np.arange(SIZE[1])[:, None]
    is_dark = np.broadcast_to(_PATTERNS[kind](across, down), SIZE[::-1])
    return np.array([colour, colour // 2], np.uint8).take(is_dark.astype(np.intp), axis=0)


def _put(planes: Pixels, text: str, height_px: int, middle: tuple[int, int], plate: tuple[int, int]) -> None:
    """Write into the planes of a picture, white on a black plate around the middle."""
    width, height = SIZE
    brightness, colours = planes[:height], planes[height:].reshape(2, height // 2, width // 2)
    ink = _ink(text, height_px)
    _inside(brightness, middle, plate)[:] = _BLACK
    _inside(brightness, middle, (ink.shape[1], ink.shape[0]))[:] = _BLACK + ink * ((_WHITE - _BLACK) / 255)
    for colour in colours:
        _inside(colour, (middle[0] // 2, middle[1] // 2), (plate[0] // 2, plate[1] // 2))[:] = _NO_COLOUR


def _inside(plane: Pixels, middle: tuple[int, int], size: tuple[int, int]) -> Pixels:
    left, top = middle[0] - size[0] // 2, middle[1] - size[1] // 2
    return plane[top : top + size[1], left : left + size[0]]


@cache
def _scale(height_px: int) -> float:
    """The scale at which a capital is so many pixels high.

    It is measured, as OpenCV 5 draws other letters than OpenCV 4 by the same name.
    """
    low, high = 0.0, height_px / 4
    for _ in range(20):
        middle = (low + high) / 2
        if n_rows(_drawn("H", middle, height_px)) < height_px:
            low = middle
        else:
            high = middle
    return high


def n_rows(ink: Pixels) -> int:
    """How many rows from the first to the last that is more white than black somewhere."""
    rows = np.flatnonzero((ink > 127).any(axis=1))
    return int(rows[-1] - rows[0] + 1) if len(rows) else 0


def _ink(text: str, height_px: int) -> Pixels:
    """White letters on black, cut to their edges: (height, width)."""
    drawn = _drawn(text, _scale(height_px), height_px)
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    return drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _drawn(text: str, scale: float, height_px: int) -> Pixels:
    import cv2

    canvas = np.zeros((8 * height_px, 4 * height_px * (len(text) + 1)), np.uint8)
    place, thickness = (height_px, 6 * height_px), max(1, height_px // 10)
    cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thickness, cv2.LINE_AA)
    return canvas
