"""``vidagent runs``: what became of past questions, how, and whether it comes out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .edge import JsonOption, LibraryOption, complain, library_path, say, say_json

if TYPE_CHECKING:
    from ..agent.runs.past import Run, Runs
    from ..agent.runs.replay import Replay

app = typer.Typer(
    help="List past questions; show, replay or compare them. An id may be shortened, and the newest run is: last.",
    rich_markup_mode=None,
)
_OTHERWISE = 1
RunArgument = Annotated[
    str,
    typer.Argument(metavar="RUN", help="The id of a run, the beginning of it or of its last part, or: last."),
]


@app.callback(invoke_without_command=True)
def list_runs(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many runs.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List past questions with their answers, the newest first."""
    if context.invoked_subcommand:
        return
    from .run_lines import table_lines

    newest = _runs().newest(limit)
    if as_json:
        say_json([_row(run) for run in newest])
        return
    for line in [*table_lines(newest)] or ["no runs yet"]:
        say(line)


@app.command()
def show(run: RunArgument, as_json: JsonOption = False) -> None:
    """Show how an answer came about: plan, looks, scores, prompts, replies and costs; as lines of JSON with --json."""
    from .run_lines import run_lines

    found = _runs().find(run)
    if not as_json:
        for line in run_lines(found):
            say(line)
        return
    for step in found.steps:
        say_json({"step": step.name, "at_s": step.at_s, **step.values})
    if found.n_damaged:
        complain(f"run {found.id}: {found.n_damaged} line(s) of the trace are damaged and left out")


@app.command()
def replay(run: RunArgument, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Compute an answer again without any model; ends with code 1 where it is not the same to the last byte."""
    from ..agent.runs.replay import replay as replay_run
    from ..index.library import Library

    found = _runs().find(run)
    with Library(library_path(library)) as opened:
        done = replay_run(found, opened)
    _say(done, as_json)
    if done.difference:
        complain(done.difference)
        raise typer.Exit(_OTHERWISE)


@app.command()
def diff(
    one: Annotated[str, typer.Argument(metavar="RUN", help="A run.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The run to compare it with.")],
    as_json: JsonOption = False,
) -> None:
    """Tell what differs between two runs: question, answer, moments, pictures in prompts, costs."""
    from dataclasses import asdict

    from ..agent.runs.comparison import differences
    from .run_lines import difference_lines

    runs = _runs()
    found = differences(runs.find(one), runs.find(other))
    if as_json:
        say_json([asdict(each) for each in found])
        return
    for line in [*difference_lines(found)] or ["no difference"]:
        say(line)


def _runs() -> Runs:
    from ..agent.runs.past import Runs
    from ..tools.settings import settled

    return Runs(settled().settings.runs)


def _row(run: Run) -> dict[str, object]:
    return {
        "id": run.id,
        "when": run.when,
        "video": run.answer.get("video") or {"sha256": run.question.get("video")},
        "question": run.question.get("text"),
        "answer": run.answer.get("answer"),
        "abstained": run.answer.get("abstained"),
        "confidence": run.answer.get("confidence"),
        "error": dict(run.error) or None,
        "damaged_lines": run.n_damaged,
    }


def _say(done: Replay, as_json: bool) -> None:
    from .rendering import answer_lines

    if as_json:
        say_json(done.answer.to_json() if done.answer else {"error": done.error})
    elif done.answer is None:
        say(f"no answer: {done.error}")
    else:
        for line in answer_lines(done.answer, done.within):
            say(line)
