"""Pictures as vectors, decoding included, beside open_clip as its own page shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from idleness import idle_note
from pictures import SHORT_SIDE, batches, guarded, plain
from sizes import Options
from table import OURS, PLAIN, Row, hour_row, in_turns, loaded

from vidagent.tools.models.device import Device
from vidagent.tools.models.picture_vectors import OpenClipEmbedder

if TYPE_CHECKING:
    from PIL.Image import Image

Vectors = npt.NDArray[np.float32]
BESIDE = "open_clip, picture by picture"
# As many as an ingestion hands over at once.
_BATCH = 32
_LIKE = 0.9
_PREPARATION = ("mean", "std", "interpolation", "resize_mode")


def rows(options: Options, folder: Path) -> Iterator[Row]:
    """Loading until the first vector; pictures a second; an hour of video."""
    device, name = Device.named(options.device), options.size.embedder
    drawn_embedder(folder, name)
    loading = loaded(
        lambda: _asked(OpenClipEmbedder(folder, device)),
        lambda: PlainEmbedder(folder, device),
        options.n_rounds,
    )
    yield Row(f"{name}: seconds until the first vector", "open_clip's loading", loading)

    def our_vectors() -> Vectors:
        pictures = batches(guarded(options.video, options.length_s, SHORT_SIDE), _BATCH)
        return np.concatenate([loading.given[OURS].embed_images(batch) for batch in pictures])

    def plain_vectors() -> Vectors:
        return np.stack([loading.given[PLAIN].vector(i) for i in plain(options.video, options.length_s)])

    timed = in_turns(our_vectors, plain_vectors, options.n_rounds)
    note = f"least cosine, less the mean, {likeness(timed.given[OURS], timed.given[PLAIN]):.4f}; "
    note += idle_note(our_vectors, plain_vectors, device.name)
    yield Row(f"{name}: pictures with decoding, a second", BESIDE, timed, len(timed.given[OURS]), note=note)
    yield hour_row(f"{name}, a picture a second", BESIDE, timed, options.length_s)


def drawn_embedder(folder: Path, architecture: str) -> None:
    """A folder as open_clip publishes it, with weights drawn by chance."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    form = open_clip.get_model_config(architecture)
    if form is None:
        raise SystemExit(f"{architecture}: open_clip knows no such architecture")
    torch.manual_seed(0)
    model = open_clip.create_model(architecture, pretrained_text=False)
    state = {name: tensor.clone().contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    config = {"model_cfg": form, "preprocess_cfg": _preparation(architecture)}
    (folder / "open_clip_config.json").write_text(json.dumps(config))


def _preparation(architecture: str) -> dict[str, Any]:
    from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model

    tags = list_pretrained_tags_by_model(architecture)
    chosen = get_pretrained_cfg(architecture, tags[0]) if tags else {}
    return {name: chosen[name] for name in _PREPARATION if name in chosen}


class PlainEmbedder:
    """open_clip as its own page shows it, one picture at a time; it has been asked once."""

    def __init__(self, folder: Path, device: Device) -> None:
        import open_clip
        import torch
        from PIL import Image

        self.dtype, self.device = device.dtype, device.name
        names = {torch.float32: "fp32", torch.float16: "pure_fp16", torch.bfloat16: "pure_bf16"}
        self.model, _, self.prepare = open_clip.create_model_and_transforms(
            f"local-dir:{folder}", precision=names[self.dtype], device=self.device
        )
        self.model.eval()
        self.vector(Image.new("RGB", (64, 64)))

    def vector(self, image: Image) -> Vectors:
        """The unit vector (dimension,) of a picture."""
        import torch

        with torch.no_grad():
            prepared = self.prepare(image).unsqueeze(0).to(self.device, self.dtype)
            found = self.model.encode_image(prepared, normalize=True)
        return np.asarray(found.float().cpu().numpy()[0], np.float32)


def likeness(ours: Vectors, others: Vectors) -> float:
    """The least cosine between a picture's two vectors, less the mean of all; no speed counts where they differ."""
    if ours.shape != others.shape:
        raise SystemExit(f"not the same pictures: {len(ours)} and {len(others)}")
    # Weights drawn by chance give vectors that are nearly the same for all pictures; what is left tells them apart.
    apart, expected = ours - others.mean(axis=0), others - others.mean(axis=0)
    lengths = np.linalg.norm(apart, axis=1) * np.linalg.norm(expected, axis=1)
    least = float(((apart * expected).sum(axis=1) / np.maximum(lengths, 1e-12)).min())
    if least < _LIKE:
        raise SystemExit(f"not the same vectors: a cosine of {least:.4f}")
    return least


def _asked(embedder: OpenClipEmbedder) -> Any:
    embedder.embed_images([np.zeros((64, 64, 3), np.uint8)])
    return embedder
