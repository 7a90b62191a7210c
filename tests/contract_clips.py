"""Clips of many kinds for the contract of the picture layer, each with the truth about what it shows when.

A clip is made by ``CLIPS[name].made(folder)``. Its truth is what was painted and muxed, never what a
reader of the project says.
"""

from __future__ import annotations

import random
import struct
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from shutil import copyfile
from zlib import crc32

import av
import numpy as np
from av.stream import Disposition
from clips import SIZE, STEP_S, Look, Painter, Pixels, make_clip, numbered, rotate, steady, tone

from vidagent.tools.clock import Span

FRAMES = Fraction(1, 25)
FINE = Fraction(1, 90_000)
# Moments nearer to each other than this are one moment.
HAIR_S = 1e-6


@dataclass(frozen=True)
class Clip:
    """A file and its truth: picture ``numbers[i]`` is shown from ``starts_s[i]``, the last one until ``end_s``."""

    path: Path
    numbers: tuple[int, ...]
    starts_s: tuple[float, ...]
    end_s: float
    within_s: float
    end_within_s: float
    track: int | None = None

    @property
    def ends_s(self) -> tuple[float, ...]:
        """When each picture is replaced by its successor."""
        return (*self.starts_s[1:], self.end_s)

    def place_at(self, time_s: float) -> int:
        """The place, in order of time, of the picture that is shown at a moment."""
        return bisect_right(self.starts_s, time_s + HAIR_S) - 1

    def number_at(self, time_s: float) -> int:
        """The number of the picture that is shown at a moment."""
        return self.numbers[self.place_at(time_s)]

    def stepped(self, every_s: float) -> list[int]:
        """The places of the pictures that come first at or after each step, and of those that stay for longer."""
        staying = self._staying(Span(self.starts_s[0], self.end_s), every_s)
        return sorted({*self._met(self.starts_s[0], self.end_s, every_s), *staying})

    def stepped_within(self, span: Span, every_s: float) -> list[int]:
        """The places of the picture shown when a span starts and of those first at or after its later steps."""
        at_start = [max(self.place_at(span.start_s), 0)] if span.start_s < self.end_s else []
        later = self._met(span.start_s + every_s, span.end_s, every_s)
        return sorted({*at_start, *later, *self._staying(span, every_s)})

    def _staying(self, span: Span, every_s: float) -> list[int]:
        """The places of pictures that are shown for longer than a step, and at some time inside a span."""
        shown = [Span(*each) for each in zip(self.starts_s, self.ends_s, strict=True)]
        return [
            place
            for place, one in enumerate(shown)
            if one.duration_s > every_s + HAIR_S and one.overlap_s(span) > 0
        ]

    def _met(self, from_s: float, until_s: float, every_s: float) -> list[int]:
        n_steps = int((min(self.end_s, until_s) - from_s) / every_s) + 2
        first = {self._first_from(from_s + n * every_s) for n in range(n_steps)}
        return sorted(
            place for place in first if place is not None and self.starts_s[place] < until_s - HAIR_S
        )

    def _first_from(self, time_s: float) -> int | None:
        return next((i for i, start_s in enumerate(self.starts_s) if start_s >= time_s - HAIR_S), None)


@dataclass(frozen=True)
class Recipe:
    """How a clip is made, and what of ``times_s`` a player shows: all of it, ``later_s`` later, unless said.

    ``shown_s`` tells it by number where that is not enough.
    """

    times_s: Sequence[float] = field(default_factory=lambda: steady(100))
    look: Look = field(default_factory=Look)
    paint: Painter | None = None
    sound_at_s: float | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    later_s: float = 0.0
    shown_from: int = 0
    shown_s: Mapping[int, float] | None = None
    within_s: float = 0.001
    last_s: float = STEP_S
    end_within_s: float = 0.001
    track: int | None = None
    write: Callable[[Path, Recipe], object] | None = None
    harm: Callable[[Path], object] | None = None

    def made(self, folder: Path, name: str) -> Clip:
        """The clip, written into a folder."""
        path = folder / name
        if self.write or not self.harm:
            (self.write or written)(path, self)
        else:
            self._copy(folder, path)
        if self.harm:
            self.harm(path)
        shown_s = self.shown_s or {
            number: time_s + self.later_s
            for number, time_s in enumerate(self.times_s)
            if number >= self.shown_from
        }
        starts_s = tuple(shown_s.values())
        end_s = starts_s[-1] + self.last_s
        return Clip(path, tuple(shown_s), starts_s, end_s, self.within_s, self.end_within_s, self.track)

    def _copy(self, folder: Path, path: Path) -> None:
        """Many clips are harmed in different ways and are the same before."""
        made_of = (self.look, list(self.times_s), self.options, self.sound_at_s, self.paint)
        whole = folder / f"{crc32(repr(made_of).encode()):08x}{path.suffix}"
        if not whole.exists():
            written(whole, self)
        copyfile(whole, path)


