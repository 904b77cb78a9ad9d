"""Video description: captions of clips, windows of long videos, and config problems."""

import numpy as np
import pytest

import lrcn_seq
from lrcn_seq.data.packed_clips import concatenate_clips
from lrcn_seq.errors import ArgumentError, ConfigError, MediaError
from lrcn_seq.records import Caption
from lrcn_seq.search.base import NO_SENTENCE
from lrcn_seq.tasks import _frame_encoder
from lrcn_seq.tasks._frame_encoder import FrameEncoder
from lrcn_seq.tasks.description import DescriptionEnsemble, check_equal_windows, frame_duration
from tests.tasks.inputs import fresh_captioner, settings, single_clip


def test_clips_of_a_batch_are_described_as_alone(describer, films):
    """Videos described in one batch get the same captions as each video alone."""
    assert len({len(film) for film in films}) == 3
    together = describer.predict(films, batch=3)
    for position, (prediction, film) in enumerate(zip(together, films, strict=True)):
        (alone,) = describer.predict([film])
        assert prediction.file == str(position)
        assert [caption.text for caption in prediction.captions] == [
            caption.text for caption in alone.captions
        ]
        assert [caption.log_probability for caption in prediction.captions] == pytest.approx(
            [caption.log_probability for caption in alone.captions], rel=1e-5
        )


def test_captions_are_independent_of_the_chunks_of_frames(describer, films, monkeypatch):
    """Encoding frames in small chunks does not change the words that the search finds."""
    clips = concatenate_clips([describer.read_clip(film) for film in films])
    expected = describer.write(clips)
    counts = []
    monkeypatch.setattr(_frame_encoder, "FRAMES_PER_CALL", 4)
    monkeypatch.setattr(
        FrameEncoder,
        "predict_on_batch",
        lambda self, frames: counts.append(len(frames)) or self(frames),
    )
    np.testing.assert_array_equal(describer.write(clips).words, expected.words)
    assert max(counts) == 4


def test_a_clip_has_the_frames_of_the_sampling(films):
    """The clip of a video consists of the frames that `data.sampling` selects."""
    task = fresh_captioner("data.sampling={type: uniform, frames: 3}", task="description")
    frames, index = task.read_clip(films[2])
    numbers = task.sampling.test(np.arange(len(films[2])) / 25)[0]
    np.testing.assert_array_equal(frames, films[2][numbers])
    assert index.tolist() == [[0, 1, 2]]


def test_windows_are_described_like_clips_of_their_own(describer, films):
    """Each window of a long video gets the caption that its frames get as a separate clip.

    At 25 frames per second, a window of 0.2 s has five frames; the last window is shorter.
    """
    video = np.concatenate([*films, *films])[:23]
    (prediction,) = describer.predict_windows([video], 0.2, on_error="record")
    times = [(round(window.start, 3), round(window.end, 3)) for window in prediction.windows]
    assert times == [(0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 0.92)]
    for number, window in enumerate(prediction.windows):
        part = video[5 * number : 5 * number + 5]
        assert window.captions == describer.captions(single_clip(part))[0]


def test_windows_are_sampled_from_their_own_start(films):
    """`data.sampling` applies to each window as if the video began with that window."""
    overrides = ["data.sampling={type: every, seconds: 0.12}", "search={type: greedy}"]
    task = fresh_captioner(*overrides, task="description")
    video = np.concatenate([*films, *films])[:20]
    (prediction,) = task.predict_windows([video], 0.4)
    assert len(prediction.windows) == 2
    for window, part in zip(prediction.windows, (video[:10], video[10:]), strict=True):
        assert len(task.read_clip(part).frames) == 4
        assert window.captions == task.captions(task.read_clip(part))[0]


def test_windows_of_several_videos_have_their_own_errors(describer, films, tmp_path):
    """An unreadable video gets an error in its place, and other videos get their windows."""
    predictions = describer.predict_windows(
        [tmp_path / "absent.mp4", films[0]], 9.0, best=2, on_error="record"
    )
    assert predictions[0].error
    assert predictions[0].windows == ()
    (window,) = predictions[1].windows
    assert len(window.captions) == 2
    assert window.end == pytest.approx(len(films[0]) / 25)


def test_a_window_without_a_caption_is_an_error_of_its_video(describer, films, monkeypatch):
    """A video has an error if the search finds no caption for one of its windows."""
    rows = [(Caption("a dog", -1.0, -1.0),), ()]
    monkeypatch.setattr(describer, "captions", lambda clips, *_, **__: rows[: len(clips.index)])
    video = np.concatenate([*films, *films])[:10]
    (prediction,) = describer.predict_windows([video], 0.2, on_error="record")
    assert prediction.error == NO_SENTENCE
    assert prediction.windows == ()


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
def test_a_window_without_length_is_refused(describer, films, seconds):
    """`predict_windows` refuses a window length that is not a positive number of seconds."""
    with pytest.raises(
        ArgumentError,
        match=rf"seconds: expected a length of time above 0\. Received: seconds={seconds}",
    ):
        describer.predict_windows(films[:1], seconds)


def test_windows_are_described_together(describer, films):
    """An ensemble of equal tasks gives each window the captions of one task."""
    video = np.concatenate(films)
    expected = describer.predict_windows(video, 0.2, best=2)
    found = DescriptionEnsemble([describer] * 2).predict_windows(video, 0.2, best=2)
    for window, alone in zip(found.windows, expected.windows, strict=True):
        assert (window.start, window.end) == (alone.start, alone.end)
        assert [row.text for row in window.captions] == [row.text for row in alone.captions]


def test_other_windows_are_an_error_of_the_video():
    """Tasks that find frames in different windows cannot describe the video together."""
    first = [(0.0, 1.0), (1.0, 2.0)]
    check_equal_windows([first, [(0.0, 1.0), (1.0, 1.5)]], "a.mp4")
    with pytest.raises(MediaError, match=r"a\.mp4.*Received: 2 and 1 windows; choose longer"):
        check_equal_windows([first, first[:1]], "a.mp4")


def test_the_duration_of_a_frame_is_the_mean_distance():
    """The frame duration is the mean time between frames, and 0 for a single frame."""
    assert frame_duration(np.array([0.0, 0.5, 2.0])) == 1.0
    assert frame_duration(np.array([0.0])) == 0.0


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.sampling=null", r"data\.sampling: missing: choose the frames of a video"),
        (
            "data.sampling={type: sliding}",
            r"data\.sampling: expected a sampling that selects one clip.* Received: sliding",
        ),
        ("training.monitor=top_1", r"training\.monitor: expected one of the scores"),
        ("data.view.type=ten_crop", r"data\.view: expected a view with one test view"),
    ],
)
def test_configs_that_do_not_fit_are_refused(override, message):
    """Building a description task from an inconsistent config raises a ConfigError."""
    with pytest.raises(ConfigError, match=message):
        lrcn_seq.build(settings("description", override), words=20)


def test_windows_are_an_option_of_predict(describer, films):
    """`predict` with a window returns the predictions of `predict_windows`."""
    expected = describer.predict_windows(films[:1], 0.2, beams=2)
    assert describer.predict(films[:1], window=0.2, beams=2) == expected
    assert expected[0].windows


def test_a_clip_can_be_read_ahead_unless_it_has_windows(describer, films):
    """A clip that was read ahead gets the same captions; windows need the whole video."""
    read = describer.read_ahead(films[0])
    assert describer.predict([read])[0].captions == describer.predict([films[0]])[0].captions
    assert describer.read_ahead(films[0], window=0.2) is films[0]
