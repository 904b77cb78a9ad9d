"""Tables of videos with labels or sentences."""

import pytest

from lrcn_seq.data.sources import registry
from lrcn_seq.errors import DataError


def build(path, content: str, **more):
    path.write_text(content)
    return registry.build({"type": "video_table", "table": str(path), **more})


def test_labels_sentences_or_both(tmp_path):
    """What the table has is what the sample has."""
    labels = build(tmp_path / "a.csv", "video,label,split\na.mp4,jump,test\n")
    sentences = build(tmp_path / "b.csv", "video,caption\na.mp4,One.\na.mp4,Two.\n")
    both = build(tmp_path / "c.csv", "file,class,text,group\na.mp4,3,One.,g\n")
    assert (labels[0].label, labels[0].captions, labels[0].split) == ("jump", (), "test")
    assert (sentences[0].label, sentences[0].captions) == (None, ("One.", "Two."))
    assert (both[0].label, both[0].captions, both[0].group) == ("3", ("One.",), "g")
    assert labels[0].media == str(tmp_path / "a.mp4")


def test_folds_by_group(tmp_path):
    """Each group is tested once."""
    rows = "".join(f"{number}.mp4,{'ab'[number % 2]},g{number // 3}\n" for number in range(30))
    tested = []
    for fold in range(3):
        source = build(tmp_path / "a.csv", f"video,label,group\n{rows}", folds=3, fold=fold)
        tested += [source[position].id for position in source.split("test")]
        assert not {source[p].group for p in source.split("train")} & {
            source[p].group for p in source.split("test")
        }
    assert sorted(tested) == sorted(f"{number}.mp4" for number in range(30))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            "video,rating\na.mp4,5\n",
            "expected a column with labels or sentences. Received: neither",
        ),
        ("video,label\na.mp4,\n", "row 1: expected a label under 'label'. Received: ''"),
        (
            "video,label\na.mp4,x\na.mp4,y\n",
            "expected one label for 'a.mp4'. Received: 'x' and 'y'",
        ),
        (
            "clip,label\na.mp4,x\n",
            "expected a column with the media, named media or image or video or file or path. Received: columns clip, label",
        ),
    ],
)
def test_each_wrong_table_has_its_sentence(tmp_path, content, sentence):
    """Neither label nor sentence, an empty label, two labels, no videos."""
    with pytest.raises(DataError) as caught:
        build(tmp_path / "t.csv", content)
    assert sentence in str(caught.value)


def test_the_real_index(shared):
    """Where the file names need their folder the media column is not enough: the survey will say so."""
    source = registry.build(
        {"type": "video_table", "table": str(shared / "surveillance_fights/index.csv"), "folds": 5}
    )
    assert len(source) == 120
    assert {sample.label for sample in source} == {"fight", "noFight"}
