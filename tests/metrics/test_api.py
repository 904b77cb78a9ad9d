"""What goes in and comes out: ids, nesting, reports, intervals, health, retrieval; and what importing loads."""

import json
import subprocess
import sys

import numpy as np
import pytest

from lrcn_seq import metrics
from lrcn_seq.errors import ArgumentError, ConfigError, DataError
from lrcn_seq.metrics import ptb


def test_importing_and_scoring_load_neither_keras_nor_tensorflow_nor_nltk():
    """A fresh process scores four metrics; none of the heavy packages is loaded."""
    code = "import sys, lrcn_seq.metrics as m; m.score(['a b'], [['a c']]); print([n for n in ('keras', 'tensorflow', 'nltk', 'torch', 'jax', 'pydantic') if n in sys.modules])"
    assert subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip() in ("[]", "['pydantic']")


def test_ids_match_as_strings_and_lists_match_by_position():
    """A number and its string are one id; a list gives the same scores as a mapping."""
    a = metrics.score({1: "a dog", "x": "a cat"}, {"x": ["the cat"], "1": ["a dog runs"]})
    b = metrics.score(["a dog", "a cat"], [["a dog runs"], ["the cat"]])
    assert a.values == b.values
    assert list(a.sentences) == ["1", "x"]
    assert a.as_dict(sentences=True).keys() == {"metrics", "signatures", "sentences", "count"}
    assert json.loads(json.dumps(a.as_dict()))["count"] == 2


@pytest.mark.parametrize(
    ("hypotheses", "references", "sentence"),
    [
        ({"a": ["x"]}, {"a": ["x"]}, "expected one sentence.*a=\\['x'\\]"),
        ({"a": "x"}, {"a": "x"}, "expected a list of sentences.*a='x'"),
        ({"a": "x"}, {"a": []}, "at least one sentence for each id. Received: a=\\[\\]"),
        (
            {"a": "x"},
            {"b": ["x"]},
            "references for every hypothesis. Received: 1 of 1 hypotheses without: a;",
        ),
        (
            {"a": "x"},
            {"a": ["x"], "b": ["x"]},
            "hypothesis for every reference. Received: 1 of 2 ids without: b;",
        ),
        ({1: "x", "1": "y"}, {"1": ["x"]}, "every id once.*'1' both"),
        ({}, {}, "at least one sentence. Received: none"),
        ("x", [["x"]], "a mapping by id or a list. Received: str"),
        ({"a": "x"}, {"a": [["x"]]}, "expected a list of sentences"),
        ({"a": None}, {"a": ["x"]}, "expected one sentence.*a=None"),
    ],
)
def test_wrong_nesting_and_ids_are_a_sentence_not_a_number(hypotheses, references, sentence):
    """What was expected and what was received."""
    with pytest.raises(ArgumentError, match=sentence):
        metrics.score(hypotheses, references)


def test_names_that_do_not_exist_are_told():
    """A metric and a tokenization."""
    with pytest.raises(ConfigError, match="Did you mean 'cider'"):
        metrics.score(["a"], [["a"]], ("cidr",))
    with pytest.raises(ArgumentError, match=r"Did you mean ptb|Did you mean 'ptb'"):
        metrics.score(["a"], [["a"]], tokenize="pbt")


def test_a_subset_scores_what_is_there():
    """References without a hypothesis are left out, as if they were not given."""
    references = {"a": ["a dog runs"], "b": ["a cat"], "c": ["two birds"]}
    part = metrics.score({"a": "a dog", "b": "the cat"}, references, subset=True)
    assert (
        part.values
        == metrics.score(
            {"a": "a dog", "b": "the cat"}, {"a": references["a"], "b": references["b"]}
        ).values
    )


def test_signatures_tell_how_each_number_was_made():
    """Variant, tokenization, references and count are all in it, under the name of each value."""
    signatures = metrics.score(["a b"], [["a c", "b"]], ("bleu", "cider")).signatures
    assert (
        signatures["bleu_4"]
        == "bleu|variant:coco|smoothing:coco|length:closest|tokenize:ptb|refs:2|n:1"
    )
    assert "frequencies:references(1)" in signatures["cider"]


def test_stored_frequencies_come_back_equal_and_damaged_files_are_told(tmp_path, samples):
    """What was saved is loaded; half a file, another file and no file are sentences."""
    kept = metrics.document_frequencies(samples["references"])
    path = tmp_path / "f.npz"
    kept.save(path)
    again = metrics.load_frequencies(path)
    assert again.words == kept.words
    assert all(
        np.array_equal(a, b)
        for a, b in zip(again.keys + again.counts, kept.keys + kept.counts, strict=True)
    )
    assert list(tmp_path.iterdir()) == [path]
    path.write_bytes(path.read_bytes()[:500])
    (tmp_path / "text.npz").write_text("no")
    for name in ("f.npz", "text.npz", "none.npz"):
        with pytest.raises(DataError, match="expected a file of document frequencies"):
            metrics.load_frequencies(tmp_path / name)


