"""``vidagent doctor``: whether everything works on this machine, and what would make it better."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..tools.errors import CapabilityError, RequestError, VidagentError
from .edge import JsonOption, LibraryOption, say, say_json
from .options import DeviceOption, ModelsOption, ReaderOption, settings_from

if TYPE_CHECKING:
    from ..tools.models.measuring import Measured
    from ..tools.settings import Settings

State = Literal["ok", "better", "missing", "broken"]
_GB = 1e9
_ROOM_GB = 5.0
_MISSING_CODE = 4


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, and what would make it better or well."""

    subject: str
    state: State
    what: str
    remedy: str = ""


def doctor(
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="MODEL", help="Measure this video LLM on this machine, and keep the result."
        ),
    ] = None,
    reader: ReaderOption = None,
    models: ModelsOption = None,
    device: DeviceOption = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Check decoding, models, the library, the device and the disk; ends with code 4 where what is set is missing."""
    settings = settings_from(library=library, models=models, device=device, reader=model or reader).settings
    found = [finding for check in _CHECKS for finding in check(settings)]
    measured = _measured(settings) if model else None
    if as_json:
        rows = [asdict(finding) for finding in found]
        say_json({"findings": rows, "measured": None if measured is None else asdict(measured)})
    else:
        for line in _lines(found, measured):
            say(line)
    states = {finding.state for finding in found}
    if "missing" in states:
        raise typer.Exit(_MISSING_CODE)
    if "broken" in states:
        raise typer.Exit(1)


def _lines(found: list[Finding], measured: Measured | None) -> Iterator[str]:
    for finding in found:
        yield f"{finding.state:8} {finding.subject:13} {finding.what}"
        if finding.remedy:
            yield f"{'':22} {finding.remedy}"
    if measured:
        error = "cannot tell" if measured.time_error_s is None else f"misses by {measured.time_error_s:.1f} s"
        text = "reads none" if measured.text_height_px is None else f"reads {measured.text_height_px} pixels"
        yield f"measured: when a word comes up it {error}; of capitals it {text}"
        yield (
            f"measured: {measured.n_frames} picture(s) of {measured.n_pixels:,} pixels fit;"
            f" {measured.tokens_per_s:.1f} tokens a second"
        )
        yield f"measured: {_judged(measured)}"


def _judged(measured: Measured) -> str:
    """How often it was right about what is known, and what its confidences are worth."""
    if not measured.n_judged:
        return "it does not tell how sure it is"
    right = f"of {measured.n_judged} questions with known answers it was right in {measured.n_right}"
    worth = "less" if measured.temperature > 1 else "more"
    return f"{right}; its confidences are taken for {worth} than it tells (temperature {measured.temperature:.2g})"


def _decoding(settings: Settings) -> Iterator[Finding]:
    """A clip with known cuts is written and read back, as a user's video would be."""
    import av

    from ..tools.guarded import GuardedSeeker
    from ..tools.models.clock_clip import make_clock_clip

    with tempfile.TemporaryDirectory() as folder:
        clip = make_clock_clip(Path(folder))
        seen = [picture.pts_s for _, picture in GuardedSeeker(clip.path).at_each(clip.cuts_s)]
    worst_s = max(abs(a - b) for a, b in zip(seen, clip.cuts_s, strict=True))
    if worst_s > 0.5 / 10:
        yield Finding(
            "decoding", "broken", f"pictures are {worst_s:.3f} s beside their seconds", "report this"
        )
    else:
        yield Finding("decoding", "ok", f"PyAV {av.__version__}: every picture at its second")


def _roles(settings: Settings) -> Iterator[Finding]:
    from ..tools.models.catalog import NONE, ROLES, choose
    from ..tools.models.shelf import Shelf

    for role in ROLES:
        pull = f"vidagent models pull {role.name}"
        try:
            choice = choose(role, settings, Shelf(settings.models))
        except (CapabilityError, RequestError) as error:
            yield Finding(role.name, "missing", str(error))
            continue
        if choice.model is not None or choice.why == "as set":
            yield Finding(role.name, "ok", f"{choice.name} ({choice.why})")
        else:
            what = f"nobody {role.what}" if choice.name == NONE else f"{choice.name}: embedded"
            yield Finding(role.name, "better", what, f"{pull} would add one that {role.what}")


def _library(settings: Settings) -> Iterator[Finding]:
    from ..index.upkeep import check

    if not settings.library.exists():
        yield Finding("library", "ok", f"{settings.library}: none yet; it is made when it is needed")
        return
    try:
        wrong = check(settings.library)
    except VidagentError as error:
        yield Finding("library", "broken", str(error))
        return
    for finding in wrong:
        yield Finding("library", "broken", finding.what, finding.remedy)
    if not wrong:
        yield Finding("library", "ok", f"{settings.library}: sound")


def _device(settings: Settings) -> Iterator[Finding]:
    from ..tools.models.device import Device

    try:
        device = Device.named(settings.device)
    except CapabilityError as error:
        yield Finding("device", "missing", str(error))
        return
    free_bytes = device.free_bytes()
    free = f", {free_bytes / _GB:.1f} GB free" if free_bytes is not None else ""
    if device.name == "cpu":
        yield Finding(
            "device", "better", "cpu: models run, slowly", "a GPU that torch can use makes them quick"
        )
    else:
        yield Finding("device", "ok", f"{device.name}{free}")


def _disk(settings: Settings) -> Iterator[Finding]:
    for subject, path in (("disk", settings.library), ("disk (models)", settings.models)):
        above = next(place for place in (path, *path.parents) if place.exists())
        free_gb = shutil.disk_usage(above).free / _GB
        if free_gb < _ROOM_GB:
            yield Finding(
                subject, "better", f"{free_gb:.1f} GB free at {above}", "make room before pulling models"
            )
        else:
            yield Finding(subject, "ok", f"{free_gb:.0f} GB free at {above}")


def _measured(settings: Settings) -> Measured:
    from ..tools.models.clock_clip import make_clock_clip
    from ..tools.models.device import Device
    from ..tools.models.making import Models
    from ..tools.models.measuring import measure, remember

    model = Models(settings).reader()
    if model is None:
        raise RequestError("--model: names no video LLM; write transformers:NAME, openai:URL or a folder")
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(model, make_clock_clip(Path(folder)))
    remember(settings.models, model.name, Device.named(settings.device).name, measured)
    return measured


_CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (_decoding, _roles, _library, _device, _disk)
