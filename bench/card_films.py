"""Small made films of cards with words on them, whose words and seconds are known."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from labelled import Line, Script
from PIL import Image, ImageDraw, ImageFont

from vidagent.tools.clock import Span

SIZE = (640, 360)
N_CARDS = 14
_RATE_HZ = 4
_LENGTHS_S = (1.5, 6.0)
_HEIGHTS_PX = (11, 40)
_TICK = Fraction(1, 1000)


def make_card_film(path: Path, foreign: Script, chance: np.random.Generator) -> Script:
    """Writes a film without sound that shows a card with a few words of a line, then nothing, and so on.

    The smallest words are hard to read. The seconds are those of the container.
    """
    lines, at_s = [], 1.0
    for _ in range(N_CARDS):
        words = foreign.telling[int(chance.integers(len(foreign.telling)))].content
        length_s = round(float(chance.uniform(*_LENGTHS_S)) * _RATE_HZ) / _RATE_HZ
        lines.append(Line(Span(at_s, at_s + length_s), " ".join(words[: chance.integers(2, 5)]).upper()))
        at_s += length_s + round(float(chance.uniform(0.0, 2.0)) * _RATE_HZ) / _RATE_HZ
    _write(path, lines, at_s + 1.0, chance)
    return Script(lines, words_min=1)


def _write(path: Path, lines: Sequence[Line], duration_s: float, chance: np.random.Generator) -> None:
    cards = [(line.span, _card(line.body, chance)) for line in lines]
    blank = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=_RATE_HZ, options={"qscale": "3", "flags": "+qscale"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.time_base = stream.time_base = _TICK
        for number in range(round(duration_s * _RATE_HZ)):
            time_s = number / _RATE_HZ
            card = next((card for span, card in cards if span.start_s <= time_s < span.end_s), blank)
            frame = av.VideoFrame.from_ndarray(card, format="rgb24").reformat(format="yuv420p")
            frame.time_base, frame.pts, frame.duration = _TICK, 1000 * number // _RATE_HZ, 1000 // _RATE_HZ
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _card(words: str, chance: np.random.Generator) -> np.ndarray:
    dark, light = (int(chance.integers(0, 70)), int(chance.integers(150, 256)))
    card = Image.new("RGB", SIZE, (dark, dark, dark + 20))
    font = ImageFont.load_default(int(chance.integers(*_HEIGHTS_PX)))
    at = int(chance.integers(20, SIZE[0] // 2)), int(chance.integers(20, SIZE[1] - 60))
    # Long words in large letters would run out of the picture.
    ImageDraw.Draw(card).text(
        (at[0] if font.getlength(words) + at[0] < SIZE[0] else 4, at[1]), words, (light,) * 3, font
    )
    return np.asarray(card)
