"""The CIDEr-D reward for reinforcement learning."""

import numpy as np
import pytest

from lrcn_seq import metrics
from lrcn_seq.errors import ArgumentError

REFERENCES = [[[4, 5, 6], [4, 5]], [[7, 8]]]


@pytest.fixture(scope="module")
def words(samples):
    """Return the special tokens and the words of the sample sentences."""
    corpus = metrics.make_corpus(samples["hypotheses"], samples["references"])
    special = ["<pad>", "<start>", "<end>", "<unknown>"]
    return [*special, *dict.fromkeys(word for text in corpus.in_order() for word in text.split())]


def padded(rows, width):
    """Return sentences with an end token, padded with 0."""
    return np.array([[*row, 2, *[0] * (width - 1 - len(row))] for row in rows])


def test_reward_equals_the_cider_of_the_words(samples, words):
    """The reward of token IDs equals the CIDEr-D of the sentences."""
    corpus = metrics.make_corpus(samples["hypotheses"], samples["references"])
    numbers = {word: number for number, word in enumerate(words)}
    references = [
        [[numbers[word] for word in text.split()] for text in group] for group in corpus.references
    ]
    reward = metrics.CiderReward(
        references, frequencies=metrics.document_frequencies(samples["references"]), words=words
    )
    sentences = [[numbers[word] for word in text.split()] for text in corpus.hypotheses]
    expected = metrics.cider(samples["hypotheses"], samples["references"]).table[:, 0]
    assert reward(padded(sentences, 25), range(60)) == pytest.approx(expected, abs=1e-12)


def test_frequencies_are_counted_in_the_references_by_default():
    """By default, document frequencies are counted in the references."""
    reward = metrics.CiderReward(REFERENCES)([[4, 5, 7, 2]], [0])
    texts = [[" ".join(map(str, row)) for row in group] for group in REFERENCES]
    expected = metrics.cider(["4 5 7", "x"], texts, tokenize="none").table[0, 0]
    assert reward == pytest.approx([expected])
    assert expected > 0


def test_images_select_the_references():
    """The reward of a sentence is computed with the references of its image."""
    first, second = metrics.CiderReward(REFERENCES)([[7, 8, 2]] * 2, [0, 1])
    assert first == 0
    assert second > 0


def test_words_after_the_end_or_padding_are_ignored():
    """A sentence ends at the first end or padding token."""
    reward = metrics.CiderReward(REFERENCES)
    ended, padding, whole = reward([[4, 5, 2, 6], [4, 5, 0, 6], [4, 5, 6, 2]], [0, 0, 0])
    assert ended == padding != whole


def test_the_end_counts_as_a_word_on_request():
    """With `with_end`, a sentence without an end token gets a lower reward."""
    complete, incomplete = [[4, 5, 2]], [[4, 5, 0]]
    without = metrics.CiderReward(REFERENCES)
    with_end = metrics.CiderReward(REFERENCES, with_end=True)
    assert without(complete, [0]) == without(incomplete, [0])
    assert with_end(complete, [0]) > with_end(incomplete, [0])


def test_ids_beyond_the_words_are_unknown_words(samples, words, tmp_path):
    """Token IDs beyond the vocabulary are weighted like words that no reference contains."""
    frequencies = metrics.document_frequencies(samples["references"])
    frequencies.save(tmp_path / "f.npz")
    reward = metrics.CiderReward([[[4, 5]]], frequencies=frequencies, words=words)
    text = f"{words[4]} {words[5]}"
    expected = metrics.cider(
        [f"{text} zebra"], [[text]], tokenize="none", frequencies=str(tmp_path / "f.npz")
    )
    assert reward([[4, 5, len(words) + 3, 2]], [0]) == pytest.approx([expected.value])


def test_an_empty_batch_has_no_rewards():
    """The reward of an empty batch is an empty array."""
    assert metrics.CiderReward(REFERENCES)(np.zeros((0, 4), int), []).shape == (0,)


@pytest.mark.parametrize(
    ("sentences", "images", "message"),
    [
        (np.zeros((2, 3), int), [1], r"sentences \(B, L\) and images \(B,\)"),
        (np.zeros(3, int), [1], r"Received: sentences \(3,\), images \(1,\)"),
        ([[4, 5], [4]], [0, 1], r"shorter ones padded with 0\. Received: sentences of several"),
    ],
)
def test_wrong_shapes_raise(sentences, images, message):
    """The error for wrong shapes of sentences or images states the expected shapes."""
    with pytest.raises(ArgumentError, match=message):
        metrics.CiderReward(REFERENCES)(sentences, images)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({0: [[4, 5]]},), "references: expected a list, .* Received: a mapping"),
        (([],), "at least one sentence for each image"),
        (([[]],), "at least one sentence for each image"),
        ((REFERENCES,), "`words` together with `frequencies`"),
    ],
)
def test_invalid_arguments_raise(arguments, message):
    """Invalid references and words without frequencies raise an ArgumentError."""
    with pytest.raises(ArgumentError, match=message):
        metrics.CiderReward(*arguments, words=["a"] if arguments == (REFERENCES,) else None)
