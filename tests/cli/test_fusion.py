"""Commands with several runs that predict together, and with a run that ranks captions again."""

import argparse
import json
import shutil

import pytest

import lrcn_seq
from lrcn_seq.cli._fusion import (
    RESCORE_WEIGHT,
    add_fusion,
    check_fusion,
    load_predictor,
    rescore_options,
    run_names,
)
from lrcn_seq.errors import UsageError


def parse(*arguments: str, rescoring: bool = True) -> argparse.Namespace:
    """Parse the options of a prediction verb for the run A."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_fusion(parser, rescoring=rescoring)
    return argparse.Namespace(run="A", **vars(parser.parse_args(arguments)))


def test_runs_are_those_of_all_options():
    """The runs are the first one, those of `--fuse`, and that of `--rescore`."""
    assert run_names(parse()) == ["A"]
    assert run_names(parse("--fuse", "B", "--rescore", "R", "--fuse", "C")) == ["A", "B", "C", "R"]
    assert run_names(argparse.Namespace(run="A")) == ["A"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--weights", ".5,.5"], "--weights: expected --fuse RUN as well. Received: one run"),
        (["--average", "probabilities"], "--average: expected --fuse RUN as well"),
        (["--fuse", "B", "--weights", "1"], "one weight per run.*--weights=1.0 for 2 runs"),
        (["--fuse", "B", "--weights", "1,-1"], "none negative and not all 0"),
        (["--rescore-weight", ".3"], "--rescore-weight: expected --rescore RUN as well"),
    ],
)
def test_options_that_need_further_runs_are_refused(options, message):
    """Options that do not fit the number of runs are refused before a run is read."""
    with pytest.raises(UsageError, match=message):
        check_fusion(parse(*options))


def test_fitting_options_are_accepted():
    """Weights for all runs, and options without further runs, raise no error."""
    check_fusion(parse())
    check_fusion(parse("--fuse", "B", "--fuse", "C", "--weights", ".5,.3,.2"))
    check_fusion(argparse.Namespace(run="A"))


@pytest.mark.parametrize("text", ["-0.1", "1.1", "nan", "x"])
def test_the_weight_of_rescoring_is_a_share(text):
    """The weight of a rescorer is a number from 0 to 1."""
    with pytest.raises(argparse.ArgumentError, match="expected a number from 0 to 1"):
        parse("--rescore", "R", "--rescore-weight", text)


def test_rescoring_has_a_default_weight():
    """Without `--rescore-weight`, both scores have the same weight; a weight of 0 is kept."""
    assert rescore_options(vars(parse())) == {}
    default = rescore_options(vars(parse("--rescore", "R")))
    assert default == {"rescore": "R", "rescore_weight": RESCORE_WEIGHT}
    none = rescore_options(vars(parse("--rescore", "R", "--rescore-weight", "0")))
    assert none["rescore_weight"] == 0


def test_options_are_passed_to_the_library(monkeypatch):
    """Several runs are loaded by `load_ensemble`, a single run by `load`."""
    calls = []
    monkeypatch.setitem(vars(lrcn_seq), "load", calls.append)
    monkeypatch.setitem(
        vars(lrcn_seq), "load_ensemble", lambda *runs, **options: calls.append((*runs, options))
    )
    load_predictor(["a"], parse())
    options = ["--fuse", "B", "--weights", "1,2", "--average", "probabilities", "--rescore", "R"]
    load_predictor(["a", "b", "r"], parse(*options))
    expected = {
        "weights": [1.0, 2.0],
        "average": "probabilities",
        "rescore": "r",
        "rescore_weight": 0.5,
    }
    assert calls == ["a", (["a", "b"], expected)]


def read(result) -> list[dict]:
    """Return the entry `results` of the JSON that a call with `--json` printed."""
    assert result.code == 0, result.err
    return json.loads(result.out)["results"]


@pytest.mark.parametrize("verb", ["caption", "predict"])
def test_images_are_captioned_together(lrcn, smoke_run, images, verb):
    """The commands print the captions of an ensemble, which a rescorer ranks again."""
    options = ["--fuse", smoke_run, "--weights", "1,3", "--rescore", smoke_run]
    rows = read(lrcn(verb, smoke_run, images, *options, "--json"))
    ensemble = lrcn_seq.load_ensemble([smoke_run] * 2, weights=[1, 3], rescore=smoke_run)
    expected = ensemble.predict([row["file"] for row in rows])
    assert len(rows) == 3
    for row, prediction in zip(rows, expected, strict=True):
        (caption,) = row["captions"]
        assert caption["text"] == prediction.captions[0].text
        assert caption["score"] == pytest.approx(prediction.captions[0].score, rel=1e-4)


def test_videos_are_described_together(lrcn, description_run, videos):
    """`describe` captions videos and their windows with several runs and a rescorer."""
    clip = videos / "clip0.gif"
    (alone,) = read(lrcn("describe", description_run, clip, "--window", 0.3, "--json"))
    options = ["--fuse", description_run, "--rescore", description_run, "--rescore-weight", 0]
    (row,) = read(lrcn("describe", description_run, clip, *options, "--window", 0.3, "--json"))
    for window, expected in zip(row["windows"], alone["windows"], strict=True):
        assert (window["start"], window["end"]) == (expected["start"], expected["end"])
        assert window["captions"][0]["text"] == expected["captions"][0]["text"]
    (row,) = read(lrcn("describe", description_run, clip, *options, "--json"))
    (alone,) = read(lrcn("describe", description_run, clip, "--json"))
    assert row["captions"][0]["text"] == alone["captions"][0]["text"]


def test_videos_are_classified_together(lrcn, activity_run, videos):
    """`classify` averages the probabilities of several runs, of videos and of frames."""
    call = ["classify", activity_run, videos / "clip0.gif", "--json", "--per-frame"]
    (alone,) = read(lrcn(*call))
    for average in ("probabilities", "log_probabilities"):
        (row,) = read(lrcn(*call, "--fuse", activity_run, "--average", average))
        assert row["times"] == alone["times"]
        assert row["frames"] == [pytest.approx(frame, abs=1e-6) for frame in alone["frames"]]
        assert row["labels"][0]["label"] == alone["labels"][0]["label"]


def test_runs_that_do_not_fit_are_refused(lrcn, smoke_run, activity_run, images, tmp_path):
    """Runs of other tasks or vocabularies, and folders without a run, are refused."""
    other = shutil.copytree(smoke_run, tmp_path / "other")
    text = (other / "tokenizer.json").read_text()
    (other / "tokenizer.json").write_text(text.replace("triangle", "trigon"))
    for options, code, message in (
        (["--fuse", activity_run], 2, "expected a run of the same task over the same words"),
        (["--fuse", other], 2, f"{other}: expected a run of the same task over the same words"),
        (["--fuse", tmp_path / "none"], 1, f"{tmp_path / 'none'}: expected a run"),
        (["--rescore", activity_run], 2, "rescore: expected two runs of one task that writes"),
        (["--rescore", other, "search.type=greedy"], 2, "rescore: expected a search that finds"),
        (["--fuse", smoke_run, "--average", "median"], 2, "--average: invalid choice: 'median'"),
    ):
        result = lrcn("caption", smoke_run, images, *options)
        assert (result.code, result.out) == (code, ""), result.err
        assert message in result.err
    result = lrcn("classify", activity_run, images, "--rescore", activity_run)
    assert (result.code, "--rescore" in result.err) == (2, True)


def test_a_run_with_other_words_may_rescore(lrcn, smoke_run, images, tmp_path):
    """The run of `--rescore` may have another vocabulary."""
    other = shutil.copytree(smoke_run, tmp_path / "other")
    text = (other / "tokenizer.json").read_text()
    (other / "tokenizer.json").write_text(text.replace("triangle", "trigon"))
    rows = read(lrcn("caption", smoke_run, images, "--rescore", other, "--best", 2, "--json"))
    assert [len(row["captions"]) for row in rows] == [2, 2, 2]
