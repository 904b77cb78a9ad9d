"""Batches loaded by a plan: contents, order, views and resumption."""

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from lrcn_seq.data.batches.captions import Captions
from lrcn_seq.data.batches.loader import ClipReader, load
from lrcn_seq.data.batches.plan import by_caption, by_image, in_order
from lrcn_seq.data.clip_selection import ClipSelection, evaluation_clips, training_clips
from lrcn_seq.data.media.reader import MediaReader
from lrcn_seq.data.samplings import registry as samplings
from lrcn_seq.data.sources.shapes import Shapes
from lrcn_seq.data.views import registry as views
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Batch, LabeledBatch, Preprocessing, Sample

SIZE = Preprocessing(32, 32)
VIEW = views.build({"type": "crop_mirror", "margin": 1.3})
IMAGES = MediaReader("images", SIZE)
CROPPED = MediaReader("images", SIZE, view=VIEW)
SLIDING = samplings.build({"type": "sliding", "length": 6, "stride": 2})


@pytest.fixture(scope="module")
def samples():
    return Shapes(train=40, dev=0, test=0).samples


@pytest.fixture(scope="module")
def captions(samples):
    return Captions(
        [
            [[4 + len(word) for word in sentence.split()] for sentence in sample.captions]
            for sample in samples
        ]
    )


def equal(one: Batch, other: Batch) -> bool:
    return all(
        np.array_equal(a, b)
        for a, b in zip((*one.clips, *one[1:]), (*other.clips, *other[1:]), strict=True)
    )


def test_a_batch_holds_clips_owners_and_words(samples, captions):
    """A batch has the decoded images of its samples and the words of its captions."""
    plan = by_image(captions.owner, captions.lengths, batch=8, captions=2, seed=1, epoch=0)
    batches = list(load(plan, ClipReader(samples, IMAGES), captions=captions))
    assert len(batches) == len(plan) == 5
    for step, batch in zip(plan, batches, strict=True):
        assert batch.clips.frames.shape == (8, 32, 32, 3)
        assert batch.clips.frames.dtype == np.uint8
        np.testing.assert_array_equal(batch.clips.index, np.arange(8)[:, None])
        assert batch.owner.dtype == batch.words.dtype == batch.clips.index.dtype == np.int32
        assert batch.words.shape == (16, step.length)
        for row, owner, words in zip(step.rows, batch.owner, batch.words, strict=True):
            assert captions.owner[row] == step.samples[owner]
            np.testing.assert_array_equal(words, captions.words(np.array([row]), step.length)[0])
    first = int(plan[0].samples[3])
    np.testing.assert_array_equal(
        batches[0].clips.frames[3], ClipReader(samples, IMAGES)(np.array([first])).frames[0]
    )


@pytest.mark.parametrize("start", [0, 1, 7])
def test_resuming_at_any_step_gives_the_same_batches(samples, captions, start):
    """Resuming gives the remaining batches of the epoch, despite random views and threads."""
    plan = by_caption(captions.owner, captions.lengths, batch=16, seed=1, epoch=4)
    reader = ClipReader(samples, CROPPED, seed=1, epoch=4)
    whole = list(load(plan, reader, captions=captions, threads=3))
    part = list(load(plan[start:], reader, captions=captions, threads=1))
    assert len(part) == len(plan) - start
    assert all(equal(a, b) for a, b in zip(whole[start:], part, strict=True))


def test_training_views_depend_on_seed_epoch_and_sample(samples):
    """The training view of a sample depends on seed and epoch, not on its place in the batch."""
    reader = ClipReader(samples, CROPPED, seed=1, epoch=4)
    clips = reader(np.array([5, 9, 5]))
    several = clips.frames[clips.index[:, 0]]
    assert len(clips.frames) == 2, "decoded once"
    np.testing.assert_array_equal(several[0], several[2])
    np.testing.assert_array_equal(several[0], reader(np.array([5])).frames[0])
    other = ClipReader(samples, CROPPED, seed=1, epoch=5)
    assert any(
        (reader(np.array([n])).frames != other(np.array([n])).frames).any() for n in range(5)
    )


def test_without_an_epoch_the_test_view_is_read(samples):
    """A clip reader without an epoch reads the test view, whatever the seed."""
    one, other = (ClipReader(samples, CROPPED, seed=seed)(np.arange(4)) for seed in (1, 2))
    np.testing.assert_array_equal(one.frames, other.frames)


def test_a_sample_is_read_once_per_batch(samples):
    """An image with several captions in a batch is decoded once."""
    drawn = []

    class Counting:
        key = "x"

        def draw(self):
            drawn.append(1)
            return np.zeros((1, 8, 8, 3), np.uint8)

    reader = ClipReader([samples[0]._replace(media=Counting())], IMAGES)
    clips = reader(np.array([0, 0, 0]))
    assert clips.frames.shape == (1, 32, 32, 3)
    assert clips.index.tolist() == [[0], [0], [0]]
    assert len(drawn) == 1


def test_batches_without_captions_have_no_words(samples):
    """A batch without captions has an empty array of words."""
    batches = list(load(in_order(5, batch=3), ClipReader(samples, IMAGES)))
    assert [len(batch.clips.index) for batch in batches] == [3, 2]
    assert batches[0].words.shape == (0, 0)


def test_an_empty_plan_gives_nothing(samples):
    """An empty plan gives no batches."""
    assert list(load([], ClipReader(samples, IMAGES))) == []


