"""A picture to draw on, in the video's own pixels, and the shapes that several scenes share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

WIDTH_PX = 640
HEIGHT_PX = 360
# Drawn twice as large and reduced, because Pillow's shapes have hard edges.
SCALE = 2

Colour = tuple[int, int, int]
Point = tuple[float, float]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

WHITE: Colour = (245, 245, 240)
BLACK: Colour = (0, 0, 0)
INK: Colour = (30, 32, 40)
WOOD: Colour = (120, 82, 50)
SKIN: Colour = (232, 190, 160)
RED: Colour = (200, 50, 45)


@lru_cache(maxsize=64)
def _font(size_px: int) -> Font:
    return ImageFont.load_default(size=size_px * SCALE)


@lru_cache(maxsize=32)
def _gradient(top: Colour, bottom: Colour) -> Image.Image:
    size = (WIDTH_PX * SCALE, HEIGHT_PX * SCALE)
    mask = Image.linear_gradient("L").resize(size)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), mask)


class Canvas:
    """One picture; every position and length is in the pixels of the finished video."""

    def __init__(self) -> None:
        self._image = Image.new("RGB", (WIDTH_PX * SCALE, HEIGHT_PX * SCALE))
        self._draw = ImageDraw.Draw(self._image)

    def finished(self) -> Image.Image:
        return self._image.reduce(SCALE)

    def fill(self, top: Colour, bottom: Colour) -> None:
        self._image.paste(_gradient(top, bottom))

    def box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        corners = (x, y, x + width, y + height)
        self._draw.rectangle([value * SCALE for value in corners], fill=colour)

    def oval(self, x: float, y: float, radius_x: float, radius_y: float, colour: Colour) -> None:
        corners = (x - radius_x, y - radius_y, x + radius_x, y + radius_y)
        self._draw.ellipse([value * SCALE for value in corners], fill=colour)

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=colour)

    def stroke(self, points: Sequence[Point], colour: Colour, width: float = 2) -> None:
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self._draw.line(scaled, fill=colour, width=round(width * SCALE))

    def words(self, x: float, y: float, text: str, size_px: int, colour: Colour, anchor: str = "mm") -> None:
        place = (x * SCALE, y * SCALE)
        self._draw.text(place, text, fill=colour, font=_font(size_px), anchor=anchor)


def sea(canvas: Canvas, top_y: float, t_s: float, colour: Colour) -> None:
    canvas.box(0, top_y, WIDTH_PX, HEIGHT_PX - top_y, colour)
    light: Colour = (min(colour[0] + 30, 255), min(colour[1] + 30, 255), min(colour[2] + 30, 255))
    for row in range(4):
        y = top_y + 12 + row * (HEIGHT_PX - top_y) / 4.5
        canvas.stroke(_wave(y, t_s + row), light, 2)


def _wave(y: float, t_s: float) -> list[Point]:
    return [(x, y + 3 * math.sin(x / 22 + t_s * 1.4)) for x in range(0, WIDTH_PX + 16, 16)]


def sail_boat(canvas: Canvas, x: float, y: float, hull: Colour, sail: Colour) -> None:
    canvas.shape([(x - 36, y), (x + 36, y), (x + 24, y + 18), (x - 26, y + 18)], hull)
    canvas.stroke([(x, y), (x, y - 58)], WOOD, 3)
    canvas.shape([(x + 3, y - 56), (x + 3, y - 6), (x + 32, y - 6)], sail)


def lighthouse(canvas: Canvas, x: float, base_y: float, lit: bool) -> None:
    """A tower 150 pixels high; its lamp stands 138 pixels above the base."""
    canvas.shape([(x - 26, base_y), (x + 26, base_y), (x + 16, base_y - 120),
                  (x - 16, base_y - 120)], WHITE)  # fmt: skip
    for low in (24, 72):
        wide, narrow = 26 - low / 12, 24 - low / 12
        canvas.shape([(x - wide, base_y - low), (x + wide, base_y - low),
                      (x + narrow, base_y - low - 24), (x - narrow, base_y - low - 24)],
                     RED)  # fmt: skip
    canvas.box(x - 22, base_y - 126, 44, 6, INK)
    canvas.box(x - 11, base_y - 147, 22, 21, (255, 235, 140) if lit else (60, 64, 74))
    canvas.shape([(x - 16, base_y - 147), (x + 16, base_y - 147), (x, base_y - 164)], RED)


def beam(canvas: Canvas, x: float, y: float, t_s: float, colour: Colour) -> None:
    """The light of the turning lamp: one wedge that swings and shrinks like a turning beam."""
    reach = 420 * math.cos(t_s * 1.1)
    rise = 24 * math.sin(t_s * 1.1)
    canvas.shape([(x, y), (x + reach, y - 30 + rise), (x + reach, y + 30 + rise)], colour)


def person(canvas: Canvas, x: float, y: float, coat: Colour, step: float = 0.0) -> None:
    """Somebody standing with the feet at (x, y); a changing step makes the legs walk."""
    swing = 7 * math.sin(step)
    canvas.stroke([(x - 2, y - 26), (x - 4 + swing, y)], INK, 5)
    canvas.stroke([(x + 2, y - 26), (x + 4 - swing, y)], INK, 5)
    canvas.shape([(x - 10, y - 56), (x + 10, y - 56), (x + 13, y - 22), (x - 13, y - 22)], coat)
    canvas.stroke([(x + 8, y - 52), (x + 17, y - 34 - swing / 2)], coat, 5)
    canvas.oval(x, y - 65, 9, 10, SKIN)
    canvas.shape([(x - 10, y - 66), (x + 10, y - 66), (x + 6, y - 78), (x - 6, y - 78)], WOOD)


def dog(canvas: Canvas, x: float, y: float, step: float = 0.0) -> None:
    swing = 6 * math.sin(step)
    for leg_x, sign in ((-12, 1), (-8, -1), (10, 1), (14, -1)):
        canvas.stroke([(x + leg_x, y - 12), (x + leg_x + sign * swing, y)], INK, 4)
    canvas.oval(x, y - 17, 19, 9, INK)
    canvas.oval(x + 22, y - 27, 9, 8, WHITE)
    canvas.oval(x + 18, y - 27, 4, 9, INK)
    canvas.stroke([(x - 18, y - 20), (x - 28, y - 30 - swing)], INK, 4)


def gull(canvas: Canvas, x: float, y: float, size: float, t_s: float) -> None:
    lift = size * 0.5 * math.sin(t_s * 5)
    canvas.stroke([(x - size, y - lift), (x - size / 3, y - size / 4), (x, y),
                   (x + size / 3, y - size / 4), (x + size, y - lift)], WHITE, 4)  # fmt: skip
    canvas.oval(x, y + 1, size / 4, size / 7, WHITE)


def cloud(canvas: Canvas, x: float, y: float, colour: Colour) -> None:
    for offset_x, offset_y, radius in ((-34, 6, 22), (0, 0, 30), (36, 6, 24)):
        canvas.oval(x + offset_x, y + offset_y, radius * 1.3, radius * 0.7, colour)


def sign(canvas: Canvas, x: float, y: float, text: str, width: float) -> None:
    """A board on two posts, with its words in the middle."""
    for post_x in (x - width / 3, x + width / 3):
        canvas.box(post_x - 4, y, 8, 90, WOOD)
    canvas.box(x - width / 2, y - 26, width, 52, INK)
    canvas.box(x - width / 2 + 4, y - 22, width - 8, 44, WHITE)
    canvas.words(x, y, text, 28, INK)
