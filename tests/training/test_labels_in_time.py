"""Labels in time: a table of parts of videos, a class for every frame, from training to predictions."""

import json

import numpy as np
import pytest
from lrcn_seq.training.feeds import classes_in_time
from PIL import Image

from lrcn_seq import config
from lrcn_seq.errors import ConfigError, DataError
from lrcn_seq.records import Moment, Sample
from lrcn_seq.registry import sources
from lrcn_seq.training import train

SMOKE = "configs/smoke/activity.yaml"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Ten GIFs of ten frames at 10 a second, dark and then bright or the other way round; the fourth frame has no label."""
    folder = tmp_path_factory.mktemp("moments")
    rows = ["video,start,end,label,split"]
    for number in range(10):
        grays = [40] * 5 + [220] * 5
        grays = grays if number % 2 else grays[::-1]
        first, *following = [
            Image.new("RGB", (16, 16), (gray + frame, gray, gray))
            for frame, gray in enumerate(grays)
        ]
        first.save(folder / f"{number}.gif", save_all=True, append_images=following, duration=100)
        names = ("dark", "bright") if number % 2 else ("bright", "dark")
        split = "train" if number < 6 else "dev" if number < 8 else "test"
        rows += [
            f"{number}.gif,0,0.3,{names[0]},{split}",
            f"{number}.gif,0.4,0.5,{names[0]},{split}",
            f"{number}.gif,0.5,1.0,{names[1]},{split}",
        ]
    path = folder / "moments.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def overrides(table, *more):
    small = [
        "encoder={type: tiny_cnn, size: 16, filters: 4, blocks: 1, output: pooled}",
        "training.epochs=12",
        "training.batch_size=3",
        "training.optimizer.learning_rate=0.02",
    ]
    return [f"data.source={{type: video_table, table: {table}}}", *small, *more]


def test_the_class_of_a_time_is_that_of_its_moment():
    """The end is not in it; of two the later row counts; outside there is none."""
    sample = Sample("x", "x", "x", "train", moments=(Moment(0.5, 1.0, "b"), Moment(0.9, 2.0, "a")))
    assert classes_in_time(
        sample, np.array([0.0, 0.5, 0.89, 0.9, 1.99, 2.0]), ("a", "b")
    ).tolist() == [-1, 1, 1, 0, 0, -1]


def test_a_table_of_parts_is_one_sample_a_video(table):
    """With its moments in the order of the rows."""
    found = sources.build({"type": "video_table", "table": str(table)})
    assert len(found) == 10
    assert found[1].moments == (
        Moment(0.0, 0.3, "dark"),
        Moment(0.4, 0.5, "dark"),
        Moment(0.5, 1.0, "bright"),
    )
    assert found[1].label is None


@pytest.mark.parametrize(
    "row", ["a.gif,1,0.5,x,train", "a.gif,now,2,x,train", "a.gif,-1,2,x,train"]
)
def test_a_part_without_length_is_refused(row, tmp_path):
    """With its row."""
    (tmp_path / "t.csv").write_text(f"video,start,end,label,split\n{row}\n")
    with pytest.raises(DataError, match="row 1: expected a label with its start and a later end"):
        sources.build({"type": "video_table", "table": str(tmp_path / "t.csv")})


def test_every_frame_learns_its_class(table, tmp_path):
    """What is so easy is right at nearly every labeled frame, also where clips overlap; frames without a label count nowhere."""
    sliding = "data.sampling={type: sliding, length: 6, stride: 2}"
    run = train(config.read(SMOKE, overrides(table, sliding)), tmp_path / "run")
    rows = [json.loads(line) for line in (run / "predictions.jsonl").read_text().splitlines()]
    assert [len(row["labels"]) for row in rows] == [10, 10]
    assert rows[0]["truth"] == ["bright"] * 3 + [None] + ["bright"] + ["dark"] * 5
    right = [
        label == truth
        for row in rows
        for label, truth in zip(row["labels"], row["truth"], strict=True)
        if truth
    ]
    scores = json.loads((run / "scores.json").read_text())
    assert scores["count"] == len(right) == 18
    assert scores["metrics"]["top_1"] == pytest.approx(np.mean(right))
    assert np.mean(right) > 0.8
    assert (run / "report.html").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            "decoder={type: lstm_frames, units: 4, output: last}",
            "decoder: the data have labels in time",
        ),
        (
            "training.loss.class_weight=balanced",
            r"training\.loss\.class_weight: the data have labels in time",
        ),
    ],
)
def test_what_has_no_answer_in_time_is_refused(table, tmp_path, change, sentence):
    """Before training, and nothing is left."""
    with pytest.raises(ConfigError, match=sentence):
        train(config.read(SMOKE, overrides(table, change)), tmp_path / "run")
    assert not (tmp_path / "run").exists()