def test_a_file_that_became_unreadable_is_named(samples):
    """The MediaError for a missing file passes from the loading thread to the caller."""
    broken = [*samples[:3], samples[3]._replace(media="gone.jpg")]
    with pytest.raises(MediaError, match=r"gone.jpg: expected an image; there is no such file"):
        list(load(in_order(4, batch=1), ClipReader(broken, IMAGES)))


def numbers(clips) -> list[list[int]]:
    """Return the gray value of each frame of each clip, and −1 for padding."""
    gray = clips.frames[:, 0, 0, 0]
    return [[int(gray[row]) if row >= 0 else -1 for row in rows] for rows in clips.index]


def test_evaluation_clips_are_read(counters):
    """A batch of overlapping windows stores each of their frames once."""
    times = [np.arange(count) / 25 for count in (5, 20, 11)]
    selections = evaluation_clips(times, SLIDING)
    reader = ClipReader(
        counters, MediaReader("clips", Preprocessing(8, 8)), select=selections.__getitem__
    )
    (batch,) = load(in_order(3, batch=3), reader)
    assert numbers(batch.clips) == [[0, 1, 2, 3, 4, -1], [0, 1, 2, 3, 4, 5], [2, 3, 4, 5, 6, 7]]
    assert len(batch.clips.frames) == 13


def test_training_clips_are_read(counters):
    """A clip reader reads the frames that the random sampling selects for training."""
    times = [np.arange(count) / 25 for count in (5, 20, 11)]
    select = training_clips(
        times, samplings.build({"type": "random_clip", "length": 4}), seed=1, epoch=3
    )
    media = MediaReader("clips", Preprocessing(8, 8))
    reader = ClipReader(counters, media, select=select, seed=1, epoch=3)
    assert numbers(reader(np.array([1, 2]))) == [select(n).numbers.tolist() for n in (1, 2)]


def test_test_views_are_those_of_the_selections(samples):
    """A clip reader reads each evaluation clip in the view that its selection names."""
    media = MediaReader("images", SIZE, view=views.build({"type": "ten_crop", "margin": 1.2}))
    select = [ClipSelection(3, None, 7), ClipSelection(3, None, 2)].__getitem__
    clips = ClipReader(samples, media, select=select)(np.array([0, 1]))
    expected = media.views(samples[3].media)
    np.testing.assert_array_equal(clips.frames[clips.index[:, 0]], [expected[7][0], expected[2][0]])


def test_vectors_are_read_like_frames(tmp_path):
    """A clip reader reads all vectors of a file, or those that the selection names."""
    vectors = np.arange(12, dtype=np.float32).reshape(6, 2)
    np.save(tmp_path / "a.npy", vectors)
    samples = [Sample("a", str(tmp_path / "a.npy"), "a", "train")] * 2
    clips = ClipReader(samples, MediaReader("vectors"))(np.array([1]))
    np.testing.assert_array_equal(clips.frames, vectors)
    select = [ClipSelection(0, np.array([4, 5]))].__getitem__
    clips = ClipReader(samples, MediaReader("vectors"), select=select)(np.array([0]))
    np.testing.assert_array_equal(clips.frames, vectors[4:])


def test_labels_make_labeled_batches(samples):
    """A function `labels` maps the sample positions of a batch to its labels and weights."""
    batches = load(
        in_order(5, batch=3),
        ClipReader(samples, IMAGES),
        labels=lambda positions: (positions[:, None] * 10, positions / 2),
    )
    first, second = batches
    assert isinstance(first, LabeledBatch)
    assert first.labels.tolist() == [[0], [10], [20]]
    assert second.weights.tolist() == [1.5, 2.0]
    assert len(second.clips.index) == 2


@pytest.mark.parametrize("threads", [3, None])
def test_threads_make_batches_at_the_same_time(samples, monkeypatch, threads):
    """Loading threads run at the same time; the default is one thread per core."""
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    reader, together = ClipReader(samples, IMAGES), threading.Barrier(3, timeout=20)

    def read(positions):
        together.wait()
        return reader(positions)

    assert len(list(load(in_order(6, batch=1), read, threads=threads))) == 6


def test_no_more_batches_than_threads_are_made_ahead(samples):
    """With two threads, at most three batches are read ahead of the current one."""
    reader, positions_read = ClipReader(samples, IMAGES), []

    def read(positions):
        positions_read.append(positions)
        return reader(positions)

    batches = iter(load(in_order(40, batch=1), read, threads=2))
    next(batches)
    time.sleep(0.2)
    assert len(positions_read) <= 4
    assert len(list(batches)) == 39


def test_the_data_layer_loads_neither_keras_nor_tensorflow():
    """Loading batches imports neither Keras nor a backend."""
    program = (
        "import sys, lrcn_seq.data.sources.shapes as s, lrcn_seq.data.batches.loader as l\n"
        "import lrcn_seq.data.media as m, lrcn_seq.data.batches.plan as p, lrcn_seq.records as r\n"
        "import lrcn_seq.features.extraction\n"
        "samples = s.Shapes(train=4, dev=0, test=0).samples\n"
        "reader = l.ClipReader(samples, m.MediaReader('images', r.Preprocessing(8, 8)))\n"
        "assert len(list(l.load(p.in_order(4, batch=2), reader))) == 2\n"
        "heavy = {'keras', 'tensorflow', 'torch'}\n"
        "assert not heavy & set(sys.modules), sorted(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
