"""The metric ROUGE-L."""

import pytest
from hypothesis import given, settings

from lrcn_seq import metrics
from tests.metrics.caption_cases import EDGES, LONG, ROWS, WHOLE, coco_scores, columns


def naive_common(a, b):
    """Compute the length of the longest common subsequence by dynamic programming."""
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1][j + 1] = (
                table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
            )
    return table[-1][-1]


def naive_rouge(hypothesis, references):
    """Compute ROUGE-L by definition, from the best precision and the best recall."""
    own, others = hypothesis.split(" "), [text.split(" ") for text in references]
    common = [naive_common(own, other) for other in others]
    precision = max(length / len(own) for length in common)
    recall = max(length / len(other) for length, other in zip(common, others, strict=True))
    return (1 + 1.44) * precision * recall / (recall + 1.44 * precision) if precision else 0.0


def test_scores_equal_the_coco_evaluation_code_from_raw_text(samples):
    """ROUGE-L of raw text equals the stored scores of the COCO evaluation code to 1e-12."""
    score = metrics.rouge_l(samples["hypotheses"], samples["references"])
    expected = samples["scores"]["rouge_l"]
    assert score.value == pytest.approx(expected["corpus"], abs=1e-12)
    assert score.table[:, 0] == pytest.approx(expected["sentences"], abs=1e-12)


@pytest.mark.parametrize("edge", EDGES)
def test_edge_cases_equal_the_definition(edge):
    """ROUGE-L of edge cases agrees with its definition; the corpus score is the sentence mean."""
    score = metrics.rouge_l(*columns(EDGES[edge]), tokenize="none")
    expected = [naive_rouge(*row) for row in EDGES[edge]]
    assert score.table[:, 0] == pytest.approx(expected, abs=1e-12)
    assert score.value == pytest.approx(sum(expected) / len(expected), abs=1e-12)


@pytest.mark.parametrize("edge", EDGES)
def test_edge_cases_equal_pycocoevalcap(edge):
    """ROUGE-L of edge cases, such as empty sentences, equals that of pycocoevalcap."""
    rouge = pytest.importorskip("pycocoevalcap.rouge.rouge")
    value, table = coco_scores(rouge.Rouge(), EDGES[edge])
    score = metrics.rouge_l(*columns(EDGES[edge]), tokenize="none")
    assert score.value == pytest.approx(value, abs=1e-12)
    assert score.table[:, 0] == pytest.approx(table, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_random_captions_equal_the_definition(rows):
    """ROUGE-L of random captions agrees with its definition."""
    score = metrics.rouge_l(*columns(rows), tokenize="none")
    assert score.table[:, 0] == pytest.approx([naive_rouge(*row) for row in rows], abs=1e-12)


@pytest.mark.parametrize("sentence", [WHOLE, LONG])
def test_a_reference_equal_to_the_hypothesis_scores_1(sentence):
    """A hypothesis that equals one of its references has ROUGE-L 1."""
    assert metrics.rouge_l([sentence], [["x y z", sentence]], tokenize="none").value == 1


def test_an_empty_hypothesis_scores_0():
    """A hypothesis without words has ROUGE-L 0."""
    assert metrics.rouge_l([""], [[WHOLE]]).value == 0


def test_joint_maximum_takes_one_reference():
    """With `maximum="joint"`, precision and recall of ROUGE-L are those of one reference."""
    score = metrics.rouge_l(["a b c d"], [["a", "a b x y z v w"]], tokenize="none", maximum="joint")
    values = [2.44 * p * r / (r + 1.44 * p) for p, r in ((1 / 4, 1), (1 / 2, 2 / 7))]
    assert score.value == pytest.approx(max(values))


def test_beta_weights_recall():
    """With `beta=1`, ROUGE-L is the harmonic mean of precision and recall."""
    score = metrics.rouge_l(["a b c d"], [["a x"]], tokenize="none", beta=1.0)
    assert score.value == pytest.approx(2 / (4 + 2))


def test_signature_states_all_settings():
    """The signature of ROUGE-L states beta, maximum, tokenization and counts."""
    score = metrics.rouge_l(["a"], [["a"]], maximum="joint", beta=2.0)
    assert score.signature == "rouge_l|beta:2|maximum:joint|tokenize:ptb|refs:1|n:1"
