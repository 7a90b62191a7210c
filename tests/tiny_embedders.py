"""Embedders of the real architectures, small enough to be made in a test, with weights drawn by chance."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIDE = 32
"""Pixels of the side of the square that the tiny picture models look at."""
RATE_HZ = 8000
"""The rate at which the tiny sound model hears."""
SOUND_S = 1
"""Seconds that the tiny sound model hears at once."""
_TOWERS: dict[str, Any] = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": SIDE, "patch_size": 8, "width": 32, "head_width": 16, "layers": 2},
    "text_cfg": {"context_length": 40, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
CLIP: dict[str, Any] = {"model_cfg": _TOWERS, "preprocess_cfg": {}}
"""Two towers that were trained to choose among texts."""
SIGLIP: dict[str, Any] = {
    "model_cfg": {**_TOWERS, "custom_text": True, "init_logit_bias": -2.0},
    "preprocess_cfg": {
        "mean": [0.5] * 3,
        "std": [0.5] * 3,
        "interpolation": "bilinear",
        "resize_mode": "squash",
    },
}
"""Two towers that say how likely a text is, with a bias; pictures are squeezed, not cut."""
KINDS = {"clip": CLIP, "siglip": SIGLIP}
_WORDS = ("the", "sound", "of", "a", "dog", "barks", "rain", "engine", "music", "this", "is")


def make_open_clip(folder: Path, config: dict[str, Any], seed: int = 1) -> Path:
    """A folder as open_clip publishes it."""
    from open_clip.coca_model import CoCa
    from open_clip.model import CLIP, CustomTextCLIP
    from safetensors.torch import save_file

    form = {**config["model_cfg"]}
    has_own_text = form.pop("custom_text", False)
    kind = CoCa if "multimodal_cfg" in form else CustomTextCLIP if has_own_text else CLIP
    model = drawn_model(lambda: kind(**form), seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    return folder


def drawn_model(make: Callable[[], Any], seed: int) -> Any:
    """A model with weights that are large enough for what is shown and named to make a difference."""
    import torch

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model = make()
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.copy_(torch.randn(parameter.shape) * 1.5 / parameter[0].numel() ** 0.5)
            elif parameter.dim() == 1:
                parameter.add_(torch.randn(parameter.shape) * 0.1)
    return model


def save_tokenizer(folder: Path) -> None:
    """Put a tokenizer of byte pairs into a folder, as a picture model with one of its own has it."""
    tokenizer = _trained_tokenizer()
    tokenizer.save_pretrained(folder)


def make_clap(folder: Path, seed: int = 1, **audio: Any) -> Path:
    """A CLAP that hears one second at once; ``audio`` changes its audio tower."""
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel, ClapProcessor

    tokenizer = _trained_tokenizer()
    text = {
        "vocab_size": len(tokenizer), "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 16, "max_position_embeddings": 42, "projection_dim": 24,
    }  # fmt: skip
    tower = {
        "num_mel_bins": 16, "spec_size": 64, "patch_embeds_hidden_size": 8, "hidden_size": 16, "depths": [1, 1],
        "num_attention_heads": [1, 2], "window_size": 4, "projection_dim": 24, "num_hidden_layers": 2,
    }  # fmt: skip
    config = ClapConfig(text_config=text, audio_config={**tower, **audio}, projection_dim=24)
    model = drawn_model(lambda: ClapModel(config), seed)
    extractor = ClapFeatureExtractor(
        feature_size=16,
        sampling_rate=RATE_HZ,
        hop_length=80,
        max_length_s=SOUND_S,
        fft_window_size=256,
        frequency_max=4000,
        truncation="fusion" if audio.get("enable_fusion") else "rand_trunc",
    )
    model.save_pretrained(folder)
    processor: Any = ClapProcessor
    processor(extractor, tokenizer).save_pretrained(folder)
    return folder


def _trained_tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import RobertaTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
    tokenizer.decoder = decoders.ByteLevel()
    marks = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=340, special_tokens=marks, initial_alphabet=letters, show_progress=False
    )
    tokenizer.train_from_iterator([" ".join(_WORDS)] * 3, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return RobertaTokenizerFast(tokenizer_object=tokenizer, model_max_length=40)
