"""Pictures and descriptions become vectors of an open_clip model, the same ones that open_clip gives."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_embedders import CLIP, KINDS, SIDE, SIGLIP, make_open_clip

from vidagent.tools.errors import CapabilityError, ModelError, RequestError
from vidagent.tools.models.device import Device
from vidagent.tools.models.picture_vectors import BACKGROUND, CONFIG, TEMPLATES, OpenClipEmbedder
from vidagent.tools.roles import ImageTextEmbedder, Pixels, Vectors

CPU = Device("cpu")
SIZES = ((40, 60), (60, 40), (32, 32), (20, 90), (33, 47), (64, 64), (5, 7), (120, 31))
SENTENCE = "A man opens a door."


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        kind: make_open_clip(tmp_path_factory.mktemp("models") / kind, config)
        for kind, config in KINDS.items()
    }


@pytest.fixture(params=list(KINDS))
def folder(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Path:
    return folders[request.param]


@pytest.fixture
def damaged(folders: dict[str, Path], tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return Path(shutil.copytree(folders["clip"], tmp_path / "clip"))


def pictures() -> list[Pixels]:
    chance = np.random.default_rng(3)
    return [chance.integers(0, 256, (*size, 3), np.uint8) for size in SIZES]


def library_model(folder: Path) -> tuple[Any, Any, Any]:
    import open_clip

    model, transform = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
    return model.eval(), transform, open_clip.get_tokenizer(f"local-dir:{folder}")


def library_vectors(folder: Path, images: Sequence[Pixels]) -> Vectors:
    """What open_clip makes of each picture by itself."""
    import torch
    from PIL import Image

    model, transform, _ = library_model(folder)
    with torch.inference_mode():
        rows = [
            model.encode_image(transform(Image.fromarray(image))[None], normalize=True) for image in images
        ]
    return np.concatenate([row.numpy() for row in rows])


def library_texts(folder: Path, texts: Sequence[str]) -> Vectors:
    import torch

    model, _, tokenize = library_model(folder)
    with torch.inference_mode():
        return np.asarray(model.encode_text(tokenize(list(texts)), normalize=True).numpy())


def short_of_memory_above(
    embedder: OpenClipEmbedder, n_fits: int, monkeypatch: pytest.MonkeyPatch
) -> list[int]:
    """The embedder's model takes so many pictures at once and no more; gives the sizes that it is asked for."""
    import torch

    model, sizes = embedder._network._model, list[int]()
    encode = model.encode_image

    def narrow(images: torch.Tensor) -> Any:
        sizes.append(len(images))
        if len(images) > n_fits:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return encode(images)

    monkeypatch.setattr(model, "encode_image", narrow)
    return sizes


def test_vectors_are_those_of_the_library_one_picture_at_a_time(folder: Path) -> None:
    embedder: ImageTextEmbedder = OpenClipEmbedder(folder, CPU)
    vectors = embedder.embed_images(pictures())
    assert vectors.dtype == np.float32 and vectors.shape == (len(SIZES), embedder.dimension)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(vectors, library_vectors(folder, pictures()), atol=1e-5)
    # Pictures that are not alike would not show whether they were mixed up.
    assert np.max(vectors @ vectors.T - 2 * np.eye(len(SIZES))) < 0.999


def test_pictures_are_prepared_together_as_the_library_prepares_each(folder: Path) -> None:
    import torch
    from PIL import Image

    prepared = OpenClipEmbedder(folder, CPU)._network.prepared(pictures())
    _, transform, _ = library_model(folder)
    assert prepared.shape == (len(SIZES), 3, SIDE, SIDE)
    assert torch.equal(prepared, torch.stack([transform(Image.fromarray(image)) for image in pictures()]))


@pytest.mark.parametrize("n_at_once", [1, 3, 8])
def test_vectors_do_not_depend_on_the_size_of_a_batch(folder: Path, n_at_once: int) -> None:
    embedder = OpenClipEmbedder(folder, CPU)
    together = embedder.embed_images(pictures())
    embedder._network.n_at_once = n_at_once
    np.testing.assert_allclose(embedder.embed_images(pictures()), together, atol=1e-5)


