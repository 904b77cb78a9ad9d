"""The verbs classify and describe on files: GIFs, broken files, outputs that go on, frame by frame."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

import lrcn_seq
from lrcn_seq.data.sources.moving_shapes import Film


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Two GIFs and a file that is none."""
    folder = tmp_path_factory.mktemp("videos")
    for number in range(2):
        first, *following = [
            Image.fromarray(frame) for frame in Film(0, "test", number, 32, 3).draw()
        ]
        first.save(
            folder / f"clip{number}.gif", save_all=True, append_images=following, duration=100
        )
    (folder / "none.avi").write_text("no video")
    return folder


def test_classify_prints_labels_and_names_what_cannot_be_read(lrcn, activity_run, videos):
    """The rest is done, and the exit code is 1."""
    done = lrcn("classify", activity_run, videos, "--top", 2, "--json")
    found = json.loads(done.out)
    assert done.code == 1
    assert len(found["classes"]) == 4
    assert [len(row.get("labels", ())) for row in found["results"]] == [2, 2, 0]
    assert "expected a video" in found["results"][2]["error"]
    assert "none.avi: expected a video" in done.err


def test_per_frame_gives_every_frame_and_its_time(lrcn, activity_run, videos):
    """Their mean is the answer for the clip."""
    (row,) = json.loads(
        lrcn("classify", activity_run, videos / "clip0.gif", "--per-frame", "--json").out
    )["results"]
    frames = np.array(row["frames"])
    np.testing.assert_allclose(frames.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.diff(row["times"]), 0.1, atol=1e-3)
    assert row["labels"][0]["probability"] == pytest.approx(frames.mean(axis=0).max(), abs=1e-6)


def test_per_frame_output_is_the_same_line_and_goes_on(lrcn, activity_run, videos, tmp_path):
    """What was cut off by a crash is done again, what was done is not; a broken file leaves no half line."""
    output = tmp_path / "out.jsonl"
    assert lrcn("classify", activity_run, videos, "--per-frame", "--output", output).code == 1
    whole = output.read_bytes()
    rows = [json.loads(line) for line in whole.splitlines()]
    (row,) = json.loads(
        lrcn("classify", activity_run, videos / "clip0.gif", "--per-frame", "--json").out
    )["results"]
    assert rows[0] == row
    assert [set(one) for one in rows] == [{"file", "frames", "times", "labels"}] * 2 + [
        {"file", "error"}
    ]
    output.write_bytes(whole[: len(whole.splitlines(keepends=True)[0]) + 40])
    lrcn("classify", activity_run, videos, "--per-frame", "--output", output)
    assert output.read_bytes() == whole


def test_describe_prints_sentences_and_windows(lrcn, description_run, videos):
    """The windows cover the clip."""
    plain = json.loads(
        lrcn("describe", description_run, videos / "clip0.gif", "--best", 2, "--json").out
    )["results"][0]
    assert len({caption["text"] for caption in plain["captions"]}) == 2
    cut = json.loads(
        lrcn("describe", description_run, videos / "clip0.gif", "--window", 0.3, "--json").out
    )["results"][0]["windows"]
    assert [window["start"] for window in cut] == pytest.approx(
        [0.3 * number for number in range(len(cut))]
    )
    assert all(window["captions"][0]["text"] for window in cut)
    text = lrcn("describe", description_run, videos / "clip0.gif", "--window", 0.3).out
    assert text.startswith("0:00.0–0:00.3\t")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["describe", "ACTIVITY", "x.gif"],
            "expected a run of the task description. Received: a run of activity; use `lrcn classify`",
        ),
        (
            ["classify", "DESCRIPTION", "x.gif"],
            "expected a run of the task activity. Received: a run of description; use `lrcn describe`",
        ),
        (
            ["caption", "DESCRIPTION", "x.gif"],
            "expected a run of the task captioning. Received: a run of description; use `lrcn describe`",
        ),
        (
            ["describe", "DESCRIPTION", "x.gif", "--window", "0"],
            "argument --window: expected a number of seconds above 0. Received: '0'",
        ),
        (
            ["classify", "ACTIVITY", "x.gif", "--top", "0"],
            "argument --top: expected a whole number above 0. Received: '0'",
        ),
        (
            ["evaluate", "ACTIVITY", "--retrieval"],
            "--retrieval: expected a run that writes sentences",
        ),
        (["evaluate", "ACTIVITY", "DESCRIPTION"], "expected a run of the same task"),
    ],
)
def test_wrong_calls(lrcn, activity_run, description_run, arguments, sentence):
    """One sentence, exit code 2."""
    folders = {"ACTIVITY": activity_run, "DESCRIPTION": description_run}
    done = lrcn(*(folders.get(argument, argument) for argument in arguments))
    assert done.code == 2
    assert sentence in done.err


def test_the_library_says_what_the_verb_says(lrcn, activity_run, videos):
    """`load` and `predict`."""
    row = json.loads(lrcn("classify", activity_run, videos / "clip1.gif", "--json").out)["results"][
        0
    ]
    (found,) = lrcn_seq.load(activity_run).predict([videos / "clip1.gif"])
    assert [label._asdict() for label in found.labels] == row["labels"]


def test_evaluate_prints_the_scores_of_a_classifier(lrcn, activity_run, tmp_path):
    """Each with its signature, and how sure the accuracy is."""
    shutil.copytree(activity_run, tmp_path / "run")
    done = lrcn("evaluate", tmp_path / "run", "--split", "dev")
    assert done.code == 0
    assert done.out.startswith("top_1 ")
    assert "8 samples of dev; top_1 lies between" in done.out
