"""The file that a cut is written to: pictures and sound, encoded, on a clock that begins at 0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, cast

from .errors import CapabilityError, VidagentError, first_line
from .picture import Picture
from .roles import Samples

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

RATE_HZ = 48_000
"""The rate of the sound, which every player and every one of the encodings knows."""

_TICK = Fraction(1, 90_000)
_RATE_MAX = 240
# What ITU-R BT.709 and the range of broadcasts are called by FFmpeg.
_BT709, _BROADCAST = 1, 1


@dataclass(frozen=True)
class Form:
    """A container with its encodings of picture and sound, and how they are told to work."""

    container: str
    picture: str
    picture_options: Mapping[str, str]
    sound: str
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


_X264 = MappingProxyType({"preset": "veryfast", "crf": "18"})
_VP9 = MappingProxyType({"deadline": "realtime", "cpu-used": "6", "crf": "24", "b": "0", "row-mt": "1"})
FORMS: Mapping[str, Form] = MappingProxyType(
    {
        ".mp4": Form("mp4", "libx264", _X264, "aac", MappingProxyType({"movflags": "+faststart"})),
        ".mkv": Form("matroska", "libx264", _X264, "libopus"),
        ".webm": Form("webm", "libvpx-vp9", _VP9, "libopus"),
    }
)
"""What a file can be, by the ending of its name."""


class CutFile:
    """A new file, used in a ``with`` block: pictures of any size, and one channel of sound where ``has_sound``.

    All pictures are scaled to the size of the first; they lie upright in it, with square pixels, 8 bits a
    colour. ``picture_rate_hz`` is what the header tells; pictures keep the seconds that they are given.

    Raises ``VidagentError`` where it cannot be written, and ``CapabilityError`` for an encoding that is
    not in this build of FFmpeg.
    """

    def __init__(self, path: Path, form: Form, has_sound: bool, picture_rate_hz: float) -> None:
        self._path, self._form, self._has_sound = path, form, has_sound
        self._rate = Fraction(min(_RATE_MAX, max(1.0, picture_rate_hz))).limit_denominator(1001)
        self._pictures: VideoStream | None = None
        self._sound: AudioStream | None = None
        self._n_samples = 0

    def __enter__(self) -> CutFile:
        import av

        with _mapped():
            self._container: OutputContainer = av.open(
                str(self._path.absolute()), "w", format=self._form.container, options=dict(self._form.options)
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _mapped():
            try:
                if kind is None:
                    self._finish()
            finally:
                self._container.close()

    @property
    def n_samples(self) -> int:
        """How many samples of sound were written until now."""
        return self._n_samples

    def show(self, picture: Picture, at_s: float, length_s: float) -> None:
        """Write a picture that is shown from ``at_s`` on, for ``length_s``."""
        from av.video.frame import VideoFrame

        with _mapped():
            upright = VideoFrame.from_ndarray(picture.rgb(), format="rgb24")
            stream = self._pictures or self._opened(upright, picture)
            frame = upright.reformat(
                stream.width, stream.height, "yuv420p", dst_colorspace=_BT709, dst_color_range=_BROADCAST
            )
            frame.time_base, frame.pts = _TICK, round(at_s / _TICK)
            frame.duration = round((at_s + length_s) / _TICK) - frame.pts
            self._container.mux(stream.encode(frame))

    def play(self, samples: Samples) -> None:
        """Write sound, mono float32 at ``RATE_HZ``, behind what was written before."""
        from av.audio.frame import AudioFrame

        if self._sound is None or not len(samples):
            return
        with _mapped():
            frame = AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
            frame.sample_rate, frame.time_base = RATE_HZ, Fraction(1, RATE_HZ)
            frame.pts = self._n_samples
            self._container.mux(self._sound.encode(frame))
        self._n_samples += len(samples)

    def _opened(self, upright: VideoFrame, picture: Picture) -> VideoStream:
        """The tracks, made when the first picture tells their size."""
        from av.codec.context import Flags

        made = self._container.add_stream(
            self._form.picture, rate=self._rate, options=dict(self._form.picture_options)
        )
        stream = cast("VideoStream", made)
        # Colours are stored for each two pixels, so there is an even number of them.
        stream.width, stream.height = max(2, upright.width // 2 * 2), max(2, upright.height // 2 * 2)
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = stream.time_base = _TICK
        # Pictures that refer to later ones would begin before 0, and push all the rest back.
        context.max_b_frames = 0
        context.flags |= Flags.frame_duration
        context.colorspace, context.color_range = _BT709, _BROADCAST
        context.color_primaries, context.color_trc = picture.frame.color_primaries, picture.frame.color_trc
        if self._has_sound:
            sound = self._container.add_stream(self._form.sound, rate=RATE_HZ, layout="mono")
            self._sound = cast("AudioStream", sound)
        self._pictures = stream
        return stream

    def _finish(self) -> None:
        for stream in (self._pictures, self._sound):
            if stream is not None:
                self._container.mux(stream.encode(None))


@contextmanager
def _mapped() -> Iterator[None]:
    """Errors of FFmpeg as ours."""
    import av
    from av.codec.codec import UnknownCodecError

    try:
        yield
    except UnknownCodecError as error:
        raise CapabilityError(f"this build of FFmpeg cannot encode {error}; name another ending") from error
    except av.error.FFmpegError as error:
        raise VidagentError(f"the clip cannot be written ({error.strerror or first_line(error)})") from error
