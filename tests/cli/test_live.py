"""Live video from the command line: answers, their counts, errors and the end."""

import io
import json
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

import lrcn_seq
from lrcn_seq.cli import _live
from lrcn_seq.cli._live import live_answers
from lrcn_seq.data.live.live_buffer import LiveBuffer
from lrcn_seq.data.live.live_reader import LiveReader
from lrcn_seq.data.live.live_source import live_source
from lrcn_seq.data.media import MediaReader
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Label, LabelPrediction, Preprocessing
from tests.live_streams import fifo, raw_frames

SIZE = Preprocessing(16, 20)


class MeanGray:
    """A task that answers with the number of frames of a window and its mean gray value."""

    name, verb, settings = "activity", "classify", None

    def __init__(self, error: str | None = None):
        self.error = error
        self.media = SimpleNamespace(reads_pixels=True, frame_size=SIZE, pixels_limit=10**6)

    def readers(self):
        return (self,)

    def predict(self, media, *, top, on_error):
        (window,) = media
        if self.error:
            return [LabelPrediction("0", error=self.error)]
        pixels = window.frames(SIZE)
        labels = (Label(f"{len(pixels)} frames", pixels.mean() / 255), Label("other", 0.0))
        return [LabelPrediction("0", labels[:top])]


@pytest.fixture
def task() -> MeanGray:
    """Return the task that the commands load."""
    return MeanGray()


@pytest.fixture
def classify(lrcn, tmp_path, task, monkeypatch):
    """Return a function that calls `lrcn classify RUN --live ...` without a network."""
    monkeypatch.setitem(vars(lrcn_seq), "load", lambda folder: task)
    monkeypatch.setattr(_live, "import_keras", lambda: None)
    monkeypatch.setattr("lrcn_seq.runs.folder.check_trained", lambda folder: None)
    monkeypatch.setattr("lrcn_seq.runs.unfinished_training.note_unfinished", lambda folder: None)
    return lambda *arguments: lrcn("classify", tmp_path, "--live", *arguments)


def test_the_end_of_a_pipe_gives_an_answer_for_its_newest_frames(classify, tmp_path):
    """The last answer is about the frames of the last window, and the exit code is 0."""
    frames = raw_frames(10)
    with fifo(tmp_path, [frames.tobytes()]) as path:
        options = ("--raw", "32x24@2", "--window", 2, "--every", 1000, "--json", "--top", 1)
        result = classify(path, *options)
    assert result.code == 0
    (row,) = map(json.loads, result.out.splitlines())
    expected = MediaReader("clips", SIZE).frames(frames[-4:]).mean() / 255
    assert row["labels"] == [{"label": "4 frames", "probability": pytest.approx(expected)}]
    assert (row["file"], row["start"], row["end"]) == (path, 3.0, 4.5)
    assert (row["frames"], row["dropped"]) == (10, 6)
    assert row["latency"] >= 0
    assert "1 answers; 10 frames, 6 dropped; latency: median" in result.err


def test_a_printed_answer_is_one_line(classify, tmp_path):
    """A line has the time, the labels with their probabilities, the latency and the counts."""
    with fifo(tmp_path, [raw_frames(3).tobytes()]) as path:
        result = classify(path, "--raw", "32x24@2", "--every", 1000)
    (line,) = result.out.splitlines()
    clock, first, second, latency, frames, dropped = line.split("\t")
    assert [len(part) for part in clock.split(":")] == [2, 2, 2]
    assert (first[:9], second) == ("3 frames ", "other 0.0000")
    assert latency.startswith("latency ")
    assert (frames, dropped) == ("frames 3", "dropped 0")


def test_output_has_one_line_per_answer(classify, tmp_path):
    """`--output` appends the objects of `--json`, also to those of an earlier call."""
    output = tmp_path / "o.jsonl"
    for _ in range(2):
        with fifo(tmp_path, [raw_frames(3).tobytes()]) as path:
            classify(path, "--raw", "32x24@2", "--every", 1000, "--output", output)
        (tmp_path / "fifo").unlink()
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [(row["file"], row["frames"]) for row in rows] == [(path, 3)] * 2