def written(path: Path, recipe: Recipe) -> None:
    """One picture track, and a track of sound where the recipe says when it begins."""
    has_sound = recipe.sound_at_s is not None
    make_clip(
        path,
        recipe.times_s,
        recipe.paint,
        recipe.look,
        sound=tone(recipe.times_s[-1] + 1) if has_sound else None,
        sound_at_s=recipe.sound_at_s or 0.0,
        options=recipe.options,
    )


def grainy(size: tuple[int, int] = SIZE) -> Painter:
    """Numbered pictures with grain in between, so that a packet holds about as much as one of a real film."""
    paint, (width, height) = numbered(size), size

    def with_grain(number: int) -> Pixels:
        picture, chance = paint(number), np.random.default_rng(number)
        for top in (0, height // 2):
            picture[top : top + height // 6] = chance.integers(0, 256, (height // 6, width, 1), np.uint8)
        return picture

    return with_grain


def with_second_track(path: Path, recipe: Recipe) -> None:
    """The recipe's pictures on the second track; on the first, which a player takes, pictures without a number."""
    with av.open(str(path), "w") as container:
        tracks = [_added(container, recipe.look) for _ in range(2)]
        tracks[0].disposition, tracks[1].disposition = Disposition.default, Disposition(0)
        for number, time_s in enumerate(recipe.times_s):
            blank = np.zeros_like(numbered()(0))
            _encode(container, tracks[0], blank, time_s)
            _encode(container, tracks[1], numbered()(number), time_s)
        for track in tracks:
            container.mux(track.encode(None))


def with_cover(path: Path, recipe: Recipe) -> None:
    """The recipe's pictures behind a still of cover art."""
    with av.open(str(path), "w") as container:
        cover = _added(container, Look("mjpeg", pixel_format="yuvj420p", tick=FRAMES))
        cover.disposition = Disposition.attached_pic
        pictures = _added(container, recipe.look)
        _encode(container, cover, np.zeros_like(numbered()(0)), 0.0)
        for number, time_s in enumerate(recipe.times_s):
            _encode(container, pictures, numbered()(number), time_s)
        for track in (cover, pictures):
            container.mux(track.encode(None))


def _added(container: av.container.OutputContainer, look: Look) -> av.VideoStream:
    stream = container.add_stream(look.codec, rate=look.rate_hz, options=dict(look.options))
    stream.width, stream.height = look.size
    stream.pix_fmt = look.pixel_format
    stream.codec_context.time_base = stream.time_base = look.tick
    return stream


def _encode(
    container: av.container.OutputContainer, stream: av.VideoStream, pixels: Pixels, time_s: float
) -> None:
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=stream.pix_fmt)
    tick = stream.codec_context.time_base
    frame.time_base, frame.pts, frame.duration = tick, round(time_s / tick), round(STEP_S / tick)
    container.mux(stream.encode(frame))


def with_edits(path: Path, edits: Sequence[tuple[float, float]]) -> None:
    """Tells players of an mp4 to show only so many seconds, each time from such a second of the track on."""
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") - 4
    size, _, _, _, _, first, _ = struct.unpack_from(">I4sIIIiI", data, at)
    rows = [
        struct.pack(">IiI", round(n_s * 1000), first + round(from_s * 16000), 1 << 16)
        for n_s, from_s in edits
    ]
    box = struct.pack(">I4sII", 16 + 12 * len(rows), b"elst", 0, len(rows)) + b"".join(rows)
    for name in (b"edts", b"trak", b"moov"):
        start = data.rindex(name, 0, at) - 4
        struct.pack_into(">I", data, start, struct.unpack_from(">I", data, start)[0] + len(box) - size)
    data[at : at + size] = box
    path.write_bytes(data)


def without_marks(path: Path) -> None:
    """Takes the list of keyframes out of an mp4, so that every picture counts as one."""
    path.write_bytes(path.read_bytes().replace(b"stss", b"free"))


Packets = list[av.Packet]


def repacked(change: Callable[[Packets], Packets]) -> Callable[[Path], None]:
    """A harm: the packets of the picture track, changed, in a new file of the same kind."""

    def harm(path: Path) -> None:
        whole = path.rename(path.with_name(f"whole_{path.name}"))
        with av.open(str(whole)) as source, av.open(str(path), "w") as target:
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in change([p for p in source.demux(video=0) if p.size]):
                packet.stream = stream
                target.mux(packet)

    return harm


def with_false_time(place: int, by_s: float) -> Callable[[Path], None]:
    """A harm: one packet's presentation time is far away from where it belongs."""

    def change(packets: Packets) -> Packets:
        packet = packets[place]
        packet.pts = (packet.pts or 0) + round(by_s / packet.time_base)
        return packets

    return repacked(change)


def with_odd_parts(packets: Packets) -> Packets:
    """Each packet of H.264 in mp4 with a part in front that makes no sense and that no picture needs."""
    part = bytes([0x68, 0x00, 0x40, 0x80])
    return [_like(p, struct.pack(">I", len(part)) + part + bytes(p)) for p in packets]


def unmarked(packets: Packets) -> Packets:
    """No packet is marked as a keyframe."""
    for packet in packets:
        packet.is_keyframe = False
    return packets


def with_still_packet(place: int) -> Callable[[Packets], Packets]:
    """One packet of MPEG-4 replaced by the mark that its picture is the same as the one before."""

    def change(packets: Packets) -> Packets:
        # Behind the mark of a picture: its kind (2 bits), no whole second (1), a set bit, the tick of the
        # second (5 at 25 a second), a set bit, "not coded", and one bits up to the end.
        kept = int.from_bytes(bytes(packets[place])[4:6], "big") >> 6
        packets[place] = _like(packets[place], b"\0\0\1\xb6" + (kept << 6 | 0b011111).to_bytes(2, "big"))
        return packets

    return change


def _like(packet: av.Packet, content: bytes) -> av.Packet:
    other = av.Packet(content)
    other.pts, other.dts, other.time_base = packet.pts, packet.dts, packet.time_base
    other.duration, other.is_keyframe = packet.duration, packet.is_keyframe
    return other


def overwritten(*places: int, by: int | None = 0xFF) -> Callable[[Path], None]:
    """A harm: the contents of packets replaced, by one byte or by noise; what the container says of them stays."""

    def harm(path: Path) -> None:
        data, chance, spans = bytearray(path.read_bytes()), random.Random(path.name), contents(path)
        for place in places:
            at, size = spans[place]
            data[at : at + size] = chance.randbytes(size) if by is None else bytes([by]) * size
        path.write_bytes(data)

    return harm


def contents(path: Path) -> list[tuple[int, int]]:
    """Where the contents of each packet lie in a file that keeps them whole: place and size."""
    data = path.read_bytes()
    with av.open(str(path)) as container:
        packets = [(p.pos or 0, bytes(p)) for p in container.demux(video=0) if p.size]
    return [(data.index(content, at), len(content)) for at, content in packets]


def not_received(place: int, n_blocks: int) -> Callable[[Path], None]:
    """A harm: blocks of a transport stream that never arrived, the first of them that of a packet's beginning."""

    def harm(path: Path) -> None:
        data = path.read_bytes()
        with av.open(str(path)) as container:
            at = [p.pos or 0 for p in container.demux(video=0) if p.size][place]
        path.write_bytes(data[:at] + data[at + n_blocks * 188 :])

    return harm


def scrambled(*places: int) -> Callable[[Path], None]:
    """A harm: noise from somewhere inside a packet's contents to their end."""

    def harm(path: Path) -> None:
        data, chance, spans = bytearray(path.read_bytes()), random.Random(path.name), contents(path)
        for place in places:
            at, size = spans[place]
            kept = chance.randrange(size // 4, size // 2)
            data[at + kept : at + size] = chance.randbytes(size - kept)
        path.write_bytes(data)

    return harm


def cut_short(share: float) -> Callable[[Path], None]:
    """A harm: only so much of the file is there."""

    def harm(path: Path) -> None:
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])

    return harm


