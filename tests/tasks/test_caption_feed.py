"""Training batches of images and their captions."""

import numpy as np
import pytest

from lrcn_seq.errors import DataError
from lrcn_seq.tasks import SampleReader
from lrcn_seq.tasks._caption_feed import CaptionFeed
from tests.tasks.inputs import array_sample, fresh_captioner

CAPTIONS = [("a dog", "a red dog"), ("a cat",), ("a blue cat cat cat", "dog", "a")]
SAMPLES = [
    array_sample(str(index), np.full((32, 32, 3), 80 * index, "uint8"), captions=captions)
    for index, captions in enumerate(CAPTIONS)
]


def feed_of(*overrides: str, samples=SAMPLES) -> CaptionFeed:
    """Return the caption feed of a fresh captioner whose encoder is frozen."""
    task = fresh_captioner("training.batch_size=4", *overrides)
    task.encoder.trainable = False
    return CaptionFeed(task.settings, SampleReader(task), samples, task.tokenizer)


def stored(tmp_path) -> list[str]:
    """Return config overrides that store features in a folder."""
    return ["data.store.use=true", f"data.store.folder={tmp_path}"]


def rows_of(feed: CaptionFeed, epoch: int = 0) -> list:
    """Return (frame, word IDs without padding) for every caption of an epoch."""
    return [
        (np.asarray(batch.clips.frames[batch.clips.index[owner, 0]]), words[words > 0].tolist())
        for batch in feed.batches(feed.plan(epoch), epoch)
        for owner, words in zip(batch.owner, batch.words, strict=True)
    ]


def ids(caption: str, tokenizer) -> list[int]:
    """Return the word IDs of a caption with start and end words."""
    return [1, *tokenizer.encode(caption), 2]


def test_images_are_batched_with_their_captions():
    """Without stored features, an epoch has each image once, with `captions_per_image` captions."""
    feed = feed_of("data.captions_per_image=2")
    tokenizer = fresh_captioner().tokenizer
    rows = rows_of(feed)
    assert not feed.by_caption
    assert len(rows) == 6
    for image, words in rows:
        captions = CAPTIONS[image[0, 0, 0] // 80]
        assert words in [ids(caption, tokenizer) for caption in captions]
    assert [len(step.samples) for step in feed.plan(0)] == [2, 1], "batch_size counts captions"


def test_a_batch_has_at_least_one_image():
    """If an image has more captions per epoch than the batch size, a batch holds one image."""
    feed = feed_of("data.captions_per_image=5")
    assert [len(step.samples) for step in feed.plan(0)] == [1, 1, 1]


def test_captions_are_batched_over_stored_features(tmp_path):
    """With stored features, an epoch has each caption once, with the features of its image."""
    feed, task = feed_of(*stored(tmp_path)), fresh_captioner()
    assert feed.by_caption
    rows = rows_of(feed)
    assert len(rows) == 6
    for image, captions in zip(SAMPLES, CAPTIONS, strict=True):
        features = task.frame_encoder.features(image.media[None])[0]
        own = [words for row, words in rows if np.allclose(row, features, atol=1e-2)]
        assert sorted(own) == sorted(ids(text, task.tokenizer) for text in captions)
    assert max(len(step.rows) for step in feed.plan(0)) == 4


def test_the_config_can_choose_the_plan(tmp_path):
    """With `data.plan: by_image`, batches are formed by image even if features are stored."""
    assert not feed_of(*stored(tmp_path), "data.plan=by_image").by_caption


def test_captions_are_cut_to_the_limit():
    """A training caption with more than `data.words_limit` words is cut to this number of words."""
    feed = feed_of("data.words_limit=3")
    lengths = [len(words) for epoch in range(3) for _, words in rows_of(feed, epoch)]
    assert max(lengths) == 3 + 2


def test_plans_depend_on_seed_and_epoch():
    """Feeds with equal seeds have equal batch plans, which differ between epochs and seeds."""

    def order(feed, epoch):
        return np.concatenate([step.rows for step in feed.plan(epoch)]).tolist()

    one, two, other = feed_of(), feed_of(), feed_of("seed=5")
    orders = [order(one, epoch) for epoch in range(4)]
    assert [order(two, epoch) for epoch in range(4)] == orders
    assert len(set(map(tuple, orders))) > 1
    assert [order(other, epoch) for epoch in range(4)] != orders


def test_a_slice_of_a_plan_continues_an_epoch():
    """Reading an epoch from its second batch on gives the remaining batches of the whole epoch."""
    feed = feed_of("data.view={type: crop_mirror, margin: 1.5}", "data.captions_per_image=4")
    whole = list(feed.batches(feed.plan(2), 2))
    rest = list(feed.batches(feed.plan(2)[1:], 2))
    assert len(rest) == len(whole) - 1
    for batch, expected in zip(rest, whole[1:], strict=True):
        np.testing.assert_array_equal(batch.words, expected.words)
        np.testing.assert_array_equal(batch.clips.frames, expected.clips.frames)


def test_samples_without_captions_are_refused():
    """Training samples without any captions raise a DataError."""
    with pytest.raises(DataError, match="Expected training samples with captions"):
        feed_of(samples=[sample._replace(captions=()) for sample in SAMPLES])
