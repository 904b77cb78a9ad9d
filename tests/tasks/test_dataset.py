"""The dataset of batches that `fit` reads."""

from itertools import islice

import keras
import numpy as np
import pytest

from lrcn_seq.records import Batch, Clips
from lrcn_seq.tasks._dataset import BatchSource, as_dataset


def make_batch(number: int, *, clips: int, words: int) -> Batch:
    """Return a batch of the given sizes whose frames and words all equal `number`."""
    frames = np.full((clips, 4, 4, 3), number, "uint8")
    index = np.arange(clips, dtype="int32")[:, None]
    return Batch(Clips(frames, index), np.zeros(2, "int32"), np.full((2, words), number, "int32"))


def test_batches_keep_order_and_shapes():
    """A dataset keeps the order and shapes of batches with varying numbers of clips and words."""
    batches = [
        make_batch(0, clips=2, words=5),
        make_batch(1, clips=1, words=7),
        make_batch(2, clips=3, words=5),
    ]
    for (batch,), expected in zip(as_dataset(batches), batches, strict=True):
        arrays = [np.asarray(array) for array in keras.tree.flatten(batch)]
        for array, other in zip(arrays, keras.tree.flatten(expected), strict=True):
            np.testing.assert_array_equal(array, other)
            assert array.dtype == other.dtype


def test_fit_receives_records():
    """A dataset passes each batch to `fit` as a `Batch` record instead of a plain tuple."""
    (batch,) = next(iter(as_dataset([make_batch(0, clips=1, words=3)])))
    assert isinstance(batch, Batch)
    assert isinstance(batch.clips, Clips)


def test_a_source_without_errors_keeps_none():
    """A batch source without errors passes its batches unchanged and stores no error."""
    source = BatchSource([1, 2])
    assert (list(source), source.error) == ([1, 2], None)


def test_the_error_of_a_source_is_kept():
    """A batch source stores the exception that its batches raise."""

    def batches():
        yield make_batch(0, clips=1, words=3)
        raise KeyError("lost")

    source = BatchSource(batches())
    with pytest.raises(Exception, match="lost"):
        list(islice(as_dataset(source), 2))
    assert isinstance(source.error, KeyError)


def test_samples_of_the_batches_are_counted():
    """The rows of the last array of each batch are counted as the batches pass."""
    source = BatchSource([(np.zeros((9, 2)), np.zeros(3)), (np.zeros((1, 2)), np.zeros(4))])
    assert source.samples == 0
    assert len(list(source)) == 2
    assert source.samples == 7
