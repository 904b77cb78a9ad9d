"""Files of the reference captions of a split."""

import pytest

from lrcn_seq.errors import UsageError
from lrcn_seq.metrics.scoring.caption_files import read_references
from lrcn_seq.records import Sample
from lrcn_seq.runs.references import check_references, write_references

SAMPLES = [
    Sample("1", "d/1.jpg", "1", "test", ("un café", "a dog")),
    Sample("é b", "d/é b.jpg", "2", "test", ("x",)),
]


@pytest.mark.parametrize("name", ["r.json", "r.jsonl", "r"])
def test_references_are_read_by_score(tmp_path, name):
    """`lrcn score` reads the captions of every ID, whatever the format."""
    write_references(tmp_path / name, SAMPLES, "runs/a")
    assert read_references([tmp_path / name]) == {"1": ["un café", "a dog"], "é b": ["x"]}


def test_samples_without_captions_are_refused():
    """A sample without captions raises an error that names the run."""
    check_references(SAMPLES, "runs/a")
    with pytest.raises(
        UsageError, match=r"expected samples with captions\. Received: those of runs/a"
    ):
        check_references([*SAMPLES, Sample("3", "3.jpg", "3", "test", label="cat")], "runs/a")
