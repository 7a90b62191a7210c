"""Reading text in pictures: PP-OCR through RapidOCR, and a made-up reader for tests.

Finding lines and reading them are two steps, because finding can be done on a shrunken picture and
most lines that are found have been read before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from .errors import CapabilityError, ModelError
from .roles import READ_PIXELS, WHOLE, Box, Pixels, Quad, TextLine

if TYPE_CHECKING:
    from rapidocr import RapidOCR

Given = TypeVar("Given")
Found = TypeVar("Found")
# Finding on more pixels at once takes over half a gigabyte. Bands overlap by a share of the height;
# lines higher than that are found on a shrunken picture too.
_BAND_PIXELS, _BAND_OVERLAP = 320_000, 0.045
# Parts of one row that stand closer than this share of their height are one line.
_JOIN_GAP = 0.05
_SHORT_SIDE_MIN = 32
# A big box that is hardly wider than it is high and reads badly often holds two tight lines.
_TALL_SHARE, _TALL_WIDTHS, _SURE = 0.12, 4.0, 0.97
_EDGE_SHARE = 0.05
# A line wider than so many of its heights is cut in two, and a part of it that is still wider than so many.
_WIDE, _WIDEST = 18, 36
# No letter has fewer.
_ROWS_MIN = 4
# The library shrinks pictures of a greater length to width until nothing is left of their short side.
_SHAPE_MAX = 60


def box_of(quad: Quad) -> Box:
    """The upright box (left, top, right, bottom) around four corners."""
    (left, top), (right, bottom) = quad.min(axis=0).tolist(), quad.max(axis=0).tolist()
    return (left, top, right, bottom)


def quad_of(box: Box) -> Quad:
    """The corners of an upright box, clockwise from top left."""
    left, top, right, bottom = box
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


@dataclass
class RapidOcrReader:
    """PP-OCR on the processor, with the weights that come inside the ``rapidocr`` package.

    Bands of a large picture and lines of a page are read by ``n_threads`` at once, each step by one
    thread: two threads that share a step wait for each other while a decoder works beside them.

    Raises ``CapabilityError`` at the first use where the package or its weights are missing, and
    ``ModelError`` where inference fails.
    """

    n_threads: int = 2
    name: str = "rapidocr"
    _engine: RapidOCR | None = field(default=None, init=False, repr=False)
    _crew: ThreadPoolExecutor | None = field(default=None, init=False, repr=False)

    def read(self, image: Pixels) -> list[TextLine]:
        """Lines of an RGB picture (height, width, 3), top to bottom."""
        return self.recognize(image, self.find(image))

    def find(self, image: Pixels, window: Box = WHOLE, n_pixels_max: int = READ_PIXELS) -> list[Quad]:
        """Corners of lines inside ``window``, each (4, 2) in shares, clockwise from top left."""
        left, top, right, bottom = _pixel_window(image, window)
        crop = _shrunk(image[top:bottom, left:right, ::-1], n_pixels_max)
        bands = self._all(lambda band: self._in_band(crop, *band), _bands(*crop.shape[:2]))
        found = [quad for quads in bands for quad in quads]
        height, width = image.shape[:2]
        scale = np.array([(right - left) / crop.shape[1] / width, (bottom - top) / crop.shape[0] / height])
        origin = np.array([left / width, top / height])
        return _joined([np.asarray(quad * scale + origin, np.float32) for quad in found], image)

    def _in_band(self, crop: Pixels, first: int, last: int) -> list[Quad]:
        from rapidocr.ch_ppocr_det import TextDetOutput

        engine, band = self._loaded(), crop[first:last]
        # Every step is named each time: the library remembers the last call's choice.
        with _foreign_errors():
            found = engine(_padded(band), use_det=True, use_cls=False, use_rec=False)
        # Where there is no text, the answer is of another class, without boxes.
        if not isinstance(found, TextDetOutput) or found.boxes is None:
            return []
        boxes = np.minimum(found.boxes, (band.shape[1], band.shape[0]))
        quads = [np.asarray(corners + np.array([0, first]), np.float32) for corners in boxes]
        # A line cut by the band's edge is seen whole in the next band.
        lowest, highest = first + 2 if first else -1, last - 3 if last < len(crop) else len(crop)
        return [quad for quad in quads if lowest < quad[:, 1].min() and quad[:, 1].max() < highest]

    def recognize(self, image: Pixels, quads: Sequence[Quad]) -> list[TextLine]:
        """What is written inside each of the given corners; a quad may give no line, or two."""
        lines: list[TextLine] = []
        for quad, line in zip(quads, self._texts(image, quads), strict=True):
            lines.extend(self._split(image, line) if _may_hold_two(quad, image, line) else [line])
        return [line for line in lines if line.text]

    def _texts(self, image: Pixels, quads: Sequence[Quad]) -> list[TextLine]:
        if not quads:
            return []
        crops = [_pieces(_cut_out(image, quad)) for quad in quads]
        parts = iter(self._all(self._written, [piece for pieces in crops for piece in pieces]))
        return [
            _line(quad, list(islice(parts, len(pieces)))) for quad, pieces in zip(quads, crops, strict=True)
        ]

    def _written(self, piece: Pixels) -> tuple[str, float]:
        with _foreign_errors():
            read = self._loaded().recognize_txt([piece])
        return (read.txts[0], float(read.scores[0])) if read.txts and read.scores else ("", 0.0)

    def _all(self, step: Callable[[Given], Found], given: Sequence[Given]) -> list[Found]:
        """The step's results in order, several at work at once."""
        self._loaded()
        if len(given) < 2 or self._crew is None:
            return [step(each) for each in given]
        return list(self._crew.map(step, given))

    def _split(self, image: Pixels, line: TextLine) -> list[TextLine]:
        halves = self._texts(image, [quad_of(half) for half in _halves(line.box)])
        better = min(half.confidence for half in halves) > line.confidence
        return halves if better else [line]

    def _loaded(self) -> RapidOCR:
        if self._engine is None:
            self._engine = _load_engine()
            self._crew = ThreadPoolExecutor(self.n_threads) if self.n_threads > 1 else None
        return self._engine


