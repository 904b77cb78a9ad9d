"""METEOR: stemmer, normalizer, search and tables, with small tables made here; and the real ones where they are installed."""

import gzip
import itertools
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcn_seq import metrics
from lrcn_seq.errors import DataError, MissingPackageError
from lrcn_seq.metrics.alignment import meteor_tables as tables
from lrcn_seq.metrics.alignment import paraphrases
from lrcn_seq.metrics.alignment.alignment_search import CHUNK, WORD, make_match, resolve
from lrcn_seq.metrics.alignment.matching import Matcher
from lrcn_seq.metrics.alignment.normalizer import normalize
from lrcn_seq.metrics.alignment.stemmer import stem
from lrcn_seq.metrics.meteor import align

TABLE = "0.1\nman\nguy\n0.2\non top of\nupon\n0.3\na\nthe\n0.1\nupon\non top of\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder as pycocoevalcap has it, with a few words in each table, and a cache of its own."""
    with zipfile.ZipFile(tmp_path / "meteor-1.5.jar", "w") as jar:
        jar.writestr("function/english.words", "the\na\non\nof\n")
        jar.writestr("nonbreaking/english.prefixes", "# comment\nMr\nNo #NUMERIC_ONLY#\n")
        jar.writestr(
            "synonym/english.synsets", "dog\n1 2\nhound\n2\nman\n3\nbike\n4\nbicycle\n4\nride\n5\n"
        )
        jar.writestr("synonym/english.exceptions", "ride\nrode ridden\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "paraphrase-en.gz").write_bytes(gzip.compress(TABLE.encode()))
    monkeypatch.setitem(
        metrics.registry.get("meteor").statistics.__globals__, "meteor_folder", lambda: tmp_path
    )
    monkeypatch.setenv("LRCN_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        *[
            ("riding", "ride"),
            ("horses", "hors"),
            ("skies", "sky"),
            ("generously", "generous"),
            ("hopping", "hop"),
            ("'s", "'s"),
        ],
        *[
            ("children's", "children"),
            ("yellow", "yellow"),
            ("formalize", "formal"),
            ("rationality", "ration"),
            ("falling", "fall"),
            ("playfully", "play"),
        ],
    ],
)
def test_words_have_the_stems_of_the_english_snowball_stemmer(word, wanted):
    """Suffixes, exceptions and apostrophes."""
    assert stem(word) == wanted


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("a man 's t-shirt", "a man ' s t shirt"),
        ("it's 1,000 things, really", "it 's 1,000 things , really"),
        ("in the U.S. and", "in the us and"),
        ("Mr. X no. 5 end.", "mr. x no. 5 end ."),
        ("wait ... “now” -- go", 'wait ... " now " - go'),
    ],
)
def test_lines_are_normalized_as_by_meteor(line, wanted):
    """Dashes, contractions, commas in numbers, abbreviations, quotes and dots."""
    assert normalize(line, {"Mr": False, "no": True}) == wanted.split()


MATCHES = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(1, 2),
        st.integers(0, 4),
        st.integers(1, 2),
        st.integers(0, 3),
    ),
    max_size=7,
    unique=True,
)


@settings(max_examples=400, deadline=None)
@given(MATCHES)
def test_the_search_keeps_as_many_words_in_as_few_chunks_as_possible(rows):
    """Against all subsets of the matches in which no word is used twice."""
    found = [
        make_match(start, length, first, size, stage=stage)
        for start, length, first, size, stage in rows
    ]
    candidates = [[match for match in found if match.start == place] for place in range(6)]
    kept, chunks = resolve(candidates)

    def rank(chosen):
        ordered, count = sorted(chosen), 0
        for before, match in itertools.pairwise([None, *ordered]):
            count += before is None or before.end != match.start or before.last != match.first
        return -sum(match.gain for match in chosen) + count * CHUNK

    def free(chosen):
        return all(
            not (a.ours & b.ours or a.theirs & b.theirs)
            for a, b in itertools.combinations(chosen, 2)
        )

    sure = [
        m
        for m in found
        if all(m is o or not (m.ours & o.ours or m.theirs & o.theirs) for o in found)
    ]
    subsets = [
        chosen
        for size in range(len(found) + 1)
        for chosen in itertools.combinations(found, size)
        if free(chosen) and all(m in chosen for m in sure)
    ]
    assert free(kept)
    assert rank(kept) == min(map(rank, subsets))
    assert chunks == (rank(kept) + sum(m.gain for m in kept)) // CHUNK
    assert WORD > 1000 * CHUNK


