"""Matches between the words of two sentences."""

from lrcn_seq.metrics.alignment.alignment_search import resolve
from lrcn_seq.metrics.alignment.matching import EXACT, PARAPHRASE, STEM, SYNONYM, Matcher
from lrcn_seq.metrics.alignment.meteor_tables import open_tables
from lrcn_seq.metrics.alignment.paraphrases import open_paraphrases


def matches(hypothesis, reference, folder=None):
    """Return the matches of two sentences as tuples (start, end, first, last, stage)."""
    tables = open_tables(folder / "meteor-1.5.jar") if folder else None
    paraphrases = open_paraphrases(folder / "data" / "paraphrase-en.gz") if folder else None
    matcher = Matcher([hypothesis.split(), reference.split()], tables, paraphrases)
    candidates = matcher.candidates(*matcher.sentences)
    return [
        (match.start, match.end, match.first, match.last, match.stage)
        for row in candidates
        for match in row
    ]


def test_equal_words_match_at_all_positions():
    """A word of the reference matches each of its occurrences in the hypothesis."""
    assert matches("a b a", "b a") == [
        (0, 1, 1, 2, EXACT),
        (1, 2, 0, 1, EXACT),
        (1, 2, 2, 3, EXACT),
    ]


def test_words_of_one_stem_match():
    """Matches of equal stems are listed after matches of equal words."""
    assert matches("rides ride", "ride") == [(0, 1, 1, 2, EXACT), (0, 1, 0, 1, STEM)]


def test_matches_of_one_stage_are_in_the_order_of_the_hypothesis():
    """Stem matches of a word are in the order of the hypothesis words."""
    stems = matches("rides x riding y ride", "rode ride")[1:]
    assert [first for _, _, first, _, _ in stems] == [0, 2]


def test_synonyms_match_by_their_base_form(meteor_data):
    """Words match as synonyms if their base forms have a common synonym set."""
    assert matches("dogs", "hound", meteor_data) == [(0, 1, 0, 1, SYNONYM)]


def test_a_stem_may_also_be_a_synonym(meteor_data):
    """Two words may match twice: by their stems and as synonyms."""
    assert matches("dogs", "dog", meteor_data) == [(0, 1, 0, 1, STEM), (0, 1, 0, 1, SYNONYM)]


def test_paraphrases_match_in_both_directions(meteor_data):
    """Paraphrases match in both directions, and twice if the table contains both directions."""
    expected = [(0, 3, 0, 1, PARAPHRASE)] * 2
    assert matches("upon", "on top of", meteor_data) == expected
    assert matches("guy", "man", meteor_data) == [(0, 1, 0, 1, PARAPHRASE)]
    assert matches("man", "guy", meteor_data) == [(0, 1, 0, 1, PARAPHRASE)]


def test_paraphrases_of_a_word_match_in_table_order(meteor_data):
    """Paraphrases of a word match in the order of the table."""
    assert matches("guy the", "a", meteor_data) == [
        (0, 1, 1, 2, PARAPHRASE),
        (0, 1, 0, 1, PARAPHRASE),
    ]


def test_all_four_stages_form_an_alignment(meteor_data):
    """Matches of all four stages can form one chunk of an alignment."""
    texts = [text.split() for text in ("the dogs rode upon guy", "a hound rides on top of man")]
    matcher = Matcher(
        texts,
        open_tables(meteor_data / "meteor-1.5.jar"),
        open_paraphrases(meteor_data / "data" / "paraphrase-en.gz"),
    )
    alignment, chunks = resolve(matcher.candidates(*matcher.sentences))
    assert [(m.start, m.end, m.first, m.last, m.stage) for m in sorted(alignment)] == [
        (0, 1, 0, 1, PARAPHRASE),
        (1, 2, 1, 2, SYNONYM),
        (2, 3, 2, 3, SYNONYM),
        (3, 6, 3, 4, PARAPHRASE),
        (6, 7, 4, 5, PARAPHRASE),
    ]
    assert chunks == 1
