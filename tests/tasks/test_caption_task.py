"""The base class of the captioning and description tasks."""

from types import SimpleNamespace

import numpy as np
import pytest

from lrcn_seq.errors import SearchError
from lrcn_seq.evaluation import CaptionEvaluation
from lrcn_seq.records import Batch, Caption, Hypotheses
from lrcn_seq.tasks import Member, SampleReader, build_task
from tests.tasks.inputs import (
    array_sample,
    fresh_captioner,
    image_clips,
    log_softmax,
    settings,
)

SCHEDULED = "training.scheduled_sampling.probability=0.5"
RANDOM = np.random.default_rng(0)


def test_a_prefix_needs_words_of_the_vocabulary(captioner):
    """A prefix of the search with a word that is not in the vocabulary is a problem."""
    config = captioner.settings.model_copy(
        update={"search": {**captioner.settings.search, "prefix": "a zebra"}}
    )
    (problem,) = build_task(config, captioner.outputs).network_problems()
    assert problem.message.startswith("prefix: expected words of the vocabulary")
    assert captioner.network_problems() == []


def test_captions_are_distinct_sentences_with_falling_scores(captioner, images):
    """Predicted captions are distinct, sorted by score, and consist of vocabulary words."""
    for prediction in captioner.predict(images, beams=5, best=3):
        assert prediction.error is None
        assert 1 <= len(prediction.captions) <= 3
        texts = [caption.text for caption in prediction.captions]
        scores = [caption.score for caption in prediction.captions]
        assert len(set(texts)) == len(texts)
        assert scores == sorted(scores, reverse=True)
        assert all(caption.log_probability < 0 for caption in prediction.captions)
        assert set(" ".join(texts).split()) <= set(captioner.tokenizer.vocabulary()[4:])


def test_the_log_probability_is_that_of_the_caption(captioner, images):
    """The log probability of a predicted caption equals the result of teacher forcing."""
    for image, prediction in zip(images[:2], captioner.predict(images[:2], best=2), strict=True):
        for caption in prediction.captions:
            words = [*captioner.tokenizer.encode(caption.text), 2]
            row = np.array([[1, *words]], "int32")
            batch = Batch(image_clips([image]), np.zeros(1, "int32"), row)
            log_p = log_softmax(captioner(batch))[0]
            expected = log_p[np.arange(len(words)), words].sum()
            assert caption.log_probability == pytest.approx(expected, rel=1e-3)


def test_captions_are_never_longer_than_the_limit(images):
    """A caption has at most `data.words_limit` words, even if the end word never wins."""
    task = fresh_captioner("data.words_limit=3", "search={type: greedy}")
    (bias,) = (weight for weight in task.decoder.weights if weight.path.endswith("words/bias"))
    bias.assign(-99.0 * (np.arange(9) == 2))  # the end word is never chosen
    clips = image_clips(images)
    assert (task.write(clips).words[:, 0] != 0).sum(axis=1).max() == 4
    assert max(len(caption.text.split()) for (caption,) in task.captions(clips)) == 3


def hypotheses(*rows) -> Hypotheses:
    """Return hypotheses of one clip from tuples (words, score, log probability)."""
    words, scores, log_probabilities = zip(*rows, strict=True)
    return Hypotheses(
        np.array([words], "int32"),
        np.array([scores]),
        np.array([[3] * len(rows)]),
        np.array([log_probabilities]),
    )


def test_equal_texts_are_one_caption():
    """Hypotheses with equal text become one caption with the best score; empty ones are dropped."""
    task = fresh_captioner()
    a, dog = task.tokenizer.encode("a dog")
    found = hypotheses(
        ([a, dog, 2], -1.0, -2.0),
        ([a, dog, 0], -1.5, -3.0),
        ([dog, 2, 0], -2.0, -4.0),
        ([0, 0, 0], -np.inf, -np.inf),
    )
    (captions,) = task.decode_hypotheses(found, best=4)
    assert captions == (Caption("a dog", -2.0, -1.0), Caption("dog", -4.0, -2.0))
    assert task.decode_hypotheses(found, best=1) == [captions[:1]]


def test_attention_is_a_distribution_over_regions(captioner, images):
    """Attention weights of each word sum to 1; decoders without attention return None."""
    clips, words = image_clips(images[:1]), np.array([[5, 6, 2]], "int32")
    assert captioner.attention(clips, words) is None
    task = fresh_captioner("decoder={type: attention_lstm, units: 16, embedding: 8}")
    weights = task.attention(clips, words)
    assert weights.shape == (1, 3, 16)
    np.testing.assert_allclose(weights.sum(axis=-1), 1.0, rtol=1e-5)


def test_attention_follows_the_previous_words(images):
    """The attention weights of a word depend on the preceding words."""
    task = fresh_captioner("decoder={type: attention_lstm, units: 16, embedding: 8}", "seed=4")
    for weight in task.decoder.trainable_weights:
        weight.assign(weight * 5)
    clips = image_clips(images[:1])
    one, two = (task.attention(clips, np.array([row], "int32")) for row in ([5, 6, 7], [8, 6, 7]))
    np.testing.assert_allclose(one[:, :2], two[:, :2], rtol=1e-5)
    assert not np.allclose(one[:, 2], two[:, 2], atol=1e-5)


