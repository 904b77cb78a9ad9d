"""The training of tasks that write captions."""

import keras
import numpy as np
import pytest

import lrcn_seq
from lrcn_seq.errors import ArgumentError, ConfigError, RunError
from lrcn_seq.records import Batch
from lrcn_seq.tasks import SampleReader
from lrcn_seq.tasks._caption_rows import select_clips
from tests.tasks.inputs import (
    CAPTIONS,
    array_sample,
    caption_batch,
    fresh_captioner,
    image_clips,
    log_softmax,
    settings,
)

SCHEDULED = "training.scheduled_sampling.probability=0.5"
CRITICAL = "training.objective.type=self_critical"
RANDOM = np.random.default_rng(0)


def cross_entropies(logits) -> np.ndarray:
    """Return −log p of the words of `CAPTIONS` after the start word, and 0 at padding."""
    words = CAPTIONS[:, 1:]
    losses = -np.take_along_axis(log_softmax(logits), words[:, :, None], axis=-1)[:, :, 0]
    return losses * (words > 0)


def test_the_loss_is_that_of_the_next_words(images):
    """The loss is the weighted, smoothed cross-entropy of the next word at each position."""
    task = fresh_captioner("training.loss={weight: 20.0, label_smoothing: 0.1}")
    batch = caption_batch(images)
    logits = np.asarray(task(batch, training=False))
    assert logits.shape == (3, 5, 9)
    weights = np.array([1.0, 2.0, 0.5], "float32")
    loss = float(task.compute_loss(x=batch, y_pred=logits, sample_weight=weights))
    mask = CAPTIONS[:, 1:] > 0
    uniform = -log_softmax(logits).mean(axis=-1) * mask
    terms = (0.9 * cross_entropies(logits) + 0.1 * uniform) * weights[:, None]
    assert loss == pytest.approx(20 * terms.sum() / mask.sum(), rel=1e-5)


def test_the_first_loss_is_that_of_chance(images):
    """An untrained network has a loss of about ln V, where V is the vocabulary size."""
    task = lrcn_seq.build(settings("captioning"), words=500)
    batch = caption_batch(images)
    loss = float(task.compute_loss(x=batch, y_pred=task(batch)))
    assert loss == pytest.approx(np.log(500), rel=0.02)


def test_every_caption_has_the_image_of_its_owner(captioner, images):
    """The logits of a caption are the same in a batch as for the caption and its image alone."""
    together = np.asarray(captioner(caption_batch(images)))
    for row, owner in enumerate([0, 1, 1]):
        clips, words = image_clips([images[owner]]), CAPTIONS[row : row + 1]
        alone = captioner(Batch(clips, np.zeros(1, "int32"), words))
        np.testing.assert_allclose(together[row], np.asarray(alone)[0], rtol=1e-4, atol=1e-5)


def test_scheduled_sampling_of_no_words_is_teacher_forcing(images):
    """Scheduled sampling with probability 0 equals teacher forcing.

    With probability 1, the logits of all words but the first differ from teacher forcing.
    """
    task = fresh_captioner(SCHEDULED)
    encoded = select_clips(task.encoder(image_clips(images[:2])), np.array([0, 1, 1]))
    words = CAPTIONS[:, :-1]
    forced = np.asarray(task.decoder(encoded, words))
    uniforms = RANDOM.uniform(size=(5, 3)).astype("float32")
    none, everything = (
        np.asarray(task.decoder.sampled(encoded, words, probability=p, uniforms=uniforms))
        for p in (0.0, 1.0)
    )
    np.testing.assert_allclose(none, forced, rtol=1e-4, atol=1e-5)
    assert not np.allclose(everything, forced, atol=1e-4)
    np.testing.assert_allclose(everything[:, 0], forced[:, 0], rtol=1e-4, atol=1e-5)


def test_training_feeds_predicted_words(images):
    """Scheduled sampling feeds predicted words in training, but not in inference."""
    task = fresh_captioner(SCHEDULED)
    batch = caption_batch(images)
    task.encoder.trainable = False  # batch normalization differs between training and inference
    forced = np.asarray(task(batch, training=True))
    task.own_words.assign(1.0)
    assert not np.allclose(np.asarray(task(batch, training=True)), forced, atol=1e-4)
    inference = np.asarray(task(batch, training=False))
    np.testing.assert_allclose(inference, forced, rtol=1e-4, atol=1e-5)


