"""Fetching a model onto the shelf, from a hub or from where its makers publish it; the only part that downloads."""

from __future__ import annotations

import os
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from ..digest import sha256_of
from ..errors import CapabilityError, ModelError, RequestError, VidagentError, in_one_line
from .names import ModelName
from .shelf import Label, Shelf, label_of, write_label, wrong_files

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoSibling

Report = Callable[[int, int | None], None]
"""Told how many bytes are there, and of how many, None where nobody knows."""

# Weights as safetensors, or as CTranslate2 has them, with what belongs to them; never a pickle, never code.
_WANTED = (
    "*.safetensors",
    "*.safetensors.index.json",
    "*.json",
    "*.txt",
    "*.model",
    "*.jinja",
    "*.tiktoken",
    "vocabulary.*",
)
_NOT_WANTED = ("onnx/*", "openvino/*", "flax_model*", "tf_model*", "*.py")
_CTRANSLATE2 = ("model.bin", *_WANTED)
_BROKEN_OFF = "the download failed, and goes on when it is asked for again"
_CHUNK = 1 << 20
_SAID_MAX = 200
_TIMEOUT_S = 30.0


def pull(
    shelf: Shelf,
    name: ModelName,
    *,
    report: Report = lambda n_bytes, n_bytes_in_all: None,
    is_offline: bool = False,
    endpoint: str | None = None,
    afresh: bool = False,
) -> Label:
    """Put a model onto the shelf; one that is there, and is what its label says, costs nothing.

    What was fetched before a break is gone on with. The revision is the one that the label on the shelf names,
    or else the newest, which is then noted; ``afresh`` takes the newest. ``endpoint`` is another hub's address.

    Raises ``CapabilityError`` while ``is_offline``, ``RequestError`` for what nobody publishes, and
    ``ModelError`` where the download fails or is not what it should be.
    """
    if name.kind == "openai" or name.is_path:
        raise RequestError(f"{name}: nothing to pull; it is used where it is")
    place = shelf.place(name)
    known = label_of(place) if place.is_dir() else None
    if known and not afresh and not wrong_files(place, known):
        return known
    if is_offline:
        raise CapabilityError(f"{name}: offline, so nothing can be pulled; leave --offline away")
    part = place.with_name(f"{place.name}.part")
    part.mkdir(parents=True, exist_ok=True)
    if name.kind == "whisper":
        source, revision = _whisper(name, part, report)
    else:
        source, revision = _from_hub(
            name, part, known.revision if known and not afresh else None, report, endpoint
        )
    label = write_label(part, name, source, revision)
    if place.is_dir():
        shutil.rmtree(place)
    os.replace(part, place)
    return label


def _from_hub(
    name: ModelName, part: Path, revision: str | None, report: Report, endpoint: str | None
) -> tuple[str, str]:
    from huggingface_hub import HfApi

    if not name.is_of_hub:
        raise RequestError(f"{name}: a model of a hub is called OWNER/NAME")
    api = HfApi(endpoint=endpoint)
    with _mapped(name, api.endpoint):
        info = api.model_info(name.name, revision=revision, files_metadata=True)
        files = _chosen(name, info.siblings or [])
        n_bytes_in_all, done = sum(file.size or 0 for file in files), 0
        for file in files:
            (part / file.rfilename).parent.mkdir(parents=True, exist_ok=True)
            published = _published(api, name, str(info.sha), file)
            fetch(published, part / file.rfilename, _shifted(report, done, n_bytes_in_all))
            done += file.size or 0
        report(n_bytes_in_all, n_bytes_in_all)
    return f"{api.endpoint}/{name.name}", str(info.sha)


def _shifted(report: Report, done: int, n_bytes_in_all: int) -> Report:
    return lambda n_bytes, _: report(done + n_bytes, n_bytes_in_all)


def _published(api: HfApi, name: ModelName, commit: str, file: RepoSibling) -> _Published:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(name.name, file.rfilename, revision=commit, endpoint=api.endpoint)
    # Where the file really lies, so that the token for the hub is not sent there.
    metadata = get_hf_file_metadata(url, endpoint=api.endpoint)
    return _Published(metadata.location, file.lfs.sha256 if file.lfs else None)


@contextmanager
def _mapped(name: ModelName, address: str) -> Iterator[None]:
    """The hub's errors as ours; its library lets through whatever the library below it raises."""
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        yield
    except VidagentError:
        raise
    except RepositoryNotFoundError as error:
        raise RequestError(
            f"{name}: no such model on {address}, or one that has to be asked for there"
        ) from error
    except Exception as error:
        raise ModelError(f"{name}: {_BROKEN_OFF}: {in_one_line(error, _SAID_MAX)}") from error


def _chosen(name: ModelName, files: Sequence[RepoSibling]) -> list[RepoSibling]:
    """The files that are wanted of a repository."""
    wanted = _CTRANSLATE2 if name.kind == "faster-whisper" else _WANTED
    kept = [f for f in files if _fits(f.rfilename, wanted) and not _fits(f.rfilename, _NOT_WANTED)]
    if not any(f.rfilename.endswith((".safetensors", "model.bin")) for f in kept):
        raise RequestError(f"{name}: its weights are not published as safetensors, and nothing else is read")
    return kept


def _fits(file: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(file, pattern) for pattern in patterns)


@dataclass(frozen=True)
class _Published:
    """A file as it is published; no hash is told of small files of a hub."""

    url: str
    sha256: str | None


def _whisper(name: ModelName, part: Path, report: Report) -> tuple[str, str]:
    import whisper

    url = whisper._MODELS.get(name.name)
    if url is None:
        raise RequestError(
            f"{name}: whisper has no such model; there are {', '.join(whisper.available_models())}"
        )
    # The makers' addresses hold the hash of what lies there.
    found = re.search(r"/([0-9a-f]{64})/", url)
    if found is None:
        raise ModelError(f"{name}: {url} does not tell the hash of the file")
    fetch(_Published(url, found[1]), part / f"{name.name}.pt", report)
    return url, found[1][:12]


def fetch(published: _Published, target: Path, report: Report) -> None:
    """Download one file, going on behind what is there; raises ``ModelError`` where it is not what it should be."""
    part = target.with_name(f"{target.name}.incomplete")
    if not target.exists():
        try:
            _fetch_into(published.url, part, report)
        except (urllib.error.URLError, OSError) as error:
            raise ModelError(f"{target.name}: {_BROKEN_OFF}: {in_one_line(error, _SAID_MAX)}") from error
        os.replace(part, target)
    if published.sha256 and sha256_of(target) != published.sha256:
        target.unlink()
        raise ModelError(
            f"{target.name}: not the file that its makers published (wrong SHA-256); it was removed"
        )


def _fetch_into(url: str, part: Path, report: Report) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT_S)
    except urllib.error.HTTPError as error:
        # All of it was there already.
        if error.code == 416 and have:
            return
        raise
    with answer, part.open("ab") as file:
        if have and answer.status != 206:
            file.truncate(0)
            have = 0
        length = answer.headers.get("Content-Length")
        in_all = have + int(length) if length else None
        while chunk := answer.read(_CHUNK):
            file.write(chunk)
            have += len(chunk)
            report(have, in_all)
        if in_all is not None and have < in_all:
            raise OSError(f"broken off after {have} of {in_all} bytes")
