"""From a page's values to one HTML file, in which whatever a video, a question or a trace says is text."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ...tools.clock import format_time
from ...tools.plain import plain

if TYPE_CHECKING:
    from jinja2 import Environment

    from .run_page import RunPage
    from .video_page import VideoPage

_HERE = Path(__file__).parent


def run_html(page: RunPage) -> str:
    """The HTML of a run."""
    return _html("run.html", page)


def video_html(page: VideoPage) -> str:
    """The HTML of a video."""
    return _html("video.html", page)


def _html(template: str, page: RunPage | VideoPage) -> str:
    from markupsafe import Markup

    from ... import __version__

    style = (_HERE / "page.css").read_text("utf-8")
    return (
        _environment()
        .get_template(template)
        .render(page=page, style=Markup(style), style_hash=style_hash(style), version=__version__)
    )


def style_hash(style: str) -> str:
    """By what a content security policy (CSP Level 3) allows a style: the SHA-256 of its text, in base 64."""
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Every file is a template of HTML, whatever its name ends in: nothing is ever left as it is.
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = format_time
    return environment


def _shown(value: object) -> object:
    """A value on its way into the page, where it is escaped, with nothing in it but characters to be seen."""
    from markupsafe import Markup

    return value if isinstance(value, Markup) else plain(str(value))
