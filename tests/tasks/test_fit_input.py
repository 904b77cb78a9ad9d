"""Conversion of data of every supported type into the input of Keras."""

from itertools import islice
from types import GeneratorType

import keras
import numpy as np
import pytest

from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.records import Batch
from lrcn_seq.tasks._fit_input import ConvertedBatches, EpochSetter, fit_input, is_stream
from tests.tasks.inputs import CAPTIONS, caption_batch, fresh_captioner

PAIRS = ["a dog", "a cat"]


class Pairs(keras.utils.PyDataset):
    """A data set of two batches of images with captions."""

    def __init__(self, images):
        super().__init__()
        self.images = images

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return np.stack(self.images[:2]), PAIRS


def test_batches_of_a_py_dataset_are_converted(images):
    """Batches of a `PyDataset` of images with captions become records, in every epoch."""
    batches = ConvertedBatches(fresh_captioner(), Pairs(images))
    assert batches.size == 2
    for _ in range(2):
        records = [record for (record,) in batches]
        assert len(records) == 2
        assert isinstance(records[0], Batch)


def test_the_first_batch_of_a_generator_is_not_lost(images):
    """Looking at the first batch of a generator does not remove it."""
    pairs = ((image[None], [caption]) for image, caption in zip(images, PAIRS, strict=False))
    batches = ConvertedBatches(fresh_captioner(), pairs)
    np.testing.assert_array_equal(batches[0][0].clips.frames[0], images[0])
    frames = [record.clips.frames[0] for (record,) in batches]
    np.testing.assert_array_equal(frames, images[:2])


def test_records_pass_unchanged(images):
    """Batches that are records already pass unchanged."""
    batch = caption_batch(images)
    ((found,),) = ConvertedBatches(fresh_captioner(), [(batch,)])
    assert found is batch
    assert found.words is CAPTIONS


@pytest.mark.parametrize("item", [(1,), 5, (1, 2, 3, 4)], ids=repr)
def test_other_batches_are_refused(item):
    """A batch without targets is refused."""
    with pytest.raises(ArgumentError, match=r"batches of \(inputs, targets\)"):
        list(ConvertedBatches(fresh_captioner(), [item]))


def test_data_without_batches_are_refused():
    """A data set that yields no batches is refused."""
    with pytest.raises(DataError, match=r"at least one batch\. Received: none"):
        ConvertedBatches(fresh_captioner(), [])[0]


def test_inputs_are_told_from_data_sets(images):
    """Lists, arrays and paths are inputs; generators and data sets are streams."""
    assert not any(map(is_stream, (images, np.stack(images), "a.png", None)))
    assert is_stream(iter(images))
    assert is_stream(Pairs(images))


def test_inputs_need_targets(images):
    """Inputs without targets are refused."""
    with pytest.raises(ArgumentError, match="y: expected one target per input"):
        fit_input(fresh_captioner(), images)


def test_batches_repeat_in_a_generator(images, monkeypatch):
    """On JAX and PyTorch, a generator repeats the batches of a user, as Keras requires."""
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    data = fit_input(fresh_captioner(), Pairs(images))
    assert isinstance(data.x, GeneratorType)
    assert data.steps == 2
    assert len(list(islice(data.x, 5))) == 5


def test_the_epoch_reaches_the_data(images):
    """The callback passes the epoch to the data and to the task."""
    data = ConvertedBatches(fresh_captioner(), Pairs(images))
    setter = EpochSetter(data)
    setter.set_model(data.task)
    setter.on_epoch_begin(3)
    assert data.epoch == 3