@dataclass
class FakeReader:
    """A reader for tests: sees its given lines wherever the picture is not flat inside their boxes."""

    lines: Sequence[TextLine]
    name: str = "fake"
    n_finds: int = 0
    n_pixels: int = 0

    def read(self, image: Pixels) -> list[TextLine]:
        """The given lines that lie on something."""
        return self.recognize(image, self.find(image))

    def find(self, image: Pixels, window: Box = WHOLE, n_pixels_max: int = READ_PIXELS) -> list[Quad]:
        """Corners of the given lines that lie on something inside ``window``."""
        left, top, right, bottom = _pixel_window(image, window)
        self.n_finds += 1
        self.n_pixels += min(n_pixels_max, (right - left) * (bottom - top))
        boxes = [line.box for line in self.lines if _inside(line.box, window)]
        return [quad_of(box) for box in boxes if _contrast(image, box) > 10]

    def recognize(self, image: Pixels, quads: Sequence[Quad]) -> list[TextLine]:
        """The given lines whose boxes these are."""
        boxes = [np.round(quad, 4).tolist() for quad in quads]
        return [line for line in self.lines if np.round(quad_of(line.box), 4).tolist() in boxes]


def _load_engine() -> RapidOCR:
    try:
        import rapidocr
    except ImportError as error:
        message = "reading text on screen needs the package rapidocr: pip install rapidocr"
        raise CapabilityError(message) from error
    from pathlib import Path

    models = Path(rapidocr.__file__).parent / "models"
    weights = {step: models / f"PP-OCRv6_{step}_small.onnx" for step in ("det", "rec")}
    if missing := [path.name for path in weights.values() if not path.is_file()]:
        raise CapabilityError(f"rapidocr came without its weights {missing}: reinstall rapidocr>=3.10")
    # Naming the weights keeps the library from looking for them on the network.
    return rapidocr.RapidOCR(
        params={
            "Global.use_cls": False,
            "Global.log_level": "error",
            "Global.width_height_ratio": -1,
            "Det.model_path": str(weights["det"]),
            "Det.limit_side_len": _SHORT_SIDE_MIN,
            "Rec.model_path": str(weights["rec"]),
            # Lines are read one by one: a batch is padded to its widest line, in time and in memory.
            "Rec.rec_batch_num": 1,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
        }
    )


@contextmanager
def _foreign_errors() -> Iterator[None]:
    from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError
    from rapidocr.main import RapidOCRError

    try:
        yield
    except (ONNXRuntimeError, RapidOCRError) as error:
        raise ModelError(f"rapidocr: {str(error).strip().splitlines()[-1]}") from error


def _pixel_window(image: Pixels, window: Box) -> tuple[int, int, int, int]:
    height, width = image.shape[:2]
    left, top = int(window[0] * width), int(window[1] * height)
    right, bottom = round(window[2] * width), round(window[3] * height)
    return left, top, max(left + 1, right), max(top + 1, bottom)


