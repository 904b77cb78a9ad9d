"""The metric METEOR."""

import gc
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcn_seq import metrics
from lrcn_seq.errors import MissingPackageError
from lrcn_seq.metrics.alignment import meteor_tables
from lrcn_seq.metrics.alignment.alignment_search import make_match, resolve
from lrcn_seq.metrics.alignment.matching import Matcher
from lrcn_seq.metrics.meteor import align, garbage_collection_paused, texts_of
from lrcn_seq.metrics.statistics.segments import make_corpus


def alignments(reference, hypothesis):
    """Yield all alignments of equal words as lists of pairs of positions."""
    if not reference:
        yield []
        return
    (position, word), rest = reference[0], reference[1:]
    yield from alignments(rest, hypothesis)
    for other in hypothesis:
        if other[1] == word:
            remaining = [item for item in hypothesis if item != other]
            yield from ([(position, other[0]), *pairs] for pairs in alignments(rest, remaining))


def naive_meteor(hypothesis, reference):
    """Compute METEOR of one pair of sentences from the equations, over all alignments.

    The best alignment has the most words and, among these, the fewest chunks.
    """
    best = (0, 0)
    for pairs in alignments(list(enumerate(reference)), list(enumerate(hypothesis))):
        chunks = sum(
            before is None or (before[0] + 1, before[1] + 1) != pair
            for before, pair in itertools.pairwise([None, *pairs])
        )
        best = max(best, (len(pairs), -chunks))
    matched, chunks = best[0], -best[1]
    if not matched:
        return 0.0
    precision, recall = matched / len(hypothesis), matched / len(reference)
    fragmentation = 0 if chunks == 1 and precision == recall == 1 else chunks / matched
    return 1 / (0.15 / precision + 0.85 / recall) * (1 - 0.6 * fragmentation**0.2)


WORDS = st.lists(st.sampled_from("abcd"), max_size=5)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(WORDS, st.lists(WORDS, min_size=1, max_size=7)), min_size=1, max_size=3))
def test_random_sentences_equal_the_definition(rows):
    """METEOR of random sentences agrees with its definition, for the best of the references."""
    score = metrics.meteor(
        [" ".join(hypothesis) for hypothesis, _ in rows],
        [[" ".join(words) for words in references] for _, references in rows],
        tokenize="none",
        stages="exact_stem",
    )
    expected = [max(naive_meteor(row[0], words) for words in row[1]) for row in rows]
    assert score.table[:, 0] == pytest.approx(expected, abs=1e-12)


def test_content_words_follow_the_equations_of_the_paper(meteor_data):
    """METEOR of content words follows the equations of the paper."""
    score = metrics.meteor(["man rides x"], [["man rides y z"]], tokenize="none")
    mean = 1 / (0.15 / (2 / 3) + 0.85 / (2 / 4))
    assert score.value == pytest.approx(mean * (1 - 0.6 * (1 / 2) ** 0.2), abs=1e-12)


def test_function_words_weigh_a_quarter(meteor_data):
    """METEOR weights function words by 0.25 and content words by 0.75."""
    score = metrics.meteor(["on man x"], [["on man y"]], tokenize="none")
    share = (0.25 + 0.75) / (0.25 + 2 * 0.75)
    assert score.value == pytest.approx(share * (1 - 0.6 * (1 / 2) ** 0.2), abs=1e-12)


@pytest.mark.parametrize(
    ("hypothesis", "reference", "weight"),
    [("playing", "plays", 0.6), ("bike", "bicycle", 0.8), ("man", "guy", 0.6)],
)
def test_stages_have_their_weights(meteor_data, hypothesis, reference, weight):
    """METEOR weights stem matches by 0.6, synonyms by 0.8 and paraphrases by 0.6."""
    score = metrics.meteor([f"{hypothesis} x"], [[f"{reference} y"]], tokenize="none")
    assert score.value == pytest.approx(weight / 2 * (1 - 0.6), abs=1e-12)


def test_the_separator_of_meteor_is_removed_from_hypotheses():
    """In hypotheses, `|||` is removed and double spaces become one, as in the COCO code."""
    corpus = make_corpus(["the ||| dog"], [["a ||| dog", "a  dog"]], tokenize="none")
    assert texts_of(corpus) == ["the dog", "a ||| dog", "a  dog"]


