"""Where a video's subtitles come from: a file beside it, or a text track inside it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

from .ass import ass_text, parse_ass
from .clock import Span
from .container import clock_zero_s, open_media
from .cues import DEFAULT_LIMITS, Cue, CueFile, decode_text, parse_cues, spoken_lines, utterances
from .errors import MediaError
from .plain import plain
from .roles import Utterance

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.subtitles.stream import SubtitleStream

_STYLED = {".ass", ".ssa"}
_ENDINGS = {".srt", ".vtt", *_STYLED}
_TEXT_CODECS = {"mov_text", "subrip", "srt", "ass", "ssa", "webvtt", "text"}
_FORCED = {"forced", "foreign"}
_FLAGS = {*_FORCED, "default", "full", "sdh", "cc", "auto", "hi"}
_TAG = re.compile(r"[a-z]{2,3}(?:[-_][a-z0-9]{1,8}){0,3}")
# Files say "en", tracks say "eng", and people write "English".
_SPELLINGS = """
en eng english|de deu ger german|fr fra fre french|es spa spanish|it ita italian|nl nld dut dutch
pt por portuguese|ru rus russian|pl pol polish|uk ukr ukrainian|tr tur turkish|ar ara arabic
he heb hebrew|fa fas per persian|hi hin hindi|zh zho chi chinese|ja jpn japanese|ko kor korean
sv swe swedish|da dan danish|fi fin finnish|cs ces cze czech|el ell gre greek|hu hun hungarian
ro ron rum romanian|vi vie vietnamese|id ind indonesian|th tha thai|no nor norwegian"""
_NAMES = {name: names.split()[0] for names in re.split("[|\n]", _SPELLINGS) for name in names.split()}


@dataclass(frozen=True)
class Subtitles:
    """An author's words for a video; ``origin`` says which file or track they come from.

    ``n_skipped`` counts cues that were refused, ``language`` is what the name or the track claims.
    """

    utterances: tuple[Utterance, ...]
    origin: str
    n_skipped: int = 0
    language: str | None = None


@dataclass(frozen=True)
class _Labels:
    """What the name of a subtitle file, or a track's header, says about it."""

    language: str | None
    is_forced: bool

    def preference(self, wanted: str) -> tuple[bool, int, bool]:
        """What sorts the better choice first."""
        is_other_region = (self.language or "").lower() != wanted.lower()
        if self.language in {None, "", "und"}:
            return self.is_forced, 1, is_other_region
        is_wanted = _main_tag(self.language or "") == _main_tag(wanted)
        return self.is_forced, 0 if is_wanted else 2, is_other_region


def read_subtitles(path: Path, *, language: str = "en") -> Subtitles | None:
    """The subtitles of a video, a file beside it before a track inside it; None where there are none.

    Times are those a player shows. Files and tracks without a readable cue are passed over.

    Raises ``MediaError`` where a subtitle file or the video cannot be opened, and
    ``UnknownVideoError`` where there is no video.
    """
    for file in sidecars(path, language=language):
        found = _read_file(file)
        if found.cues:
            labels = _labels(file, path)
            claimed = (labels and labels.language) or found.language
            return Subtitles(found.cues, plain(f"sidecar {file.name}"), found.n_skipped, claimed)
    with open_media(path) as container:
        return _inside(container, language)


def is_subtitle_name(path: Path) -> bool:
    """Whether a file is a subtitle file by the ending of its name."""
    return path.suffix.lower() in _ENDINGS


def read_transcript(path: Path) -> Subtitles:
    """The words of a subtitle file that belongs to no video; none where it holds no cue that can be read.

    Raises ``MediaError`` where the file cannot be opened.
    """
    found = _read_file(path)
    return Subtitles(found.cues, plain(f"transcript {path.name}"), found.n_skipped, found.language)


def sidecars(path: Path, *, language: str = "en") -> list[Path]:
    """Subtitle files that belong to a video by their name, the preferred one first.

    ``talk.mp4`` goes with ``talk.srt``, ``talk.en.vtt``, ``talk.en.ass`` and ``talk.en.forced.srt`` in its
    own folder; other words between name and ending belong to something else. Only regular files count,
    and links that lead out of the folder are refused. The wanted language comes first, then files without
    one, then others; forced ones, which hold only foreign lines, after all of these. Of two alike, .srt and
    .vtt come before .ass and .ssa, which hold signs and songs too. Empty where the folder cannot be listed.
    """
    try:
        beside = list(path.absolute().parent.iterdir())
    except (OSError, ValueError):
        return []
    known = {file: labels for file in beside if (labels := _labels(file, path)) and _stays_inside(file)}
    return sorted(
        known, key=lambda file: (known[file].preference(language), file.suffix.lower() in _STYLED, file.name)
    )


