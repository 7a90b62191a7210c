"""Make ``recording.svg``, what a terminal shows of a few questions about the sample film, by asking them.

    python docs/make_recording.py

The film is read into a library of its own first, by what every installation has, which takes a minute or two. The
same answers make the same file: it names no font that would have to be fetched, and holds no moment of its making.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape, unescape

TARGET = Path(__file__).with_name("recording.svg")
ROOT = Path(__file__).parents[1]
COMMANDS = (
    'vidagent ask samples/gull_island.mp4 "Why did the lamp go dark?"',
    """vidagent when samples/gull_island.mp4 '"NORTH HARBOR"'""",
    'vidagent ask samples/gull_island.mp4 "When does the helicopter land?"',
)
N_COLUMNS = 104
# Measures in units of the drawing; a character of the common fonts is 0.6 of their size wide.
_SIZE, _LINE, _MARGIN = 14, 20, 20
# From one command to the next, and from a command to its answer.
_SCENE_S, _ANSWER_S = 3.0, 1.0

_FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>Questions about a film, and their answers, in a terminal</title>
<style>
text {{ font: {size}px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d8dee9; white-space: pre }}
.command {{ fill: #ffffff; font-weight: bold }}
.prompt {{ fill: #7fd18b }}
g {{ animation: appear 0.2s both }}
@keyframes appear {{ from {{ opacity: 0 }} }}
@media (prefers-reduced-motion: reduce) {{ g {{ animation: none }} }}
</style>
<rect width="100%" height="100%" rx="8" fill="#1d232e"/>
{scenes}
</svg>
"""
_PROMPT = '<tspan class="prompt">$ </tspan>'
_COMMAND = re.compile(rf'<text class="command"[^>]*>{re.escape(_PROMPT)}(.*)</text>')
_TOLD = re.compile(r'<text x="\d+" y="\d+" data-line="(\d+)">(.*)</text>')


@dataclass(frozen=True)
class Scene:
    """A command as it is typed, and the lines that it prints."""

    command: str
    lines: tuple[str, ...]


def played(commands: Sequence[str]) -> list[Scene]:
    """The commands carried out one after the other, in a library of their own; raises where one of them fails."""
    with TemporaryDirectory() as folder:
        places = {
            f"VIDAGENT_{name.upper()}": str(Path(folder, name)) for name in ("library", "models", "runs")
        }
        places["VIDAGENT_CONFIG"] = str(Path(folder, "config.toml"))
        return [_scene(command, {**os.environ, **places}) for command in commands]


def _scene(command: str, environment: dict[str, str]) -> Scene:
    done = subprocess.run(
        [sys.executable, "-u", "-m", *shlex.split(command)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        # A terminal shows both.
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=True,
    )
    return Scene(command, tuple(done.stdout.splitlines()))


def drawing(scenes: Sequence[Scene]) -> str:
    """The scenes as an SVG file, in which each command appears, and then its answer."""
    drawn, n_lines = [], 0
    for number, scene in enumerate(scenes):
        begun_s = number * _SCENE_S
        drawn.append(_group(begun_s, [_command(scene.command, n_lines)]))
        told = _told(scene.lines, n_lines + 1)
        drawn.append(_group(begun_s + _ANSWER_S, told))
        n_lines += len(told) + 2
    width = round(2 * _MARGIN + N_COLUMNS * _SIZE * 0.605)
    height = 2 * _MARGIN + (n_lines - 1) * _LINE
    return _FRAME.format(width=width, height=height, size=_SIZE, scenes="\n".join(drawn))


def _group(begun_s: float, lines: list[str]) -> str:
    return "\n".join([f'<g style="animation-delay: {begun_s:g}s">', *lines, "</g>"])


def _command(command: str, place: int) -> str:
    return f'<text class="command" x="{_MARGIN}" y="{_y(place)}">{_PROMPT}{escape(command)}</text>'


def _told(lines: Sequence[str], place: int) -> list[str]:
    """The lines of an answer, each over as many of the terminal as it needs; ``data-line`` says which one it is of."""
    rows = [(number, row) for number, line in enumerate(lines) for row in _rows(line)]
    return [
        f'<text x="{_MARGIN}" y="{_y(place + offset)}" data-line="{number}">{escape(row)}</text>'
        for offset, (number, row) in enumerate(rows)
    ]


def _rows(line: str) -> list[str]:
    return textwrap.wrap(line, N_COLUMNS, drop_whitespace=False, break_on_hyphens=False) or [""]


def _y(place: int) -> int:
    return _MARGIN + _SIZE + place * _LINE


def scenes_in(svg: str) -> list[Scene]:
    """What was drawn: the scenes of which ``drawing`` makes this file."""
    scenes: list[Scene] = []
    for part in svg.split('<text class="command"')[1:]:
        command = _COMMAND.match(f'<text class="command"{part.splitlines()[0]}')
        assert command is not None
        lines: dict[int, str] = {}
        for number, row in _TOLD.findall(part):
            lines[int(number)] = lines.get(int(number), "") + unescape(row)
        scenes.append(Scene(unescape(command[1]), tuple(lines.values())))
    return scenes


if __name__ == "__main__":
    TARGET.write_text(drawing(played(COMMANDS)), encoding="utf-8")
