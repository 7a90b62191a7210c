"""A Qwen2.5-VL with weights drawn by chance, as ``save_pretrained`` writes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sizes import ReaderSize

N_CONTEXT = 128000
_SPECIAL = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>",
    "<|video_pad|>",
)  # fmt: skip
_PLACES = {"vision_start": 3, "vision_end": 4, "image": 5, "video": 6}
_TEMPLATE = (
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def drawn_reader(folder: Path, size: ReaderSize) -> None:
    """Model and processor; the weights are drawn where there is room, and kept in half precision."""
    import torch
    from transformers import AutoModelForImageTextToText, Qwen2_5_VLConfig, Qwen2_5_VLProcessor
    from transformers.utils import logging

    logging.disable_progress_bar()
    tokenizer = _tokenizer()
    ids = {f"{name}_token_id": tokenizer.convert_tokens_to_ids(_SPECIAL[n]) for name, n in _PLACES.items()}
    text: dict[str, Any] = {**size.text, "max_position_embeddings": N_CONTEXT, "bos_token_id": None}
    text |= {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    config = Qwen2_5_VLConfig(text_config=text, vision_config=size.vision, **ids)
    torch.manual_seed(0)
    model = AutoModelForImageTextToText.from_config(config, dtype=torch.bfloat16)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder)
    processor: Any = Qwen2_5_VLProcessor(*_pictures(tokenizer), chat_template=_TEMPLATE)
    processor.save_pretrained(folder)


def _pictures(tokenizer: Any) -> tuple[Any, Any, Any]:
    from transformers import Qwen2VLImageProcessor, Qwen2VLVideoProcessor

    bounds = {"shortest_edge": 28 * 28, "longest_edge": 1280 * 28 * 28}
    return Qwen2VLImageProcessor(size=bounds), tokenizer, Qwen2VLVideoProcessor(size=bounds)


def _tokenizer() -> Any:
    """Bytes for words; how long a text is makes little difference beside pictures."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=list(_SPECIAL), initial_alphabet=letters, show_progress=False
    )
    trained.train_from_iterator(["How many boats leave the harbour?"], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=trained,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=list(_SPECIAL),
        model_max_length=N_CONTEXT,
        clean_up_tokenization_spaces=False,
    )
