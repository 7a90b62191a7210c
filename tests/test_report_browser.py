"""A report in a real browser: its layout, its keyboard, its colours, and that nothing in it ever runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from clips import make_clip, steady
from conftest import Rememberer
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Page as Tab

from vidagent.agent.runs.past import Runs
from vidagent.cli.pages.rendering import run_html, video_html
from vidagent.cli.pages.run_page import run_page
from vidagent.cli.pages.video_page import video_page
from vidagent.index.library import Library
from vidagent.index.records import Event
from vidagent.tools.clock import Span

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

RUN = "20260102-030405-abcdef01"
NARROW, WIDE = 360, 1280
HOSTILE = (
    "</style></title></svg><script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'>"
    '<a href="javascript:window.pwned = 3">a</a>" onclick="window.pwned = 4" <iframe src=https://example.com>'
    "averyveryverylongwordwithoutanyplacetobreakitinatallwhichdoesnotfitonaphone" * 2
)
Open = Callable[..., Any]


@dataclass
class Seen:
    """A page in the browser, and whatever it said or asked for meanwhile."""

    tab: Tab
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def value(self, script: str) -> Any:
        return self.tab.evaluate(script)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a hostile clip, and the pages about it and about a question."""
    folder = tmp_path_factory.mktemp("pages")
    clip = make_clip(folder / "javascript:alert('1')<b>.mp4", steady(50, step_s=0.4))
    moment = {
        "start_s": 11.0,
        "end_s": 14.0,
        "score": 0.9,
        "source": "speech",
        "quote": HOSTILE,
        "trust": 0.4,
    }
    gap = {"sense": "picture", "engine": HOSTILE, "share": 0.5, "n_looks": 7, "trust": 0.5, "gap": [3.0, 9.0]}
    with Library(folder / "library.sqlite") as library:
        events = [
            Event(Span(0.0, 10.0), 1.0, HOSTILE),
            Event(Span(10.0, 20.0), 0.1, "the rest", salience=0.5),
        ]
        memory = Rememberer(library, folder)(
            path=clip, events=events, duration_s=20.0, texts=[(1.0, 5.0, HOSTILE)], notes=[HOSTILE]
        )
        rows = [
            {"step": "question", "text": HOSTILE, "video": memory.video.sha256, "asked": {"sidecar": "", "tracks": ""}},
            {
                "step": "answer", "answer": HOSTILE, "confidence": 0.8, "moments": [moment], "coverage": [gap],
                "notes": [HOSTILE], "reader": HOSTILE,
            },
        ]  # fmt: skip
        (folder / "runs").mkdir()
        (folder / "runs" / f"{RUN}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        runs = Runs(folder / "runs")
        run, video = folder / "run.html", folder / "video.html"
        run.write_text(run_html(run_page(runs.find(RUN), library, run)), "utf-8")
        video.write_text(video_html(video_page(memory, runs, video)), "utf-8")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM)
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser, pages: Path) -> Open:
    """Opens a page; what is said to the console, what fails and what is asked for is kept."""

    @contextmanager
    def open_(
        name: str, width: int = WIDE, scheme: Any = "light", bypass_csp: bool = False
    ) -> Iterator[Seen]:
        size: Any = {"width": width, "height": 800}
        context = browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=bypass_csp)
        seen = Seen(context.new_page())
        seen.tab.on("console", lambda message: seen.messages.append(message.text))
        seen.tab.on("pageerror", lambda error: seen.messages.append(str(error)))
        seen.tab.on("dialog", lambda dialog: seen.messages.append(dialog.message))
        seen.tab.on("request", lambda request: seen.requests.append(request.url))
        seen.tab.goto((pages / f"{name}.html").as_uri())
        yield seen
        context.close()

    return open_


