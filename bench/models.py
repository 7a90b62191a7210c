"""Models: how quickly they work behind their adapters, beside the plain use of their own libraries.

Each row stands beside its baseline of the same run, and the two have to give the same results. Weights
are drawn by chance, which changes no speed.
"""

from __future__ import annotations

import argparse
import json
import queue
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Item = TypeVar("Item")

SAMPLE = Path(__file__).parents[1] / "samples" / "gull_island.mp4"
ARCHITECTURE = "MobileCLIP2-S0"
EVERY_S = 0.5
SHORT_SIDE = 512
_BATCH = 32
_N_AHEAD = 2 * _BATCH
_HAIR_S = 1e-6
_LIKE = 0.9


@dataclass(frozen=True)
class Options:
    """What is measured, on what, and how often; the best of several runs counts."""

    video: Path
    device: str
    architecture: str
    n_runs: int


def best_s(works: dict[str, Callable[[], Any]], n_runs: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Seconds of the best run of each work, which take turns, and what each gave."""
    taken_s: dict[str, list[float]] = {name: [] for name in works}
    given = {}
    for _ in range(n_runs):
        for name, work in works.items():
            begun_s = time.perf_counter()
            given[name] = work()
            taken_s[name].append(time.perf_counter() - begun_s)
    return {name: min(seconds) for name, seconds in taken_s.items()}, given


def embedding_rows(options: Options) -> list[str]:
    """Pictures as vectors: two a second of a video with decoding, and the time until the first vector."""
    from vidagent.tools.models.device import Device
    from vidagent.tools.models.picture_vectors import OpenClipEmbedder

    device = Device.named(options.device)
    with tempfile.TemporaryDirectory() as name:
        folder = _drawn_model(Path(name), options.architecture)
        seconds, loaded = best_s(
            {
                "ours": lambda: _asked(OpenClipEmbedder(folder, device)),
                "plain": lambda: _plain_asked(_PlainModel(folder, device)),
            },
            options.n_runs,
        )
        rows = [_row(f"{options.architecture}, seconds to the first vector", seconds, 1)]
        works = {
            "ours": lambda: _our_vectors(options.video, loaded["ours"]),
            "plain": lambda: _plain_vectors(options.video, loaded["plain"]),
        }
        seconds, given = best_s(works, options.n_runs)
    n, likeness = len(given["ours"]), _likeness(given["ours"], given["plain"])
    what = f"{options.architecture}, {n} pictures with decoding, a second"
    return [*rows, _row(what, seconds, n) + f" least cosine, less the mean, {likeness:.4f} |"]


SECTIONS: dict[str, Callable[[Options], list[str]]] = {"embedding": embedding_rows}
"""What can be measured, by name."""


def ahead(items: Iterable[Item], n_ahead: int) -> Iterator[Item]:
    """The same items, made by another thread while those before are worked on."""
    waiting: queue.Queue[tuple[Item] | None] = queue.Queue(n_ahead)

    def make() -> None:
        try:
            for item in items:
                waiting.put((item,))
        finally:
            waiting.put(None)

    threading.Thread(target=make, daemon=True).start()
    while (found := waiting.get()) is not None:
        yield found[0]


def _row(what: str, seconds: dict[str, float], n: int) -> str:
    """A line of the table; ``n`` things a second where they are many, seconds otherwise; above 1 is better."""
    ours, plain = (n / seconds[who] if n > 1 else seconds[who] for who in ("ours", "plain"))
    return f"| {what} | {ours:.2f} | {plain:.2f} | {seconds['plain'] / seconds['ours']:.2f} |"


def _drawn_model(folder: Path, architecture: str) -> Path:
    """A folder as open_clip publishes it, with weights drawn by chance."""
    import open_clip
    from safetensors.torch import save_file

    form = open_clip.get_model_config(architecture)
    if form is None:
        raise SystemExit(f"{architecture}: open_clip knows no such architecture")
    model = open_clip.create_model(architecture, pretrained_text=False)
    state = {name: tensor.clone().contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    config = {"model_cfg": form, "preprocess_cfg": _preparation(architecture)}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    return folder


def _preparation(architecture: str) -> dict[str, Any]:
    from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model

    tags = list_pretrained_tags_by_model(architecture)
    chosen = get_pretrained_cfg(architecture, tags[0]) if tags else {}
    return {name: chosen[name] for name in ("mean", "std", "interpolation", "resize_mode") if name in chosen}


class _PlainModel:
    """open_clip as its own page shows it, one picture at a time."""

    def __init__(self, folder: Path, device: Any) -> None:
        import open_clip
        import torch

        self.dtype, self.device = device.dtype, device.name
        precision = {torch.float32: "fp32", torch.float16: "pure_fp16", torch.bfloat16: "pure_bf16"}[
            self.dtype
        ]
        self.model, _, self.prepare = open_clip.create_model_and_transforms(
            f"local-dir:{folder}", precision=precision, device=self.device
        )
        self.model.eval()

    def vector(self, image: Any) -> Vectors:
        """The unit vector of a picture of PIL."""
        import torch

        with torch.no_grad():
            prepared = self.prepare(image).unsqueeze(0).to(self.device, self.dtype)
            found = self.model.encode_image(prepared, normalize=True)
        return np.asarray(found.float().cpu().numpy()[0], np.float32)


def _asked(embedder: Any) -> Any:
    embedder.embed_images([np.zeros((64, 64, 3), np.uint8)])
    return embedder


def _plain_asked(model: _PlainModel) -> _PlainModel:
    from PIL import Image

    model.vector(Image.new("RGB", (64, 64)))
    return model


def _our_vectors(video: Path, embedder: Any) -> Vectors:
    from vidagent.tools.guarded import GuardedPictures

    pictures = (picture.rgb(SHORT_SIDE) for picture in GuardedPictures(video, every_s=EVERY_S))
    arriving = ahead(pictures, _N_AHEAD)
    batches = iter(lambda: list(islice(arriving, _BATCH)), [])
    return np.concatenate([embedder.embed_images(batch) for batch in batches])


def _plain_vectors(video: Path, model: _PlainModel) -> Vectors:
    import av

    vectors, first_s, due_s = [], None, float("-inf")
    with av.open(str(video)) as container:
        container.streams.video[0].thread_type = "AUTO"
        frame: Any
        for frame in container.decode(container.streams.video[0]):
            first_s = frame.time if first_s is None else first_s
            if frame.time >= due_s - _HAIR_S:
                due_s = first_s + EVERY_S * (int((frame.time - first_s + _HAIR_S) / EVERY_S) + 1)
                vectors.append(model.vector(frame.to_image()))
    return np.stack(vectors)


def _likeness(ours: Vectors, plain: Vectors) -> float:
    """The least cosine between a picture's two vectors, less the mean of all; no speed counts where they differ."""
    if ours.shape != plain.shape:
        raise SystemExit(f"not the same pictures: {len(ours)} and {len(plain)}")
    # Weights drawn by chance give vectors that are nearly the same for all pictures; what is left tells them apart.
    apart, expected = ours - plain.mean(axis=0), plain - plain.mean(axis=0)
    lengths = np.linalg.norm(apart, axis=1) * np.linalg.norm(expected, axis=1)
    least = float(((apart * expected).sum(axis=1) / np.maximum(lengths, 1e-12)).min())
    if least < _LIKE:
        raise SystemExit(f"not the same vectors: a cosine of {least:.4f}")
    return least


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", nargs="?", type=Path, default=SAMPLE)
    parser.add_argument("--architecture", default=ARCHITECTURE, help="of open_clip")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=sorted(SECTIONS), action="append")
    given = parser.parse_args()
    options = Options(given.video, given.device, given.architecture, given.runs)
    print("| what | vidagent | plain | times better | |\n|---|---|---|---|---|")
    for name in given.only or SECTIONS:
        print("\n".join(SECTIONS[name](options)), flush=True)


if __name__ == "__main__":
    main()
