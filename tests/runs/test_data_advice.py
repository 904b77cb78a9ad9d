"""Sentences that warn of few or one-sided training data."""

import pytest

from lrcn_seq import config
from lrcn_seq.records import Sample
from lrcn_seq.runs.data_advice import data_advice

CAPTIONER = {
    "task": {"type": "captioning"},
    "data": {"source": {"type": "shapes"}},
    "encoder": {"type": "tiny_cnn"},
    "decoder": {"type": "lrcn"},
}
CLASSIFIER = {
    "task": {"type": "activity"},
    "data": {"source": {"type": "moving_shapes"}, "sampling": {"type": "every"}},
    "encoder": {"type": "tiny_cnn"},
    "decoder": {"type": "lstm_frames"},
}


def captioned(count, text="caption {}"):
    """Return samples with two captions each; captions contain the number of the sample."""
    return [
        Sample(str(n), "x", str(n), "train", captions=(text.format(n), f"another {n}"))
        for n in range(count)
    ]


def labeled(**counts):
    """Return the given number of samples for each class."""
    return [
        Sample(f"{label}{n}", "x", f"{label}{n}", "train", label=label)
        for label, count in counts.items()
        for n in range(count)
    ]


def advice(train, dev=50, base=CAPTIONER, **training):
    """Return the sentences for training samples and a number of dev samples."""
    settings = config.validate({**base, "training": training})
    splits = {"train": train, "dev": captioned(dev), "test": []}
    return data_advice(splits, settings)


def test_enough_varied_data_need_no_advice():
    """A thousand images with different captions, or classes of similar size, need no advice."""
    assert advice(captioned(1000)) == ()
    assert advice(labeled(a=40, b=20), base=CLASSIFIER) == ()


def test_images_instead_of_videos_are_named():
    """If all files of a task for videos are images, a sentence names the task for images."""
    images = [sample._replace(media=f"{sample.id}.JPG") for sample in labeled(a=40, b=20)]
    (note,) = advice(images, base=CLASSIFIER)
    assert note.startswith("All training files are images, such as a0.JPG, and the task activity")
    assert advice([*images, *labeled(a=1)], base=CLASSIFIER) == ()


def test_few_images_are_named_with_their_captions():
    """The sentence states the numbers of images and captions, what to expect and what to add."""
    (note,) = advice(captioned(48))
    assert note.startswith("Training has only 48 images with 96 captions. Expect captions that")
    assert "more training files help" in note


def test_a_common_caption_is_named():
    """A caption that makes up more than a fifth of all captions is quoted with its share."""
    (note,) = advice(captioned(1000, "A dog"))
    assert note.startswith("The caption 'a dog' makes up 50% of the training captions. Expect it")


@pytest.mark.parametrize("weight", ["none", "balanced"])
def test_one_sided_classes_are_named(weight):
    """The sentence states the largest class's share; class weights are suggested unless set."""
    (note,) = advice(labeled(a=90, b=20), base=CLASSIFIER, loss={"class_weight": weight})
    assert note.startswith("The class a makes up 82% of the training clips, b 18%. A model that")
    assert ("class_weight=balanced" in note) == (weight == "none")


def test_small_classes_are_named():
    """The sentence states the size of the smallest class and the accuracy of chance."""
    (note,) = advice(labeled(a=30, b=12, c=30), base=CLASSIFIER)
    assert note.startswith("The class b has only 12 training clips. Expect an accuracy near chance")
    assert "(33% for 3 classes)" in note


@pytest.mark.parametrize(("dev", "count"), [(0, 0), (1, 1), (19, 1), (20, 0)])
def test_a_small_dev_split_is_named(dev, count):
    """With 1 to 19 dev samples, a sentence says that the last epoch is kept."""
    notes = advice(captioned(1000), dev)
    assert len(notes) == count
    assert all("the last one is kept" in note and f"({dev})" in note for note in notes)


def test_no_captions_and_a_single_class_need_no_advice():
    """Data without captions or with only one class give no advice."""
    assert advice([Sample("a", "x", "a", "train")]) == ()
    assert advice(labeled(a=3), base=CLASSIFIER) == ()


def test_a_small_dev_split_with_patience_decides_by_chance():
    """With patience in the config, the sentence says that the kept epoch depends on chance."""
    (note,) = advice(captioned(1000), dev=7, patience=10)
    assert "With training.patience=10, the end of training" in note
    assert "the epoch that is kept depend on chance" in note
    assert "with training.patience=auto all epochs are trained" in note


def test_a_small_dev_split_without_patience_keeps_the_last_epoch():
    """With `patience: auto`, the sentence says that the last epoch is kept."""
    (note,) = advice(captioned(1000), dev=7)
    assert "All epochs are trained and the last one is kept. For a choice by score, raise" in note


def test_a_small_dev_split_that_is_trained_on_needs_no_advice():
    """With `train_on_dev`, nothing is chosen on dev, and its size is not mentioned."""
    assert advice(captioned(1000), dev=7, train_on_dev=True) == ()