@pytest.mark.parametrize("name", ["run", "video"])
def test_it_fits_two_widths_is_silent_loads_nothing_and_runs_nothing(
    opened: Open, pages: Path, name: str
) -> None:
    for width in (NARROW, WIDE):
        with opened(name, width) as seen:
            for summary in seen.tab.locator("summary").all():
                summary.click()
            assert seen.value("document.documentElement.scrollWidth") == width
            assert (
                seen.value("Math.max(...[...document.querySelectorAll('p')].map(p => p.clientWidth))") <= 960
            )
            assert seen.value("window.pwned") is None
            assert (
                seen.value(
                    "document.querySelectorAll('script, iframe, [onclick], [onerror], [style]').length"
                )
                == 0
            )
            assert seen.value("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
            assert HOSTILE in seen.value("document.querySelector('main').innerText")
        assert seen.messages == []
        outside = [url for url in seen.requests if not url.startswith(("data:", (pages / name).as_uri()))]
        assert outside == []


def test_a_script_that_got_into_it_would_not_run_nor_would_it_load_a_picture(opened: Open) -> None:
    add = """() => {
        const script = document.createElement('script'); script.textContent = 'window.pwned = 1';
        const picture = document.createElement('img'); picture.src = 'http://127.0.0.1:9/x.png';
        document.body.append(script, picture);
        return new Promise(done => { picture.onerror = () => done(window.pwned ?? 'refused') });
    }"""
    with opened("run") as seen:
        assert seen.value(add) == "refused"
    assert len([text for text in seen.messages if "Content Security Policy" in text]) == 2
    with opened("run", bypass_csp=True) as seen:
        assert seen.value(add) == 1


@pytest.mark.parametrize("name", ["run", "video"])
def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(opened: Open, name: str) -> None:
    with opened(name, NARROW) as seen:
        seen.tab.keyboard.press("Tab")
        skip = seen.tab.locator(".skip")
        assert skip.evaluate("e => e === document.activeElement && e.getBoundingClientRect().top >= 0")
        seen.tab.keyboard.press("Enter")
        assert seen.value("document.activeElement.id") == "content"
        wanted = seen.value(
            "document.querySelectorAll('main a, main summary, main [tabindex=\"0\"]:not(details *), footer a').length"
        )
        tops = []
        for _ in range(wanted):
            seen.tab.keyboard.press("Tab")
            told = seen.value(
                "(e => [e.tagName, e.getBoundingClientRect().top + scrollY, getComputedStyle(e).outlineStyle,"
                " parseFloat(getComputedStyle(e).outlineWidth)])(document.activeElement)"
            )
            assert told[0] in ("A", "SUMMARY", "DIV") and told[2] == "solid" and told[3] >= 2, told
            tops.append(told[1])
        assert tops == sorted(tops)
        assert seen.value("document.activeElement.closest('footer') !== null")


def test_enter_unfolds_the_trace(opened: Open) -> None:
    with opened("run") as seen:
        trace = seen.tab.locator(".trace details")
        assert not trace.locator("pre").is_visible()
        trace.locator("summary").focus()
        seen.tab.keyboard.press("Enter")
        assert trace.locator("pre").is_visible()
        assert "question: " in trace.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier(opened: Open, scheme: str) -> None:
    for name in ("run", "video"):
        with opened(name, NARROW, scheme, bypass_csp=True) as seen:
            for summary in seen.tab.locator("summary").all():
                summary.click()
            found = Axe().run(seen.tab)
            assert found.violations_count == 0, found.generate_report()


def test_axe_finds_barriers_where_there_are_some(opened: Open) -> None:
    with opened("run", bypass_csp=True) as seen:
        seen.value("document.querySelector('img').removeAttribute('alt')")
        assert "image-alt" in [each["id"] for each in Axe().run(seen.tab).response["violations"]]


def test_a_dark_screen_is_dark_and_paper_is_white_and_without_the_trace(opened: Open) -> None:
    paper = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
    with opened("run") as seen:
        assert min(seen.value(paper)) > 230
    with opened("run", scheme="dark") as seen:
        assert max(seen.value(paper)) < 40
        seen.tab.emulate_media(media="print")
        assert seen.value(paper) == [255, 255, 255]
        assert not seen.tab.locator(".trace").is_visible() and seen.tab.locator(".answer").is_visible()


def test_a_link_plays_the_video_beside_it_at_its_seconds(opened: Open) -> None:
    with opened("run") as seen:
        seen.tab.locator(".moment a.time").click()
        seen.tab.wait_for_function("document.querySelector('video')?.readyState >= 1")
        assert seen.tab.url.endswith("#t=11,14")
        assert seen.value("document.querySelector('video').currentTime") >= 11.0
