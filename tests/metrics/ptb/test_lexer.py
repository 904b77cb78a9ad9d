"""The lexer of the Penn Treebank tokenizer."""

import pytest

from lrcn_seq.metrics.ptb.lexer import representative_text, tex_quotes, tokens


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("the dog 's bone.", ["the", "dog", "'s", "bone", "."]),
        ("don’t", ["do", "n't"]),
        ("AT&amp;T", ["at&t"]),
        ("(a) {b}", ["-lrb-", "a", "-rrb-", "-lcb-", "b", "-rcb-"]),
        ("“so”", ["``", "so", "''"]),
        ("5¢ or £3", ["5", "cents", "or", "#", "3"]),
        ("1½", ["1", "1/2"]),
        ("a -- b —", ["a", "--", "b", "--"]),
        ("well.... no", ["well", "...", "no"]),
        ("soft\u00adly", ["softly"]),
        ("3 1/2", ["3\u00a01/2"]),
        ("(800) 555-1212", ["-lrb-800-rrb-\u00a0555-1212"]),
        ("cannot gonna 'tis", ["can", "not", "gon", "na", "'t", "is"]),
        ("see http://a.b/c.", ["see", "http://a.b/c", "."]),
    ],
)
def test_tokens_keep_punctuation_and_change_the_text_as_the_java_program(line, expected):
    """The tokens of special text equal those of the Java program."""
    assert tokens(line) == expected


def test_an_initial_keeps_its_full_stop_unless_a_sentence_follows():
    """A letter at the end of a line keeps its period unless the next line begins a sentence."""
    assert tokens("building A.", "The dog")[-2:] == ["a", "."]
    assert tokens("building A.", "my dog")[-1] == "a."


def test_other_characters_are_replaced_by_representatives():
    """Non-ASCII letters and spaces become a representative of their class; emoji become U+0001."""
    assert representative_text("é\u2009x😀") == "ª\u2000x\x01"


def test_quotes_are_converted_to_tex():
    """Typographic quotes and HTML entities are converted to TeX quotes."""
    assert tex_quotes("“a” ‘b’ &quot;") == "``a'' `b' ''"
