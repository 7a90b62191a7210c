"""Whispers of the real architecture, small enough to be made in a test, with weights drawn by chance.

They are deaf: what they write is junk, though always the same junk for the same sound.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

# Where numba starts its threads, those of torch become as many, whatever a test has set.
os.environ["NUMBA_NUM_THREADS"] = "1"

N_VOCAB = 51865
"""Tokens of the first models of many languages; what is smaller counts as English only."""
N_VOCAB_ENGLISH = 51864


def tiny_whisper(seed: int = 0, n_vocab: int = N_VOCAB, spread: float = 0.6, sureness: float = 5.0) -> Any:
    """A ``whisper.Whisper`` that writes 16 tokens at a time at most.

    ``spread`` is that of the weights, to which that of the places in a text is as 4 to 1; with more ``sureness``
    it believes more in what it writes.
    """
    import torch
    from whisper.model import ModelDimensions, Whisper

    dims = ModelDimensions(80, 1500, 16, 2, 1, n_vocab, 32, 16, 2, 1)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model = Whisper(dims)
        for weights in model.parameters():
            torch.nn.init.normal_(weights, std=spread)
        model.decoder.positional_embedding.mul_(4.0)
        model.decoder.ln.weight.mul_(sureness)
    return model.eval()


def save_whisper(model: Any, file: Path) -> str:
    """Save as whisper's own checkpoints are saved; returns the SHA-256 of the file."""
    import torch

    torch.save({"dims": asdict(model.dims), "model_state_dict": model.state_dict()}, file)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def save_converted(folder: Path, seed: int = 0) -> Path:
    """A Whisper of transformers, converted for CTranslate2 with the library's own converter."""
    from ctranslate2.converters import TransformersConverter

    source = folder.with_name(f"{folder.name}-source")
    _save_transformers(source, seed)
    copied = ["tokenizer.json", "preprocessor_config.json"]
    TransformersConverter(str(source), copy_files=copied).convert(str(folder))
    return folder


def _save_transformers(folder: Path, seed: int) -> None:
    import torch
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
    )

    tokenizer = _tokenizer()
    end = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    config = WhisperConfig(
        vocab_size=N_VOCAB,
        num_mel_bins=80,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_source_positions=1500,
        max_target_positions=448,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=end + 1,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = WhisperForConditionalGeneration(config)
        for weights in model.parameters():
            torch.nn.init.normal_(weights, std=0.6)
    languages = {token: tokenizer.convert_tokens_to_ids(token) for token in _special_tokens()[2:101]}
    model.generation_config = GenerationConfig(
        lang_to_id=languages, suppress_tokens=[], begin_suppress_tokens=[220, end]
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    WhisperFeatureExtractor(feature_size=80).save_pretrained(folder)


def _tokenizer() -> Any:
    """Whisper's own vocabulary, as the package of OpenAI has it, in the form of transformers."""
    import whisper
    from transformers import PreTrainedTokenizerFast
    from transformers.convert_slow_tokenizer import TikTokenConverter

    file = Path(whisper.__file__).parent / "assets" / "multilingual.tiktoken"
    made = TikTokenConverter(str(file), extra_special_tokens=_special_tokens()).converted()
    made.post_processor = None
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|endoftext|>")


def _special_tokens() -> list[str]:
    from whisper.tokenizer import LANGUAGES

    languages = [f"<|{code}|>" for code in list(LANGUAGES)[:99]]
    tasks = ["translate", "transcribe", "startoflm", "startofprev", "nocaptions", "notimestamps"]
    times = [f"<|{n * 0.02:.2f}|>" for n in range(1501)]
    return ["<|endoftext|>", "<|startoftranscript|>", *languages, *(f"<|{task}|>" for task in tasks), *times]
