"""From a plan to batches: the right ones, in order, again and again."""

import subprocess
import sys

import numpy as np
import pytest
from lrcn_seq.data.clips import Look, gathered

from lrcn_seq.data.batches.captions import Captions
from lrcn_seq.data.batches.loader import FeatureReader, PictureReader, index_of, load
from lrcn_seq.data.batches.plan import by_caption, by_image, in_order
from lrcn_seq.data.sources.shapes import Shapes
from lrcn_seq.data.views import registry as views
from lrcn_seq.errors import MediaError
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.records import Batch, Preprocessing

SIZE = Preprocessing(32, 32)
VIEW = views.build({"type": "crop_mirror", "margin": 1.3})


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


def test_a_batch_holds_clips_their_owners_and_words(samples, captions):
    """Against decoding and looking up each by itself."""
    plan = by_image(captions.owner, captions.lengths, batch=8, captions=2, seed=1, epoch=0)
    batches = list(load(plan, PictureReader(samples, SIZE), captions=captions))
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
        batches[0].clips.frames[3], PictureReader(samples, SIZE)(np.array([first])).frames[0]
    )


@pytest.mark.parametrize("start", [0, 1, 7])
def test_going_on_at_any_step_gives_the_same_batches(samples, captions, start):
    """With random views, and whatever the number of threads."""
    plan = by_caption(captions.owner, captions.lengths, batch=16, seed=1, epoch=4)
    reader = PictureReader(samples, SIZE, view=VIEW, seed=1, epoch=4)
    whole = list(load(plan, reader, captions=captions, threads=3))
    part = list(load(plan[start:], reader, captions=captions, threads=1))
    assert len(part) == len(plan) - start
    assert all(equal(a, b) for a, b in zip(whole[start:], part, strict=True))


def test_views_differ_between_epochs_and_samples_only(samples):
    """The same sample looks the same within an epoch, wherever it stands."""
    reader = PictureReader(samples, SIZE, view=VIEW, seed=1, epoch=4)
    clips = reader(np.array([5, 9, 5]))
    several = clips.frames[clips.index[:, 0]]
    assert len(clips.frames) == 2, "decoded once"
    np.testing.assert_array_equal(several[0], several[2])
    np.testing.assert_array_equal(several[0], reader(np.array([5])).frames[0])
    other = PictureReader(samples, SIZE, view=VIEW, seed=1, epoch=5)
    assert any(
        (reader(np.array([n])).frames != other(np.array([n])).frames).any() for n in range(5)
    )


def test_testing_takes_the_fixed_view(samples):
    """Without an epoch nothing is left to chance."""
    one, other = (
        PictureReader(samples, SIZE, view=VIEW, seed=seed)(np.arange(4)) for seed in (1, 2)
    )
    np.testing.assert_array_equal(one.frames, other.frames)


def test_a_picture_asked_for_twice_is_decoded_once(samples):
    """Two sentences of one picture in a batch cost one decode."""
    drawn = []

    class Counting:
        key = "x"

        def draw(self):
            drawn.append(1)
            return np.zeros((1, 8, 8, 3), np.uint8)

    reader = PictureReader([samples[0]._replace(media=Counting())], SIZE)
    clips = reader(np.array([0, 0, 0]))
    assert clips.frames.shape == (1, 32, 32, 3)
    assert clips.index.tolist() == [[0], [0], [0]]
    assert len(drawn) == 1


def test_stored_features_come_by_sample(tmp_path):
    """Ragged rows are packed, with their places in the index; also twice, also one row."""
    store = FeatureStore(tmp_path, "x", "float32")
    rows = [
        np.random.default_rng(n).normal(size=(n + 1, 2, 3)).astype(np.float32) for n in range(4)
    ]
    store.append([str(n) for n in range(4)], rows)
    clips = FeatureReader(store, ["3", "2", "1", "0"])(np.array([3, 0, 3, 2]))
    np.testing.assert_array_equal(
        clips.frames, np.concatenate([rows[0], rows[3], rows[0], rows[1]])
    )
    np.testing.assert_array_equal(
        clips.index, [[0, -1, -1, -1], [1, 2, 3, 4], [5, -1, -1, -1], [6, 7, -1, -1]]
    )


def test_a_plan_without_sentences_has_no_words(samples):
    """For decoding: P clips, no owners."""
    batches = list(load(in_order(5, batch=3), PictureReader(samples, SIZE)))
    assert [len(batch.clips.index) for batch in batches] == [3, 2]
    assert batches[0].words.shape == (0, 0)


def test_an_empty_plan_gives_nothing(samples):
    """The end of an epoch is a fine place to go on from."""
    assert list(load([], PictureReader(samples, SIZE))) == []


def test_a_file_that_breaks_later_stops_with_its_name(samples):
    """The error of the thread reaches the caller as it is."""
    broken = [*samples[:3], samples[3]._replace(media="gone.jpg")]
    with pytest.raises(MediaError, match=r"gone.jpg: expected a picture; there is no such file"):
        list(load(in_order(4, batch=1), PictureReader(broken, SIZE)))


def test_packing_against_writing_it_out():
    """Three clips of 2, 0 and 1 frames."""
    shown = [np.full((2, 1, 1, 3), 7), np.zeros((0, 1, 1, 3), int), np.full((1, 1, 1, 3), 9)]
    clips = gathered(
        [Look(sample) for sample in range(3)], lambda sample, numbers, wanted: [shown[sample]]
    )
    np.testing.assert_array_equal(clips.frames[:, 0, 0, 0], [7, 7, 9])
    np.testing.assert_array_equal(clips.index, [[0, 1], [-1, -1], [2, -1]])
    assert index_of([]).shape == (0, 0)


def test_the_data_layer_loads_neither_keras_nor_tensorflow():
    """Not even when batches are made."""
    program = (
        "import sys, lrcn_seq.data.sources.shapes as s, lrcn_seq.data.batches.loader as l, lrcn_seq.data.batches.plan as p, lrcn_seq.features.extraction, lrcn_seq.records as r\n"
        "samples = s.Shapes(train=4, dev=0, test=0).samples\n"
        "assert len(list(l.load(p.in_order(4, batch=2), l.PictureReader(samples, r.Preprocessing(8, 8))))) == 2\n"
        "assert not {'keras', 'tensorflow', 'torch', 'pycocotools'} & set(sys.modules), sorted(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