@pytest.fixture(scope="module")
def samples(images):
    """Return six test images with two captions each."""
    return [
        array_sample(str(index), image, split="test", captions=("a red dog", "the cat"))
        for index, image in enumerate(images)
    ]


def test_evaluation_scores_the_best_caption_of_each_sample(captioner, samples, images):
    """Evaluation scores the best caption of `predict` for each sample, in sample order."""
    evaluation = captioner.evaluate_samples(SampleReader(captioner), samples)
    assert isinstance(evaluation, CaptionEvaluation)
    expected = captioner.predict(images)
    assert [caption.text for caption in evaluation.captions] == [
        prediction.captions[0].text for prediction in expected
    ]
    assert evaluation.health.novel is None


def test_evaluation_compares_with_training_captions(captioner, samples):
    """A generated caption that occurs among the training captions is not novel."""
    batches = [[(Caption("a cat", -1.0, -1.0),), (Caption("a dog", -1.0, -1.0),)]]
    training = [array_sample("t", np.zeros((2, 2, 3)), captions=("A cat.",))]
    evaluation = captioner.score_captions(samples[:2], batches, training=training)
    assert evaluation.health.novel == 0.5


def test_a_sample_without_a_caption_is_an_error(captioner, samples):
    """A sample for which the search finds no caption raises an error with the sample's ID."""
    batches = [[(Caption("a red dog", -1.0, -1.0),)], [()]]
    with pytest.raises(SearchError, match="1: expected a finite log probability"):
        captioner.score_captions(samples[:2], batches)


@pytest.mark.parametrize(
    "search",
    [
        {"type": "sampling", "draws": 3, "top_p": 0.9},
        {"type": "keras_hub", "sampler": "random"},
    ],
    ids=str,
)
def test_sampled_captions_are_independent_of_other_inputs(images, search):
    """Sampling gives an image the same captions in any order of inputs and any batch size."""
    task = fresh_captioner()
    together = [row.captions for row in task.predict(images, search=search)]
    alone = [task.predict([image], search=search)[0].captions for image in images]
    backwards = [row.captions for row in task.predict(images[::-1], search=search)]
    batches = [row.captions for row in task.predict(images, search=search, batch=4)]
    texts = [[caption.text for caption in captions] for captions in together]
    for captions in (alone, backwards[::-1], batches):
        assert [[caption.text for caption in row] for row in captions] == texts
    assert len({tuple(row) for row in texts}) > 1


def test_sampled_captions_depend_on_the_seed_of_the_config(images):
    """Configs with equal seeds give equal sampled captions; another seed gives other captions."""
    task, search = fresh_captioner(), {"type": "sampling"}
    first, again = ([row.captions for row in task.predict(images, search=search)] for _ in range(2))
    other = fresh_captioner("seed=99")
    other.set_weights(task.get_weights())
    assert first == again
    assert [row.captions for row in other.predict(images, search=search)] != first


def test_an_ensemble_is_evaluated_with_its_weights(captioner, samples):
    """An ensemble with all weight on one task gives the captions of that task."""
    other = build_task(settings("captioning", "seed=9"), captioner.outputs)
    members = [
        Member(captioner, SampleReader(captioner), 1.0),
        Member(other, SampleReader(other), 0.0),
    ]
    fused = captioner.evaluate_ensemble(members, samples)
    alone = captioner.evaluate_samples(SampleReader(captioner), samples)
    assert [row.text for row in fused.captions] == [row.text for row in alone.captions]
    reverse = [members[0]._replace(weight=0.0), members[1]._replace(weight=1.0)]
    swapped = captioner.evaluate_ensemble(reverse, samples)
    assert [row.text for row in swapped.captions] != [row.text for row in alone.captions]


def test_retrieval_ranks_in_both_directions(captioner, samples):
    """In both directions of retrieval, recall grows with the number of results and reaches 1."""
    scores = captioner.retrieval_scores(SampleReader(captioner), samples[:3])
    assert set(scores) == {"caption_to_image", "image_to_caption"}
    for recall in scores.values():
        assert recall["recall_1"] <= recall["recall_5"] <= recall["recall_10"] == 1


@pytest.mark.parametrize(
    ("objective", "most_common", "collapsed"),
    [("self_critical", 0.6, True), ("self_critical", 0.4, False), ("cross_entropy", 0.6, False)],
)
def test_a_reward_may_make_all_captions_the_same(objective, most_common, collapsed):
    """Captions have collapsed if self-critical training made more than half of them the same."""
    task = fresh_captioner(f"training.objective.type={objective}")
    evaluation = SimpleNamespace(health=SimpleNamespace(most_common=most_common))
    assert task.has_collapsed(evaluation) is collapsed
