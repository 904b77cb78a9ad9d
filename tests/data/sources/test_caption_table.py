"""User-defined tables of captions."""

from pathlib import Path

import pytest

from lrcn_seq.data.sources import registry
from lrcn_seq.errors import ConfigError, DataError


def build(path: Path, content: str, **more):
    path.write_text(content)
    return registry.build({"type": "caption_table", "table": str(path), **more})


def test_a_table_without_splits_is_split_by_hash(tmp_path):
    """Without a split column, samples are divided into three splits by hash."""
    rows = "".join(f"{number}.jpg,An image.\n" for number in range(50))
    source = build(tmp_path / "t.csv", f"image,caption\n{rows}", dev=0.3, test=0.3)
    assert {sample.split for sample in source} == {"train", "dev", "test"}


def test_a_split_column_has_priority(tmp_path):
    """A split column takes precedence over the configured shares."""
    source = build(
        tmp_path / "t.csv",
        "image,caption,split\na.jpg,One.,train\nb.jpg,Two.,val\n",
        dev=0.0,
        test=0.9,
    )
    assert [sample.split for sample in source] == ["train", "dev"]


def test_groups_stay_together(tmp_path):
    """All images of a group are in one split."""
    rows = "".join(f"{number}.jpg,An image.,g{number % 10}\n" for number in range(50))
    source = build(tmp_path / "t.csv", f"image,caption,group\n{rows}", dev=0.3, test=0.3)
    assert len({(sample.group, sample.split) for sample in source}) == 10
    assert len({sample.split for sample in source}) > 1


def test_columns_can_be_configured(tmp_path):
    """Configured column names replace the usual column names."""
    source = build(
        tmp_path / "t.csv",
        "where,what,part,clip\na.jpg,One.,test,7\n",
        media="where",
        text="what",
        split="part",
        group="clip",
    )
    assert source[0].id == "a.jpg"
    assert source[0].captions == ("One.",)
    assert (source[0].split, source[0].group) == ("test", "7")


def test_captions_are_required(tmp_path):
    """A table without a text column is refused."""
    with pytest.raises(
        DataError,
        match=r"expected a column with the text, named text or caption or captions or sentence or "
        r"sentences. Received: columns image, words",
    ):
        build(tmp_path / "t.csv", "image,words\na.jpg,One\n")


def test_an_empty_table_is_refused(tmp_path):
    """An empty table of captions raises an error that says what the table must contain."""
    with pytest.raises(
        DataError, match=r"expected a table of media and text with at least one row. Received: none"
    ):
        build(tmp_path / "t.csv", "image,caption\n")


def test_all_problems_of_the_config_are_reported_before_reading():
    """All problems of the arguments are reported before the table is read."""
    with pytest.raises(ConfigError) as caught:
        registry.build({"type": "caption_table", "table": 3, "dev": 1.5, "colour": "red"})
    assert len(caught.value.problems) == 3
