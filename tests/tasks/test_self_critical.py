"""Self-critical training of captioners."""

import numpy as np
import pytest

from lrcn_seq.tasks._self_critical import (
    DrawnCaptions,
    RewardTrackers,
    draw_captions,
    objective_problems,
    self_critical_loss,
)
from tests.tasks.inputs import (
    array_sample,
    caption_batch,
    fresh_captioner,
    log_softmax,
    settings,
)

CRITICAL = ("training.objective.type=self_critical", "training.objective.samples=3")
RANDOM = np.random.default_rng(0)


def critical_captioner(images, *overrides: str):
    """Return a captioner with the objective `self_critical` and the captions of two images."""
    task = fresh_captioner(*CRITICAL, *overrides)
    captions = [("a red dog",), ("a blue cat", "a cat")]
    task.begin_stage(
        [array_sample(str(n), images[n], captions=own) for n, own in enumerate(captions)]
    )
    return task


def drawn_captions() -> DrawnCaptions:
    """Return three captions of up to four words with random logits over six words."""
    words = np.array([[4, 5, 2, 0], [5, 5, 4, 2], [2, 0, 0, 0]])
    logits = RANDOM.normal(size=(3, 4, 6)).astype("float32")
    rewards = np.array([1.0, 0.2, 0.0], "float32")
    return DrawnCaptions(words, logits, rewards, np.array([0.5, -1.0, 0.25], "float32"), None)


def log_probabilities(drawn: DrawnCaptions) -> np.ndarray:
    """Return log p (N, L) of the words, where the unknown word 3 has no probability."""
    logits = np.array(drawn.logits, np.float64)
    logits[..., 3] = -np.inf
    chosen = np.take_along_axis(log_softmax(logits), np.asarray(drawn.words)[..., None], -1)
    return np.where(np.asarray(drawn.words) > 0, chosen[..., 0], 0.0)


def test_the_loss_weighs_log_probabilities_by_the_advantage():
    """The loss is the mean over words of −log p times the advantage of the caption."""
    drawn = drawn_captions()
    total = -(log_probabilities(drawn) * drawn.advantages[:, None]).sum()
    assert float(self_critical_loss(drawn)) == pytest.approx(total / 8, rel=1e-5)


def test_trackers_average_reward_and_entropy():
    """The reward is averaged over captions, and −log p over words."""
    drawn, trackers = drawn_captions(), RewardTrackers()
    trackers.update(drawn)
    trackers.update(drawn)
    assert float(trackers.reward.result()) == pytest.approx(0.4)
    entropy = -log_probabilities(drawn).sum() / 8
    assert float(trackers.entropy.result()) == pytest.approx(entropy, rel=1e-5)


def test_other_captions_of_the_image_are_the_baseline(images):
    """With the baseline `others`, it is the mean reward of the other captions of the image."""
    drawn = draw_captions(critical_captioner(images), caption_batch(images))
    rewards = np.asarray(drawn.rewards).reshape(2, 3)
    others = [[np.delete(row, k).mean() for k in range(3)] for row in rewards]
    np.testing.assert_allclose(
        np.asarray(drawn.advantages).reshape(2, 3), rewards - others, atol=1e-5
    )


def test_the_greedy_caption_is_the_baseline(images):
    """With the baseline `greedy`, it is the reward of the greedy caption of the image."""
    task = critical_captioner(images, "training.objective.baseline=greedy", "decoder.dropout=0.0")
    task.encoder.trainable = False
    batch = caption_batch(images)
    drawn = draw_captions(task, batch)
    greedy = np.asarray(task.write(batch.clips, {"type": "greedy"}).words)[:, 0]
    references = np.asarray(batch.words)[:, 1:]
    rewards = task.score_drawn(greedy, np.arange(2), references, np.asarray(batch.owner))
    baseline = np.asarray(drawn.rewards) - np.asarray(drawn.advantages)
    np.testing.assert_allclose(baseline, np.repeat(rewards, 3), atol=1e-5)


def test_captions_are_drawn_with_the_dropout_masks_of_their_logits(images):
    """The probability of a caption while it is drawn is that of its logits, despite dropout.

    A temperature near 0 draws the most probable words of the dropped-out network, which are
    therefore the most probable words of the logits.
    """
    task = critical_captioner(images, "decoder.dropout=0.5")
    task.decoder.output_words.kernel.assign(500 * task.decoder.output_words.kernel)
    drawn = draw_captions(task, caption_batch(images))
    logits, words = np.array(drawn.logits), np.asarray(drawn.words)
    logits[..., 3] = -np.inf
    best = logits.argmax(axis=-1)
    assert (best == words)[words > 0].mean() > 0.9
    assert len(np.unique(words, axis=0)) > 2, "masks differ between captions"


def test_every_batch_draws_other_captions(images):
    """Captions are drawn anew in every batch."""
    task, batch = critical_captioner(images), caption_batch(images)
    first, second = (np.asarray(draw_captions(task, batch).words) for _ in range(2))
    assert not np.array_equal(first, second)


@pytest.mark.slow
def test_the_probability_of_rewarded_words_rises(images):
    """Training on a reward of words makes captions longer."""
    task = critical_captioner(images, "training.objective.word_reward=1.0")
    task.compile(optimizer="adam")
    task.optimizer.learning_rate = 0.02
    batch = caption_batch(images)
    lengths = []
    for _ in range(30):
        lengths.append((np.asarray(draw_captions(task, batch).words) > 2).sum(axis=1).mean())
        task.train_on_batch(batch)
    assert np.mean(lengths[-5:]) > np.mean(lengths[:5]) + 2


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        (
            "training.objective.reward=cidr",
            "training.objective.reward: reward: expected scores among bleu_1, bleu_2, bleu_3, "
            "bleu_4, cider, meteor, rouge_l. Received: 'cidr'. Did you mean 'cider'?",
        ),
        (
            "training.objective.samples=1",
            "training.objective.samples: the baseline `others` is the mean reward of the other "
            "captions of an image. Received: 1; use 2 or more, or the baseline greedy.",
        ),
        (
            "training.scheduled_sampling.probability=0.5",
            "training.scheduled_sampling.probability: expected 0 in a stage with the objective "
            "self_critical, which trains on words of the model already.",
        ),
    ],
)
def test_problems_of_the_objective_are_found(override, problem):
    """An objective with an unknown score or without a baseline is a problem of the config."""
    config = settings("captioning", *CRITICAL, override)
    assert [str(found) for found in objective_problems(config)] == [problem]
