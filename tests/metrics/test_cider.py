"""CIDEr and CIDEr-D."""

import math
from collections import Counter

import pytest
from hypothesis import given, settings

from lrcn_seq import metrics
from tests.metrics.caption_cases import EDGES, ROWS, WHOLE, coco_scores, columns


def ngrams(words, n):
    """Return the n-grams of a text with their counts."""
    return Counter(zip(*(words[shift:] for shift in range(n)), strict=False))


def naive_cider(rows, *, clipped=True):
    """Compute the CIDEr-D of each hypothesis from the equations of the paper.

    Without clipping and length penalty, the result is plain CIDEr.
    """
    documents = Counter()
    for _, references in rows:
        documents.update(
            {gram for text in references for n in range(1, 5) for gram in ngrams(text.split(), n)}
        )

    def vector(text, n):
        return {
            gram: count * (math.log(len(rows)) - math.log(max(1, documents[gram])))
            for gram, count in ngrams(text.split(), n).items()
        }

    def norm(values):
        return math.sqrt(sum(value * value for value in values.values()))

    scores = []
    for hypothesis, references in rows:
        total = 0.0
        for reference in references:
            lengths = [max(len(text.split()) - 1, 0) for text in (hypothesis, reference)]
            penalty = math.exp(-((lengths[0] - lengths[1]) ** 2) / 72) if clipped else 1
            for n in range(1, 5):
                a, b = vector(hypothesis, n), vector(reference, n)
                dot = sum(
                    (min(value, b.get(gram, 0)) if clipped else value) * b.get(gram, 0)
                    for gram, value in a.items()
                )
                size = norm(a) * norm(b)
                total += dot / size * penalty if size else 0
        scores.append(10 * total / 4 / len(references))
    return scores


def test_scores_equal_the_coco_evaluation_code_from_raw_text(samples):
    """CIDEr-D of raw text equals the stored scores of the COCO evaluation code to 1e-12."""
    score = metrics.cider(samples["hypotheses"], samples["references"])
    expected = samples["scores"]["cider"]
    assert score.value == pytest.approx(expected["corpus"], abs=1e-12)
    assert score.table[:, 0] == pytest.approx(expected["sentences"], abs=1e-12)


@pytest.mark.parametrize("edge", EDGES)
def test_edge_cases_equal_the_definition(edge):
    """CIDEr-D of edge cases agrees with its definition; the corpus score is the sentence mean."""
    score = metrics.cider(*columns(EDGES[edge]), tokenize="none")
    expected = naive_cider(EDGES[edge])
    assert score.table[:, 0] == pytest.approx(expected, abs=1e-10)
    assert score.value == pytest.approx(sum(expected) / len(expected), abs=1e-10)


@pytest.mark.parametrize("edge", EDGES)
def test_edge_cases_equal_pycocoevalcap(edge):
    """CIDEr-D of edge cases, such as empty sentences, equals that of pycocoevalcap."""
    cider = pytest.importorskip("pycocoevalcap.cider.cider")
    value, table = coco_scores(cider.Cider(), EDGES[edge])
    score = metrics.cider(*columns(EDGES[edge]), tokenize="none")
    assert score.value == pytest.approx(value, abs=1e-12)
    assert score.table[:, 0] == pytest.approx(table, abs=1e-12)


@pytest.mark.parametrize(("variant", "clipped"), [("d", True), ("plain", False)])
@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_random_captions_equal_the_definition(variant, clipped, rows):
    """CIDEr and CIDEr-D of random captions agree with their definitions."""
    score = metrics.cider(*columns(rows), tokenize="none", variant=variant)
    assert score.table[:, 0] == pytest.approx(naive_cider(rows, clipped=clipped), abs=1e-10)


def test_identical_sentences_score_10():
    """A hypothesis that equals its only reference has CIDEr 10."""
    assert metrics.cider([WHOLE, "b"], [[WHOLE], ["c"]]).table[0, 0] == pytest.approx(10)


def test_one_image_scores_0_with_its_own_frequencies(samples):
    """The CIDEr of a single image is 0, since its n-grams occur in all documents."""
    hypotheses = {"2": samples["hypotheses"]["2"]}
    assert metrics.cider(hypotheses, samples["references"], subset=True).value == 0


def test_stored_frequencies_give_one_image_its_score_in_the_whole_set(tmp_path, samples):
    """With stored document frequencies, the CIDEr of an image does not depend on other images."""
    path = tmp_path / "stored.npz"
    metrics.document_frequencies(samples["references"]).save(path)
    whole = metrics.cider(samples["hypotheses"], samples["references"])
    score = metrics.cider(
        {"2": samples["hypotheses"]["2"]},
        samples["references"],
        subset=True,
        frequencies=str(path),
    )
    assert score.value == pytest.approx(whole.sentences["2"]["cider"], abs=1e-12)


def test_signature_names_the_stored_frequencies(tmp_path, samples):
    """The signature of CIDEr states the file, size and tokenization of stored frequencies."""
    path = tmp_path / "stored.npz"
    metrics.document_frequencies(samples["references"]).save(path)
    score = metrics.cider(["a"], [["a"]], frequencies=str(path))
    assert score.signature == (
        "cider|variant:d|sigma:6|length:bigrams|n-grams:4|frequencies:stored.npz(60,ptb)"
        "|tokenize:ptb|refs:1|n:1"
    )


def test_sigma_is_the_width_of_the_length_penalty():
    """The option `sigma` is the width of the Gaussian length penalty of CIDEr-D."""
    rows = (["a b x", "c"], [["a b"], ["d"]])
    narrow, wide = (
        metrics.cider(*rows, tokenize="none", order=1, sigma=sigma).value for sigma in (0.5, 1.0)
    )
    assert narrow / wide == pytest.approx(math.exp(-2) / math.exp(-0.5))


def test_signature_states_the_unit_of_the_length_penalty():
    """The signature of CIDEr states the unit of the length penalty."""
    assert "|length:words|" in metrics.cider(["a"], [["b"]], length="words").signature