def test_scheduled_sampling_grows_over_the_epochs():
    """The scheduled sampling probability rises linearly from `from_epoch` over `over_epochs`."""
    schedule = "{probability: 0.4, from_epoch: 2, over_epochs: 4}"
    task = fresh_captioner(f"training.scheduled_sampling={schedule}")
    probabilities = []
    for epoch in range(8):
        task.begin_epoch(epoch)
        probabilities.append(float(task.own_words))
    assert probabilities == pytest.approx([0, 0, 0.1, 0.2, 0.3, 0.4, 0.4, 0.4])


def test_the_example_has_one_caption_of_one_word(captioner):
    """The example of a captioning task is one image with a caption of one word."""
    logits = captioner(captioner.example())
    assert tuple(logits.shape) == (1, 2, captioner.decoder.vocabulary_size)


def test_by_caption_needs_stored_features():
    """`data.plan: by_caption` is refused if no features are stored."""
    task = fresh_captioner("data.plan=by_caption")
    (problem,) = task.network_problems()
    assert str(problem) == (
        "data.plan: by_caption needs stored features, and data.store.use is false. Use by_image or "
        "auto."
    )
    with pytest.raises(ConfigError, match=r"data\.plan: by_caption needs stored features"):
        task.feed(SampleReader(task), [])
    assert fresh_captioner("data.plan=by_image").network_problems() == []


def test_a_fresh_task_has_no_vocabulary(smoke_config):
    """A task that was built for a vocabulary size alone cannot predict."""
    with pytest.raises(
        RunError, match="a network built for a vocabulary size; train it, or load a run"
    ):
        lrcn_seq.build(smoke_config, words=30).predict([])
    assert lrcn_seq.build(smoke_config).predict([]) == []


def test_the_precision_of_the_loss_is_float32(images):
    """The loss is float32 even if the network computes in bfloat16."""
    task = fresh_captioner("training.precision=mixed_bfloat16")
    batch = caption_batch(images)
    assert keras.ops.dtype(task.compute_loss(x=batch, y_pred=task(batch))) == "float32"
    keras.config.set_dtype_policy("float32")


def test_a_captioner_trains_on_its_reward(images):
    """With the objective `self_critical`, `fit` draws captions and logs reward and entropy."""
    task = fresh_captioner(CRITICAL, "training.objective.samples=3")
    samples = ["a red dog", "a blue cat"]
    history = task.fit(images[:2], samples, epochs=2, verbose=0).history
    assert set(history) == {"loss", "reward", "entropy"}
    assert all(value > 0 for value in history["entropy"])


def test_the_dev_loss_of_a_reward_is_the_cross_entropy(images):
    """The loss of `evaluate` is the cross-entropy of the captions, whatever the objective."""
    critical, plain = fresh_captioner(CRITICAL), fresh_captioner()
    critical.set_weights(plain.get_weights())
    data = images[:2], ["a dog", "a cat"]
    losses = [
        task.evaluate(*data, verbose=0, return_dict=True)["loss"] for task in (critical, plain)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_weights_do_not_depend_on_the_objective(images, tmp_path):
    """The weights of a task with the objective `self_critical` fit a task without it."""
    critical, plain = fresh_captioner(CRITICAL), fresh_captioner()
    critical.save_weights(tmp_path / "own.weights.h5")
    plain.load_weights(tmp_path / "own.weights.h5")
    batch = caption_batch(images)
    np.testing.assert_array_equal(np.asarray(plain(batch)), np.asarray(critical(batch)))


def test_the_reference_loss_has_the_rest_of_the_weight(images):
    """The loss is the weighted mean of the self-critical loss and the cross-entropy."""
    task = fresh_captioner(CRITICAL, "training.objective.weight=0.25", "decoder.dropout=0.0")
    task.begin_stage([array_sample("0", images[0], captions=("a red dog",))])
    batch = caption_batch(images)
    drawn = task(batch, training=True)
    own = float(task.compute_loss(x=batch, y_pred=drawn._replace(reference_logits=None)))
    references = float(task.compute_loss(x=batch, y_pred=drawn.reference_logits))
    loss = float(task.compute_loss(x=batch, y_pred=drawn))
    assert loss == pytest.approx(0.25 * own + 0.75 * references, rel=1e-5)


def test_a_reward_needs_training_captions(images):
    """A captioner without training captions cannot compute a reward."""
    with pytest.raises(ArgumentError, match="call `begin_stage` with the training samples"):
        fresh_captioner(CRITICAL).score_drawn(CAPTIONS, np.arange(3), CAPTIONS, np.arange(3))
