"""The output of `lrcn demo` for a run that was trained beforehand."""

import json

import pytest

from lrcn_seq.cli import demo as verb

FIGURES = {"count": 300, "exact": 0.98, "bleu_4": 0.9957, "shuffled_bleu_4": 0.188}


@pytest.fixture
def demo(lrcn, smoke_run, monkeypatch, tmp_path):
    """Return a function that calls `lrcn demo`, which uses a run that was trained beforehand."""
    from lrcn_seq.demos import DEMOS, runner

    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "demo").symlink_to(smoke_run)
    monkeypatch.setattr(runner, "run_demo", lambda demo: FIGURES)
    target = tmp_path / "samples"
    write_samples = runner.write_samples
    monkeypatch.setattr(runner, "write_samples", lambda demo, folder: write_samples(demo, target))
    assert str(DEMOS["captioning"].folder) == "runs/demo"
    return lambda *arguments: lrcn("demo", *arguments)


def test_figures_are_printed_with_their_meaning(demo):
    """The demo prints shares in percent and scores with three decimals."""
    result = demo()
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0] == "Training captioning on built-in data, into runs/demo"
    assert lines[2:7] == [
        "On samples whose pair of color and shape is not in the training data:",
        "     300  samples",
        "   98.0%  of the captions are right in every attribute",
        "   0.996  BLEU-4",
        "   0.188  BLEU-4 when each image gets the features of another image",
    ]


def test_samples_are_captioned_as_by_the_verb(demo, lrcn, tmp_path):
    """The demo prints the captions of its samples in the format of `lrcn caption`."""
    lines = demo().out.splitlines()
    results = json.loads(lrcn("caption", "runs/demo", tmp_path / "samples", "--json").out)
    expected = [f"{row['file']}\t{row['captions'][0]['text']}" for row in results["results"]]
    assert len(expected) == 6
    assert lines[8:14] == expected


def test_report_and_next_call_are_named(demo):
    """The demo prints the path of the report and a command to try next."""
    assert demo("--task", "captioning").out.splitlines()[-2:] == [
        "Report: runs/demo/report.html",
        "Next:   lrcn caption runs/demo runs/demo/pictures/*.png --best 3",
    ]


def test_all_runs_every_demo_once(lrcn, monkeypatch):
    """`--task all` runs every demo once and returns the highest exit code."""
    from lrcn_seq.demos import DEMOS

    tasks = []
    monkeypatch.setattr(
        verb, "show_demo", lambda task: tasks.append(task) or int(task == "activity")
    )
    assert lrcn("demo", "--task", "all").code == 1
    assert tasks == ["captioning", "activity", "description"] == list(DEMOS)


def test_unknown_task_is_refused(lrcn):
    """`lrcn demo` refuses an unknown task."""
    result = lrcn("demo", "--task", "captions")
    assert result.code == 2
    assert "invalid choice: 'captions'" in result.err
