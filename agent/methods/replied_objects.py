"""Objects of JSON in a model's reply, which may have words around them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

_N_CHARACTERS_MAX = 4000
# Whole numbers are read as floats, as one of ten thousand digits would be an error.
_DECODER = json.JSONDecoder(parse_int=float)


def objects_in(reply: str) -> Iterator[Mapping[str, object]]:
    """The objects that a reply holds, also those inside others, in the order in which they open."""
    text = reply[:_N_CHARACTERS_MAX]
    for opening in re.finditer(r"\{", text):
        try:
            value, _ = _DECODER.raw_decode(text, opening.start())
        except ValueError:
            continue
        except RecursionError:
            return
        yield value