@pytest.mark.parametrize("n_fits", [1, 2, 3])
def test_short_memory_halves_the_batch_for_good_and_changes_no_vector(
    folder: Path, n_fits: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    embedder = OpenClipEmbedder(folder, CPU)
    expected = embedder.embed_images(pictures())
    sizes = short_of_memory_above(embedder, n_fits, monkeypatch)
    np.testing.assert_allclose(embedder.embed_images(pictures()), expected, atol=1e-5)
    n_halved = sum(size > n_fits for size in sizes)
    assert n_halved > 0
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["memory is short"] * n_halved
    sizes.clear()
    np.testing.assert_allclose(embedder.embed_images(pictures()), expected, atol=1e-5)
    assert max(sizes) <= n_fits


def test_memory_that_is_too_short_for_one_picture_is_a_failure_of_the_model(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = OpenClipEmbedder(folder, CPU)
    short_of_memory_above(embedder, 0, monkeypatch)
    with pytest.raises(ModelError, match="out of memory"):
        embedder.embed_images(pictures())


def test_the_first_batch_fits_into_the_memory_that_is_free(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    for free_bytes in (1, 30_000_000, 1 << 40):
        monkeypatch.setattr(Device, "free_bytes", lambda _, n=free_bytes: n)
        sizes.append(OpenClipEmbedder(folders["clip"], CPU)._network.n_at_once)
    assert 1 == sizes[0] < sizes[1] < sizes[2] < 1000


def test_half_precision_gives_nearly_the_same_and_keeps_the_digits_of_the_scale(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    full, half = OpenClipEmbedder(folder, CPU), OpenClipEmbedder(folder, CPU)
    expected, text = full.embed_images(pictures()), full.embed_text("a dog")
    monkeypatch.setattr(Device, "dtype", torch.bfloat16)
    vectors, half_text = half.embed_images(pictures()), half.embed_text("a dog")
    assert text is not None and half_text is not None
    assert vectors.dtype == np.float32 and np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert 1e-6 < 1 - (vectors * expected).sum(axis=1).min() < 0.01 and text @ half_text > 0.99
    assert (half._network.scale, half._network.bias) == (full._network.scale, full._network.bias)


def test_no_pictures_give_no_vectors(folder: Path) -> None:
    embedder = OpenClipEmbedder(folder, CPU)
    assert embedder.embed_images([]).shape == (0, embedder.dimension)


@pytest.mark.parametrize("text", ["a red car", SENTENCE, "Straße bei Nacht", "dog " * 200])
def test_a_description_is_the_mean_over_what_it_is_put_into(folder: Path, text: str) -> None:
    vector = OpenClipEmbedder(folder, CPU).embed_text(text)
    plain = text.strip().rstrip(".")
    mean = library_texts(folder, [template.format(plain) for template in TEMPLATES]).mean(axis=0)
    assert vector is not None and vector.dtype == np.float32
    np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-5)


def test_descriptions_differ_and_one_that_is_said_twice_does_not(folder: Path) -> None:
    embedder = OpenClipEmbedder(folder, CPU)
    first, other = embedder.embed_text("a dog"), embedder.embed_text(SENTENCE)
    assert first is not None and other is not None and first @ other < 0.999
    first[:] = 0
    again, afresh = embedder.embed_text("a dog"), OpenClipEmbedder(folder, CPU).embed_text("a dog")
    assert again is not None and afresh is not None
    np.testing.assert_array_equal(again, afresh)


@pytest.mark.parametrize("text", ["", "  ", "?!"])
def test_a_text_without_a_word_has_no_vector_and_is_not_likely(folder: Path, text: str) -> None:
    embedder = OpenClipEmbedder(folder, CPU)
    assert embedder.embed_text(text) is None
    assert embedder.likelihoods(embedder.embed_images(pictures()), text).tolist() == [0.0] * len(SIZES)


def test_a_model_with_a_bias_says_itself_how_likely_a_text_is(folders: dict[str, Path]) -> None:
    embedder = OpenClipEmbedder(folders["siglip"], CPU)
    seen, wanted = embedder.embed_images(pictures()), embedder.embed_text("a dog")
    logits = library_model(folders["siglip"])[0].logit_scale.exp().item() * (seen @ wanted) - 2.0
    likelihoods = embedder.likelihoods(seen, "a dog")
    assert likelihoods.dtype == np.float32
    np.testing.assert_allclose(likelihoods, 1 / (1 + np.exp(-logits)), rtol=1e-4)


def test_a_model_without_one_weighs_a_text_against_the_background(folders: dict[str, Path]) -> None:
    embedder = OpenClipEmbedder(folders["clip"], CPU)
    seen, wanted = embedder.embed_images(pictures()), embedder.embed_text("a dog")
    texts = np.vstack([wanted, library_texts(folders["clip"], BACKGROUND)])
    weights = np.exp(library_model(folders["clip"])[0].logit_scale.exp().item() * (seen @ texts.T))
    likelihoods = embedder.likelihoods(seen, "a dog")
    np.testing.assert_allclose(likelihoods, weights[:, 0] / weights.sum(axis=1), rtol=1e-4)
    assert np.all((likelihoods > 0) & (likelihoods < 1))


def test_likelihoods_rise_with_likeness_within_a_model_and_are_none_of_nothing(
    folders: dict[str, Path],
) -> None:
    for folder in folders.values():
        embedder = OpenClipEmbedder(folder, CPU)
        wanted = embedder.embed_text("a dog")
        assert wanted is not None
        away, near = embedder.likelihoods(np.stack([-wanted, wanted]), "a dog")
        assert 0 <= away < near <= 1
        assert embedder.likelihoods(np.zeros((0, embedder.dimension), np.float32), "a dog").shape == (0,)


def test_other_weights_are_another_model_and_so_is_another_preparation(tmp_path: Path) -> None:
    first = make_open_clip(tmp_path / "first" / "model", CLIP)
    same = make_open_clip(tmp_path / "same" / "model", CLIP)
    others = [
        make_open_clip(tmp_path / "other" / "model", CLIP, seed=2),
        make_open_clip(tmp_path / "squeezed" / "model", CLIP | {"preprocess_cfg": {"resize_mode": "squash"}}),
    ]
    name = OpenClipEmbedder(first, CPU).name
    assert name.startswith("model@") and name == OpenClipEmbedder(same, CPU).name
    assert len({name, *(OpenClipEmbedder(other, CPU).name for other in others)}) == 3


def test_a_model_that_also_writes_captions_embeds_too(tmp_path: Path) -> None:
    towers = CLIP["model_cfg"] | {
        "custom_text": True,
        "multimodal_cfg": {"context_length": 40, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
    }
    towers["vision_cfg"] = towers["vision_cfg"] | {
        "attentional_pool": True,
        "output_tokens": True,
        "attn_pooler_heads": 2,
    }
    towers["text_cfg"] = towers["text_cfg"] | {"embed_cls": True, "output_tokens": True, "context_length": 39}
    folder = make_open_clip(tmp_path / "coca", {"model_cfg": towers, "preprocess_cfg": {}})
    vectors = OpenClipEmbedder(folder, CPU).embed_images(pictures())
    np.testing.assert_allclose(vectors, library_vectors(folder, pictures()), atol=1e-5)


def test_a_tower_of_timm_that_is_hastened_gives_the_same_vectors(tmp_path: Path) -> None:
    tower = {"timm_model_name": "repghostnet_050", "timm_pool": "avg", "timm_proj": None, "image_size": SIDE}
    towers = CLIP["model_cfg"] | {"custom_text": True, "vision_cfg": tower}
    folder = make_open_clip(tmp_path / "timm", {"model_cfg": towers, "preprocess_cfg": {}})
    embedder = OpenClipEmbedder(folder, CPU)
    n_before = len(list(library_model(folder)[0].visual.modules()))
    assert len(list(embedder._network._model.visual.modules())) < n_before
    np.testing.assert_allclose(
        embedder.embed_images(pictures()), library_vectors(folder, pictures()), atol=1e-5
    )


def test_a_tokenizer_that_the_config_names_is_read_from_the_folder(tmp_path: Path) -> None:
    from tiny_embedders import save_tokenizer

    config = json.loads(json.dumps(SIGLIP))
    config["model_cfg"]["text_cfg"]["hf_tokenizer_name"] = "nobody/has-this"
    config["model_cfg"]["text_cfg"]["tokenizer_kwargs"] = {"clean": "canonicalize"}
    folder = make_open_clip(tmp_path / "siglip", config)
    with pytest.raises(CapabilityError, match="no tokenizer here"):
        OpenClipEmbedder(folder, CPU).embed_text("a dog")
    save_tokenizer(folder)
    vector = OpenClipEmbedder(folder, CPU).embed_text("a dog")
    mean = library_texts(folder, [template.format("a dog") for template in TEMPLATES]).mean(axis=0)
    assert vector is not None
    np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-5)


def test_code_that_comes_with_a_tokenizer_is_not_run(tmp_path: Path) -> None:
    config = json.loads(json.dumps(SIGLIP))
    text = config["model_cfg"]["text_cfg"]
    text |= {"hf_tokenizer_name": "x", "tokenizer_kwargs": {"trust_remote_code": True}}
    folder = make_open_clip(tmp_path / "siglip", config)
    trace = tmp_path / "trace"
    (folder / "own.py").write_text(f"open({str(trace)!r}, 'w')\nclass Own: pass\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"auto_map": {"AutoTokenizer": ["own.Own", None]}})
    )
    with pytest.raises(ModelError):
        OpenClipEmbedder(folder, CPU).embed_text("a dog")
    assert not trace.exists()


def test_a_named_architecture_takes_its_weights_from_a_file(tmp_path: Path) -> None:
    import open_clip
    from safetensors.torch import save_model

    file = tmp_path / "weights.safetensors"
    model = open_clip.create_model("ViT-S-32-alt")
    save_model(model, str(file))
    embedder = OpenClipEmbedder(file, CPU, "ViT-S-32-alt")
    assert embedder.name.startswith("ViT-S-32-alt@") and embedder.dimension == 256
    assert embedder.embed_images(pictures()[:2]).shape == (2, 256)


def test_a_named_architecture_prepares_pictures_as_its_published_weights_need_it(tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    file.write_bytes(b"nothing is loaded before it is used")
    preparation = OpenClipEmbedder(file, CPU, "ViT-B-16-SigLIP2-384")._source.preparation
    assert preparation["resize_mode"] == "squash" and tuple(preparation["mean"]) == (0.5, 0.5, 0.5)
    with pytest.raises(RequestError, match="differ in how pictures are prepared"):
        OpenClipEmbedder(file, CPU, "ViT-L-14")


@pytest.mark.parametrize("architecture", ["ViT-none", "hf-hub:somebody/model", "local-dir:/tmp"])
def test_what_is_no_architecture_is_refused(tmp_path: Path, architecture: str) -> None:
    file = tmp_path / "weights.safetensors"
    file.touch()
    with pytest.raises(RequestError, match="no such architecture"):
        OpenClipEmbedder(file, CPU, architecture)


def test_pickles_are_refused(damaged: Path) -> None:
    import torch

    torch.save({}, damaged / "open_clip_pytorch_model.bin")
    with pytest.raises(RequestError, match="safetensors"):
        OpenClipEmbedder(damaged / "open_clip_pytorch_model.bin", CPU, "ViT-S-32")
    (damaged / "open_clip_model.safetensors").unlink()
    with pytest.raises(CapabilityError, match="no weights here"):
        OpenClipEmbedder(damaged, CPU)


def test_what_is_not_there_is_a_missing_capability(damaged: Path, tmp_path: Path) -> None:
    with pytest.raises(CapabilityError, match="no such file"):
        OpenClipEmbedder(tmp_path / "none.safetensors", CPU, "ViT-S-32")
    with pytest.raises(CapabilityError, match=CONFIG):
        OpenClipEmbedder(tmp_path / "none", CPU)
    (damaged / CONFIG).unlink()
    with pytest.raises(CapabilityError, match=CONFIG):
        OpenClipEmbedder(damaged, CPU)


@pytest.mark.parametrize(
    ("tower", "part"),
    [("text_cfg", {"hf_model_name": "roberta-base"}), ("vision_cfg", {"timm_model_name": "hf-hub:a/b"})],
)
def test_a_part_that_lies_on_a_hub_is_not_fetched(damaged: Path, tower: str, part: dict[str, str]) -> None:
    config = json.loads((damaged / CONFIG).read_text())
    config["model_cfg"][tower] |= part
    (damaged / CONFIG).write_text(json.dumps(config))
    with pytest.raises(CapabilityError, match="lies on a hub"):
        OpenClipEmbedder(damaged, CPU)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"model_cfg": {}}', '{"model_cfg": 3}'])
def test_a_damaged_config_is_a_damaged_model(damaged: Path, text: str) -> None:
    (damaged / CONFIG).write_text(text)
    with pytest.raises(ModelError, match="damaged"):
        OpenClipEmbedder(damaged, CPU)


def test_weights_that_are_cut_off_or_of_another_model_are_damaged(damaged: Path) -> None:
    weights = damaged / "open_clip_model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        OpenClipEmbedder(damaged, CPU).embed_images(pictures())
    assert "\n" not in str(caught.value)
    weights.write_bytes(whole)
    config = json.loads((damaged / CONFIG).read_text())
    config["model_cfg"]["vision_cfg"]["layers"] = 3
    (damaged / CONFIG).write_text(json.dumps(config))
    with pytest.raises(ModelError, match="cannot be loaded"):
        OpenClipEmbedder(damaged, CPU).embed_text("a dog")


def test_weights_that_are_no_numbers_are_damaged(damaged: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = damaged / "open_clip_model.safetensors"
    state = load_file(weights)
    state["visual.proj"].fill_(float("nan"))
    state["text_projection"].fill_(float("nan"))
    save_file(state, weights)
    with pytest.raises(ModelError, match="no numbers"):
        OpenClipEmbedder(damaged, CPU).embed_images(pictures())
    with pytest.raises(ModelError, match="no numbers"):
        OpenClipEmbedder(damaged, CPU).embed_text("a dog")
