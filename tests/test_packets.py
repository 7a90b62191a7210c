"""The packets of a picture track say when it ends, and whether a jump is worth its while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import pytest
from clips import STEP_S, Look, make_clip, steady

from vidagent.tools.container import open_media
from vidagent.tools.packets import PacketSource

GROUPS = Look(options={"g": "10", "bf": "0", "sc_threshold": "0"})
N_PICTURES = 50


@contextmanager
def packets(path: Path) -> Iterator[PacketSource]:
    with open_media(path) as container:
        yield PacketSource(container, container.streams.video[0])


def shifted(path: Path, to_s: dict[int, float]) -> Path:
    """The same packets, of which those with the given numbers tell another second."""
    target = path.with_stem("shifted")
    with av.open(str(path)) as source, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if packet.dts is None:
                continue
            if number in to_s:
                packet.pts = round(to_s[number] / packet.time_base)
            packet.stream = stream
            container.mux(packet)
    return target


@pytest.mark.parametrize(
    ("false_s", "end_s"),
    [
        # One that lies far ahead, with true ones behind it, is a false time; three in a row are a true gap.
        ({20: 5000.0}, N_PICTURES * STEP_S),
        ({number: 50.0 + number * STEP_S for number in range(30, N_PICTURES)}, 50.0 + N_PICTURES * STEP_S),
        # At the very end nothing follows that could take it back.
        ({N_PICTURES - 1: 60.0}, 60.0 + STEP_S),
    ],
)
def test_a_second_far_ahead_is_believed_unless_it_is_taken_back(
    tmp_path: Path, false_s: dict[int, float], end_s: float
) -> None:
    clip = shifted(make_clip(tmp_path / "clip.mkv", steady(N_PICTURES), look=GROUPS), false_s)
    with packets(clip) as source:
        numbers = sum(1 for _ in source)
    assert numbers == source.n_packets == N_PICTURES
    assert source.start_s == pytest.approx(0.0, abs=0.01)
    assert source.end_s == pytest.approx(end_s, abs=0.05)


def test_a_jump_is_worth_its_while_where_a_keyframe_lies_between(tmp_path: Path) -> None:
    with packets(make_clip(tmp_path / "clip.mp4", steady(N_PICTURES), look=GROUPS)) as source:
        assert source.gains(from_s=0.0, to_s=1.0)
        assert not source.gains(from_s=0.85, to_s=1.0), "the keyframe before 1.0 s is that of 0.8 s"


def test_a_file_whose_table_is_not_met_by_a_jump_is_read_on(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mkv", steady(N_PICTURES), look=GROUPS, options={"live": "1"})
    with packets(path) as source:
        next(iter(source))
        assert source.gains(from_s=0.0, to_s=1.5), "the table may stand at the end"
        source.jump(1.5)
        assert not source.gains(from_s=1.6, to_s=1.9), "and did not"
