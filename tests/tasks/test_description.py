"""Description: one clip a sentence, windows of long videos, and its refusals."""

import numpy as np
import pytest

import lrcn_seq
from lrcn_seq import config
from lrcn_seq.data.packed_clips import concatenate_clips
from lrcn_seq.data.sources.moving_shapes import Film
from lrcn_seq.errors import ArgumentError, ConfigError
from lrcn_seq.records import Clips
from lrcn_seq.tasks import base

SMOKE = "configs/smoke/description.yaml"


@pytest.fixture(scope="module")
def task(description_run):
    """The trained task."""
    return lrcn_seq.load(description_run)


@pytest.fixture(scope="module")
def films():
    """Clips of several lengths, (T, 32, 32, 3) uint8."""
    return [Film(0, "test", number, 32, 3).draw() for number in range(6)]


def test_clips_of_several_lengths_are_described_as_alone(task, films):
    """Padding changes no sentence, and no probability beyond what rounding does where the batch is summed up in another order."""
    assert len({len(film) for film in films}) > 1
    for place, (found, film) in enumerate(zip(task.predict(films, batch=6), films, strict=True)):
        (alone,) = task.predict([film])
        assert (found.file, [caption.text for caption in found.captions]) == (
            str(place),
            [caption.text for caption in alone.captions],
        )
        assert [caption.log_probability for caption in found.captions] == pytest.approx(
            [caption.log_probability for caption in alone.captions], rel=1e-5
        )


def test_the_same_is_said_of_frames_seen_a_few_at_a_time(task, films, monkeypatch):
    """A search starts from the same features."""
    clips = concatenate_clips([task.seen(film) for film in films])
    whole = task.write(clips)
    seen = []
    monkeypatch.setattr(base, "FRAMES_AT_ONCE", 4)
    monkeypatch.setattr(
        base.FrameEncoder,
        "predict_on_batch",
        lambda self, frames: seen.append(len(frames)) or self(frames),
    )
    found = task.write(clips)
    assert max(seen) == 4
    np.testing.assert_array_equal(found.words, whole.words)


def test_windows_are_the_parts_of_a_video_described_by_themselves(task, films):
    """With their times; 25 frames a second, so that 0.2 s are five frames, and the last window is shorter."""
    video = np.concatenate(films)[:23]
    (found,) = task.predict_windows([video], 0.2)
    assert [(round(one.start, 3), round(one.end, 3)) for one in found.windows] == [
        (0.0, 0.2),
        (0.2, 0.4),
        (0.4, 0.6),
        (0.6, 0.8),
        (0.8, 0.92),
    ]
    for number, window in enumerate(found.windows):
        part = video[5 * number : 5 * number + 5]
        assert (
            window.captions
            == task.captions(Clips(part, np.arange(len(part), dtype="int32")[None]))[0]
        )


def test_a_window_without_length_is_refused(task, films):
    """In a sentence."""
    with pytest.raises(
        ArgumentError, match=r"seconds: expected a length of time above 0\. Received: seconds=0"
    ):
        task.predict_windows(films[:1], 0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("data.sampling=null", r"data\.sampling: missing: say which frames"),
        ("data.sampling={type: sliding}", r"data\.sampling: a sentence is written about one clip"),
        ("training.monitor=top_1", r"training\.monitor: expected one of the scores"),
    ],
)
def test_what_fits_no_describer_is_refused(change, sentence):
    """Before any data is read."""
    with pytest.raises(ConfigError, match=sentence):
        lrcn_seq.build(config.read(SMOKE, [change]), words=20)


@pytest.mark.parametrize("kind", ["captioning", "description"])
def test_a_sentence_is_written_about_one_view(kind):
    """Ten views of each clip would each get a sentence, and their sentences go to the wrong clips."""
    with pytest.raises(
        ConfigError,
        match=r"data\.view: a sentence is written about one view, and ten_crop gives several",
    ):
        lrcn_seq.build(
            config.read(f"configs/smoke/{kind}.yaml", ["data.view.type=ten_crop"]), words=20
        )


@pytest.mark.parametrize("change", ["sampling={type: every}", "frames=flow"])
def test_captioning_takes_nothing_of_videos(change):
    """Its pictures have no frames to choose from, and no motion."""
    with pytest.raises(
        ConfigError, match=rf"data\.{change.split('=')[0]}: captioning looks at pictures"
    ):
        lrcn_seq.build(config.read("configs/smoke/captioning.yaml", [f"data.{change}"]), words=20)
