"""All caption metrics compared with stored scores of the COCO evaluation code."""

import json

import numpy as np
import pytest

from lrcn_seq import metrics

NAMES = {
    "bleu_1": "Bleu_1",
    "bleu_2": "Bleu_2",
    "bleu_3": "Bleu_3",
    "bleu_4": "Bleu_4",
    "rouge_l": "ROUGE_L",
    "cider": "CIDEr",
    "meteor": "METEOR",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fakecap_val2014_in_val2017", "human_leave_one_out_500"])
def test_scores_from_raw_text_equal_the_oracle(shared, name):
    """The scores of all metrics for raw text equal those of the COCO evaluation code to 1e-12."""
    pytest.importorskip("pycocoevalcap")
    oracle = json.loads((shared / "oracles" / f"pycocoevalcap_{name}.json").read_text())
    report = metrics.score(
        {row["image_id"]: row["hypothesis"] for row in oracle["items"]},
        {row["image_id"]: row["references"] for row in oracle["items"]},
        ("bleu", "rouge_l", "cider", "meteor"),
    )
    for ours, theirs in NAMES.items():
        assert abs(report.values[ours] - oracle["corpus"][theirs]) < 1e-12
        sentences = [report.sentences[str(row["image_id"])][ours] for row in oracle["items"]]
        expected = [row["scores"][theirs] for row in oracle["items"]]
        assert np.allclose(sentences, expected, rtol=0, atol=1e-12)
