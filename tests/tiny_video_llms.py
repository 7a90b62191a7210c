"""Tiny checkpoints of the real architectures of video LLMs: weights by chance, placeholders and templates as published.

``make("smolvlm", folder)`` writes one as ``save_pretrained`` does; ``FAMILIES`` names them all. Every one takes a
prompt of 256 pictures, and its pictures may be of any size.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

N_CONTEXT = 32768
WORDS = (
    "How many boats leave the harbour before noon? Answer with the letter of the right option only. "
    "You are a helpful assistant. yes no A B C D at many seconds nobody knows who wrote the letter."
)
_CHATML = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
_QWEN = [*_CHATML, "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
_QWEN_TEMPLATE = (
    "{% for message in messages %}"
    "{% if DEFAULT_SYSTEM and loop.first and message['role'] != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}<|im_end|>\n"
    "{% else %}{% for content in message['content'] %}"
    "{% if content['type'] == 'image' or 'image' in content or 'image_url' in content %}"
    "<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif content['type'] == 'video' or 'video' in content %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% elif 'text' in content %}{{ content['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_INTERNVL_TEMPLATE = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n'}}"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for content in message['content'] %}"
    "{% if content['type'] == 'image' %}{{ '<IMG_CONTEXT>\n' }}"
    "{% elif content['type'] == 'video' %}{{ '<video>\n' }}"
    "{% elif content['type'] == 'text' %}{{ content['text'] }}{% endif %}{% endfor %}{% endif %}"
    "{{'<|im_end|>\n'}}{% endfor %}{% if add_generation_prompt %}{{'<|im_start|>assistant\n' }}{% endif %}"
)
# As published: all pictures first, then all texts.
_LLAVA_TEMPLATE = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + ' '}}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'video') %}{{ '<video>\n' }}{% endfor %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
    "{{ '\n' + content['text'] }}{% endfor %}{{'<|im_end|>'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_SMOLVLM_TEMPLATE = (
    "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}"
    "{% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}"
    "{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}"
    "{% elif line['type'] == 'image' %}{{ '<image>' }}"
    "{% elif line['type'] == 'video' %}{{ '<video>' }}{% endif %}{% endfor %}<end_of_utterance>\n"
    "{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)


def make(family: str, folder: Path, n_context: int = N_CONTEXT) -> Path:
    """A checkpoint of one of ``FAMILIES`` in a folder, the same at every call; the folder again."""
    import torch
    from transformers import AutoModelForImageTextToText

    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config, processor = FAMILIES[family](n_context)
        model = AutoModelForImageTextToText.from_config(config)
        _spread(model)
    model.generation_config.eos_token_id = processor.tokenizer.eos_token_id
    model.generation_config.pad_token_id = processor.tokenizer.pad_token_id
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _spread(model: Any) -> None:
    """Larger weights, or else every reply would be one token again and again."""
    import torch

    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.mul_(8)


def _qwen2_5_vl(n_context: int) -> tuple[Any, Any]:
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLProcessor,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
    )

    tokenizer = _tokenizer(_QWEN)
    size = {"shortest_edge": 28 * 28, "longest_edge": 1280 * 28 * 28}
    processor = Qwen2_5_VLProcessor(
        Qwen2VLImageProcessor(size=size),
        tokenizer,
        Qwen2VLVideoProcessor(size=size),
        chat_template=_QWEN_TEMPLATE.replace("DEFAULT_SYSTEM", "true"),
    )
    config = Qwen2_5_VLConfig(
        text_config=_text(
            tokenizer, n_context, rope_parameters={"rope_type": "default", "mrope_section": [1, 1, 2]}
        ),
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 32,
            "num_heads": 2,
            "out_hidden_size": 32,
            "fullatt_block_indexes": [1],
        },
        **_qwen_ids(tokenizer),
    )
    return config, processor


def _qwen3_vl(n_context: int) -> tuple[Any, Any]:
    from transformers import Qwen2VLImageProcessor, Qwen3VLConfig, Qwen3VLProcessor, Qwen3VLVideoProcessor

    tokenizer = _tokenizer(_QWEN)
    size = {"shortest_edge": 32 * 32, "longest_edge": 1280 * 32 * 32}
    shape = {"patch_size": 16, "merge_size": 2, "temporal_patch_size": 2}
    processor = Qwen3VLProcessor(
        Qwen2VLImageProcessor(size=size, **shape),
        tokenizer,
        Qwen3VLVideoProcessor(size=size, **shape),
        chat_template=_QWEN_TEMPLATE.replace("DEFAULT_SYSTEM", "false"),
    )
    rope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2, 1, 1], "mrope_interleaved": True}
    config = Qwen3VLConfig(
        text_config=_text(tokenizer, n_context, head_dim=8, rope_parameters=rope),
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 32,
            "num_heads": 2,
            "out_hidden_size": 32,
            "num_position_embeddings": 16,
            "deepstack_visual_indexes": [0],
        },
        **_qwen_ids(tokenizer),
    )
    return config, processor


def _internvl(n_context: int) -> tuple[Any, Any]:
    from transformers import GotOcr2ImageProcessor, InternVLConfig, InternVLProcessor, InternVLVideoProcessor

    named = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    }
    tokenizer = _tokenizer(_CHATML, named)
    size = {"height": 28, "width": 28}
    processor = InternVLProcessor(
        GotOcr2ImageProcessor(size=size),
        tokenizer,
        InternVLVideoProcessor(size=size),
        image_seq_length=1,
        chat_template=_INTERNVL_TEMPLATE,
    )
    config = InternVLConfig(
        text_config={"model_type": "qwen2", **_text(tokenizer, n_context)},
        vision_config=_vision(image_size=[28, 28], patch_size=[14, 14]),
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=1,
        tie_word_embeddings=False,
    )
    return config, processor


def _llava_onevision(n_context: int) -> tuple[Any, Any]:
    from transformers import (
        LlavaOnevisionConfig,
        LlavaOnevisionImageProcessor,
        LlavaOnevisionProcessor,
        LlavaOnevisionVideoProcessor,
    )

    tokenizer = _tokenizer([*_CHATML, "<image>", "<video>"])
    size = {"height": 28, "width": 28}
    tiles = [[height, width] for height in (28, 56) for width in (28, 56)]
    processor = LlavaOnevisionProcessor(
        LlavaOnevisionImageProcessor(size=size, image_grid_pinpoints=tiles),
        tokenizer,
        LlavaOnevisionVideoProcessor(size=size),
        num_image_tokens=4,
        vision_feature_select_strategy="full",
        chat_template=_LLAVA_TEMPLATE,
    )
    config = LlavaOnevisionConfig(
        text_config={"model_type": "qwen2", **_text(tokenizer, n_context)},
        vision_config={
            "model_type": "siglip_vision_model",
            "vision_use_head": False,
            **_vision(image_size=28, patch_size=14),
        },
        image_grid_pinpoints=tiles,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        video_token_index=tokenizer.convert_tokens_to_ids("<video>"),
    )
    return config, processor


def _smolvlm(n_context: int) -> tuple[Any, Any]:
    from transformers import SmolVLMConfig, SmolVLMImageProcessor, SmolVLMProcessor, SmolVLMVideoProcessor

    cells = [f"<row_{row}_col_{column}>" for row in (1, 2) for column in (1, 2)]
    around = ["<end_of_utterance>", "<fake_token_around_image>", "<global-img>", "<image>", "<video>"]
    tokenizer = _tokenizer([*_CHATML, *around, *cells], end="<end_of_utterance>")
    edge, tile = {"longest_edge": 56}, {"longest_edge": 28}
    processor = SmolVLMProcessor(
        SmolVLMImageProcessor(size=edge, max_image_size=tile),
        tokenizer,
        SmolVLMVideoProcessor(size=tile, max_image_size=tile),
        image_seq_len=1,
        chat_template=_SMOLVLM_TEMPLATE,
    )
    config = SmolVLMConfig(
        text_config={"model_type": "llama", **_text(tokenizer, n_context)},
        vision_config=_vision(image_size=28, patch_size=14),
        scale_factor=2,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        pad_token_id=tokenizer.pad_token_id,
    )
    return config, processor


FAMILIES: dict[str, Callable[[int], tuple[Any, Any]]] = {
    "internvl": _internvl,
    "llava_onevision": _llava_onevision,
    "qwen2_5_vl": _qwen2_5_vl,
    "qwen3_vl": _qwen3_vl,
    "smolvlm": _smolvlm,
}


def _tokenizer(special: list[str], named: dict[str, str] | None = None, end: str = "<|im_end|>") -> Any:
    """A byte-level BPE that knows a few words, and every other text by its bytes, with special tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        show_progress=False,
        special_tokens=[*special, *(named or {}).values()],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    trained.train_from_iterator([WORDS], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=trained,
        eos_token=end,
        pad_token="<|endoftext|>",
        additional_special_tokens=special,
        extra_special_tokens=named or {},
        clean_up_tokenization_spaces=False,
    )


def _text(tokenizer: Any, n_context: int, **more: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": n_context,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        **more,
    }


def _vision(**more: Any) -> dict[str, Any]:
    return {
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        **more,
    }


def _qwen_ids(tokenizer: Any) -> dict[str, int]:
    tokens = {"vision_start": _QWEN[3], "vision_end": _QWEN[4], "image": _QWEN[5], "video": _QWEN[6]}
    return {f"{name}_token_id": tokenizer.convert_tokens_to_ids(token) for name, token in tokens.items()}
