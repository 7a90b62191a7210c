"""The roles that models play, who plays each without any download, and who plays it better where it is present."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import RequestError
from ..settings import AUTO, Settings, flag_of
from .names import ModelName
from .shelf import Shelf, Shelved

NONE = "none"


@dataclass(frozen=True)
class Suggestion:
    """A model that suits a role, the best first: what it is good for, and about how large it is to download."""

    name: str
    why: str
    size_gb: float


@dataclass(frozen=True)
class Role:
    """What a model can be to vidagent. ``embedded`` plays it where no other is chosen; ``setting`` chooses."""

    name: str
    what: str
    setting: str
    embedded: str
    kinds: tuple[str, ...]
    suggestions: tuple[Suggestion, ...]


ROLES = (
    Role("picture", "finds pictures by what they show", "picture_model", "appearance", ("open_clip",), (
        Suggestion("open_clip:timm/ViT-B-16-SigLIP2-384", "meaning of pictures, for a GPU", 1.5),
        Suggestion("open_clip:timm/MobileCLIP2-S0-OpenCLIP", "meaning of pictures, quick without a GPU", 0.3),
    )),
    Role("speech", "writes down what is said", "speech_model", "pocketsphinx", ("whisper", "faster-whisper"), (
        Suggestion("whisper:large-v3-turbo", "98 languages, for a GPU", 1.6),
        Suggestion("faster-whisper:Systran/faster-whisper-small", "98 languages, without a GPU", 0.5),
    )),
    Role("sound", "finds sounds that are no speech", "sound_model", NONE, ("clap",), (
        Suggestion("clap:laion/clap-htsat-fused", "sounds by what they are called", 0.6),
    )),
    Role("text-vectors", "finds what is said in other words", "text_vectors", NONE, ("sentence-transformers",), (
        Suggestion("sentence-transformers:sentence-transformers/all-MiniLM-L6-v2", "English, quick", 0.1),
        Suggestion("sentence-transformers:intfloat/multilingual-e5-small", "100 languages", 0.5),
    )),
    Role("detector", "finds named things in a picture", "detector", NONE, ("detect",), (
        Suggestion("detect:google/owlv2-base-patch16-ensemble", "for a GPU", 0.6),
        Suggestion("detect:IDEA-Research/grounding-dino-tiny", "for a GPU, names in whole sentences", 0.7),
        Suggestion("detect:omlab/omdet-turbo-swin-tiny-hf", "quick", 0.5),
    )),
    Role("reader", "looks at pictures and answers", "reader", "extractive", ("transformers", "openai"), (
        Suggestion("transformers:Qwen/Qwen2.5-VL-7B-Instruct", "for a GPU of 24 GB", 16.6),
        Suggestion("transformers:Qwen/Qwen2.5-VL-3B-Instruct", "for a GPU of 10 GB", 7.5),
        Suggestion("transformers:HuggingFaceTB/SmolVLM2-2.2B-Instruct", "for a GPU of 8 GB", 4.5),
    )),
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """Who plays a role, and why; ``model`` and ``place`` are None for what is embedded or nobody."""

    role: Role
    name: str
    why: str
    model: ModelName | None = None
    place: Path | None = None


def role_named(name: str) -> Role | None:
    """The role of this name."""
    return next((role for role in ROLES if role.name == name), None)


def choose(role: Role, settings: Settings, shelf: Shelf) -> Choice:
    """Who plays a role by the settings: who was named, else the best that is on the shelf, else who is embedded.

    Raises ``RequestError`` for a name that plays another role or none, and ``CapabilityError`` for one that is not
    on this machine.
    """
    wanted = str(getattr(settings, role.setting))
    if wanted in (role.embedded, NONE):
        return Choice(role, wanted, "as set")
    if wanted != AUTO:
        return _named(role, wanted, shelf)
    best = _best(role, shelf)
    if best is None:
        return Choice(role, role.embedded, "nothing else is on this machine")
    return Choice(role, str(best.name), "the best on this machine", best.name, best.folder)


def _named(role: Role, wanted: str, shelf: Shelf) -> Choice:
    # A folder alone is one of the role's first kind.
    name = ModelName(role.kinds[0], wanted) if ModelName("", wanted).is_path else ModelName.parse(wanted)
    if name.kind not in role.kinds:
        raise RequestError(
            f"{wanted}: no model for {flag_of(role.setting)}, which takes {', '.join(f'{k}:NAME' for k in role.kinds)}"
        )
    place = None if name.kind == "openai" else shelf.require(name)
    return Choice(role, str(name), "as set", name, place)


def _best(role: Role, shelf: Shelf) -> Shelved | None:
    there = [model for model in shelf.models() if model.name.kind in role.kinds]
    order = [suggestion.name for suggestion in role.suggestions]
    rank = {str(m.name): order.index(str(m.name)) if str(m.name) in order else len(order) for m in there}
    return min(there, key=lambda m: (rank[str(m.name)], str(m.name)), default=None)