def test_a_slow_prediction_drops_frames_and_answers_about_the_newest(tmp_path):
    """At twice the speed that predictions keep, each window is new and frames are dropped.

    A window has 4 frames, and 8 frames arrive during each prediction after the first 40 frames,
    from which FFmpeg finds the format.
    """
    frames = raw_frames(120)
    more = threading.Semaphore(40)

    def chunks():
        for frame in frames:
            more.acquire()
            yield frame.tobytes()

    buffer = LiveBuffer("pipe", [SIZE], 2.0)
    windows = []

    def predict(window):
        windows.append([frame.number for frame in window.kept])
        seen, deadline = buffer.received, time.monotonic() + 5
        more.release(8)
        while buffer.received < min(seen + 8, 120) and time.monotonic() < deadline:
            time.sleep(0.005)
        return LabelPrediction("0")

    with fifo(tmp_path, chunks()) as path, LiveReader(live_source(path, "32x24@2"), buffer):
        answers = list(live_answers(buffer, predict, 0.001))
    assert len(windows) >= 5
    assert windows[-1] == [117, 118, 119, 120]
    seen = {number for window in windows for number in window}
    assert buffer.received == 120
    assert buffer.dropped == 120 - len(seen) > 0
    assert all(len(window) <= 4 for window in windows)
    newest = [answer.window.end for answer in answers]
    assert newest == sorted(set(newest))


def test_answers_equal_those_of_the_command_for_files(activity_run, lrcn, tmp_path, monkeypatch):
    """A window with all frames of a clip gives the probabilities of `predict` for its array."""
    task = lrcn_seq.load(activity_run)
    monkeypatch.setitem(vars(lrcn_seq), "load", lambda folder: task)
    frames = raw_frames(12)
    (expected,) = task.predict([frames])
    with fifo(tmp_path, [frames.tobytes()]) as path:
        options = ("--raw", "32x24@25", "--every", 1000, "--window", 100, "--json")
        result = lrcn("classify", activity_run, "--live", path, *options)
    (row,) = map(json.loads, result.out.splitlines())
    assert [(x["label"], x["probability"]) for x in row["labels"]] == [
        (label.label, pytest.approx(label.probability, abs=1e-6)) for label in expected.labels
    ]


def test_windows_without_an_answer_fail(classify, tmp_path, task):
    """If no window gives an answer, the error is printed and the exit code is 1."""
    task.error = "expected more frames."
    with fifo(tmp_path, [raw_frames(3).tobytes()]) as path:
        result = classify(path, "--raw", "32x24@2", "--every", 1000)
    assert (result.code, result.out) == (1, "")
    assert f"lrcn classify: {path}: expected more frames." in result.err


def test_a_pipe_without_video_is_one_sentence(classify, tmp_path):
    """Data that is no video gives one sentence and exit code 1."""
    with fifo(tmp_path, [b"hello\n" * 100]) as path:
        result = classify(path)
    assert (result.code, result.out) == (1, "")
    assert len(result.err.splitlines()) == 1
    assert result.err.startswith(f"lrcn classify: {path}: expected a stream of video")


def test_an_interrupt_prints_the_summary(classify, tmp_path, task, monkeypatch):
    """An interrupt ends with the usual sentence, after the summary."""

    def interrupted(media, **_):
        raise KeyboardInterrupt

    monkeypatch.setattr(task, "predict", interrupted)
    with fifo(tmp_path, [raw_frames(3).tobytes()]) as path:
        result = classify(path, "--raw", "32x24@2", "--every", 1000)
    assert result.code == 130
    assert [line.partition(";")[0] for line in result.err.splitlines()] == [
        "0 answers",
        "lrcn classify: interrupted",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["clip.mp4"], "Received: also clip.mp4"),
        (["--per-frame"], "--per-frame: expected files"),
        (["--explain", "x"], "--explain: expected files"),
        (["--raw", "wide"], "--raw: expected WIDTHxHEIGHT@FPS"),
    ],
)
def test_options_for_files_are_refused(classify, monkeypatch, arguments, message):
    """Files and options that apply to files are errors of the call."""
    monkeypatch.setattr("sys.stdin", io.StringIO())
    result = classify("-", *arguments)
    assert result.code == 2
    assert message in result.err


@pytest.mark.parametrize("option", [["--every", 1], ["--raw", "6x4@5"], ["--window", 2]])
def test_options_for_live_video_need_a_source(lrcn, tmp_path, option):
    """Options for live video without `--live` are errors of the call."""
    result = lrcn("classify", tmp_path, "clip.mp4", *option)
    assert result.code == 2
    assert f"{option[0]}: expected --live SOURCE as well" in result.err


def test_a_failure_of_the_source_is_raised_after_the_last_answer():
    """Frames before a failure are answered, then the error is raised."""
    buffer = LiveBuffer("camera", [SIZE], 1.0)
    buffer.add(0.0, 0.0, {SIZE: np.zeros((16, 20, 3), np.uint8)})
    buffer.finish(MediaError("camera", "unplugged."))
    answers = live_answers(buffer, lambda window: LabelPrediction("0"), 1.0)
    assert next(answers).window.received == 1
    with pytest.raises(MediaError, match="unplugged"):
        next(answers)
