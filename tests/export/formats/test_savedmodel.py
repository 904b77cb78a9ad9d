"""SavedModel artifacts of videos; that of images is tested with the exporter."""

import keras
import pytest

import lrcn_seq
from tests.export.isolation import run_script

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="a format that TensorFlow writes"
)


def test_a_classifier_of_clips_of_any_length(export, activity_run, clips):
    """Without this library, `run.py` prints the best label with its probability."""
    made = export(activity_run, inputs=[str(path) for path in clips])
    assert made.artifact["inputs"][0]["shape"] == [None, None, 32, 32, 3]
    best = [one.labels[0] for one in lrcn_seq.load(activity_run).predict([*map(str, clips)])]
    assert run_script(made.folder, clips) == [
        f"{path}\t{label.label}\t{label.probability:.4f}"
        for path, label in zip(clips, best, strict=True)
    ]


@pytest.mark.slow
def test_a_describer_with_a_random_search(export, description_run, clips):
    """A random search gives the captions of the run, since its seed depends on the pixels."""
    search = {"type": "sampling", "draws": 2}
    made = export(description_run, search=search, frames=6)
    assert [one["name"] for one in made.artifact["inputs"]] == ["inputs", "lengths", "seeds"]
    found = lrcn_seq.load(description_run).predict([*map(str, clips)], search=search)
    expected = [one.captions[0].text for one in found]
    lines = run_script(made.folder, clips)
    assert [line.partition("\t")[2] for line in lines] == expected
