"""The command `lrcn predict`, compared with the command of each task."""

import json

import pytest

import lrcn_seq


@pytest.fixture(scope="module")
def tasks(smoke_run, activity_run, description_run):
    """Return the run folder and the loaded task for each command, such as `caption`."""
    folders = {"caption": smoke_run, "classify": activity_run, "describe": description_run}
    return {verb: (folder, lrcn_seq.load(folder)) for verb, folder in folders.items()}


@pytest.fixture
def call(lrcn, tasks, monkeypatch):
    """Return a function that runs a command on the run of a task."""

    def call(verb, task_verb, *arguments):
        folder, task = tasks[task_verb]
        monkeypatch.setitem(vars(lrcn_seq), "load", lambda path: task)
        return lrcn(verb, folder, *arguments)

    return call


@pytest.mark.parametrize("verb", ["caption", "classify", "describe"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_results_are_those_of_the_special_verb(call, images, videos, verb, options):
    """`lrcn predict` prints the same results and errors as the command of the task."""
    media = images if verb == "caption" else videos
    general = call("predict", verb, media, media / "absent", *options)
    special = call(verb, verb, media, media / "absent", *options)
    assert general.code == special.code == 1
    assert general.out == special.out != ""
    assert general.err == special.err.replace(f"lrcn {verb}:", "lrcn predict:") != ""


def test_json_of_a_classifier_has_its_classes(call, videos):
    """JSON output of a classifier has the class names before the results."""
    found = json.loads(call("predict", "classify", videos / "clip0.gif", "--json").out)
    assert list(found) == ["classes", "results"]
    assert found["classes"] == ["left left", "left right", "right left", "right right"]
    assert [len(row["labels"]) for row in found["results"]] == [4]