def joined_with_itself(path: Path) -> None:
    """A harm: two recordings in one file, the second of which begins at the same time as the first."""
    path.write_bytes(path.read_bytes() * 2)


X264 = {"preset": "superfast", "sc_threshold": "0", "bf": "3", "g": "25"}
X265 = {"preset": "ultrafast", "x265-params": "log-level=none:keyint=25:bframes=3:open-gop=0"}
OPEN_GOP = {**X264, "g": "10", "x264-params": "open-gop=1"}
REFRESH = {**X264, "x264-params": "intra-refresh=1"}
INTERLACED = {**X264, "flags": "+ilme+ildct", "x264-params": "interlaced=1"}
VP9 = {"deadline": "good", "cpu-used": "5", "lag-in-frames": "16", "auto-alt-ref": "1"}
VP8 = {"deadline": "realtime", "cpu-used": "8"}
AV1 = {"preset": "12", "g": "25"}
MPEG2 = {"bf": "2", "g": "12", "b": "6M"}
MPEG4 = {"bf": "2", "g": "25"}
VARYING = [0.0, 1.0, 2.0, *steady(90, start_s=3.0, step_s=1 / 60)]
SLOW = steady(100, step_s=0.5)
# Seconds of the track that an edit list shows: the first one, then the fourth and the fifth.
EDITS = [(1.0, 0.0), (2.0, 3.0)]
EDITED = {
    number: (number if number < 25 else number - 50) * STEP_S for number in (*range(25), *range(75, 125))
}

