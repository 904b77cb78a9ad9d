"""Captions of several tasks together, compared with all sentences that are possible."""

from itertools import product

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Batch
from lrcn_seq.tasks import Member, SampleReader
from lrcn_seq.tasks._caption_ensemble import CaptionEnsemble
from lrcn_seq.tasks._caption_search import CaptionSearch
from lrcn_seq.tasks._ensemble import Rescorer
from tests.tasks.inputs import array_sample, fresh_captioner, image_clips, log_softmax

LIMIT = 3
ALL = {"type": "beam", "beams": 16, "at_limit": "force"}
"""A search that finds all sentences of at most three of two words."""
DECODERS = (
    "{type: lrcn, layers: 1, factored: false, units: 8, embedding: 4}",
    "{type: transformer, units: 8, layers: 1, heads: 2, intermediate_units: 8}",
    "{type: attention_lstm, units: 8, embedding: 4}",
)
ENCODERS = (
    "{type: tiny_cnn, size: 32, filters: 4, blocks: 2}",
    "{type: tiny_cnn, size: 40, filters: 2, blocks: 3, output: grid}",
    "{type: tiny_cnn, size: 32, filters: 4, blocks: 3, output: grid}",
)


def sharpened(number: int, words: str = "a b"):
    """Return an untrained task with one of the encoders and decoders, and with larger weights."""
    task = fresh_captioner(
        f"seed={number + 3}",
        f"encoder={ENCODERS[number]}",
        f"decoder={DECODERS[number]}",
        f"data.words_limit={LIMIT}",
        words=words,
    )
    keras.utils.set_random_seed(number)
    for weight in task.decoder.trainable_weights:
        weight.assign(weight * 3 + keras.random.normal(weight.shape))
    return task


@pytest.fixture(autouse=True)
def eager(monkeypatch):
    """Run the searches eagerly, since compiling them takes longer than these tests."""
    monkeypatch.setattr(CaptionSearch, "run_eagerly", property(lambda self: True, lambda *_: None))


@pytest.fixture(scope="module")
def tasks():
    """Return three tasks with different encoders, input sizes and decoders."""
    return [sharpened(number) for number in range(3)]


def teacher_forcing(task, image, words: list[list[int]]) -> np.ndarray:
    """Return the log distribution (N, L, V) at each word of N sentences of equal length."""
    clips = task.read_clip(image)
    inputs = np.array([[1, *sentence] for sentence in words], "int32")
    logits = task(Batch(clips, np.zeros(len(words), "int32"), inputs))
    return log_softmax(ops.convert_to_numpy(logits))


def all_sentences(length: int) -> list[list[int]]:
    """Return all sentences of the given number of the words 4 and 5, with the end word 2."""
    return [[*words, 2] for words in product((4, 5), repeat=length)]


def mean(logs: list[np.ndarray], weights: list[float], average: str) -> np.ndarray:
    """Return the log of the weighted mean of distributions, from its definition."""
    shares = np.array(weights) / sum(weights)
    if average == "probabilities":
        return np.log(sum(share * np.exp(log_p) for share, log_p in zip(shares, logs, strict=True)))
    powers = np.exp(sum(share * log_p for share, log_p in zip(shares, logs, strict=True)))
    return np.log(powers / powers.sum(axis=-1, keepdims=True))


@pytest.fixture(scope="module")
def other():
    """Return a task whose vocabulary lacks one of the words and has others."""
    return sharpened(0, words="z b c")


@pytest.fixture(scope="module")
def distributions(tasks, images):
    """Return the log distributions of all sentences of each length, by task."""
    return [
        [teacher_forcing(task, images[0], all_sentences(length)) for length in range(LIMIT + 1)]
        for task in tasks
    ]


def brute_force(members, decode, weights, average) -> dict[str, float]:
    """Return the log probability of every possible caption under the mean of some tasks.

    Args:
        members: the log distributions of the tasks.
        decode: returns the text of a sentence.
        weights: weights of the tasks.
        average: the mean.
    """
    found = {}
    for length, logs in enumerate(zip(*members, strict=True)):
        rows = mean(logs, weights, average)
        for words, log_p in zip(all_sentences(length), rows, strict=True):
            found[decode(words)] = log_p[np.arange(len(words)), words].sum()
    return found


