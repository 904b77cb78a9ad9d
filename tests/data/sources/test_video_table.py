"""User-defined tables of videos with labels or captions."""

import pytest

from lrcn_seq.data.sources import registry
from lrcn_seq.errors import DataError


def build(path, content: str, **more):
    path.write_text(content)
    return registry.build({"type": "video_table", "table": str(path), **more})


def test_a_table_of_labels(tmp_path):
    """Samples of a table of labels have a label and no captions."""
    (sample,) = build(tmp_path / "t.csv", "video,label,split\na.mp4,jump,test\n")
    assert (sample.label, sample.captions, sample.split) == ("jump", (), "test")
    assert sample.media == str(tmp_path / "a.mp4")


def test_a_table_of_captions(tmp_path):
    """Samples of a table of captions have captions and no label."""
    (sample,) = build(tmp_path / "t.csv", "video,caption\na.mp4,One.\na.mp4,Two.\n")
    assert (sample.label, sample.captions) == (None, ("One.", "Two."))


def test_a_table_of_labels_and_captions(tmp_path):
    """Samples of a table may have a label, captions and a group."""
    (sample,) = build(tmp_path / "t.csv", "file,class,text,group\na.mp4,3,One.,g\n")
    assert (sample.label, sample.captions, sample.group) == ("3", ("One.",), "g")


def test_columns_can_be_configured(tmp_path):
    """Configured column names replace the usual column names."""
    names = {"media": "m", "text": "t", "label": "l", "split": "s", "group": "g"}
    (sample,) = build(tmp_path / "t.csv", "m,t,l,s,g\na.mp4,One.,jump,dev,7\n", **names)
    assert (sample.id, sample.captions, sample.label) == ("a.mp4", ("One.",), "jump")
    assert (sample.split, sample.group) == ("dev", "7")


def test_a_table_without_splits_is_split_by_the_hash_of_groups(tmp_path):
    """Without a split column, all clips of a group are in one split."""
    rows = "".join(f"{number}.mp4,a,g{number % 10}\n" for number in range(50))
    source = build(tmp_path / "t.csv", f"video,label,group\n{rows}", dev=0.3, test=0.3)
    assert len({(sample.group, sample.split) for sample in source}) == 10
    assert len({sample.split for sample in source}) > 1


def test_folds_test_every_group_once(tmp_path):
    """Over all folds, each clip is in the test split once."""
    rows = "".join(f"{number}.mp4,{'ab'[number % 2]},g{number // 3}\n" for number in range(30))
    tested = []
    for fold in range(3):
        source = build(tmp_path / "t.csv", f"video,label,group\n{rows}", folds=3, fold=fold)
        tested += [source[position].id for position in source.split("test")]
        assert len({(sample.group, sample.split) for sample in source}) == 10
    assert sorted(tested) == sorted(f"{number}.mp4" for number in range(30))


def test_folds_replace_the_split_column(tmp_path):
    """Folds replace the split column of a table."""
    rows = "".join(f"{number}.mp4,a,train\n" for number in range(9))
    source = build(tmp_path / "t.csv", f"video,label,split\n{rows}", folds=3)
    assert [len(source.split(name)) for name in ("train", "dev", "test")] == [3, 3, 3]


def test_labels_or_captions_are_required(tmp_path):
    """A table with neither labels nor captions raises a DataError."""
    with pytest.raises(
        DataError, match=r"expected a column with labels or sentences. Received: neither"
    ):
        build(tmp_path / "t.csv", "video,rating\na.mp4,5\n")


def test_the_real_index(shared):
    """The real index of fight clips gives 120 samples of two classes."""
    source = registry.build(
        {"type": "video_table", "table": str(shared / "surveillance_fights/index.csv"), "folds": 5}
    )
    assert len(source) == 120
    assert {sample.label for sample in source} == {"fight", "noFight"}
