"""Decoding: this layer beside decord, PyAV used plainly, torchcodec and OpenCV, in speed and in truth.

Three tasks: one picture a second, all keyframes, and the pictures shown at 200 random moments. Every
reader runs in a process of its own and gives RGB pictures; each is compared with what a plain forward
decode shows at that second, so that a quick reader of wrong pictures is seen to be one.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Shown = Iterable[tuple[float, Pixels]]

N_MOMENTS = 200
_GRID = 24
_UNLIKE = 4.0
_CHUNK = 32
_LIMIT_S = 240
_HAIR_S = 1e-6
_OUR_MODULES = ("vidagent.tools.pictures", "vidagent.tools.seeker", "vidagent.tools.guarded")


def marks_of(rgb: Pixels) -> list[int]:
    """A picture as a few of its green values: enough to tell it from its neighbours, cheap to take."""
    rows = np.linspace(0, rgb.shape[0] - 1, _GRID).astype(int)
    columns = np.linspace(0, rgb.shape[1] - 1, _GRID).astype(int)
    return [int(value) for value in rgb[np.ix_(rows, columns)][..., 1].ravel()]


@dataclass(frozen=True)
class Truth:
    """What a plain forward decode shows: when each picture begins, its marks, and which are keyframes."""

    starts_s: list[float]
    marks: list[list[int]]
    keyframes: list[int]
    end_s: float

    def at(self, time_s: float) -> int:
        """Number of the picture shown at a moment."""
        return max(0, int(np.searchsorted(self.starts_s, time_s + _HAIR_S, "right")) - 1)

    def steps(self, every_s: float) -> list[int]:
        """Numbers of the first pictures at or after each step."""
        n = np.floor((np.array(self.starts_s) - self.starts_s[0] + _HAIR_S) / every_s)
        return [0, *(int(i) for i in np.flatnonzero(np.diff(n) > 0) + 1)]

    def moments(self, n: int) -> list[float]:
        """Random moments, each in the middle of a picture's showing, in order of time."""
        chance = random.Random(7)
        ends_s = [*self.starts_s[1:], self.end_s]
        chosen = sorted(chance.sample(range(len(self.starts_s)), min(n, len(self.starts_s))))
        return [(self.starts_s[i] + ends_s[i]) / 2 for i in chosen]


def _plain_truth(path: Path) -> Truth:
    import av

    starts_s, marks, keyframes, end_s = [], [], [], 0.0
    with av.open(str(path)) as container:
        stream, zero_s = container.streams.video[0], (container.start_time or 0) / 1e6
        stream.thread_type = "SLICE"
        for frame in container.decode(stream):
            if frame.key_frame:
                keyframes.append(len(starts_s))
            starts_s.append(frame.time - zero_s)
            end_s = starts_s[-1] + float((frame.duration or 1) * stream.time_base)
            marks.append(marks_of(frame.to_ndarray(format="rgb24")))
    return Truth(starts_s, marks, keyframes, end_s)


def _shuffled(times_s: list[float]) -> list[float]:
    return random.Random(3).sample(times_s, len(times_s))


def _vidagent_steps(path: Path) -> Shown:
    from vidagent.tools.pictures import PictureReader

    return ((picture.pts_s, picture.rgb()) for picture in PictureReader(path, 1.0))


def _guarded_steps(path: Path) -> Shown:
    from vidagent.tools.guarded import GuardedPictures

    return ((picture.pts_s, picture.rgb()) for picture in GuardedPictures(path, every_s=1.0))


def _vidagent_keyframes(path: Path) -> Shown:
    from vidagent.tools.pictures import PictureReader

    reader = PictureReader(path, _HAIR_S, keyframes_only=True)
    return ((picture.pts_s, picture.rgb()) for picture in reader)


def _vidagent_moments(path: Path, times_s: list[float]) -> Shown:
    from vidagent.tools.seeker import PictureSeeker

    with PictureSeeker(path) as seeker:
        for time_s, picture in seeker.at_each(times_s):
            yield time_s, picture.rgb()