def _shrunk(crop: Pixels, n_pixels_max: int) -> Pixels:
    import cv2

    height, width = crop.shape[:2]
    scale = (n_pixels_max / (height * width)) ** 0.5
    if scale >= 1:
        return np.ascontiguousarray(crop)
    size = max(_SHORT_SIDE_MIN, round(width * scale)), max(_SHORT_SIDE_MIN, round(height * scale))
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)


def _padded(band: Pixels) -> Pixels:
    """The picture, with its last row or column repeated where it is too long and thin to be searched."""
    import cv2

    height, width = band.shape[:2]
    n_rows, n_columns = max(0, -(-width // _SHAPE_MAX) - height), max(0, -(-height // _SHAPE_MAX) - width)
    if not n_rows and not n_columns:
        return band
    return np.asarray(cv2.copyMakeBorder(band, 0, n_rows, 0, n_columns, cv2.BORDER_REPLICATE), np.uint8)


def _bands(height: int, width: int) -> list[tuple[int, int]]:
    n_bands = -(-height * width // _BAND_PIXELS)
    step = -(-height // n_bands)
    overlap = round(height * _BAND_OVERLAP)
    return [(max(0, first - overlap), min(height, first + step)) for first in range(0, height, step)]


def _joined(quads: list[Quad], image: Pixels) -> list[Quad]:
    rows_per_column = image.shape[0] / image.shape[1]
    lines: list[Quad] = []
    for quad in sorted(quads, key=box_of):
        before = next((i for i, line in enumerate(lines) if _goes_on(line, quad, rows_per_column)), None)
        if before is None:
            lines.append(quad)
        else:
            lines[before] = quad_of(box_of(np.concatenate([lines[before], quad])))
    return sorted(lines, key=lambda line: (float(line[:, 1].min()), float(line[:, 0].min())))


def _goes_on(line: Quad, quad: Quad, rows_per_column: float) -> bool:
    box, other = box_of(line), box_of(quad)
    height, height_2 = box[3] - box[1], other[3] - other[1]
    same_row = abs(box[1] + box[3] - other[1] - other[3]) < 0.5 * min(height, height_2)
    near = other[0] - box[2] < _JOIN_GAP * min(height, height_2) * rows_per_column
    return same_row and near and max(height, height_2) < 1.5 * min(height, height_2)


def _cut_out(image: Pixels, quad: Quad) -> Pixels:
    from rapidocr.utils.process_img import get_rotate_crop_image

    height, width = image.shape[:2]
    corners = quad * np.array([width, height], np.float32)
    return np.ascontiguousarray(get_rotate_crop_image(image, corners.astype(np.float32))[..., ::-1])


def _pieces(crop: Pixels) -> list[Pixels]:
    # A line across a wide screen is read in pieces, cut where it is blank: memory goes by width.
    height, width = crop.shape[:2]
    if height < _ROWS_MIN:
        return []
    if width < _WIDE * height:
        return [crop]
    middle = slice(width // 3, 2 * width // 3)
    ink = crop[:, middle].std(axis=(0, 2))
    gap = max(1, height // 4)
    blank = int(np.argmin(np.convolve(ink, np.ones(gap), "same"))) + middle.start
    halves = crop[:, :blank], crop[:, blank:]
    cut = [_pieces(half) if half.shape[1] > _WIDEST * height else [half] for half in halves]
    return [np.ascontiguousarray(piece) for pieces in cut for piece in pieces]


def _line(quad: Quad, parts: Sequence[tuple[str, float]]) -> TextLine:
    text = " ".join(text.strip() for text, _ in parts).strip()
    return TextLine(text, box_of(quad), min((float(score) for _, score in parts), default=0.0))


def _may_hold_two(quad: Quad, image: Pixels, line: TextLine) -> bool:
    left, top, right, bottom = box_of(quad)
    n_rows, n_columns = (bottom - top) * image.shape[0], (right - left) * image.shape[1]
    is_tall = bottom - top > _TALL_SHARE and n_rows < n_columns < _TALL_WIDTHS * n_rows
    return is_tall and line.confidence < _SURE


def _halves(box: Box) -> list[Box]:
    left, top, right, bottom = box
    middle, rim_x, rim_y = (top + bottom) / 2, (right - left) * _EDGE_SHARE, (bottom - top) * _EDGE_SHARE
    left, right = left + rim_x, right - rim_x
    return [(left, top + rim_y, right, middle), (left, middle, right, bottom - rim_y)]


def _inside(box: Box, window: Box) -> bool:
    return window[0] <= box[0] and window[1] <= box[1] and box[2] <= window[2] and box[3] <= window[3]


def _contrast(image: Pixels, box: Box) -> float:
    left, top, right, bottom = _pixel_window(image, box)
    return float(image[top:bottom, left:right].std())
