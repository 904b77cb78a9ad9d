"""Export of runs: the content of artifacts, and errors that leave nothing."""

import errno

import keras
import pytest

import lrcn_seq
from lrcn_seq.errors import DataError, MissingPackageError, RunError, UsageError
from lrcn_seq.export import export_run, exporter, real_inputs
from lrcn_seq.export.formats import formats
from lrcn_seq.export.formats.base import Format
from tests.export.isolation import run_script

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="formats that TensorFlow writes"
)


def best_captions(run, photos):
    """Return the best caption of each image, as the run writes it."""
    found = lrcn_seq.load(run).predict([str(photo) for photo in photos])
    return [prediction.captions[0].text for prediction in found]


def test_an_artifact_describes_its_model(exported, smoke_run):
    """`artifact.json` has the inputs, outputs, words, search and scores of the run."""
    artifact, task = exported.artifact, lrcn_seq.load(smoke_run)
    limit, size = task.settings.data.words_limit, len(task.output_names)
    assert artifact["task"] == "captioning"
    assert artifact["inputs"] == [{"name": "inputs", "shape": [None, 32, 32, 3], "dtype": "uint8"}]
    assert {one["name"]: (one["shape"], one["dtype"]) for one in artifact["outputs"]} == {
        "words": ([None, 3, limit + 1], "int32"),
        "scores": ([None, 3], "float32"),
        "log_probabilities": ([None, 3], "float32"),
    }
    assert artifact["vocabulary"] == list(task.output_names)
    assert len(artifact["vocabulary"]) == size
    assert (artifact["search"]["type"], artifact["search"]["beams"]) == ("beam", 3)
    assert artifact["scores"]["split"] == "test"
    assert artifact["scores"]["metrics"]["cider"] >= 0
    assert artifact["versions"]["tensorflow"]


def test_an_artifact_states_its_verification_and_speed(exported):
    """The comparison with the run and the speed beside it are part of the artifact."""
    found = exported.artifact["verification"]
    assert (found["files"], found["equal"], found["equal_best"]) == (8, 8, 8)
    assert 0 <= found["largest_difference"] < 1e-4
    assert [row["batch"] for row in exported.artifact["speed"]] == [1, 16]
    assert all(row["run"]["per_second"] > 0 for row in exported.artifact["speed"])


def test_the_script_of_a_savedmodel_captions_files(exported, smoke_run, photos):
    """Without this library and Keras, `run.py` prints the captions of `predict`."""
    expected = best_captions(smoke_run, photos)
    lines = run_script(exported.folder, photos)
    assert lines == [f"{p}\t{text}" for p, text in zip(photos, expected, strict=True)]
    assert run_script(exported.folder, photos[:1]) == expected[:1]


def test_a_savedmodel_reads_encoded_images(exported, smoke_run, photos):
    """The signature `from_bytes` has the captions of all beams as texts, for encoded images."""
    import tensorflow as tf

    assert exported.artifact["signatures"] == ["from_bytes", "serving_default"]
    assert exported.artifact["from_bytes"] == {"files": 8, "equal_best": 8}
    model = tf.saved_model.load(str(exported.folder / "saved_model"))
    images = tf.constant([photo.read_bytes() for photo in photos])
    texts = model.signatures["from_bytes"](images=images)["text"].numpy()
    found = lrcn_seq.load(smoke_run).predict([str(photo) for photo in photos], best=3)
    assert texts.shape == (3, 3)
    assert [row[0].decode() for row in texts] == [one.captions[0].text for one in found]


def test_the_search_can_be_replaced(export, smoke_run, photos):
    """The beams of the call replace those of the run, and given files verify the artifact."""
    made = export(smoke_run, beams=2, inputs=[str(photo) for photo in photos])
    assert made.artifact["search"]["beams"] == 2
    assert made.artifact["verification"]["files"] == 3
    shapes = {one["name"]: one["shape"] for one in made.artifact["outputs"]}
    assert shapes["scores"] == [None, 2]


def test_an_existing_folder_is_kept(exported, smoke_run, tmp_path):
    """The output folder must be new; nothing in it is changed."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(UsageError, match=r"--output: expected a new folder. Received: .*mine"):
        export_run(smoke_run, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quantize": "int8"}, "--quantize: expected a format with quantized weights"),
        ({"format": "stablehlo"}, "expected Keras on jax. Received: tensorflow"),
        ({"format": "savedmodl"}, "Did you mean 'savedmodel'"),
        ({"inputs": ["missing.jpg"]}, "--inputs: expected images or videos. Received: missing.jpg"),
        ({"search": {"type": "sampling"}, "format": "litert"}, "without random numbers"),
        ({"search": {"type": "minimum_bayes_risk"}}, "reranks captions outside the model"),
    ],
)
def test_a_wrong_call_is_refused(smoke_run, tmp_path, options, message):
    """Options that do not fit the run or the format are refused before anything is written."""
    with pytest.raises(UsageError, match=message):
        export_run(smoke_run, tmp_path / "out", **options)
    assert not list(tmp_path.iterdir())


def test_beams_are_refused_for_classes(activity_run, tmp_path):
    """A run that classifies has no beams."""
    with pytest.raises(UsageError, match=r"the task classifies.*beams=3"):
        export_run(activity_run, tmp_path / "out", beams=3)


def test_missing_data_are_an_error(smoke_run, tmp_path, monkeypatch):
    """Without the data of the run, files must be given to verify the artifact."""

    def missing(run, source):
        raise DataError("mine: expected the data of the run. Received: no table.csv.")

    monkeypatch.setattr(real_inputs, "check_source", missing)
    with pytest.raises(DataError, match=r"expected its data.*no table.csv. Or name.*--inputs"):
        export_run(smoke_run, tmp_path / "out")
    assert not list(tmp_path.iterdir())


class Broken(Format):
    """A format that raises an exception."""

    file_name, runtime, load, call = "model.broken", "import math", "MODEL = math.inf", "    return"
    error: Exception

    def write(self, function, path, artifact):
        raise self.error


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device; nothing was"),
        (ValueError("no kernel for Bitcast"), "write the model. Received: no kernel"),
    ],
)
def test_a_failed_export_leaves_nothing(smoke_run, tmp_path, monkeypatch, error, message):
    """A full disk and a network that cannot be converted leave neither folder nor files."""
    monkeypatch.setattr(Broken, "error", error, raising=False)
    formats.add("broken", Broken)
    try:
        with pytest.raises(RunError, match=message):
            export_run(smoke_run, tmp_path / "out", format="broken")
    finally:
        formats._parts.pop("broken")
    assert not list(tmp_path.iterdir())


def test_a_differing_model_leaves_nothing(smoke_run, tmp_path, monkeypatch):
    """A model whose captions differ from those of the run is not handed over."""
    compose = exporter.compose_script

    def with_other_words(artifact, format):
        return compose({**artifact, "words_limit": 1}, format).replace(
            'ARTIFACT["words_limit"]', "1"
        )

    monkeypatch.setattr(exporter, "compose_script", with_other_words)
    with pytest.raises(RunError, match=r"expected the answer of the run, '.*Received from the exp"):
        export_run(smoke_run, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_named(smoke_run, tmp_path, monkeypatch):
    """If the package of a format is not installed, the message names the extra."""
    monkeypatch.setattr(exporter, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"The format onnx needs the package.*\[export\]"):
        export_run(smoke_run, tmp_path / "out", format="onnx")