def track_preference(stream: SubtitleStream, wanted: str) -> tuple[tuple[bool, int, bool], bool, int]:
    """What sorts the better track first: of two alike, the one that a player shows unasked."""
    from av.stream import Disposition

    flags = stream.disposition
    labels = _Labels(stream.language, bool(flags & Disposition.forced))
    return labels.preference(wanted), not flags & Disposition.default, stream.index


def track_codec(stream: SubtitleStream) -> str:
    """FFmpeg's name of a track's decoder, empty for a track of an unknown kind."""
    # Such a track has no codec, whatever the type says.
    return stream.codec_context.name if stream.codec_context else ""


def _labels(file: Path, video: Path) -> _Labels | None:
    """What the file's name says; None where it does not belong to the video."""
    # One name can be spelled with composed or with combining accents, depending on the system.
    name, stem = normalize("NFC", file.stem), normalize("NFC", video.stem)
    if not is_subtitle_name(file) or file.name == video.name or not f"{name}.".startswith(f"{stem}."):
        return None
    words = name[len(stem) + 1 :].lower().split(".") if name != stem else []
    languages = [word for word in words if word not in _FLAGS]
    if not languages and "hi" in words:
        # Behind a language it means "hearing impaired", alone it is Hindi.
        languages = ["hi"]
    if len(languages) > 1 or not all(word in _NAMES or _TAG.fullmatch(word) for word in languages):
        return None
    return _Labels(languages[0] if languages else None, bool(_FORCED & set(words)))


def _stays_inside(file: Path) -> bool:
    try:
        return file.is_file() and file.resolve().parent == file.parent.resolve()
    except (OSError, RuntimeError):
        return False


def _main_tag(language: str) -> str:
    word = re.split("[-_]", language.lower())[0]
    return _NAMES.get(word, word)


def _read_file(file: Path) -> CueFile:
    try:
        with file.open("rb") as opened:
            data = opened.read(DEFAULT_LIMITS.bytes_max + 1)
    except OSError as error:
        raise MediaError(f"{file}: the subtitles cannot be read ({error.strerror})") from error
    return parse_ass(data) if file.suffix.lower() in _STYLED else parse_cues(data)


def _inside(container: InputContainer, language: str) -> Subtitles | None:
    tracks = sorted(
        (_Track(stream) for stream in container.streams.subtitles if track_codec(stream) in _TEXT_CODECS),
        key=lambda track: track_preference(track.stream, language),
    )
    if tracks:
        _read_packets(container, {track.stream.index: track for track in tracks})
    return next((track.subtitles() for track in tracks if track.cues), None)


def _read_packets(container: InputContainer, tracks: dict[int, _Track]) -> None:
    import av

    zero_s = clock_zero_s(container)
    try:
        for packet in container.demux([track.stream for track in tracks.values()]):
            if packet.size:
                tracks[packet.stream.index].take(packet, zero_s)
    except av.error.FFmpegError:
        # A damaged file ends here; what was read before is as good as ever.
        for track in tracks.values():
            track.n_skipped += 1


@dataclass
class _Track:
    """A text track while its packets are read; ``n_skipped`` counts those refused."""

    stream: SubtitleStream
    cues: list[Cue] = field(default_factory=list)
    n_skipped: int = 0

    def take(self, packet: Packet[Stream], zero_s: float) -> None:
        span, data = _shown(packet, zero_s), bytes(packet)
        has_room = len(self.cues) < DEFAULT_LIMITS.cues_max and len(data) <= DEFAULT_LIMITS.cue_chars_max
        if span is None or not has_room:
            self.n_skipped += 1
        elif lines := spoken_lines(_text(data, track_codec(self.stream))):
            self.cues.append(Cue(span, lines))

    def subtitles(self) -> Subtitles:
        language = plain(self.stream.language or "und")[:20]
        origin = f"track {self.stream.index} ({language}, {track_codec(self.stream)})"
        return Subtitles(utterances(self.cues), origin, self.n_skipped, language)


def _shown(packet: Packet[Stream], zero_s: float) -> Span | None:
    """When a player shows a cue: what lies before its clock's zero is not seen."""
    if packet.pts is None or packet.time_base is None:
        return None
    start_s = float(packet.pts * packet.time_base) - zero_s
    length_s = float((packet.duration or 0) * packet.time_base)
    if not 0 <= length_s <= DEFAULT_LIMITS.cue_s_max or start_s + length_s < 0:
        return None
    return Span(max(0.0, start_s), start_s + length_s)


def _text(data: bytes, codec: str) -> str:
    """The words in a packet as the author wrote them; a decoder would drop the names in voice tags."""
    if codec == "mov_text":
        return decode_text(data[2 : 2 + int.from_bytes(data[:2], "big")])
    text = decode_text(data)
    # Behind the eight other fields, whose order in a packet does not depend on the track's header.
    return ass_text(text.split(",", 8)[-1]) if codec in {"ass", "ssa"} else text
