"""A caption of what would be seen where a question is answered: pictures are found by it rather than by the question.

Source: DATE (arXiv 2509.09263), caption enrichment of TASS.
"""

from __future__ import annotations

import json
import re

from ..tools.errors import RequestError
from ..tools.roles import Prompt, VideoModel
from .question import Question
from .trace import UNTRACED, Trace, prompt_row

N_WORDS_MAX = 30
_N_TOKENS = 80
_RULES = (
    "You describe what a picture of a video would show in which the answer to a question can be seen. You name things,"
    " people and places that are visible, and nothing that is thought or felt; where the question asks for a name, a"
    " number or a colour, you leave it open. You reply with one sentence of at most 30 words and nothing else."
)


def caption_of(question: Question, model: VideoModel, trace: Trace = UNTRACED) -> str:
    """What would be seen, in at most ``N_WORDS_MAX`` words; empty where the model does not say it in one line.

    Nothing of the video is shown to the model. Raises ``ModelError`` where it fails.
    """
    prompt = Prompt((f"Question: {json.dumps(question.text, ensure_ascii=False)}",), _RULES)
    try:
        reply = "".join(model.stream(prompt, _N_TOKENS)).strip()
    except RequestError:
        # The question is longer than the model can take.
        return ""
    trace.note("caption", model=model.name, **prompt_row(prompt), reply=reply)
    line = next((line for line in reply.splitlines() if re.search(r"\w", line)), "")
    words = line.strip(" \"'“”*`").split()
    return " ".join(words[:N_WORDS_MAX]) if 1 < len(words) <= 2 * N_WORDS_MAX else ""