@pytest.mark.parametrize("average", ["probabilities", "log_probabilities"])
@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0], [0.5, 0.2, 0.3], [0.0, 3.0, 1.0]], ids=str)
def test_captions_are_those_of_the_mean_distribution(
    tasks, images, distributions, weights, average
):
    """All captions have the log probability that an enumeration of all sentences gives."""
    ensemble = CaptionEnsemble(tasks, weights, average=average)
    captions = ensemble.predict(images[0], search=ALL, best=15).captions
    expected = brute_force(distributions, tasks[0].tokenizer.decode, weights, average)
    assert {caption.text for caption in captions} == set(expected)
    for caption in captions:
        words = len(caption.text.split()) + 1
        assert caption.log_probability == pytest.approx(expected[caption.text], abs=2e-4)
        assert caption.score == pytest.approx(expected[caption.text] / words, abs=2e-4)
    scores = [caption.score for caption in captions]
    assert scores == sorted(scores, reverse=True)


def test_the_means_differ(tasks, images):
    """The arithmetic and the geometric mean give different log probabilities."""
    found = [
        CaptionEnsemble(tasks, average=average).predict(images[0], search=ALL).captions[0]
        for average in ("probabilities", "log_probabilities")
    ]
    assert abs(found[0].log_probability - found[1].log_probability) > 1e-3


def test_the_default_is_the_mean_of_log_probabilities(tasks, images):
    """Without an argument, log probabilities are averaged with equal weights."""
    default = CaptionEnsemble(tasks).predict(images, search=ALL)
    expected = CaptionEnsemble(tasks, [2.0] * 3, average="log_probabilities")
    assert default == expected.predict(images, search=ALL)


@pytest.mark.parametrize("average", ["probabilities", "log_probabilities"])
@pytest.mark.parametrize(
    "search",
    [
        None,
        {"type": "greedy"},
        {"type": "sampling", "draws": 4},
        {"type": "diverse_beam", "beams": 4, "groups": 2},
        {"type": "minimum_bayes_risk", "search": {"type": "beam", "beams": 4}},
    ],
    ids=lambda search: search and search["type"],
)
def test_an_ensemble_of_one_task_is_the_task(tasks, images, search, average):
    """An ensemble of one task with any weight and mean gives exactly the captions of the task."""
    ensemble = CaptionEnsemble(tasks[:1], [1.0], average=average)
    assert ensemble.predict(images, search=search) == tasks[0].predict(images, search=search)


def test_options_and_errors_are_those_of_a_task(tasks, images, tmp_path):
    """`predict` of an ensemble accepts the options of a task, and records failed inputs."""
    ensemble = CaptionEnsemble(tasks[:2])
    found = ensemble.predict(
        [tmp_path / "absent.png", *images], beams=4, best=2, batch=4, on_error="record"
    )
    assert [bool(row.error) for row in found] == [True] + [False] * 6
    assert all(len(row.captions) == 2 for row in found[1:])
    single = ensemble.predict(images[0], beams=4).captions[0]
    assert single.text == found[1].captions[0].text
    assert single.score == pytest.approx(found[1].captions[0].score, rel=1e-4)
    with pytest.raises(ArgumentError, match="best: expected at least 1"):
        ensemble.predict(images, best=0)


def test_the_smallest_word_limit_counts(tasks, images):
    """A caption of an ensemble has no more words than any of its tasks can write."""
    long = fresh_captioner("data.words_limit=9", "search={type: greedy}", words="a b")
    for pair in ([long, tasks[0]], [tasks[0], long]):
        captions = CaptionEnsemble(pair).predict(images, search={"type": "greedy"})
        assert max(len(row.captions[0].text.split()) for row in captions) <= LIMIT + 1


