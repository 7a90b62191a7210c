"""The Python interface: every name in it is documented, every example comes out as it stands, and errors are ours."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from memories import island_of

import vidagent

DOCUMENT = Path(__file__).parents[1] / "docs" / "python.md"


@pytest.fixture(scope="module", autouse=True)
def _island(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder with a film, and a library that remembers it, which is the user's."""
    folder = tmp_path_factory.mktemp("island")
    island_of(folder / "library.db").library.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("library.db", "models", "runs", "config.toml"):
            patch.setenv(f"VIDAGENT_{name.split('.')[0].upper()}", str(folder / name))
        yield


def failures(text: str) -> int:
    """How many examples of a document do not come out as it says."""
    # The end of a block is no part of what is printed.
    test = doctest.DocTestParser().get_doctest(text.replace("```", ""), {}, DOCUMENT.name, None, 0)
    assert test.examples
    return doctest.DocTestRunner(verbose=False).run(test, out=lambda _: None).failed


def test_every_example_comes_out_as_it_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert failures(text) == 0
    assert failures(text.replace("'The lamp goes dark", "'The lamp went dark")) == 1


def test_every_name_is_documented_and_there() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    unnamed = [name for name in vidagent.__all__ if not re.search(rf"`{name}\b|vidagent\.{name}\b", text)]
    assert unnamed == []
    assert set(re.findall(r"vidagent\.([a-z]\w+)\(", text)) == {n for n in vidagent.__all__ if n.islower()}
    assert all(getattr(vidagent, name).__doc__ for name in vidagent.__all__)
    assert set(vidagent.__all__) <= set(dir(vidagent))


def test_a_name_that_is_none_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'vidagent' has no attribute 'answer_everything'"):
        getattr(vidagent, "answer_everything")  # noqa: B009


def test_importing_loads_neither_numpy_nor_the_agent() -> None:
    code = (
        "import sys, vidagent; assert not [m for m in sys.modules if m == 'numpy' or m.startswith('vidagent.')];"
        "vidagent.VidagentError; assert 'numpy' not in sys.modules and 'vidagent.agent' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONWARNINGS": "error"})


def test_the_names_of_errors_are_those_of_the_tree() -> None:
    named = [name for name in vidagent.__all__ if name.endswith("Error")]
    assert all(issubclass(getattr(vidagent, name), vidagent.VidagentError) for name in named)
    assert {getattr(vidagent, name).exit_code for name in named} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("question", ["", "   "])
def test_a_question_that_is_none_is_refused(question: str) -> None:
    with pytest.raises(vidagent.RequestError, match="the question is empty"):
        vidagent.ask("island.mp4", question)


def test_a_stretch_beyond_the_end_is_refused_and_not_searched() -> None:
    with pytest.raises(vidagent.RequestError, match=r"beyond the end of the video at 04:00\.0"):
        vidagent.ask("island.mp4", "Who barks?", within=vidagent.Span(240, 300))


def test_a_model_that_is_set_and_not_there_is_told_before_a_video_is_read() -> None:
    Path("unread.mp4").write_bytes(b"no video at all")
    chosen = vidagent.settings(speech_model="whisper:none")
    for call in (lambda: vidagent.ask("unread.mp4", "Who?", settings=chosen), lambda: read(chosen)):
        with pytest.raises(vidagent.CapabilityError, match="whisper:none"):
            call()


def read(chosen: vidagent.Settings) -> object:
    """The unread file, read."""
    return vidagent.remember("unread.mp4", settings=chosen)


def test_a_file_that_is_no_video_is_a_media_error() -> None:
    Path("broken.mp4").write_bytes(b"no video at all")
    with pytest.raises(vidagent.MediaError, match=r"broken\.mp4"):
        vidagent.remember("broken.mp4")


def test_names_may_be_paths_and_words_of_a_search_are_no_commands() -> None:
    assert vidagent.ask(Path("island.mp4"), "How tall is the tower?").text == "30 meters"
    assert [found.text.body for found in vidagent.search("ferry", videos=[Path("island.mp4")])] == [
        "The ferry leaves at nine."
    ]
    assert vidagent.search('") OR text:* --') == []
    assert len(vidagent.search("she", limit=2)) == 2


def test_what_is_remembered_is_not_read_again_unless_asked_to() -> None:
    assert vidagent.remember("island.mp4").duration_s == 240.0
    # Read afresh it is what it is: a file that is no video.
    with pytest.raises(vidagent.MediaError):
        vidagent.remember("island.mp4", afresh=True)
    assert vidagent.ask("island", "How tall is the tower?").text == "30 meters"


def test_settings_come_from_here_then_from_the_environment() -> None:
    assert vidagent.settings().library == Path(os.environ["VIDAGENT_LIBRARY"])
    assert vidagent.settings(library="other.db").library == Path("other.db")
    with pytest.raises(TypeError):
        vidagent.settings(colour="red")  # type: ignore[call-arg]
