"""BLEU with its variants and options."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings

from lrcn_seq import metrics
from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.bleu import Bleu
from tests.metrics.caption_cases import EDGES, LONG, ROWS, WHOLE, coco_scores, columns


def ngrams(words, n):
    """Return the n-grams of a text with their counts."""
    return Counter(zip(*(words[shift:] for shift in range(n)), strict=False))


def naive_bleu(rows):
    """Compute BLEU-1 to BLEU-4 of a corpus by definition, with the COCO code's tiny constants."""
    matches, guesses, words, reference_words = [0] * 4, [0] * 4, 0, 0
    for hypothesis, references in rows:
        own, others = hypothesis.split(), [text.split() for text in references]
        words += len(own)
        reference_words += min((abs(len(other) - len(own)), len(other)) for other in others)[1]
        for n in range(1, 5):
            most = Counter()
            for other in others:
                most |= ngrams(other, n)
            matches[n - 1] += sum((ngrams(own, n) & most).values())
            guesses[n - 1] += max(len(own) - n + 1, 0)
    ratio = (words + 1e-15) / (reference_words + 1e-9)
    penalty = math.exp(1 - 1 / ratio) if ratio < 1 else 1
    precisions = [(matches[k] + 1e-15) / (guesses[k] + 1e-9) for k in range(4)]
    return [math.prod(precisions[:n]) ** (1 / n) * penalty for n in range(1, 5)]


@pytest.mark.parametrize("name", ["bleu_1", "bleu_2", "bleu_3", "bleu_4"])
def test_scores_equal_the_coco_evaluation_code_from_raw_text(samples, name):
    """BLEU of raw text equals the stored scores of the COCO evaluation code to 1e-12."""
    score = metrics.bleu(samples["hypotheses"], samples["references"])
    expected = samples["scores"][name]
    column = score.names.index(name)
    assert score.values[column] == pytest.approx(expected["corpus"], abs=1e-12)
    assert score.table[:, column] == pytest.approx(expected["sentences"], abs=1e-12)


@pytest.mark.parametrize("edge", EDGES)
def test_edge_cases_equal_the_definition(edge):
    """BLEU of edge cases, such as empty sentences, agrees with its definition."""
    score = metrics.bleu(*columns(EDGES[edge]), tokenize="none")
    assert score.values == pytest.approx(naive_bleu(EDGES[edge]), abs=1e-12)
    expected = np.array([naive_bleu([row]) for row in EDGES[edge]])
    assert score.table == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("edge", EDGES)
def test_edge_cases_equal_pycocoevalcap(edge, capfd):
    """BLEU of edge cases, such as empty sentences, equals that of pycocoevalcap."""
    bleu = pytest.importorskip("pycocoevalcap.bleu.bleu")
    values, table = coco_scores(bleu.Bleu(4), EDGES[edge])
    score = metrics.bleu(*columns(EDGES[edge]), tokenize="none")
    assert score.values == pytest.approx(values, abs=1e-12)
    assert score.table == pytest.approx(np.array(table).T, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_random_captions_equal_the_definition(rows):
    """BLEU of random captions agrees with its definition."""
    score = metrics.bleu(*columns(rows), tokenize="none")
    assert score.values == pytest.approx(naive_bleu(rows), abs=1e-12)
    expected = np.array([naive_bleu([row]) for row in rows])
    assert score.table == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("sentence", [WHOLE, LONG])
def test_identical_sentences_score_1(sentence):
    """Identical sentences have BLEU-1 to BLEU-4 of 1."""
    score = metrics.bleu([sentence], [[sentence]], tokenize="none")
    assert score.values == pytest.approx([1] * 4, abs=1e-8)


def test_unsmoothed_bleu_is_0_without_a_match():
    """BLEU without smoothing is 0 if no n-gram of one of the orders matches."""
    assert metrics.bleu(["a b"], [["a c"]], smoothing="none").values[1:] == (0, 0, 0)


@pytest.mark.parametrize(
    ("length", "reference_words"), [("closest", 4), ("shortest", 1), ("average", 5)]
)
def test_length_selects_the_reference_length(length, reference_words):
    """The option `length` selects the reference length for the brevity penalty of BLEU."""
    references = ["a", "a b c d", "a b c d e f g h i j"]
    score = metrics.bleu(["a b c"], [references], tokenize="none", length=length, smoothing="none")
    assert score.values[0] == pytest.approx(min(1, math.exp(1 - reference_words / 3)))


def test_closest_reference_length_is_the_shorter_one_in_a_tie():
    """Of two equally close reference lengths, the brevity penalty uses the shorter one."""
    value = metrics.bleu(["a b c"], [["a b c d", "a b"]], tokenize="none", smoothing="none")
    assert value.values[0] == 1


def test_order_sets_the_number_of_values():
    """The option `order` sets the highest n-gram order of BLEU."""
    score = metrics.bleu(["a b c"], [["a b d"]], tokenize="none", order=2)
    assert score.names == ("bleu_1", "bleu_2")
    assert score.values == pytest.approx([2 / 3, math.sqrt(2 / 3 * 1 / 2)])


def test_signature_states_all_settings():
    """The signature of BLEU states variant, smoothing, length, tokenization and counts."""
    score = metrics.bleu(["a b"], [["a c", "b"]], length="shortest", smoothing="none")
    assert (
        score.signature
        == "bleu|variant:coco|smoothing:none|length:shortest|tokenize:ptb|refs:2|n:1"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"variant": "moses"}, "variant: expected one of coco, nltk, sacrebleu. Received: .*moses"),
        ({"smoothing": "exp"}, "smoothing: expected one of coco, none for variant coco"),
        ({"variant": "nltk", "length": "average"}, "length: expected closest for variant nltk"),
    ],
)
def test_invalid_settings_raise(arguments, message):
    """An unknown variant, smoothing or length of BLEU raises an ArgumentError."""
    with pytest.raises(ArgumentError, match=message):
        Bleu(**arguments)