@pytest.mark.parametrize(
    ("weight", "options", "divisor"),
    [
        (0.0, {}, lambda n: n),
        (0.4, {}, lambda n: n),
        (1.0, {}, lambda n: n),
        (0.4, {"length": "none"}, lambda n: 1),
        (0.4, {"length": "gnmt", "alpha": 0.7}, lambda n: ((5 + n) / 6) ** 0.7),
    ],
)
def test_captions_are_ranked_by_both_scores(  # noqa: PLR0917 - fixtures
    tasks, other, images, distributions, weight, options, divisor
):
    """The new score is the weighted mean of the scores under the run and under another task.

    The other task has another vocabulary, in which one of the words is unknown.
    """
    ensemble = CaptionEnsemble(tasks[:1], rescorer=Rescorer(other, weight))
    captions = ensemble.predict(images[0], search={**ALL, **options}, best=15).captions
    decode = tasks[0].tokenizer.decode
    own = brute_force(distributions[:1], decode, [1.0], "log_probabilities")
    assert {caption.text for caption in captions} == set(own)
    for caption in captions:
        words = [*other.tokenizer.encode(caption.text), 2]
        log_p = teacher_forcing(other, images[0], [words])[0]
        second = log_p[np.arange(len(words)), words].sum()
        both = (1 - weight) * own[caption.text] + weight * second
        length = len(caption.text.split()) + 1
        assert caption.score == pytest.approx(both / divisor(length), abs=2e-4)
        assert caption.log_probability == pytest.approx(own[caption.text], abs=2e-4)
    scores = [caption.score for caption in captions]
    assert scores == sorted(scores, reverse=True)


def test_all_captions_of_the_search_are_rescored(tasks, images):
    """The best caption after rescoring may be any of those that the search has found."""
    search, rescorer = {**ALL, "minimum_length": 2}, Rescorer(tasks[2], 1.0)
    plain = CaptionEnsemble(tasks[:1]).predict(images, search=search)
    found = CaptionEnsemble(tasks[:1], rescorer=rescorer).predict(images, search=search)
    best = tasks[2].predict(images, search=search)
    assert [row.captions[0].text for row in found] == [row.captions[0].text for row in best]
    assert [row.captions[0].text for row in found] != [row.captions[0].text for row in plain]


@pytest.mark.parametrize("search", [{"type": "greedy"}, {"type": "beam", "beams": 1}], ids=str)
def test_rescoring_needs_several_captions(tasks, images, search):
    """Rescoring with a search that finds one caption is refused before images are read."""
    ensemble = CaptionEnsemble(tasks[:1], rescorer=Rescorer(tasks[1]))
    with pytest.raises(ArgumentError, match="rescore: expected a search that finds several"):
        ensemble.predict(["absent.png"], search=search)
    with pytest.raises(ArgumentError, match="set beams, for example to 10"):
        ensemble.caption_clips([image_clips(images)] * 2, search)


@pytest.mark.parametrize("average", [None, "probabilities"])
def test_evaluation_scores_the_captions_of_predict(tasks, images, average):
    """`evaluate_ensemble` scores the captions that `predict` writes, also with a rescorer."""
    samples = [
        array_sample(str(number), image, captions=("a b", "b a b"))
        for number, image in enumerate(images)
    ]
    members = [
        Member(task, SampleReader(task), weight)
        for task, weight in zip(tasks, (0.2, 0.8), strict=False)
    ]
    rescorer = Member(tasks[2], SampleReader(tasks[2]), 0.3)
    evaluation = tasks[0].evaluate_ensemble(members, samples, average=average, rescorer=rescorer)
    ensemble = CaptionEnsemble(
        tasks[:2], [0.2, 0.8], average=average, rescorer=Rescorer(tasks[2], 0.3)
    )
    expected = [row.captions[0] for row in ensemble.predict(images)]
    assert [row.text for row in evaluation.captions] == [row.text for row in expected]
    np.testing.assert_allclose(
        [row.score for row in evaluation.captions], [row.score for row in expected], atol=1e-4
    )
