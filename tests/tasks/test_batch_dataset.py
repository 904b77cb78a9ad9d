"""The batches of samples for `fit`."""

import numpy as np
import pytest

from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.tasks import BatchDataset
from lrcn_seq.tasks._batch_dataset import check_weights
from tests.tasks.inputs import array_sample, fresh_captioner


def dataset_of(images, **options):
    """Return a data set of images with one caption each."""
    samples = [array_sample(str(n), image, captions=("a dog",)) for n, image in enumerate(images)]
    task = fresh_captioner("data.captions_per_image=1")
    return BatchDataset(task, samples, **options)


def test_an_epoch_contains_every_image_once(images):
    """The batches of an epoch contain every image once; another epoch has another order."""
    data = dataset_of(images, batch_size=2)
    orders = []
    for data.epoch in range(2):
        frames = np.concatenate([batch.clips.frames for (batch,) in data])
        orders.append(
            [int((frame == np.stack(images)).all((1, 2, 3)).argmax()) for frame in frames]
        )
    assert len(data) == 3
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(6))
    assert orders[0] != orders[1]


def test_batches_have_random_access(images):
    """Indexing by a position gives the batch that iteration gives at that position."""
    data = dataset_of(images, batch_size=4)
    for position, (batch,) in enumerate(data):
        np.testing.assert_array_equal(data[position][0].clips.frames, batch.clips.frames)
    with pytest.raises(IndexError):
        data[len(data)]


def test_weights_follow_their_images(images):
    """The weight of a caption is that of its image."""
    weights = np.arange(6)
    for batch, _, found in dataset_of(images, batch_size=3, weights=weights):
        frames = batch.clips.frames[batch.owner]
        numbers = [(frame == np.stack(images)).all((1, 2, 3)).argmax() for frame in frames]
        np.testing.assert_array_equal(found, numbers)


def test_the_batch_size_of_the_config_is_kept(images):
    """The batch size of a data set does not change the config of the task."""
    data = dataset_of(images, batch_size=2)
    assert data.task.settings.training.batch_size == 20
    assert len(dataset_of(images)) == 1


def test_invalid_arguments_are_refused(images):
    """An empty data set, a batch size of 0 and missing weights are refused."""
    with pytest.raises(DataError, match="at least one sample"):
        dataset_of([])
    with pytest.raises(ArgumentError, match="batch_size: expected at least 1"):
        dataset_of(images, batch_size=0)
    with pytest.raises(ArgumentError, match=r"expected one weight per input, \(3,\)"):
        check_weights([1, 2], 3)
