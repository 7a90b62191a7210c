"""The one filter for whatever a video, its subtitles or its name says, before it is shown."""

from __future__ import annotations

import re
import unicodedata

# A sequence that was never ended takes its own line with it, as the terminal would have done; an
# 8-bit opener without an end goes alone, because badly decoded quotation marks look just like one.
_STRING_BODY = r"[^\x00-\x08\x0a-\x1f\x7f-\x9f]*"
_SEQUENCE = re.compile(
    rf"\x1b[\]PX^_]{_STRING_BODY}(?:\x07|\x1b\\|\x9c)?"
    rf"|[\x90\x98\x9d-\x9f]{_STRING_BODY}(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
)
_LINE_BREAK = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_JOINERS = "\u200c\u200d"
_IDLE_JOINER = re.compile(f"[{_JOINERS}]")


def plain(text: str, *, keep_lines: bool = False) -> str:
    """The text with nothing in it but characters to be seen; never raises, and is idempotent.

    Removed: terminal sequences (CSI, OSC, DCS and their kin, ended or not), control characters,
    bidirectional and zero-width controls, private and unassigned characters. Line breaks and tabs
    become one space each, or stay with ``keep_lines`` (every kind of break as ``\\n``). A half of a
    surrogate pair, as in a file name that is not UTF-8, becomes U+FFFD. The joiners U+200C and
    U+200D stay between letters of the scripts that need them.

    Brackets stay as they are: what this returns is printed as ``rich.text.Text``, never as markup.
    """
    if text.isprintable():
        return text
    text = _SEQUENCE.sub("", _paired(text))
    text = _LINE_BREAK.sub("\n", text)
    if not keep_lines:
        text = text.replace("\n", " ").replace("\t", " ")
    return _IDLE_JOINER.sub(_joiner_in_use, text.translate(_kept))


class _Kept(dict[int, str]):
    """What becomes of a character, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        # Not remembered when dropped: a text made of a million odd characters must leave no trace.
        if unicodedata.category(char)[0] == "C":
            return ""
        return self.setdefault(code, char)


_kept = _Kept({ord(char): char for char in "\n\t" + _JOINERS})


def _paired(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _joiner_in_use(match: re.Match[str]) -> str:
    text, at = match.string, match.start()
    around = text[max(0, at - 1) : at] + text[at + 1 : at + 2]
    return match[0] if len(around) == 2 and all(map(_is_joined, around)) else ""


def _is_joined(char: str) -> bool:
    # Up to U+024F lies the Latin script, where a joiner can only serve to hide something.
    return char > "\u024f" and unicodedata.category(char)[0] in "LM"
