"""Minimum Bayes risk compared with means of CIDEr computed one by one."""

import numpy as np
import pytest

from lrcn_seq.metrics.scoring.pairwise_cider import pairwise_cider
from lrcn_seq.metrics.statistics.document_frequencies import count_documents
from lrcn_seq.records import SPECIAL, Hypotheses
from lrcn_seq.registry import searches
from lrcn_seq.search.minimum_bayes_risk import MinimumBayesRisk, frequency_ids

ROWS = [
    [[4, 5, 6, 7], [9, 8], [4, 5, 6, 8], [4, 5, 7]],
    [[4, 5], [6, 7, 8], [6, 7, 9]],
]


def hypotheses_of(rows, length=6):
    """Return hypotheses with the words of rows and decreasing scores."""
    K = max(map(len, rows))
    words = np.full((len(rows), K, length), SPECIAL.pad, "int32")
    lengths = np.zeros((len(rows), K), "int32")
    scores = np.full((len(rows), K), -np.inf, "float32")
    for number, row in enumerate(rows):
        for place, sentence in enumerate(row):
            words[number, place, : len(sentence) + 1] = [*sentence, SPECIAL.end]
            lengths[number, place] = len(sentence) + 1
            scores[number, place] = -0.3 * (1 + place)
    return Hypotheses(words, scores, lengths, 2 * scores)


def expected_gains(sentences, weights):
    """Return the weighted mean CIDEr-D of each sentence with each of the others."""
    matrix = pairwise_cider(sentences)
    return [
        sum(weights[j] * matrix[i, j] for j in range(len(sentences)) if j != i)
        / sum(weights[j] for j in range(len(sentences)) if j != i)
        for i in range(len(sentences))
    ]


@pytest.mark.parametrize("weights", ["uniform", "probability"])
def test_scores_are_expected_gains(weights):
    """Hypotheses are sorted by their mean CIDEr-D with the others; missing ones remain missing."""
    given = hypotheses_of(ROWS)
    found = MinimumBayesRisk(weights=weights).rerank(given)
    for row, sentences in enumerate(ROWS):
        n = len(sentences)
        probabilities = np.exp(given.log_probabilities[row, :n].astype("float64"))
        gains = expected_gains(sentences, probabilities if weights == "probability" else [1] * n)
        order = np.argsort(np.negative(gains), kind="stable")
        assert np.allclose(found.scores[row, :n], np.array(gains)[order], atol=1e-5)
        for field in ("words", "lengths", "log_probabilities"):
            expected = getattr(given, field)[row, order]
            assert (getattr(found, field)[row, :n] == expected).all()
    assert found.scores[1, 3] == -np.inf
    assert found.lengths[1, 3] == 0
    assert found.scores.dtype == np.float32


def test_a_sentence_unlike_all_others_is_last():
    """The sentence that shares no words with the others has a score of 0."""
    found = MinimumBayesRisk().rerank(hypotheses_of(ROWS[:1]))
    assert found.words[0, -1, :2].tolist() == [9, 8]


def test_a_single_sentence_is_kept():
    """A row with one sentence keeps it, and a row without sentences remains empty."""
    found = MinimumBayesRisk().rerank(hypotheses_of([[[4, 5]], []]))
    assert found.scores.tolist() == [[0.0], [-np.inf]]
    assert found.words[0, 0, :3].tolist() == [4, 5, SPECIAL.end]


def test_the_ranking_does_not_depend_on_other_rows():
    """A row has the same scores alone and in a batch."""
    together = MinimumBayesRisk().rerank(hypotheses_of(ROWS))
    alone = MinimumBayesRisk().rerank(hypotheses_of(ROWS[1:]))
    assert np.allclose(together.scores[1, :3], alone.scores[0])


def test_the_compiled_search_is_the_inner_one(search_table, random_table):
    """The compiled part gives the hypotheses of the inner search."""
    tables, inner = random_table(0), {"type": "sampling", "draws": 4}
    search = searches.build({"type": "minimum_bayes_risk", "search": inner})
    assert (search.per_row_seeds, search.search.draws) == (True, 4)
    ranked = search_table({"type": "minimum_bayes_risk"}, tables)
    plain = search_table({"type": "beam", "beams": 10}, tables)
    assert (ranked.words == plain.words).all()


def test_stored_frequencies_are_read_with_their_words(tmp_path):
    """N-grams that are rare in stored frequencies have more weight than frequent ones."""
    words = ("a", "dog", "zebra")
    documents = [[[0, 1]]] * 9 + [[[0, 2]]]
    count_documents(documents, words=words).save(tmp_path / "f.npz")
    search = MinimumBayesRisk(frequencies=str(tmp_path / "f.npz"))
    ids = {"a": [4], "dog": [5], "zebra": [6]}
    search.encode_texts(lambda text: ids.get(text, []))
    assert search.word_ids.tolist() == [-1, -1, -1, -1, 0, 1, 2]
    found = search.rerank(hypotheses_of([[[5], [6, 9], [5, 6, 4]]]))
    assert found.words[0, -1, 0] == 5


def test_words_of_several_ids_have_no_frequency():
    """Words that a tokenizer divides or does not know have no position."""
    ids = {"a": [4], "playing": [5, 6], "zebra": [SPECIAL.unknown]}
    assert frequency_ids(("a", "playing", "zebra"), ids.get).tolist() == [-1, -1, -1, -1, 0]
