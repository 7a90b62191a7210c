"""Makes the sample video and the questions about it.

    python samples/make_sample.py [--output samples/gull_island.mp4]

Writes the mp4 and, beside it, questions.jsonl. Everything is drawn and spoken here: it needs
Pillow, numpy and av (PyAV), and the program flite for the voice. Two runs with the same versions
of these write the same bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from _canvas import HEIGHT_PX, WIDTH_PX, Canvas
from _questions import records
from _scenes import PAINTERS
from _sound import RATE_HZ, FliteMissingError, Samples, durations_s, sound_track, speak_lines
from _story import DURATION_S, Span, plan, scene_starts
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from PIL import Image

OUTPUT = Path(__file__).parent / "gull_island.mp4"
FRAMES_PER_S = 15
KEYFRAME_EVERY = 45
SAMPLES_PER_PACKET = 1024
AUDIO_BITS_PER_S = 64_000
# More encoder threads would make the bytes depend on the machine.
X264_OPTIONS = {"crf": "25", "preset": "medium", "tune": "animation", "threads": "1"}
MP4_OPTIONS = {"movflags": "+faststart", "fflags": "+bitexact"}


def pictures() -> Iterator[Image.Image]:
    """Every picture of the video, in order."""
    canvas = Canvas()
    for _, scene in scene_starts():
        for index in range(scene.duration_s * FRAMES_PER_S):
            PAINTERS[scene.name](canvas, index / FRAMES_PER_S)
            yield canvas.finished()


def _add_video(container: OutputContainer) -> VideoStream:
    stream = container.add_stream("libx264", rate=FRAMES_PER_S, options=X264_OPTIONS)
    stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
    stream.time_base = stream.codec_context.time_base = Fraction(1, FRAMES_PER_S)
    stream.codec_context.gop_size = KEYFRAME_EVERY
    stream.codec_context.thread_count = 1
    return stream


def _add_audio(container: OutputContainer) -> AudioStream:
    stream = container.add_stream("aac", rate=RATE_HZ, layout="mono")
    stream.bit_rate = AUDIO_BITS_PER_S
    stream.time_base = Fraction(1, RATE_HZ)
    return stream


def _video_frame(picture: Image.Image, index: int) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
    frame.pts, frame.time_base = index, Fraction(1, FRAMES_PER_S)
    return frame


def _audio_frame(track: Samples, start: int) -> av.AudioFrame:
    block = track[start : start + SAMPLES_PER_PACKET].astype(np.float32).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(np.clip(block, -1, 1), format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, start, Fraction(1, RATE_HZ)
    return frame


def _write_streams(container: OutputContainer, track: Samples) -> None:
    """Pictures and sound in step, because an mp4 is written in the order of time."""
    video, audio = _add_video(container), _add_audio(container)
    heard = 0
    for index, picture in enumerate(pictures()):
        container.mux(video.encode(_video_frame(picture, index)))
        while heard < len(track) and heard / RATE_HZ <= (index + 1) / FRAMES_PER_S:
            container.mux(audio.encode(_audio_frame(track, heard)))
            heard += SAMPLES_PER_PACKET
    container.mux(video.encode(None))
    container.mux(audio.encode(None))


def write_video(path: Path, track: Samples) -> None:
    """The mp4, with its index at the front."""
    with av.open(str(path), "w", format="mp4", options=MP4_OPTIONS) as container:
        _write_streams(container, track)


def write_questions(path: Path, video: str, spans: Mapping[str, Span]) -> None:
    """One JSON object a line."""
    lines = [json.dumps(record) + "\n" for record in records(video, spans)]
    path.write_text("".join(lines), encoding="utf-8")


def make(output: Path) -> None:
    """The video and, beside it, its questions."""
    speech = speak_lines()
    spans = plan(durations_s(speech))
    write_video(output, sound_track(speech, spans))
    write_questions(output.with_name("questions.jsonl"), output.name, spans)
    print(f"{output}: {DURATION_S} s, {output.stat().st_size / 1e6:.1f} MB")


def main() -> int:
    """The command line; the exit code is 1 when flite is missing."""
    parser = argparse.ArgumentParser(description="Make the sample video and its questions.")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the mp4 to write")
    try:
        make(parser.parse_args().output)
    except FliteMissingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