CLIPS = {
    "plain.mp4": Recipe(),
    "plain.mkv": Recipe(),
    "plain.mov": Recipe(look=Look(options=X264)),
    "one_keyframe.mp4": Recipe(look=Look(options={**X264, "g": "999"})),
    "fragmented.mp4": Recipe(look=Look(options=X264), options={"movflags": "frag_keyframe+empty_moov"}),
    "vp9.webm": Recipe(look=Look("libvpx-vp9", options=VP9)),
    "vp8.webm": Recipe(look=Look("libvpx", options=VP8)),
    # Mp4 stores how long a picture takes until the next one is decoded, not until the next one is shown.
    "varying.mp4": Recipe(VARYING, Look(tick=FINE), end_within_s=STEP_S),
    "varying.mkv": Recipe(VARYING, Look(tick=FINE)),
    "sixty.mp4": Recipe(steady(150, step_s=1 / 60), Look(tick=FINE, rate_hz=60), last_s=1 / 60),
    "slow.mp4": Recipe(SLOW, Look(options={**X264, "g": "8"}, rate_hz=2), last_s=0.5),
    "slow.mkv": Recipe(SLOW, Look(options={**X264, "g": "8"}, rate_hz=2), last_s=0.5),
    "slow_one_keyframe.mp4": Recipe(SLOW, Look(options={**X264, "g": "999"}, rate_hz=2), last_s=0.5),
    "bframes_mpeg4.avi": Recipe(look=Look("mpeg4", tick=FRAMES, options=MPEG4), later_s=STEP_S),
    "bframes_h264.avi": Recipe(look=Look(tick=FRAMES, options=X264), later_s=STEP_S),
    "mjpeg.avi": Recipe(look=Look("mjpeg", pixel_format="yuvj420p", tick=FRAMES)),
    "short_groups.ts": Recipe(steady(150), Look(tick=FRAMES, options=X264)),
    "long_groups.ts": Recipe(steady(150), Look(tick=FRAMES, options={**X264, "g": "999"})),
    "from_ten_seconds.ts": Recipe(look=Look(tick=FRAMES, options=X264), options={"output_ts_offset": "10"}),
    "clock_wraps.ts": Recipe(
        steady(200), Look(tick=FRAMES, options=X264), options={"output_ts_offset": "95440"}
    ),
    "bframes.flv": Recipe(look=Look(options=X264)),
    "mpeg2.mpg": Recipe(look=Look("mpeg2video", tick=FRAMES, options=MPEG2), paint=grainy()),
    "mpeg2.ts": Recipe(look=Look("mpeg2video", tick=FRAMES, options=MPEG2)),
    "mpeg2.mxf": Recipe(look=Look("mpeg2video", tick=FRAMES, options=MPEG2)),
    "cut.mp4": Recipe(steady(100, start_s=-0.4), Look(options=X264), shown_from=10),
    "delayed.mp4": Recipe(steady(100, start_s=1.5), Look(options=X264), sound_at_s=0.0),
    "edited.mp4": Recipe(
        steady(150), Look(options=X264), shown_s=EDITED, harm=lambda path: with_edits(path, EDITS)
    ),
    "late_picture.mkv": Recipe(steady(100, start_s=1.5), Look(options=X264), sound_at_s=0.0),
    "late_sound.mp4": Recipe(look=Look(options=X264), sound_at_s=2.0),
    "negative.mkv": Recipe(steady(100, start_s=-0.2), Look(options=X264), later_s=0.2),
    "open_groups.mp4": Recipe(look=Look(options=OPEN_GOP)),
    "open_groups.mkv": Recipe(look=Look(options=OPEN_GOP)),
    "open_groups.ts": Recipe(look=Look(tick=FRAMES, options=OPEN_GOP)),
    "refresh.mp4": Recipe(look=Look(options=REFRESH)),
    "refresh.ts": Recipe(look=Look(tick=FRAMES, options=REFRESH)),
    "hevc.mp4": Recipe(look=Look("libx265", options=X265)),
    "hevc.mkv": Recipe(look=Look("libx265", options=X265)),
    "hevc.ts": Recipe(look=Look("libx265", tick=FRAMES, options=X265)),
    "ten_bits.mp4": Recipe(look=Look("libx265", pixel_format="yuv420p10le", options=X265)),
    "av1.mp4": Recipe(look=Look("libsvtav1", options=AV1)),
    "av1.webm": Recipe(look=Look("libsvtav1", options=AV1)),
    "parts.gif": Recipe(look=Look("gif", pixel_format="rgb8", tick=Fraction(1, 100))),
    "turned.mp4": Recipe(
        look=Look(options=X264, size=(96, 160)),
        paint=lambda number: np.ascontiguousarray(np.rot90(numbered()(number))),
        harm=lambda path: rotate(path, 1),
    ),
    "cover.mp4": Recipe(look=Look(options=X264), write=with_cover),
    "second_track.mp4": Recipe(look=Look(options=X264), write=with_second_track, track=1),
    "second_track.mkv": Recipe(look=Look(options=X264), write=with_second_track, track=1),
    "single.mp4": Recipe([0.0]),
    "gap.mkv": Recipe([*steady(30), *steady(30, start_s=8.0)], Look(options=X264)),
    "gap.mp4": Recipe([*steady(30), *steady(30, start_s=60.0)], Look(options=X264)),
    "interlaced.ts": Recipe(look=Look(tick=FRAMES, options=INTERLACED)),
    "all_marked.mp4": Recipe(look=Look(options=X264), harm=without_marks),
    "all_marked_mpeg4.mp4": Recipe(look=Look("mpeg4", tick=FRAMES, options=MPEG4), harm=without_marks),
    "none_marked.nut": Recipe(look=Look(options=X264), harm=repacked(unmarked)),
    "none_marked.asf": Recipe(look=Look("wmv2"), harm=repacked(unmarked)),
    "odd_parts.mp4": Recipe(look=Look(options=X264), harm=repacked(with_odd_parts)),
    "still_picture.mp4": Recipe(
        look=Look("mpeg4", tick=FRAMES, options={"g": "25"}),
        shown_s={number: number * STEP_S for number in range(100) if number != 37},
        harm=repacked(with_still_packet(37)),
    ),
    "mpeg4.mp4": Recipe(look=Look("mpeg4", tick=FRAMES, options=MPEG4)),
    "wmv.asf": Recipe(look=Look("wmv2")),
    "bframes.nut": Recipe(look=Look(options=X264)),
    "ffv1.mkv": Recipe(look=Look("ffv1")),
    "prores.mov": Recipe(look=Look("prores_ks", pixel_format="yuv422p10le", tick=FRAMES)),
}


