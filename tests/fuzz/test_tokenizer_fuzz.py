"""Damaged and hostile files of tokenizers."""

import pytest

from lrcn_seq import text
from lrcn_seq.registry import tokenizers
from tests.fuzz.mutants import check_reader, mutants

pytestmark = pytest.mark.slow
SENTENCES = ["a dog runs on the grass", "two cats sit on a mat", "a man rides a horse"] * 3
SPECS = {
    "word": {"type": "word", "minimum_count": 1},
    "bpe": {"type": "bpe", "pieces": 300},
    "wordpiece": {"type": "wordpiece", "pieces": 100},
    "character": {"type": "character"},
}


@pytest.mark.parametrize("name", SPECS)
def test_mutants_of_a_tokenizer_are_refused_or_used(tmp_path, name):
    """Each of 100 mutants of a tokenizer raises an LrcnError or encodes and decodes text."""
    path = tmp_path / "tokenizer.json"
    text.save(tokenizers.build(SPECS[name]).fit(SENTENCES), path)

    def read() -> None:
        tokenizer = text.load(path)
        tokenizer.decode(tokenizer.encode(SENTENCES[0]))

    read()
    assert check_reader(read, path, mutants(path.read_bytes(), 100)) == 100
