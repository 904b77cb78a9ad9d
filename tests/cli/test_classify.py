"""The command `lrcn classify` on GIFs: whole videos and frame by frame."""

import json

import numpy as np
import pytest

import lrcn_seq

CLASSES = ["left left", "left right", "right left", "right right"]


@pytest.fixture(scope="module")
def task(activity_run):
    """Return the activity recognition task of the run."""
    return lrcn_seq.load(activity_run)


@pytest.fixture
def classify(lrcn, activity_run, task, monkeypatch):
    """Return a function that calls `lrcn classify RUN ...`."""
    monkeypatch.setitem(vars(lrcn_seq), "load", lambda folder: task)
    return lambda *arguments: lrcn("classify", activity_run, *arguments)


def test_labels_are_those_of_the_library(classify, videos, task):
    """JSON output has the class names and the `--top` most probable labels of each video."""
    (prediction,) = task.predict([videos / "clip1.gif"])
    found = json.loads(classify(videos / "clip1.gif", "--top", 2, "--json").out)
    assert found["classes"] == CLASSES
    (row,) = found["results"]
    assert row["labels"] == [
        {"label": label.label, "probability": label.probability} for label in prediction.labels[:2]
    ]
    assert row["labels"][0]["probability"] > row["labels"][1]["probability"]


def test_printed_labels_have_their_probability(classify, videos):
    """Each printed line has a file name, a label and the probability of the label."""
    lines = classify(videos / "clip0.gif", videos / "clip1.gif", "--top", 1).out.splitlines()
    fields = [line.split("\t") for line in lines]
    assert [row[0] for row in fields] == [str(videos / "clip0.gif"), str(videos / "clip1.gif")]
    assert all(label in CLASSES and 0.25 <= float(share) <= 1 for _, label, share in fields)


def test_broken_video_does_not_stop_the_others(classify, videos):
    """A broken video is reported, the others are classified, and the exit code is 1."""
    result = classify(videos, "--json")
    assert result.code == 1
    assert ["error" in row for row in json.loads(result.out)["results"]] == [False, False, True]
    assert result.err.startswith(f"lrcn classify: {videos / 'none.avi'}: expected a video")


def test_json_per_frame_has_distributions_and_times(classify, videos):
    """In JSON, the mean of the frames' class distributions is the prediction of the video."""
    result = classify(videos / "clip0.gif", "--per-frame", "--json")
    (row,) = json.loads(result.out)["results"]
    frames = np.array(row["frames"])
    assert frames.shape == (len(row["times"]), len(CLASSES))
    np.testing.assert_allclose(frames.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.diff(row["times"]), 0.1, atol=1e-3)
    best = frames.mean(axis=0)
    assert row["labels"][0]["label"] == CLASSES[best.argmax()]
    assert row["labels"][0]["probability"] == pytest.approx(best.max(), abs=1e-6)


def test_printed_frames_come_before_the_labels(classify, videos):
    """The frames, each on a line with time, class and probability, precede the video's labels."""
    (row,) = json.loads(classify(videos / "clip0.gif", "--per-frame", "--json").out)["results"]
    lines = classify(videos / "clip0.gif", "--per-frame", "--top", 1).out.splitlines()
    assert len(lines) == len(row["times"]) + 1
    for line, seconds, distribution in zip(lines, row["times"], row["frames"], strict=False):
        best = int(np.argmax(distribution))
        assert line == f"{seconds:.3f}\t{CLASSES[best]}\t{distribution[best]:.4f}"


def test_output_per_frame_has_the_rows_of_json(classify, videos, tmp_path):
    """The output file has the same entries as `--json`, including the error of a broken video."""
    output = tmp_path / "o.jsonl"
    assert classify(videos, "--per-frame", "--output", output).code == 1
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert rows == json.loads(classify(videos, "--per-frame", "--json").out)["results"]
    assert [set(row) for row in rows] == [{"file", "frames", "times", "labels"}] * 2 + [
        {"file", "error"}
    ]


def test_output_per_frame_continues_after_a_crash(classify, videos, tmp_path):
    """After a crash, a repeated call completes the output file."""
    output = tmp_path / "o.jsonl"
    classify(videos, "--per-frame", "--output", output)
    complete = output.read_bytes()
    first = complete.splitlines(keepends=True)[0]
    output.write_bytes(complete[: len(first) + 40])
    classify(videos, "--per-frame", "--output", output)
    assert output.read_bytes() == complete


def test_output_per_frame_is_written_while_frames_are_computed(
    classify, videos, tmp_path, task, monkeypatch
):
    """Each frame is written when it is computed, and an interrupt removes the unfinished line."""
    output, sizes = tmp_path / "o.jsonl", []

    def interrupted(file, progress):
        for number in range(3):
            yield np.array([0.1 * number]), np.full((1, 4), 0.25), np.full((1, 4), 0.25)
            sizes.append(output.stat().st_size)
        raise KeyboardInterrupt

    monkeypatch.setattr(task, "stream_frames", interrupted)
    result = classify(videos / "clip0.gif", "--per-frame", "--output", output)
    assert result.code == 130
    assert 0 < sizes[0] < sizes[1] < sizes[2]
    assert output.read_bytes() == b""