def test_intervals_hold_the_value_and_narrow_with_more_sentences(samples):
    """The 95 % interval of every number, from the same statistics as the number."""
    rows = metrics.intervals(samples["hypotheses"], samples["references"], samples=300)
    assert [row.metric for row in rows] == [
        "bleu_1",
        "bleu_2",
        "bleu_3",
        "bleu_4",
        "rouge_l",
        "cider",
    ]
    assert all(row.low < row.value < row.high for row in rows)
    doubled = {
        f"{name}{copy}": text for name, text in samples["hypotheses"].items() for copy in "abcd"
    }
    more = metrics.intervals(
        doubled,
        {
            f"{name}{copy}": group
            for name, group in samples["references"].items()
            for copy in "abcd"
        },
        samples=300,
    )
    assert more[4].high - more[4].low < 0.7 * (rows[4].high - rows[4].low)


def test_the_bootstrap_of_a_mean_has_the_spread_of_the_formula(samples):
    """ROUGE-L is a mean over sentences: its interval is that of ± 1.96 standard errors."""
    row = metrics.intervals(
        samples["hypotheses"], samples["references"], ("rouge_l",), samples=4000
    )[0]
    values = metrics.rouge_l(samples["hypotheses"], samples["references"]).table[:, 0]
    assert row.high - row.low == pytest.approx(
        2 * 1.96 * values.std() / np.sqrt(len(values)), rel=0.08
    )


def test_paired_comparison_finds_a_real_difference_and_none_between_equals(samples):
    """A system against itself with its last words cut off, and against itself."""
    worse = {name: " ".join(text.split()[:-3]) for name, text in samples["hypotheses"].items()}
    rows = metrics.paired(
        {"whole": samples["hypotheses"], "cut": worse, "same": dict(samples["hypotheses"])},
        samples["references"],
        ("rouge_l",),
        samples=500,
    )
    by_pair = {(row.a, row.b): row for row in rows}
    assert by_pair["whole", "cut"].low > 0
    assert by_pair["whole", "cut"].p_value < 0.05
    assert by_pair["whole", "same"].difference == 0
    assert by_pair["whole", "same"].p_value == 1
    assert by_pair["whole", "same"].low == by_pair["whole", "same"].high == 0, (
        "both systems are resampled alike"
    )
    with pytest.raises(ArgumentError, match="at least two systems"):
        metrics.paired({"one": worse}, samples["references"])
    with pytest.raises(ArgumentError, match="the same ids"):
        metrics.paired({"a": worse, "b": {"1": "x"}}, samples["references"], subset=True)


def test_health_shows_collapse():
    """One sentence for every picture has next to no distinct n-grams and an mBLEU of 1; varied ones do not."""
    collapsed = metrics.health(["a man on a horse"] * 20)
    varied = metrics.health([f"w{n} x{n} y{n} z{n} v{n}" for n in range(20)])
    assert (collapsed.distinct_captions, varied.distinct_captions) == (1 / 20, 1)
    assert (collapsed.most_common, varied.most_common) == (1, 1 / 20)
    assert metrics.health(["A dog.", "a cat", "a dog"]).most_common == 2 / 3, "as tokenized"
    assert collapsed.distinct_1 == 4 / 100
    assert collapsed.mbleu_4 == pytest.approx(1, abs=1e-6)
    assert varied.mbleu_4 < 1e-6
    assert varied.vocabulary == 100


def test_health_counts_repetition_unknown_words_and_novel_captions():
    """Doubled words and bigrams that come again are repetition; the unknown word is found as a word."""
    found = metrics.health(
        ["a dog dog runs", "a <unk> cat", "", "a b a b"],
        training_captions=["A cat.", "A dog dog runs!"],
        unknown="<unk>",
    )
    assert found.repetition == pytest.approx(2 / 11)
    assert found.unknown == pytest.approx(1 / 11)
    assert found.novel == 3 / 4
    assert (found.min_length, found.max_length, found.empty) == (0, 4, 1 / 4)
    with pytest.raises(ArgumentError, match="one sentence or more"):
        metrics.health([])


def test_retrieval_of_a_known_matrix():
    """Three images, four captions: ranks counted by hand, in both directions."""
    scores = np.array([[9.0, 1, 2, 3], [5, 4, 8, 7], [1, 6, 3, 2]])
    found = metrics.retrieval(scores, np.array([0, 0, 1, 2]))
    assert found.caption_to_image.recall_1 == 2 / 4
    assert found.caption_to_image.median_rank == 2
    assert found.image_to_caption.recall_1 == 2 / 3
    assert found.image_to_caption.median_rank == 1
    assert metrics.retrieval(np.zeros((20, 20)), np.arange(20)).image_to_caption.recall_10 == 0, (
        "ties are not luck"
    )
    for owner in ([0, 0, 1], [0, 0, 1, 7], [0.0, 0, 1, 2]):
        with pytest.raises(ArgumentError, match="retrieval: expected"):
            metrics.retrieval(scores, np.array(owner))


def test_normalized_log_probabilities_take_away_what_a_caption_has_for_any_image():
    """A caption that is likely everywhere no longer wins; the mean over images is 0."""
    log_probabilities = np.array([[-1.0, -9.0], [-2.0, -5.0]])
    normalized = metrics.normalized_log_probabilities(log_probabilities)
    assert normalized.mean(axis=0) == pytest.approx([0, 0])
    assert log_probabilities[1].argmax() == 0
    assert normalized[1].argmax() == 1


def test_tokenized_text_is_left_alone_without_tokenization():
    """`none` takes the words as they are, capitals and full stops too."""
    assert metrics.make_corpus(["A dog ."], [["a"]], tokenize="none").hypotheses == ["A dog ."]
    assert ptb.tokenize(["A dog ."]) == ["a dog"]
