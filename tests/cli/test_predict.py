"""`lrcn predict` on runs of every task: the same results as the special verbs."""

import json

import pytest

import lrcn_seq


@pytest.fixture(scope="module")
def tasks(smoke_run, activity_run, description_run):
    """The runs by the verb of their task, loaded once."""
    folders = {"caption": smoke_run, "classify": activity_run, "describe": description_run}
    return {verb: (folder, lrcn_seq.load(folder)) for verb, folder in folders.items()}


@pytest.mark.parametrize("verb", ["caption", "classify", "describe"])
def test_results_are_those_of_the_special_verb(lrcn, monkeypatch, tasks, images, videos, verb):
    """As text and as JSON, with an unreadable file among them."""
    folder, task = tasks[verb]
    monkeypatch.setitem(vars(lrcn_seq), "load", lambda path: task)
    media = images if verb == "caption" else videos
    for options in ([], ["--json"]):
        general = lrcn("predict", folder, media, media / "absent", *options)
        special = lrcn(verb, folder, media, media / "absent", *options)
        assert general.code == special.code == 1
        assert general.out == special.out != ""
        assert general.err == special.err.replace(f"lrcn {verb}:", "lrcn predict:")


def test_json_of_a_classifier_has_its_classes(lrcn, monkeypatch, tasks, videos):
    """Before the results."""
    folder, task = tasks["classify"]
    monkeypatch.setitem(vars(lrcn_seq), "load", lambda path: task)
    result = json.loads(lrcn("predict", folder, videos / "clip0.gif", "--json").out)
    assert list(result) == ["classes", "results"]
    assert result["classes"] == ["left left", "left right", "right left", "right right"]
    assert [len(row["labels"]) for row in result["results"]] == [4]