def _vidagent_one_by_one(path: Path, times_s: list[float]) -> Shown:
    from vidagent.tools.seeker import PictureSeeker

    with PictureSeeker(path) as seeker:
        for time_s in _shuffled(times_s):
            yield time_s, seeker.at(time_s).rgb()


def _pyav_steps(path: Path) -> Shown:
    import av

    with av.open(str(path)) as container:
        stream, zero_s = container.streams.video[0], (container.start_time or 0) / 1e6
        stream.thread_type, first_s, due_s = "AUTO", None, float("-inf")
        for frame in container.decode(stream):
            first_s = frame.time if first_s is None else first_s
            if frame.time >= due_s - _HAIR_S:
                due_s = first_s + int(frame.time - first_s + _HAIR_S) + 1
                yield frame.time - zero_s, frame.to_ndarray(format="rgb24")


def _pyav_full(path: Path) -> Shown:
    import av

    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(container.streams.video[0]):
            if frame.key_frame:
                yield frame.time - (container.start_time or 0) / 1e6, frame.to_ndarray(format="rgb24")


def _pyav_keyframes(path: Path) -> Shown:
    import av

    with av.open(str(path)) as container:
        stream, zero_s = container.streams.video[0], (container.start_time or 0) / 1e6
        stream.codec_context.skip_frame = "NONKEY"
        for frame in container.decode(stream):
            yield frame.time - zero_s, frame.to_ndarray(format="rgb24")


def _pyav_moments(path: Path, times_s: list[float]) -> Shown:
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for time_s in times_s:
            container.seek(
                int((time_s + (container.start_time or 0) / 1e6) / stream.time_base), stream=stream
            )
            shown = None
            for frame in container.decode(stream):
                if shown is not None and frame.time - (container.start_time or 0) / 1e6 > time_s:
                    break
                shown = frame
            if shown is not None:
                yield time_s, shown.to_ndarray(format="rgb24")


def _decord_steps(path: Path) -> Shown:
    import decord

    reader = decord.VideoReader(str(path))
    starts_s = reader.get_frame_timestamp(np.arange(len(reader)))[:, 0]
    n_steps = np.floor(starts_s - starts_s[0] + _HAIR_S)
    for i in [0, *(np.flatnonzero(np.diff(n_steps) > 0) + 1)]:
        yield float(starts_s[i]), reader[int(i)].asnumpy()


def _decord_keyframes(path: Path) -> Shown:
    import decord

    reader = decord.VideoReader(str(path))
    for i in reader.get_key_indices():
        yield float(reader.get_frame_timestamp([i])[0, 0]), reader[i].asnumpy()


def _decord_moments(path: Path, times_s: list[float]) -> Shown:
    import decord

    reader = decord.VideoReader(str(path))
    starts_s = reader.get_frame_timestamp(np.arange(len(reader)))[:, 0]
    places = [max(0, int(np.searchsorted(starts_s, t + _HAIR_S, "right")) - 1) for t in times_s]
    for first in range(0, len(places), _CHUNK):
        pictures = reader.get_batch(places[first : first + _CHUNK]).asnumpy()
        yield from zip(times_s[first : first + _CHUNK], pictures, strict=True)


def _decord_one_by_one(path: Path, times_s: list[float]) -> Shown:
    import decord

    reader = decord.VideoReader(str(path))
    starts_s = reader.get_frame_timestamp(np.arange(len(reader)))[:, 0]
    for time_s in _shuffled(times_s):
        place = max(0, int(np.searchsorted(starts_s, time_s + _HAIR_S, "right")) - 1)
        yield time_s, reader[place].asnumpy()


