"""Finding and reading lines of text in one picture."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from vidagent.tools.errors import CapabilityError, ModelError
from vidagent.tools.roles import Pixels, TextLine
from vidagent.tools.screen_text import FakeReader, RapidOcrReader, box_of, quad_of


def drawn(*lines: tuple[str, int, int, int], size: tuple[int, int] = (640, 360)) -> Pixels:
    """A black picture with (text, left, top, size) lines in white."""
    image = Image.new("RGB", size, "black")
    for text, left, top, points in lines:
        ImageDraw.Draw(image).text((left, top), text, "white", ImageFont.load_default(points))
    return np.asarray(image)


@pytest.fixture(scope="module")
def reader() -> RapidOcrReader:
    return RapidOcrReader()


def test_reads_lines_from_top_to_bottom_with_their_boxes(reader: RapidOcrReader) -> None:
    first, second = reader.read(drawn(("HELLO WORLD", 100, 60, 32), ("second line", 300, 250, 24)))
    assert (first.text, second.text) == ("HELLO WORLD", "second line")
    assert first.box == pytest.approx((100 / 640, 60 / 360, 310 / 640, 100 / 360), abs=0.04)
    assert min(first.confidence, second.confidence) > 0.9


def test_a_picture_without_text_gives_no_lines(reader: RapidOcrReader) -> None:
    assert reader.read(drawn()) == []
    assert reader.recognize(drawn(), []) == []


def test_finding_after_reading_still_only_finds(reader: RapidOcrReader) -> None:
    image = drawn(("HELLO WORLD", 100, 60, 32))
    reader.read(image)
    quads = reader.find(image)
    assert [quad.shape for quad in quads] == [(4, 2)]
    assert reader.read(image)[0].text == "HELLO WORLD"


def test_only_the_window_is_searched_and_shares_are_of_the_whole_picture(reader: RapidOcrReader) -> None:
    image = drawn(("ABOVE", 100, 60, 32), ("BELOW", 300, 250, 32))
    (quad,) = reader.find(image, window=(0.0, 0.5, 1.0, 1.0))
    assert box_of(quad) == pytest.approx((300 / 640, 255 / 360, 410 / 640, 285 / 360), abs=0.05)
    assert [line.text for line in reader.recognize(image, [quad])] == ["BELOW"]


def test_a_line_found_in_a_shrunken_picture_is_read_at_full_size(reader: RapidOcrReader) -> None:
    image = drawn(("Reading at full size", 400, 300, 30), size=(1280, 720))
    (quad,) = reader.find(image, n_pixels_max=256 * 144 * 2)
    assert reader.recognize(image, [quad])[0].text == "Reading at full size"


def test_a_large_picture_is_searched_in_bands_and_no_line_is_found_twice(reader: RapidOcrReader) -> None:
    lines = [(f"Line number {n}", 200, 20 + 53 * n, 22) for n in range(19)]
    texts = [line.text for line in reader.read(drawn(*lines, size=(1920, 1080)))]
    assert texts == [text for text, *_ in lines]


def test_a_box_around_two_tight_lines_gives_both(reader: RapidOcrReader) -> None:
    image = drawn(("Big Buck", 160, 60, 80), ("BUNNY", 180, 140, 80))
    lines = reader.recognize(image, [quad_of((0.22, 0.18, 0.8, 0.64))])
    assert [line.text.replace(" ", "") for line in lines] == ["BigBuck", "BUNNY"]
    assert lines[0].box[3] <= lines[1].box[1]


def test_a_line_across_a_wide_screen_loses_no_letter(reader: RapidOcrReader) -> None:
    text = (
        "Stately, plump Buck Mulligan came from the stairhead, bearing a bowl of lather on which a razor lay"
    )
    (line,) = reader.read(drawn((text, 60, 100, 24), size=(1280, 300)))
    assert line.text == text
    assert line.box[2] - line.box[0] > 0.8


def test_parts_of_one_row_are_one_line_and_columns_are_two(reader: RapidOcrReader) -> None:
    image = drawn(("Jane Doe", 60, 100, 24), ("Director", 400, 100, 24))
    name, role = sorted(reader.read(image), key=lambda line: line.box)
    assert (name.text, role.text) == ("Jane Doe", "Director")
    assert name.box[1] == pytest.approx(role.box[1], abs=0.02)


@pytest.mark.parametrize(
    ("height", "width"),
    [
        (1, 1),
        (2, 3),
        (1, 640),
        (640, 1),
        (4, 4000),
        (8, 4000),
        (4000, 8),
        (1, 8000),
        (8000, 1),
        (20, 8000),
        (8000, 20),
    ],
)
def test_a_picture_of_any_shape_is_searched_and_read(reader: RapidOcrReader, height: int, width: int) -> None:
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2 + 1 : 3] = image[: height // 2 + 1 : 3] = 255
    assert all(0 <= side <= 1 for quad in reader.find(image) for side in box_of(quad))
    for line in reader.read(image):
        assert line.text


def test_a_box_without_room_for_letters_gives_no_line(reader: RapidOcrReader) -> None:
    image = drawn(("WORDS", 20, 40, 24), size=(4000, 100))
    point, row, column = (0.5, 0.5, 0.5, 0.5), (0.0, 0.5, 1.0, 0.51), (0.007, 0.0, 0.0075, 1.0)
    assert reader.recognize(image, [quad_of(box) for box in (point, row, column)]) == []


def test_a_line_of_a_hundred_heights_loses_no_letter(reader: RapidOcrReader) -> None:
    text = "Stately, plump Buck Mulligan came from the stairhead, bearing a bowl of lather. " * 4
    image = drawn((text, 20, 40, 24), size=(3800, 100))
    (line,) = reader.recognize(image, [quad_of((0.0, 0.38, 1.0, 0.72))])
    assert line.text.replace(" ", "") == text.replace(" ", "")


def test_the_weights_are_never_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("tried to connect")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert RapidOcrReader().read(drawn(("HELLO WORLD", 100, 60, 32)))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(CapabilityError, match="pip install rapidocr"):
        RapidOcrReader().read(drawn())


def test_missing_weights_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import rapidocr

    monkeypatch.setattr(rapidocr, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(CapabilityError, match="PP-OCRv6_det_small"):
        RapidOcrReader().read(drawn())


class BrokenSession:
    """An inference session that fails when it runs."""

    def get_inputs(self) -> list[object]:
        return []

    get_outputs = get_inputs

    def get_providers(self) -> list[str]:
        return ["CPUExecutionProvider"]

    def run(self, *_: object) -> None:
        raise RuntimeError("out of memory")


def test_a_failed_inference_is_a_model_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from rapidocr.inference_engine.onnxruntime import main

    monkeypatch.setattr(main, "InferenceSession", lambda *_, **__: BrokenSession())
    with pytest.raises(ModelError, match="rapidocr: RuntimeError: out of memory"):
        RapidOcrReader().find(drawn(("HELLO", 100, 60, 32)))


def test_the_fake_reader_sees_its_lines_where_something_is() -> None:
    line = TextLine("HELLO", (0.1, 0.1, 0.6, 0.4), 0.9)
    fake = FakeReader([line])
    image = drawn()
    assert fake.read(image) == []
    image = drawn(("HELLO", 100, 60, 32))
    assert fake.read(image) == [line]
    assert fake.find(image, window=(0.0, 0.5, 1.0, 1.0)) == []
    assert fake.n_finds == 3
