"""The labels of metrics in the report."""

import pytest

from lrcn_seq.report.metric_labels import metric_label


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("bleu_4", "BLEU-4"),
        ("cider", "CIDEr"),
        ("rouge_l", "ROUGE-L"),
        ("top_1", "top-1 accuracy"),
        ("log_loss", "log loss"),
        ("a<b_c", "a&lt;b c"),
        ("bleu_<", "BLEU-&lt;"),
    ],
)
def test_label_is_that_of_the_field(name, label):
    """Known metrics have their usual labels; other names are escaped and lose underscores."""
    assert metric_label(name) == label
