"""The interface of a search."""

import pytest

from lrcn_seq.search import Search


class FirstWords(Search):
    """A search without texts."""

    def __call__(self, *inputs, **options):
        """Return no hypotheses."""
        return inputs, options


def test_a_search_without_texts_needs_no_vocabulary():
    """By default, `encode_texts` does not call the function that encodes texts."""
    FirstWords().encode_texts(lambda text: pytest.fail(f"{text!r} was encoded"))


def test_hypotheses_keep_their_order():
    """By default, a search does not rerank hypotheses."""
    hypotheses = object()
    assert FirstWords().rerank(hypotheses) is hypotheses
    assert not FirstWords.reranks
