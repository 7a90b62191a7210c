"""Whispers with weights drawn by chance, in the form of either library.

Whatever they hear, they write ``N_WORDS`` tokens, close them with a time as trained ones do, and end.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from sizes import WhisperSize

N_PLACES, N_TIMES = 1500, 1501
N_WORDS = 110
"""About as many tokens as people speak in half a minute."""

_N_CONTEXT = 448
# The places in a text at which a time, and then the end, is by far the likeliest; three tokens stand before all.
_AT_TIME, _AT_END = N_WORDS + 2, N_WORDS + 3
_SPREAD = 3.0
_FAINT = 0.05
_LOUD, _TIME, _END = 100.0, 1.0, 2.0


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
        _draw_words(model.decoder.token_embedding.weight, model.decoder.positional_embedding)
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
        _draw_words(model.model.decoder.embed_tokens.weight, model.model.decoder.embed_positions.weight)
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
        max_target_positions=_N_CONTEXT,
        decoder_start_token_id=end + 1,
        **halves,
        **ids,
    )


def _draw_words(words: torch.Tensor, places: torch.Tensor) -> None:
    """Words so far apart that one is much likelier than any time, until the place where a time and the end follow.

    Of a vector's numbers, the first speaks for times alone, and the second for the end.
    """
    from whisper.tokenizer import get_tokenizer

    words.normal_(std=_SPREAD / words.shape[1] ** 0.5)
    words[-N_TIMES:] *= _FAINT
    words[:, :2] = 0.0
    words[-N_TIMES:, 0] = _TIME
    words[get_tokenizer(multilingual=True).eot, 1] = _END
    places[[_AT_TIME, _AT_END]] = 0.0
    places[_AT_TIME, 0] = places[_AT_END, 1] = _LOUD


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