def test_of_equal_alignments_the_first_found_is_kept_as_in_the_original():
    """A word that fits in two places of the hypothesis goes to the earlier one, whatever follows."""
    kept, _ = resolve([[make_match(0, 1, place, 1, stage=0) for place in (0, 2)], [], []])
    assert [match.first for match in kept] == [0]


def test_a_phrase_goes_on_when_one_path_is_left():
    """A match of two words and a sure one right behind it are one chunk, also when all other paths are out of the race."""
    candidates = [
        [make_match(0, 2, 0, 2, stage=0), make_match(0, 1, 0, 1, stage=0)],
        [],
        [make_match(2, 1, 2, 1, stage=0)],
        [],
    ]
    kept, chunks = resolve(candidates)
    assert (sorted(match.start for match in kept), chunks) == ([0, 2], 1)


def test_many_equal_words_are_aligned_in_no_time():
    """30 words against 30 equal ones have more alignments than atoms in the world; the beam keeps 40 paths and matches all."""
    kept, chunks = resolve(
        [[make_match(place, 1, other, 1, stage=0) for other in range(30)] for place in range(30)]
    )
    assert (len(kept), chunks) == (30, 1)


def test_all_four_stages_match(folder):
    """Equal words, one stem, synonyms by base form, and paraphrases of several words."""
    texts = [text.split() for text in ("the dogs rode upon guy", "a hound rides on top of man")]
    matcher = Matcher(
        texts,
        tables.open_tables(folder / "meteor-1.5.jar"),
        paraphrases.open_paraphrases(folder / "data" / "paraphrase-en.gz"),
    )
    kept, chunks = resolve(matcher.candidates(*matcher.sentences))
    assert [(m.start, m.end, m.first, m.last, m.stage) for m in sorted(kept)] == [
        (0, 1, 0, 1, 3),
        (1, 2, 1, 2, 2),
        (2, 3, 2, 3, 2),
        (3, 6, 3, 4, 3),
        (6, 7, 4, 5, 3),
    ]
    assert chunks == 1


def test_meteor_of_equal_sentences_is_1_and_of_nothing_in_common_0(folder):
    """Also empty sentences; the corpus score stands apart from the mean."""
    score = metrics.meteor(
        ["the man rides", "x", "", "a bike"],
        [["a b", "the man rides"], ["y z"], ["a dog"], ["the bicycle"]],
    )
    assert score.table[:, 0] == pytest.approx([1, 0, 0, score.table[3, 0]])
    assert 0 < score.table[3, 0] < 1
    assert 0 < score.value < 1
    assert score.signature.startswith(
        "meteor|version:1.5|language:en|task:rank|normalized|stages:all|tokenize:ptb"
    )


@pytest.mark.parametrize("tokenize", ["ptb", "13a", "none"])
def test_half_a_character_is_scored_as_any_other(folder, tokenize):
    """JSON may hold a lone surrogate, which UTF-8 cannot."""
    assert metrics.meteor(["the \ud83d dog"], [["the dog"]], tokenize=tokenize).value > 0.3


def test_the_formula_gives_the_value_worked_out_by_hand(folder):
    """Two of three words in one chunk: precision, recall, mean and fragmentation from the paper's equations."""
    score = metrics.meteor(["man rides x"], [["man rides y z"]], tokenize="none")
    precision, recall = 2 / 3, 2 / 4
    mean = 1 / (0.15 / precision + 0.85 / recall)
    assert score.value == pytest.approx(mean * (1 - 0.6 * (1 / 2) ** 0.2), abs=1e-12)


def brute_meteor(hypothesis, reference):
    """The score of one pair from the equations, over all ways to align equal words: most words, then fewest chunks."""
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


def alignments(theirs, ours):
    """Every list of pairs of places with equal words, none used twice, in the order of the reference."""
    if not theirs:
        yield []
        return
    (place, word), rest = theirs[0], theirs[1:]
    yield from alignments(rest, ours)
    for other in [other for other in ours if other[1] == word]:
        yield from (
            [(place, other[0]), *pairs]
            for pairs in alignments(rest, [one for one in ours if one != other])
        )


