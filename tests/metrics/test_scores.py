"""BLEU, ROUGE-L and CIDEr against stored answers of the COCO evaluation code, and against brute force from the definitions."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcn_seq import metrics
from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.bleu import SMOOTHING

SENTENCE = st.lists(st.sampled_from("abcd"), max_size=9).map(" ".join)
GROUPS = st.lists(
    st.tuples(SENTENCE, st.lists(SENTENCE, min_size=1, max_size=7)), min_size=1, max_size=6
)
WHOLE = "a man rides a brown horse on the beach"
LONG = " ".join(str(number % 97) for number in range(10_000))
# What a tool meets at its edges, as tokenized hypotheses with references.
EDGES = {
    "one picture": [(WHOLE, ["a man on a horse", "the man rides on the beach"])],
    "one reference": [
        (WHOLE, ["the man rides a horse"]),
        ("two dogs play", ["dogs play in the snow"]),
    ],
    "no shared word": [("x y z", [WHOLE, "a b"]), ("two dogs play", ["one cat sleeps"])],
    "empty hypothesis": [("", [WHOLE]), ("two dogs play", ["dogs play in the snow"])],
    "empty reference": [(WHOLE, ["", WHOLE]), ("two dogs", [""])],
    "seven references": [
        (WHOLE, [WHOLE.rsplit(" ", cut)[0] for cut in range(1, 8)]),
        ("two dogs play", ["dogs play", "two dogs", "a dog", "dogs", "two", "snow", "play"]),
    ],
    "identical": [(WHOLE, [WHOLE]), ("two dogs play", ["two dogs play"] * 5)],
    "10,000 words": [(LONG, ["1 2 3 4 5", "90 91 92 93 94 95 96 0 1"]), ("1 2 3", [LONG])],
}


def grams(words, n):
    """N-grams with their counts."""
    return Counter(zip(*(words[shift:] for shift in range(n)), strict=False))


def brute_bleu(rows):
    """BLEU-1 to 4 as the COCO code computes it, from the definition."""
    matches, guesses, words, wanted = [0] * 4, [0] * 4, 0, 0
    for hypothesis, references in rows:
        own, others = hypothesis.split(), [text.split() for text in references]
        words, wanted = (
            words + len(own),
            wanted + min((abs(len(r) - len(own)), len(r)) for r in others)[1],
        )
        for n in range(1, 5):
            most = Counter()
            for other in others:
                most |= grams(other, n)
            matches[n - 1] += sum((grams(own, n) & most).values())
            guesses[n - 1] += max(len(own) - n + 1, 0)
    ratio = (words + 1e-15) / (wanted + 1e-9)
    penalty = math.exp(1 - 1 / ratio) if ratio < 1 else 1
    return [
        math.prod((matches[k] + 1e-15) / (guesses[k] + 1e-9) for k in range(n)) ** (1 / n) * penalty
        for n in range(1, 5)
    ]


def brute_rouge(hypothesis, references):
    """ROUGE-L with the best precision and the best recall."""

    def common(a, b):
        table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
        for i, x in enumerate(a):
            for j, y in enumerate(b):
                table[i + 1][j + 1] = (
                    table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
                )
        return table[-1][-1]

    own, others = hypothesis.split(" "), [text.split(" ") for text in references]
    precision, recall = (
        max(common(own, r) / len(own) for r in others),
        max(common(own, r) / len(r) for r in others),
    )
    return (1 + 1.44) * precision * recall / (recall + 1.44 * precision) if precision else 0.0


def brute_cider(rows, *, clipped=True):
    """CIDEr-D of each row from the equations of the paper; without clipping and length penalty it is plain CIDEr."""
    documents = Counter(
        gram
        for _, references in rows
        for gram in {g for text in references for n in range(1, 5) for g in grams(text.split(), n)}
    )

    def vector(text, n):
        return {
            gram: count * (math.log(len(rows)) - math.log(max(1, documents[gram])))
            for gram, count in grams(text.split(), n).items()
        }

    scores = []
    for hypothesis, references in rows:
        total = 0.0
        for reference in references:
            lengths = [max(len(text.split()) - 1, 0) for text in (hypothesis, reference)]
            penalty = math.exp(-((lengths[0] - lengths[1]) ** 2) / 72) if clipped else 1
            for n in range(1, 5):
                a, b = vector(hypothesis, n), vector(reference, n)
                size = math.sqrt(sum(v * v for v in a.values())) * math.sqrt(
                    sum(v * v for v in b.values())
                )
                dot = sum(
                    (min(v, b.get(gram, 0)) if clipped else v) * b.get(gram, 0)
                    for gram, v in a.items()
                )
                total += dot / size * penalty if size else 0
        scores.append(10 * total / 4 / len(references))
    return scores


@pytest.mark.parametrize("name", ["bleu_1", "bleu_2", "bleu_3", "bleu_4", "rouge_l", "cider"])
def test_corpus_and_sentences_equal_the_coco_evaluation_code(samples, name):
    """60 images with one to seven references, an empty hypothesis among them: equal to 1e-12 from raw text."""
    report = metrics.score(samples["hypotheses"], samples["references"])
    wanted = samples["scores"][name]
    assert report.values[name] == pytest.approx(wanted["corpus"], abs=1e-12)
    assert [row[name] for row in report.sentences.values()] == pytest.approx(
        wanted["sentences"], abs=1e-12
    )


@pytest.mark.parametrize("edge", EDGES)
def test_edges_have_the_scores_of_the_definitions(edge):
    """BLEU, ROUGE-L and CIDEr-D, corpus and sentences, by brute force."""
    rows = EDGES[edge]
    report = metrics.score([row[0] for row in rows], [row[1] for row in rows], tokenize="none")
    bleu, rouge, cider = report.scores
    assert bleu.values == pytest.approx(brute_bleu(rows), abs=1e-12)
    assert bleu.table == pytest.approx(np.array([brute_bleu([row]) for row in rows]), abs=1e-12)
    assert rouge.table[:, 0] == pytest.approx([brute_rouge(*row) for row in rows], abs=1e-12)
    assert cider.table[:, 0] == pytest.approx(brute_cider(rows), abs=1e-10)
    assert (rouge.value, cider.value) == pytest.approx(
        (rouge.table.mean(), cider.table.mean()), abs=1e-12
    )


@pytest.mark.parametrize("edge", EDGES)
def test_edges_have_the_scores_of_the_coco_evaluation_code(edge, capfd):
    """The same against its scorers, which need no Java."""
    bleu, rouge, cider = (
        pytest.importorskip(f"pycocoevalcap.{name}.{name}") for name in ("bleu", "rouge", "cider")
    )
    rows = EDGES[edge]
    gts, res = (
        dict(enumerate(row[1] for row in rows)),
        {place: [row[0]] for place, row in enumerate(rows)},
    )
    (values, tables), *rest = [
        scorer.compute_score(gts, res) for scorer in (bleu.Bleu(4), rouge.Rouge(), cider.Cider())
    ]
    report = metrics.score([row[0] for row in rows], [row[1] for row in rows], tokenize="none")
    assert list(report.values.values()) == pytest.approx(
        [*values, *(value for value, _ in rest)], abs=1e-12
    )
    wanted = np.array([*tables, *(table for _, table in rest)]).T
    assert np.array([list(row.values()) for row in report.sentences.values()]) == pytest.approx(
        wanted, abs=1e-12
    )


@settings(max_examples=60, deadline=None)
@given(GROUPS)
def test_bleu_equals_its_definition(rows):
    """Any sentences, empty ones included."""
    score = metrics.bleu([row[0] for row in rows], [row[1] for row in rows], tokenize="none")
    assert score.values == pytest.approx(brute_bleu(rows), abs=1e-12)
    assert score.table == pytest.approx(np.array([brute_bleu([row]) for row in rows]), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(GROUPS)
def test_rouge_equals_its_definition(rows):
    """Any sentences, empty ones included."""
    score = metrics.rouge_l([row[0] for row in rows], [row[1] for row in rows], tokenize="none")
    assert score.table[:, 0] == pytest.approx([brute_rouge(*row) for row in rows], abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(GROUPS)
def test_cider_equals_its_definition(rows):
    """Both variants, any sentences."""
    for variant, clipped in (("d", True), ("plain", False)):
        score = metrics.cider(
            [row[0] for row in rows], [row[1] for row in rows], tokenize="none", variant=variant
        )
        assert score.table[:, 0] == pytest.approx(brute_cider(rows, clipped=clipped), abs=1e-10)


@settings(max_examples=40, deadline=None)
@given(GROUPS, st.sampled_from(SMOOTHING["nltk"]))
def test_the_nltk_variant_equals_nltk(rows, smoothing):
    """All eight smoothing methods of NLTK, sentence by sentence, and the corpus where NLTK's own corpus score uses the whole corpus."""
    nltk = pytest.importorskip("nltk.translate.bleu_score")
    if smoothing in ("method6", "method7", "method5") and len(rows) > 1:
        rows = rows[:1]
    method = getattr(nltk.SmoothingFunction(), smoothing)
    weights = [tuple([1 / n] * n) for n in range(1, 5)]
    score = metrics.bleu(
        [row[0] for row in rows],
        [row[1] for row in rows],
        tokenize="none",
        variant="nltk",
        smoothing=smoothing,
    )
    try:
        wanted = nltk.corpus_bleu(
            [[text.split() for text in row[1]] for row in rows],
            [row[0].split() for row in rows],
            weights=weights,
            smoothing_function=method,
        )
    except AssertionError:
        return  # method 6 refuses sentences without a common trigram
    assert score.values == pytest.approx(wanted, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(GROUPS, st.sampled_from(SMOOTHING["sacrebleu"]), st.booleans())
def test_the_sacrebleu_variant_equals_sacrebleu(rows, smoothing, effective_order):
    """All its smoothing methods, corpus and sentences, as a fraction."""
    sacrebleu = pytest.importorskip("sacrebleu")
    most = max(len(row[1]) for row in rows)
    rows = [
        (hypothesis, references + references[-1:] * (most - len(references)))
        for hypothesis, references in rows
    ]
    other = sacrebleu.BLEU(
        tokenize="none", smooth_method=smoothing, effective_order=effective_order, force=True
    )
    score = metrics.bleu(
        [row[0] for row in rows],
        [row[1] for row in rows],
        tokenize="none",
        variant="sacrebleu",
        smoothing=smoothing,
        effective_order=effective_order,
    )
    assert score.value == pytest.approx(
        other.corpus_score(
            [row[0] for row in rows], list(zip(*(row[1] for row in rows), strict=True))
        ).score
        / 100,
        abs=1e-12,
    )
    assert score.table[:, -1] == pytest.approx(
        [other.sentence_score(*row).score / 100 for row in rows], abs=1e-12
    )


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_13a_equals_sacrebleus_tokenizer(text):
    """Any text at all."""
    tokenizer = pytest.importorskip("sacrebleu.tokenizers.tokenizer_13a").Tokenizer13a()
    assert metrics.make_corpus([text], [["a"]], tokenize="13a").hypotheses == [
        tokenizer(text.rstrip())
    ]


def test_one_picture_has_cider_0_from_its_own_frequencies_and_a_true_value_from_stored_ones(
    tmp_path, samples
):
    """The document frequencies of one image say nothing; stored ones give it the score that it has in the whole set."""
    references = samples["references"]
    metrics.document_frequencies(references).save(tmp_path / "kept.npz")
    whole = metrics.cider(samples["hypotheses"], references)
    alone = {"2": samples["hypotheses"]["2"]}
    assert metrics.cider(alone, references, subset=True).value == 0
    kept = metrics.cider(alone, references, subset=True, frequencies=str(tmp_path / "kept.npz"))
    assert kept.value == pytest.approx(whole.sentences["2"]["cider"], abs=1e-12)
    assert "kept.npz(60,ptb)" in kept.signature


def test_extreme_sentences_have_the_scores_that_they_must():
    """Identical, without a common word, empty, and of 10,000 words."""
    assert metrics.bleu([WHOLE], [[WHOLE]]).values == pytest.approx([1] * 4, abs=1e-8)
    assert metrics.rouge_l([WHOLE], [["x y z", WHOLE]]).value == 1
    assert metrics.cider([WHOLE, "b"], [[WHOLE], ["c"]]).table[0, 0] == pytest.approx(10)
    nothing = metrics.score(["x y z"], [[WHOLE]])
    assert max(nothing.values.values()) < 1e-3
    assert metrics.score([""], [[WHOLE]]).values["rouge_l"] == 0
    assert metrics.rouge_l([LONG], [[LONG, "1 2"]], tokenize="none").value == 1
    assert metrics.bleu([LONG], [[LONG]], tokenize="none").value == pytest.approx(1)


def test_options_give_the_published_values_and_say_so():
    """BLEU without smoothing is 0 where nothing matches; joint ROUGE takes one reference; words may measure CIDEr's length."""
    assert metrics.bleu(["a b"], [["a c"]], smoothing="none").values[1] == 0
    rows = ["a b c d"], [["a", "a b x y z v w"]]
    assert (
        metrics.rouge_l(*rows, tokenize="none", maximum="joint").value
        < metrics.rouge_l(*rows, tokenize="none").value
    )
    assert "length:words" in metrics.cider(*rows, length="words").signature
    assert "length:shortest" in metrics.bleu(*rows, length="shortest").signature
    with pytest.raises(ArgumentError, match="length: expected closest for variant nltk"):
        metrics.registry.get("bleu")("nltk", length="average")


def test_the_reward_equals_cider_of_the_same_sentences(samples):
    """Sentences of ids with stored frequencies get the CIDEr-D of their words."""
    corpus = metrics.make_corpus(samples["hypotheses"], samples["references"])
    frequencies = metrics.document_frequencies(samples["references"])
    words = [
        "<pad>",
        "<start>",
        "<end>",
        "<unknown>",
        *dict.fromkeys(word for text in corpus.in_order() for word in text.split()),
    ]
    numbers = {word: number for number, word in enumerate(words)}
    reward = metrics.CiderReward(
        [[[numbers[w] for w in text.split()] for text in group] for group in corpus.references],
        frequencies=frequencies,
        words=words,
    )
    sentences = np.zeros((60, 25), int)
    for row, text in zip(sentences, corpus.hypotheses, strict=True):
        row[: len(text.split()) + 1] = [*(numbers[w] for w in text.split()), 2]
    assert reward(sentences, range(60)) == pytest.approx(
        metrics.cider(samples["hypotheses"], samples["references"]).table[:, 0], abs=1e-12
    )
    assert reward(sentences[[5, 5]], [5, 6])[0] != reward(sentences[[5, 5]], [5, 6])[1]
    with pytest.raises(ArgumentError, match=r"sentences \(B, L\) and images \(B,\)"):
        reward(sentences, [1])
    with pytest.raises(
        ArgumentError,
        match=r"sentences \(B, L\), shorter ones padded with 0\. Received: sentences of several lengths",
    ):
        reward([[4, 5], [4]], [0, 1])
    with pytest.raises(ArgumentError, match=r"references: expected a list, .* Received: a mapping"):
        metrics.CiderReward({0: [[4, 5]]})


def test_spice_says_why_it_is_left_out():
    """And where to get it."""
    with pytest.raises(ArgumentError, match=r"exist only as Java programs.*pycocoevalcap"):
        metrics.registry.get("spice")()