GRAINY = grainy()


@dataclass(frozen=True)
class Damage:
    """A clip with damage; pictures come in groups of 25, and those of all groups but ``groups`` are unharmed."""

    recipe: Recipe
    groups: frozenset[int]

    def is_unharmed(self, number: int) -> bool:
        """Whether a picture has to be given."""
        return number // 25 not in self.groups


def damage(look: Look, harm: Callable[[Path], object], *groups: int, **more: object) -> Damage:
    """Damage to a clip of grainy pictures; ``more`` goes into the recipe."""
    paint = None if look.codec == "libsvtav1" else GRAINY
    recipe = Recipe(look=look, paint=paint, harm=harm, **more)  # type: ignore[arg-type]
    return Damage(recipe, frozenset(groups))


H264, H264_TS = Look(options=X264), Look(tick=FRAMES, options=X264)
HEVC, HEVC_TS = Look("libx265", options=X265), Look("libx265", tick=FRAMES, options=X265)
MPEG4_LOOK = Look("mpeg4", tick=FRAMES, options={"g": "25"})
MPEG2_LOOK = Look(
    "mpeg2video", tick=FRAMES, options={**MPEG2, "bf": "0", "g": "25", "sc_threshold": "1000000"}
)
VP9_LOOK = Look("libvpx-vp9", options={**VP9, "g": "25"})
VP8_LOOK = Look("libvpx", options={**VP8, "g": "25"})
AV1_LOOK = Look("libsvtav1", options=AV1)
# The other way of H.264 to write numbers makes sense of any noise.
CAVLC = Look(options={**X264, "coder": "vlc"})
IN_ORDER_TS = Look(tick=FRAMES, options={**X264, "bf": "0"})
FIRST = {"movflags": "faststart"}
LATE_TIMES = {number: (number - 10) * STEP_S for number in range(25, 100)}