WORDS = st.lists(st.sampled_from("abcd"), max_size=5)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(WORDS, st.lists(WORDS, min_size=1, max_size=7)), min_size=1, max_size=3))
def test_meteor_equals_its_definition(rows):
    """Any sentences, empty ones included, up to seven references: the score of the best reference."""
    score = metrics.meteor(
        [" ".join(row[0]) for row in rows],
        [[" ".join(words) for words in row[1]] for row in rows],
        tokenize="none",
        stages="exact_stem",
    )
    assert score.table[:, 0] == pytest.approx(
        [max(brute_meteor(row[0], words) for words in row[1]) for row in rows], abs=1e-12
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=12))
def test_equal_sentences_are_matched_word_by_word(words):
    """The search among equal words keeps the same matches as going straight through both."""
    matcher = Matcher([words], None, None)
    kept, chunks = resolve(matcher.candidates(*matcher.sentences * 2))
    assert (
        (sorted(kept), chunks)
        == align(matcher, *matcher.sentences * 2)
        == ([make_match(place, 1, place, 1, stage=0) for place in range(len(words))], 1)
    )


def test_sentences_of_10000_words_are_scored(folder):
    """Against themselves, and against a short one."""
    long = " ".join(f"w{number % 97}" for number in range(10_000))
    score = metrics.meteor([long, long, "w1 w2"], [[long], ["w1 w2 w3"], [long]], tokenize="none")
    assert score.table[0, 0] == 1
    assert 0 < score.table[1, 0] < 0.01
    assert 0 < score.table[2, 0] < 0.01


def test_the_table_is_compiled_once_whole_or_not_at_all(folder, monkeypatch):
    """A second opening reads the cache; a compilation that fails leaves nothing behind; a damaged file is told."""
    source, cache = folder / "data" / "paraphrase-en.gz", folder / "cache"
    monkeypatch.setattr(
        paraphrases,
        "compiled_arrays",
        lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")),
    )
    with pytest.raises(DataError, match="No space left"):
        paraphrases.open_paraphrases(source)
    assert list(cache.iterdir()) == []
    monkeypatch.undo()
    monkeypatch.setenv("LRCN_CACHE", str(cache))
    paraphrases.open_paraphrases(source)
    monkeypatch.setattr(
        paraphrases, "compile_table", lambda *_, **__: pytest.fail("compiled again")
    )
    paraphrases.open_paraphrases(source)
    monkeypatch.undo()
    monkeypatch.setenv("LRCN_CACHE", str(cache))
    source.write_bytes(source.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"paraphrase-en\.gz: expected METEOR's paraphrase table"):
        paraphrases.open_paraphrases(source)


def test_phrases_are_found_as_by_looking_through_the_table(folder):
    """Every phrase of a text, by brute force over the table's text."""
    table = paraphrases.open_paraphrases(folder / "data" / "paraphrase-en.gz")
    text = ["a", "man", "on", "top", "of", "on", "top", "upon", "the"]
    numbers = table.word_ids(text)
    found = [
        (place, depth)
        for depth, (places, _) in enumerate(table.nodes(numbers, np.arange(len(text), 0, -1)), 1)
        for place in places.tolist()
    ]
    phrases = {line for line in TABLE.split("\n") if line and not line[0].isdigit()}
    prefixes = {
        " ".join(phrase.split()[:size])
        for phrase in phrases
        for size in range(1, len(phrase.split()) + 1)
    }
    assert sorted(found) == sorted(
        (place, size)
        for place in range(len(text))
        for size in range(1, 4)
        if place + size <= len(text) and " ".join(text[place : place + size]) in prefixes
    )


def test_without_the_tables_a_sentence_says_what_to_install_and_the_subset_has_another_name(
    monkeypatch,
):
    """The full metric needs the package; exact + stem does not, and does not call itself METEOR."""
    monkeypatch.setattr(tables, "find_spec", lambda _: None)
    with pytest.raises(MissingPackageError, match=r"pip install -e '\.\[meteor\]'"):
        metrics.meteor(["a"], [["a"]])
    score = metrics.meteor(["two men riding"], [["two men rode", "men ride"]], stages="exact_stem")
    assert score.names == ("meteor_exact_stem",)
    assert 0 < score.value < 1


def test_a_damaged_jar_is_told(tmp_path):
    """Not a zip."""
    (tmp_path / "meteor-1.5.jar").write_text("no")
    with pytest.raises(DataError, match=r"expected the jar of METEOR 1\.5"):
        tables.open_tables(tmp_path / "meteor-1.5.jar")


@pytest.mark.slow
def test_meteor_equals_the_jar_on_the_sample(samples):
    """With the real tables: 60 images, corpus and sentences, to 1e-12. The first time compiles the table."""
    pytest.importorskip("pycocoevalcap")
    score = metrics.meteor(samples["hypotheses"], samples["references"])
    assert score.value == pytest.approx(samples["scores"]["meteor"]["corpus"], abs=1e-12)
    assert score.table[:, 0] == pytest.approx(samples["scores"]["meteor"]["sentences"], abs=1e-12)
