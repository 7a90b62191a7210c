"""Whispers with weights drawn by chance, in the form of either library.

They write until the limit, which is half of their context.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from sizes import WhisperSize

N_PLACES, N_TIMES = 1500, 1501
# 112 tokens for half a minute, about as many as people speak in it; faster-whisper fits one length only.
_N_CONTEXT, _N_CONTEXT_FASTER = 224, 448
_SPREAD = 3.0
_FAINT = 0.05


def drawn_whisper(file: Path, size: WhisperSize) -> None:
    """A checkpoint as OpenAI publishes it."""
    import torch
    from whisper.model import ModelDimensions, Whisper

    width, n_heads, depth = size.n_state, size.n_heads, size.n_layers
    half = (width, n_heads, depth)
    torch.manual_seed(0)
    model = Whisper(ModelDimensions(size.n_mels, N_PLACES, *half, size.n_vocabulary, _N_CONTEXT, *half))
    with torch.no_grad():
        model.decoder.positional_embedding.normal_(std=0.1)
        _draw_words(model.decoder.token_embedding.weight)
    torch.save({"dims": asdict(model.dims), "model_state_dict": model.state_dict()}, file)


def drawn_converted(folder: Path, size: WhisperSize) -> None:
    """A folder as CTranslate2's own converter makes it from a checkpoint of transformers."""
    from ctranslate2.converters import TransformersConverter

    source = folder.with_name("source")
    _save_transformers(source, size)
    copied = ["tokenizer.json", "preprocessor_config.json"]
    TransformersConverter(str(source), copy_files=copied).convert(str(folder))


def _save_transformers(folder: Path, size: WhisperSize) -> None:
    import torch
    from transformers import GenerationConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

    tokenizer = _tokenizer(size)
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(_config(size, tokenizer))
    with torch.no_grad():
        _draw_words(model.model.decoder.embed_tokens.weight)
    codes = {token: tokenizer.convert_tokens_to_ids(token) for token in _languages(size)}
    end = tokenizer.eos_token_id
    model.generation_config = GenerationConfig(
        lang_to_id=codes, suppress_tokens=[], begin_suppress_tokens=[220, end]
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    WhisperFeatureExtractor(feature_size=size.n_mels).save_pretrained(folder)


def _config(size: WhisperSize, tokenizer: Any) -> Any:
    from transformers import WhisperConfig

    halves: dict[str, Any] = {}
    for half in ("encoder", "decoder"):
        halves |= {f"{half}_layers": size.n_layers, f"{half}_attention_heads": size.n_heads}
        halves[f"{half}_ffn_dim"] = 4 * size.n_state
    end = tokenizer.eos_token_id
    ids = {f"{name}_token_id": end for name in ("pad", "bos", "eos")}
    return WhisperConfig(
        vocab_size=size.n_vocabulary,
        num_mel_bins=size.n_mels,
        d_model=size.n_state,
        max_source_positions=N_PLACES,
        max_target_positions=_N_CONTEXT_FASTER,
        decoder_start_token_id=end + 1,
        **halves,
        **ids,
    )


def _draw_words(embedding: torch.Tensor) -> None:
    """Words so far apart that one is always much likelier than any time, so that no time ends a window early."""
    embedding.normal_(std=_SPREAD / embedding.shape[1] ** 0.5)
    embedding[-N_TIMES:] *= _FAINT


def _tokenizer(size: WhisperSize) -> Any:
    """Whisper's own vocabulary, from the package of OpenAI, in the form of transformers."""
    import whisper
    from transformers import PreTrainedTokenizerFast
    from transformers.convert_slow_tokenizer import TikTokenConverter

    file = Path(whisper.__file__).parent / "assets" / "multilingual.tiktoken"
    tasks = ["translate", "transcribe", "startoflm", "startofprev", "nocaptions", "notimestamps"]
    times = [f"<|{n * 0.02:.2f}|>" for n in range(N_TIMES)]
    special = ["<|endoftext|>", "<|startoftranscript|>", *_languages(size)]
    special += [*(f"<|{task}|>" for task in tasks), *times]
    made = TikTokenConverter(str(file), extra_special_tokens=special).converted()
    made.post_processor = None
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|endoftext|>")


def _languages(size: WhisperSize) -> list[str]:
    from sizes import N_WHISPER_VOCABULARY
    from whisper.tokenizer import LANGUAGES

    n_languages = 99 + size.n_vocabulary - N_WHISPER_VOCABULARY
    return [f"<|{code}|>" for code in list(LANGUAGES)[:n_languages]]
