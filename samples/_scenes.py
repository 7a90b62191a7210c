"""How each scene of the sample looks, as a function of the seconds since the scene began."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from _canvas import (
    BLACK,
    HEIGHT_PX,
    INK,
    RED,
    SKIN,
    WHITE,
    WIDTH_PX,
    WOOD,
    Canvas,
    Colour,
    beam,
    cloud,
    dog,
    gull,
    lighthouse,
    person,
    sail_boat,
    sea,
    sign,
)
from _story import COUNTDOWN_FROM, WINNER_DELAY_S

Painter = Callable[[Canvas, float], None]

YELLOW: Colour = (250, 205, 80)
GREEN: Colour = (40, 140, 70)
SEA_DAY: Colour = (50, 120, 170)
SEA_NIGHT: Colour = (18, 30, 58)
MARY_COAT: Colour = (225, 150, 40)
STONE: Colour = (110, 108, 104)
LAMP_DARK_S = 17.0


def title(canvas: Canvas, t_s: float) -> None:
    canvas.fill((16, 26, 60), (60, 80, 130))
    beam(canvas, 540, 192, t_s, (90, 105, 130))
    sea(canvas, 300, t_s, SEA_NIGHT)
    lighthouse(canvas, 540, 330, lit=True)
    canvas.words(250, 90, "A DAY AT THE", 38, WHITE)
    canvas.words(250, 140, "LIGHTHOUSE", 50, YELLOW)
    canvas.words(250, 205, "Gull Island", 30, WHITE)


def dawn(canvas: Canvas, t_s: float) -> None:
    canvas.fill((90, 110, 170), (250, 180, 110))
    canvas.oval(150, 270 - 5 * t_s, 34, 34, (255, 235, 150))
    cloud(canvas, 330 + 4 * t_s, 70, (240, 205, 190))
    sea(canvas, 250, t_s, (80, 110, 150))
    canvas.oval(500, 300, 140, 45, (84, 74, 66))
    lighthouse(canvas, 500, 268, lit=True)
    gull(canvas, 40 + 16 * t_s, 120 + 10 * math.sin(t_s), 18, t_s)


def kitchen(canvas: Canvas, t_s: float) -> None:
    canvas.fill((236, 220, 190), (222, 200, 165))
    canvas.box(40, 50, 130, 110, WOOD)
    canvas.box(48, 58, 114, 94, (150, 200, 235))
    gull(canvas, 60 + (t_s * 9) % 90, 95, 10, t_s)
    _wall_clock(canvas, t_s)
    _calendar(canvas)
    person(canvas, 150, 300, MARY_COAT)
    canvas.box(190, 250, 280, 14, WOOD)
    canvas.box(210, 264, 12, 80, WOOD)
    canvas.box(440, 264, 12, 80, WOOD)
    canvas.box(300, 226, 30, 24, RED)
    for puff in range(3):
        rise = (t_s * 14 + puff * 16) % 48
        canvas.oval(315 + 4 * math.sin(t_s * 2 + puff), 218 - rise, 5, 6, WHITE)
    dog(canvas, 545, 335, t_s * 2)


def _wall_clock(canvas: Canvas, t_s: float) -> None:
    canvas.oval(290, 100, 44, 44, INK)
    canvas.oval(290, 100, 39, 39, WHITE)
    canvas.stroke([(290, 100), (290, 128)], INK, 4)
    canvas.stroke([(290, 100), (290, 68)], INK, 3)
    angle = math.tau * int(t_s) / 60
    canvas.stroke([(290, 100), (290 + 34 * math.sin(angle), 100 - 34 * math.cos(angle))], RED, 1)


def _calendar(canvas: Canvas) -> None:
    canvas.box(420, 40, 170, 120, WHITE)
    canvas.box(420, 40, 170, 36, RED)
    canvas.words(505, 58, "FRIDAY", 26, WHITE)
    canvas.words(505, 118, "12 JUNE", 36, INK)


def harbor(canvas: Canvas, t_s: float) -> None:
    canvas.fill((130, 190, 235), (215, 235, 245))
    cloud(canvas, 120 + 5 * t_s, 60, WHITE)
    sea(canvas, 180, t_s, SEA_DAY)
    boats: list[tuple[int, int, Colour]] = [(110, 215, RED), (300, 205, GREEN), (470, 225, INK)]
    for index, (x, y, hull) in enumerate(boats):
        sail_boat(canvas, x + 4 * t_s, y + 3 * math.sin(t_s * 1.5 + index), hull, WHITE)
    canvas.box(0, 318, WIDTH_PX, 42, WOOD)
    sign(canvas, 150, 280, "NORTH HARBOR", 240)


def boat(canvas: Canvas, t_s: float) -> None:
    canvas.fill((160, 210, 240), (220, 238, 245))
    bob = 4 * math.sin(t_s * 1.2)
    canvas.box(300, 20 + bob, 10, 150, WOOD)
    canvas.shape([(316, 24 + bob), (316, 150 + bob), (470, 150 + bob)], WHITE)
    for crate in range(3):
        _crate(canvas, 120 + crate * 60, 132 + bob)
    hull = [(70, 170 + bob), (590, 170 + bob), (520, 290 + bob), (140, 290 + bob)]
    canvas.shape(hull, (30, 70, 130))
    canvas.words(325, 222 + bob, "SEA ROSE", 54, WHITE)
    sea(canvas, 272, t_s, SEA_DAY)


def _crate(canvas: Canvas, x: float, y: float) -> None:
    for apple in range(4):
        canvas.oval(x + 8 + apple * 11, y, 7, 7, RED)
    canvas.box(x, y + 2, 50, 38, WOOD)


def departures(canvas: Canvas, t_s: float) -> None:
    canvas.fill((70, 76, 88), (44, 48, 58))
    canvas.box(30, 24, 580, 270, BLACK)
    canvas.words(52, 58, "DEPARTURES", 34, WHITE, "lm")
    canvas.oval(580, 58, 9, 9, YELLOW if int(t_s * 2) % 2 else (80, 66, 30))
    rows = [("09:00", "PORT ELLEN", "PIER 2"), ("11:30", "SOUTH BAY", "PIER 4"),
            ("14:15", "OLD TOWN", "CANCELLED")]  # fmt: skip
    for index, row in enumerate(rows):
        y = 120 + index * 60
        for x, cell in zip((52, 160, 400), row, strict=True):
            canvas.words(x, y, cell, 30, YELLOW, "lm")
    person(canvas, 60 + 18 * t_s, 350, (90, 140, 160), t_s * 6)


def gulls(canvas: Canvas, t_s: float) -> None:
    canvas.fill((70, 150, 220), (190, 225, 245))
    for index in range(3):
        cloud(canvas, (80 + index * 240 + 6 * t_s) % 760 - 60, 80 + 40 * (index % 2), WHITE)
    sea(canvas, 310, t_s, SEA_DAY)
    for index in range(5):
        x = 60 + index * 90 + 7 * t_s
        gull(canvas, x, 190 + 26 * math.sin(t_s * 0.7 + index * 2), 30, t_s + index)


def stairs(canvas: Canvas, t_s: float) -> None:
    canvas.fill((150, 110, 90), (100, 70, 58))
    for row in range(9):
        canvas.box(0, row * 40, WIDTH_PX, 2, (90, 62, 50))
        for column in range(9):
            canvas.box(column * 80 + 40 * (row % 2), row * 40, 2, 40, (90, 62, 50))
    for step in range(16):
        canvas.box(step * 40, 336 - step * 14, 42, HEIGHT_PX, STONE)
    n_climbed = min(t_s / 22, 1) * 13
    person(canvas, 24 + n_climbed * 40, 334 - n_climbed * 14, MARY_COAT, t_s * 5)
    canvas.box(40, 40, 300, 64, YELLOW)
    canvas.words(190, 72, "MIND YOUR HEAD", 32, INK)


def beach(canvas: Canvas, t_s: float) -> None:
    canvas.fill((150, 205, 240), (225, 240, 245))
    sea(canvas, 130, t_s, (60, 150, 180))
    canvas.shape([(0, 240), (WIDTH_PX, 200), (WIDTH_PX, HEIGHT_PX), (0, HEIGHT_PX)],
                 (230, 205, 150))  # fmt: skip
    dog(canvas, (t_s * 70) % 760 - 60, 262, t_s * 14)
    person(canvas, min(120 + 18 * t_s, 410), 330, MARY_COAT, min(t_s, 16.1) * 6)
    canvas.box(452, 306, 44, 20, GREEN)
    canvas.box(496, 312, 18, 8, GREEN)
    canvas.box(460, 311, 26, 10, WHITE)


def letter(canvas: Canvas, t_s: float) -> None:
    canvas.fill((80, 52, 34), (56, 36, 24))
    canvas.shape([(60, 30), (520, 20), (530, 335), (50, 340)], (246, 236, 205))
    canvas.words(90, 75, "My dear friend,", 30, INK, "lm")
    canvas.words(90, 140, "The silver key is hidden", 32, INK, "lm")
    canvas.words(90, 185, "under the old bridge.", 32, INK, "lm")
    canvas.words(300, 275, "Your Samuel", 32, (40, 60, 140), "lm")
    canvas.box(570, 200, 34, 130, WHITE)
    flicker = 4 * math.sin(t_s * 9)
    canvas.oval(587, 180, 10, 20 + flicker, YELLOW)


def _storm_sky(canvas: Canvas, t_s: float) -> None:
    flash = t_s % 6 > 5.7
    canvas.fill((210, 210, 225) if flash else (36, 40, 52), (70, 76, 88))
    for index in range(4):
        cloud(canvas, (index * 190 + 30 * t_s) % 800 - 80, 60 + 20 * (index % 2), (54, 58, 68))


def _rain(canvas: Canvas, t_s: float) -> None:
    drops = random.Random(3)
    for _ in range(70):
        x, y = drops.uniform(0, 760), drops.uniform(0, HEIGHT_PX)
        fallen = (y + 420 * t_s) % HEIGHT_PX
        canvas.stroke([(x - fallen / 4, fallen), (x - fallen / 4 - 4, fallen + 16)],
                      (150, 160, 175), 1)  # fmt: skip


def storm(canvas: Canvas, t_s: float) -> None:
    _storm_sky(canvas, t_s)
    sea(canvas, 260, t_s * 3, (34, 52, 70))
    canvas.oval(460, 310, 140, 45, (50, 46, 44))
    lighthouse(canvas, 460, 278, lit=t_s < LAMP_DARK_S)
    if LAMP_DARK_S - 1 < t_s < LAMP_DARK_S:
        canvas.stroke([(400, 0), (440, 50), (420, 60), (460, 114)], YELLOW, 5)
    _rain(canvas, t_s)


def black(canvas: Canvas, t_s: float) -> None:
    canvas.fill(BLACK, BLACK)


def fog(canvas: Canvas, t_s: float) -> None:
    canvas.fill((175, 180, 184), (150, 156, 160))
    canvas.shape([(330, 300), (400, 220), (470, 250), (540, 300)], (96, 98, 100))
    sail_boat(canvas, 330, 240 + 2 * math.sin(t_s), (110, 112, 116), (196, 200, 202))
    for index in range(5):
        x = (index * 180 + 12 * t_s * (1 + index % 2)) % 860 - 110
        cloud(canvas, x, 170 + index * 38, (186 + index * 3, 190 + index * 3, 194 + index * 3))


def rocket(canvas: Canvas, t_s: float) -> None:
    canvas.fill((10, 14, 34), (30, 36, 66))
    sea(canvas, 270, t_s, SEA_NIGHT)
    canvas.oval(140, 320, 130, 40, (34, 32, 36))
    lighthouse(canvas, 130, 290, lit=False)
    height = min(t_s / 11, 1) * 230
    canvas.stroke([(330, 290), (330 + height / 3, 290 - height)], (150, 90, 80), 3)
    glow = 9 + 4 * math.sin(t_s * 12)
    canvas.oval(330 + height / 3, 290 - height, glow, glow, (255, 70, 50))


def red(canvas: Canvas, t_s: float) -> None:
    level = 205 + round(12 * math.sin(t_s * math.pi))
    canvas.fill((level, 14, 14), (level, 14, 14))


def countdown(canvas: Canvas, t_s: float) -> None:
    canvas.fill((20, 70, 80), (14, 40, 50))
    n_left = COUNTDOWN_FROM - int(t_s)
    canvas.words(320, 70, "LIFEBOAT LAUNCH", 44, WHITE)
    canvas.words(320, 215, str(n_left) if n_left > 0 else "GO", 150, YELLOW)
    canvas.box(60, 325, 520 * min(t_s / COUNTDOWN_FROM, 1), 12, RED)


def rescue(canvas: Canvas, t_s: float) -> None:
    canvas.fill((236, 200, 180), (200, 220, 235))
    sea(canvas, 180, t_s, (70, 120, 150))
    x, y = 560 - 7 * t_s, 262 + 3 * math.sin(t_s * 1.6)
    for seat in (-50, 0, 50):
        person(canvas, x + seat, y + 30, (60, 90, 150) if seat else RED)
    canvas.shape([(x - 110, y), (x + 110, y), (x + 84, y + 40), (x - 84, y + 40)], (240, 120, 30))
    canvas.box(0, 318, WIDTH_PX, 42, WOOD)
    sign(canvas, 150, 150, "NORTH HARBOR", 240)
    canvas.box(66, 236, 8, 84, WOOD)
    canvas.box(226, 236, 8, 84, WOOD)
    dog(canvas, 180, 345, t_s * 4)


def repair(canvas: Canvas, t_s: float) -> None:
    canvas.fill((60, 66, 84), (44, 46, 58))
    canvas.box(0, 280, WIDTH_PX, 80, WOOD)
    canvas.box(270, 90, 120, 170, (140, 150, 160))
    canvas.oval(330, 170, 46, 60, YELLOW if t_s > 14 else (90, 96, 100))
    canvas.box(250, 256, 160, 24, STONE)
    for turn in range(5):
        canvas.oval(490 + turn * 9, 262, 10, 18, (200, 110, 50))
        canvas.oval(490 + turn * 9, 262, 6, 13, WOOD)
    person(canvas, 190, 280, MARY_COAT, t_s * 5)
    canvas.stroke([(206, 236), (268, 190 + 10 * math.sin(t_s * 5))], SKIN, 6)
    canvas.stroke([(268, 190), (240, 210), (290, 150)], (200, 110, 50), 3)


def bridge(canvas: Canvas, t_s: float) -> None:
    canvas.fill((220, 130, 90), (250, 200, 140))
    canvas.oval(520, 60 + 2 * t_s, 30, 30, (255, 225, 120))
    canvas.box(0, 260, WIDTH_PX, 100, (90, 120, 70))
    canvas.box(60, 150, 420, 120, STONE)
    canvas.oval(270, 275, 120, 90, (70, 100, 130))
    canvas.box(140, 275, 262, 85, (70, 100, 130))
    for stone_x in range(70, 480, 45):
        canvas.box(stone_x, 136, 30, 14, STONE)
    for ripple in range(3):
        x = 170 + (t_s * 22 + ripple * 70) % 190
        canvas.stroke([(x, 300 + ripple * 18), (x + 34, 300 + ripple * 18)], WHITE, 2)
    person(canvas, 590 - min(4 * t_s, 60), 340, MARY_COAT, min(t_s, 15) * 5)
    dog(canvas, 440 + 6 * math.sin(t_s), 345, t_s * 8)
    if t_s > 12:
        canvas.oval(478, 350, 7, 5, WHITE)
        canvas.box(484, 348, 20, 4, WHITE)


def race(canvas: Canvas, t_s: float) -> None:
    canvas.fill((150, 205, 240), (200, 230, 240))
    sea(canvas, 210, t_s, SEA_DAY)
    for y, speed, hull in ((262, 24, RED), (320, 21, GREEN)):
        x = 60 + speed * t_s
        canvas.shape([(x - 50, y), (x + 60, y), (x + 40, y + 14), (x - 40, y + 14)], hull)
        oar = 16 * math.sin(t_s * 5)
        canvas.stroke([(x, y), (x - oar, y + 24)], WOOD, 3)
        canvas.oval(x, y - 10, 8, 9, SKIN)
    canvas.box(80, 20, 480, 120, (24, 60, 40))
    canvas.words(320, 48, "ROWING RACE", 30, YELLOW)
    n_points = int(t_s // 2)
    score = f"ISLAND {min(n_points, 3)} : {min(max(n_points - 2, 0), 2)} TOWN"
    canvas.words(320, 102, score, 42, WHITE)
    if t_s >= WINNER_DELAY_S:
        canvas.box(130, 160, 380, 54, YELLOW)
        canvas.words(320, 187, "THE ISLAND WINS", 36, INK)


def night(canvas: Canvas, t_s: float) -> None:
    canvas.fill((6, 8, 28), (24, 30, 66))
    stars = random.Random(5)
    for _ in range(60):
        canvas.oval(stars.uniform(0, WIDTH_PX), stars.uniform(0, 230), 1, 1, WHITE)
    canvas.oval(560, 60, 26, 26, (235, 235, 210))
    canvas.oval(550, 54, 22, 22, (9, 11, 32))
    beam(canvas, 200, 142, t_s, (120, 120, 110))
    sea(canvas, 280, t_s, SEA_NIGHT)
    canvas.oval(200, 315, 130, 42, (26, 24, 30))
    lighthouse(canvas, 200, 280, lit=True)


def _credits(canvas: Canvas, t_s: float, rows: list[tuple[str, str]]) -> None:
    canvas.fill((24, 24, 30), (12, 12, 16))
    sea(canvas, 320, t_s, SEA_NIGHT)
    for index, (role, name) in enumerate(rows):
        canvas.words(90, 80 + index * 75, role, 30, (180, 180, 180), "lm")
        canvas.words(290, 80 + index * 75, name, 34, WHITE, "lm")


def credits_first(canvas: Canvas, t_s: float) -> None:
    _credits(canvas, t_s, [("Director", "ADA LORENZ"), ("Story", "NINA HOLT"),
                           ("Camera", "PETER MOSS")])  # fmt: skip


def credits_second(canvas: Canvas, t_s: float) -> None:
    _credits(canvas, t_s, [("Music", "TOM FIELD"), ("Sound", "IRIS VALE"),
                           ("Editor", "HUGO BRANDT")])  # fmt: skip


def _painters() -> dict[str, Painter]:
    painters: tuple[Painter, ...] = (
        *(title, dawn, kitchen, harbor, boat, departures, gulls, stairs, beach, letter, storm),
        *(fog, rocket, red, countdown, rescue, repair, bridge, race, night),
        *(credits_first, credits_second),
    )
    return {painter.__name__: painter for painter in painters}


PAINTERS: dict[str, Painter] = {**_painters(), "black_first": black, "black_second": black}