def test_equal_sentences_score_1(meteor_data):
    """METEOR of two equal sentences is 1."""
    assert metrics.meteor(["the man rides"], [["a b", "the man rides"]]).value == 1


@pytest.mark.parametrize(("hypothesis", "reference"), [("x", "y z"), ("", "a dog"), ("x", "")])
def test_sentences_without_a_match_score_0(meteor_data, hypothesis, reference):
    """METEOR of sentences without a match is 0."""
    assert metrics.meteor([hypothesis], [[reference]]).value == 0


def test_the_corpus_score_is_that_of_the_summed_statistics(meteor_data):
    """METEOR of a corpus is computed from the summed statistics of all sentences."""
    score = metrics.meteor(["man rides", "x y"], [["man rides"], ["z w"]], tokenize="none")
    assert score.table[:, 0].tolist() == [1, 0]
    assert score.value == pytest.approx(0.5)


@pytest.mark.parametrize("tokenize", ["ptb", "13a", "none"])
def test_a_lone_surrogate_is_scored(meteor_data, tokenize):
    """METEOR scores sentences with a lone surrogate, which UTF-8 cannot encode."""
    score = metrics.meteor(["the \ud83d dog"], [["the dog"]], tokenize=tokenize)
    assert score.value > 0.3


def test_sentences_of_10000_words_are_scored(meteor_data):
    """METEOR scores sentences of 10,000 words."""
    long = " ".join(f"w{number % 97}" for number in range(10_000))
    score = metrics.meteor([long, long, "w1 w2"], [[long], ["w1 w2 w3"], [long]], tokenize="none")
    assert score.table[0, 0] == 1
    assert (score.table[1:, 0] > 0).all()
    assert (score.table[1:, 0] < 0.01).all()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=12))
def test_equal_sentences_align_as_the_search_does(words):
    """The shortcut for equal sentences finds the same matches and chunks as the full search."""
    matcher = Matcher([words], None, None)
    pair = matcher.sentences * 2
    matches, chunks = resolve(matcher.candidates(*pair))
    expected = [make_match(position, 1, position, 1, stage=0) for position in range(len(words))]
    assert (sorted(matches), chunks) == (expected, 1)
    assert align(matcher, *pair) == (expected, 1)


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_collection_is_paused_and_restored(enabled):
    """`garbage_collection_paused` turns garbage collection off and restores it at the end."""
    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with garbage_collection_paused():
            assert not gc.isenabled()
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_missing_tables_raise(monkeypatch):
    """The error for METEOR's missing tables states the command that installs them."""
    monkeypatch.setattr(meteor_tables, "find_spec", lambda _: None)
    with pytest.raises(MissingPackageError, match=r"pip install -e '\.\[meteor\]'"):
        metrics.meteor(["a"], [["a"]])


def test_exact_stem_needs_no_tables_and_has_its_own_name(monkeypatch):
    """METEOR limited to exact and stem matches has a name of its own and needs no tables."""
    monkeypatch.setattr(meteor_tables, "find_spec", lambda _: None)
    score = metrics.meteor(["two men riding"], [["two men rode", "men ride"]], stages="exact_stem")
    assert score.names == ("meteor_exact_stem",)
    assert 0 < score.value < 1


def test_signature_states_version_and_stages(meteor_data):
    """The signature of METEOR states version, language, task, stages and counts."""
    assert metrics.meteor(["a"], [["a"]]).signature == (
        "meteor|version:1.5|language:en|task:rank|normalized|stages:all|tokenize:ptb|refs:1|n:1"
    )


@pytest.mark.slow
def test_meteor_equals_the_jar(samples):
    """METEOR scores with the real tables equal those of the Java program to 1e-12."""
    pytest.importorskip("pycocoevalcap")
    score = metrics.meteor(samples["hypotheses"], samples["references"])
    expected = samples["scores"]["meteor"]
    assert score.value == pytest.approx(expected["corpus"], abs=1e-12)
    assert score.table[:, 0] == pytest.approx(expected["sentences"], abs=1e-12)