def _torchcodec_moments(path: Path, times_s: list[float]) -> Shown:
    from torchcodec.decoders import VideoDecoder

    decoder = VideoDecoder(str(path), dimension_order="NHWC", num_ffmpeg_threads=0)
    first_s, end_s = decoder.metadata.begin_stream_seconds, decoder.metadata.end_stream_seconds
    inside = [min(max(t, first_s), end_s - _HAIR_S) for t in times_s]
    for first in range(0, len(inside), _CHUNK):
        pictures = decoder.get_frames_played_at(inside[first : first + _CHUNK]).data.numpy()
        yield from zip(times_s[first : first + _CHUNK], pictures, strict=True)


def _torchcodec_steps(path: Path) -> Shown:
    from torchcodec.decoders import VideoDecoder

    decoder = VideoDecoder(str(path), dimension_order="NHWC", num_ffmpeg_threads=0)
    first_s, end_s = decoder.metadata.begin_stream_seconds, decoder.metadata.end_stream_seconds
    steps_s = list(np.arange(first_s, end_s - _HAIR_S, 1.0))
    for at in range(0, len(steps_s), _CHUNK):
        batch = decoder.get_frames_played_at(steps_s[at : at + _CHUNK])
        yield from zip(batch.pts_seconds.tolist(), batch.data.numpy(), strict=True)


def _opencv_steps(path: Path) -> Shown:
    import cv2

    capture, due_s = cv2.VideoCapture(str(path)), float("-inf")
    while capture.grab():
        time_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if time_s >= due_s - _HAIR_S:
            due_s = int(time_s + _HAIR_S) + 1
            yield time_s, cv2.cvtColor(capture.retrieve()[1], cv2.COLOR_BGR2RGB)


def _opencv_moments(path: Path, times_s: list[float]) -> Shown:
    import cv2

    capture = cv2.VideoCapture(str(path))
    for time_s in times_s:
        capture.set(cv2.CAP_PROP_POS_MSEC, 1000 * time_s)
        is_there, picture = capture.read()
        if is_there:
            yield time_s, cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


STEPS: dict[str, Callable[[Path], Shown]] = {
    "vidagent": _vidagent_steps,
    "vidagent, own process": _guarded_steps,
    "PyAV": _pyav_steps,
    "decord": _decord_steps,
    "torchcodec": _torchcodec_steps,
    "OpenCV": _opencv_steps,
}
KEYFRAMES: dict[str, Callable[[Path], Shown]] = {
    "vidagent": _vidagent_keyframes,
    "PyAV, full decode": _pyav_full,
    "PyAV, NONKEY": _pyav_keyframes,
    "decord": _decord_keyframes,
}
MOMENTS: dict[str, Callable[[Path, list[float]], Shown]] = {
    "vidagent": _vidagent_moments,
    "vidagent, one by one": _vidagent_one_by_one,
    "PyAV": _pyav_moments,
    "decord": _decord_moments,
    "decord, one by one": _decord_one_by_one,
    "torchcodec": _torchcodec_moments,
    "OpenCV": _opencv_moments,
}


def _regrouped(path: Path, every_s: float, target: Path) -> Path:
    """The same pictures encoded anew, with keyframes ``every_s`` seconds apart and nowhere else."""
    import av

    with av.open(str(path)) as source, av.open(str(target), "w") as container:
        pictures = source.streams.video[0]
        distance = round(float(pictures.average_rate) * every_s)
        options = {"g": str(distance), "keyint_min": str(distance), "sc_threshold": "0", "preset": "veryfast"}
        stream = container.add_stream("libx264", rate=pictures.average_rate, options=options)
        stream.width, stream.height, stream.pix_fmt = pictures.width, pictures.height, "yuv420p"
        stream.codec_context.time_base = pictures.time_base
        for frame in source.decode(pictures):
            picture = frame.reformat(format="yuv420p")
            # A frame remembers that it was a keyframe, and would be one again.
            picture.pict_type = 0
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return target