DAMAGED = {
    "ones.mp4": damage(H264, overwritten(30, 31, 80), 1, 3),
    "ones.mkv": damage(H264, overwritten(30, 31, 80), 1, 3),
    "ones.flv": damage(H264, overwritten(30, 31, 80), 1, 3),
    "zeros.mp4": damage(H264, overwritten(30, 31, 80, by=0), 1, 3),
    "noise.mkv": damage(H264, overwritten(30, 31, 80, by=None), 1, 3),
    "first.mp4": damage(H264, overwritten(0), 0),
    "keyframe.mkv": damage(H264, overwritten(50), 1, 2),
    "last.mp4": damage(H264, overwritten(99), 3),
    "ones_hevc.mp4": damage(HEVC, overwritten(30, 31, 80), 1, 3),
    "zeros_hevc.mkv": damage(HEVC, overwritten(30, 31, 80, by=0), 1, 3),
    "ones_mpeg4.mp4": damage(MPEG4_LOOK, overwritten(30, 31, 80), 1, 3),
    "noise_mpeg4.avi": damage(MPEG4_LOOK, overwritten(30, 31, 80, by=None), 1, 3),
    "ones_vp9.webm": damage(VP9_LOOK, overwritten(30, 31, 80), 1, 3),
    "zeros_vp9.webm": damage(VP9_LOOK, overwritten(30, by=0), 1),
    "ones_vp8.webm": damage(VP8_LOOK, overwritten(30, 31, 80), 1, 3),
    "zeros_av1.mp4": damage(AV1_LOOK, overwritten(30, 31, by=0), 1),
    "ones_av1.webm": damage(AV1_LOOK, overwritten(30, 31), 1),
    "scrambled.mp4": damage(CAVLC, scrambled(26, 60), 1, 2),
    "scrambled.mkv": damage(CAVLC, scrambled(26, 60), 1, 2),
    "scrambled_mpeg4.mp4": damage(MPEG4_LOOK, scrambled(26, 60), 1, 2),
    "holes.ts": damage(H264_TS, not_received(30, 5), 1),
    "holes_mpeg2.ts": damage(MPEG2_LOOK, not_received(30, 5), 1),
    "holes_hevc.ts": damage(HEVC_TS, not_received(30, 5), 1),
    "keyframe_not_received.ts": damage(H264_TS, not_received(50, 8), 1, 2),
    "cut_short.mkv": damage(H264, cut_short(0.6), 2, 3),
    "cut_short.ts": damage(H264_TS, cut_short(0.6), 2, 3),
    "cut_short.mp4": damage(H264, cut_short(0.6), 2, 3, options=FIRST),
    "began_late.ts": damage(IN_ORDER_TS, repacked(lambda packets: packets[10:]), shown_s=LATE_TIMES),
    "joined.ts": damage(H264_TS, joined_with_itself, 3),
    "false_time.mkv": damage(H264, with_false_time(40, 10_000.0), 1),
    "false_time.ts": damage(H264_TS, with_false_time(40, 10_000.0), 1),
    "false_time_near_end.mp4": damage(H264, with_false_time(97, 10_000.0), 3),
}
