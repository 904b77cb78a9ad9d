"""The command `lrcn describe` on GIFs: whole videos and windows."""

import json

import pytest

import lrcn_seq


@pytest.fixture(scope="module")
def task(description_run):
    """Return the description task of the run."""
    return lrcn_seq.load(description_run)


@pytest.fixture
def describe(lrcn, description_run, task, monkeypatch):
    """Return a function that calls `lrcn describe RUN ...`."""
    monkeypatch.setitem(vars(lrcn_seq), "load", lambda folder: task)
    return lambda *arguments: lrcn("describe", description_run, *arguments)


def rows(result) -> list[dict]:
    """Return the entry `results` of the JSON that a call with `--json` printed."""
    return json.loads(result.out)["results"]


def test_captions_of_a_video_are_those_of_the_library(describe, videos, task):
    """`lrcn describe --best 2` prints the two best distinct captions of `predict`."""
    (prediction,) = task.predict([videos / "clip0.gif"], best=2)
    (row,) = rows(describe(videos / "clip0.gif", "--best", 2, "--json"))
    assert [c["text"] for c in row["captions"]] == [c.text for c in prediction.captions]
    assert len({c["text"] for c in row["captions"]}) == 2


def test_windows_cover_the_video(describe, videos):
    """Windows follow one another without gaps, and each has a caption."""
    (row,) = rows(describe(videos / "clip0.gif", "--window", 0.3, "--json"))
    windows = row["windows"]
    assert len(windows) >= 2
    starts = [0.3 * number for number in range(len(windows))]
    assert [window["start"] for window in windows] == pytest.approx(starts)
    assert [window["end"] for window in windows[:-1]] == pytest.approx(starts[1:])
    assert all(window["captions"][0]["text"] for window in windows)


def test_printed_windows_begin_with_their_time(describe, videos):
    """Each printed window begins with its start and end in minutes and seconds."""
    result = describe(videos / "clip0.gif", "--window", 0.3)
    assert result.out.startswith("0:00.0–0:00.3\t")


def test_search_of_windows_can_be_overridden(describe, videos):
    """Search overrides apply to windows in the same way as to whole videos."""
    arguments = [videos / "clip0.gif", "--window", 0.3, "--json", "search.type=greedy"]
    (row,) = rows(describe(*arguments))
    assert [len(window["captions"]) for window in row["windows"]] == [1] * len(row["windows"])
    result = describe(*arguments, "--best", 2)
    assert (result.code, "Received: best=2" in result.err) == (2, True)


@pytest.mark.parametrize("options", [[], ["--window", "0.3"]])
def test_broken_video_does_not_stop_the_others(describe, videos, options):
    """A broken video is reported and the other videos are described, with or without windows."""
    result = describe(videos, *options, "--json")
    assert result.code == 1
    assert ["error" in row for row in rows(result)] == [False, False, True]
    assert result.err.startswith(f"lrcn describe: {videos / 'none.avi'}: ")