def _work(task: str, reader: str, path: Path, times_s: list[float]) -> None:
    """One reader's whole job, timed without the imports; prints the seconds and what it gave."""
    for library in ("av", "cv2", *_OUR_MODULES, "decord", "torchcodec.decoders"):
        if library.split(".")[0] in reader.lower() or library in ("av", "cv2"):
            importlib.import_module(library)
    begun_s = time.perf_counter()
    given = [(time_s, marks_of(rgb)) for time_s, rgb in _shown(task, reader, path, times_s)]
    json.dump({"took_s": time.perf_counter() - begun_s, "given": given}, sys.stdout)


def _shown(task: str, reader: str, path: Path, times_s: list[float]) -> Shown:
    if task == "moments":
        return MOMENTS[reader](path, times_s)
    return {"steps": STEPS, "keyframes": KEYFRAMES}[task][reader](path)


def _measured(task: str, reader: str, path: Path, times_s: list[float]) -> tuple[float, Shown] | str:
    """Seconds and pictures of one reader in a process of its own; or why there are none."""
    with tempfile.NamedTemporaryFile("w+", suffix=".json") as moments:
        json.dump(times_s, moments)
        moments.flush()
        command = [sys.executable, __file__, "--work", task, reader, str(path), moments.name]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S)
        except subprocess.TimeoutExpired:
            return f"not done after {_LIMIT_S} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"code {done.returncode}"])[-1][:80]
    result = json.loads(done.stdout[done.stdout.index("{") :])
    return result["took_s"], result["given"]


def _n_wrong(truth: Truth, given: Shown, n_expected: int) -> int:
    """Pictures that are not those shown at their second, and those that are missing."""
    given = list(given)
    unlike = 0
    for time_s, marks in given:
        shown = truth.marks[truth.at(time_s)]
        unlike += float(np.abs(np.array(marks) - np.array(shown)).mean()) > _UNLIKE
    return unlike + max(0, n_expected - len(given))


def _compare(path: Path, truth: Truth, task: str, readers: Iterable[str], n_runs: int) -> Iterator[str]:
    times_s = truth.moments(N_MOMENTS)
    n_expected = {
        "steps": len(truth.steps(1.0)) - 1,
        "keyframes": len(truth.keyframes),
        "moments": len(times_s),
    }[task]
    ours_s = None
    for reader in readers:
        runs = [_measured(task, reader, path, times_s) for _ in range(n_runs)]
        if failures := [run for run in runs if isinstance(run, str)]:
            yield f"| {path.name} | {task} | {reader} | – | – | {failures[0]} |"
            continue
        took_s = min(run[0] for run in runs if not isinstance(run, str))
        ours_s = ours_s or took_s
        n_wrong = _n_wrong(truth, runs[0][1], n_expected)  # type: ignore[arg-type]
        figures = f"{took_s:.3f} s | {took_s / ours_s:.2f} | {n_wrong} of {n_expected}"
        yield f"| {path.name} | {task} | {reader} | {figures} |"


def main() -> None:
    """Print one row for each video, task and reader; the best of several runs counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument(
        "--work", nargs=4, metavar=("TASK", "READER", "VIDEO", "MOMENTS"), help=argparse.SUPPRESS
    )
    parser.add_argument(
        "--keyframes-every",
        type=float,
        metavar="SECONDS",
        help="encode each video anew first, with keyframes that far apart",
    )
    options = parser.parse_args()
    if options.work:
        task, reader, video, moments = options.work
        _work(task, reader, Path(video), json.loads(Path(moments).read_text()))
        return
    print("| video | task | reader | seconds | × vidagent | wrong |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for video in options.videos:
            every_s = options.keyframes_every
            _print_rows(
                _regrouped(video, every_s, Path(folder, f"{video.stem}.mp4")) if every_s else video,
                options.runs,
            )


def _print_rows(video: Path, n_runs: int) -> None:
    truth = _plain_truth(video)
    for task, readers in (("steps", STEPS), ("keyframes", KEYFRAMES), ("moments", MOMENTS)):
        for row in _compare(video, truth, task, readers, n_runs):
            print(row, flush=True)


if __name__ == "__main__":
    main()
