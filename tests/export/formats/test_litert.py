"""LiteRT artifacts."""

import keras
import pytest

import lrcn_seq
from tests.export.isolation import run_script

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="a format that TensorFlow writes"
)
REFUSED = ("tensorflow", "jax")


def test_a_classifier_of_short_clips(export, activity_run, clips):
    """Without TensorFlow, `run.py` prints the label; clips are padded to a fixed length."""
    pytest.importorskip("ai_edge_litert")
    made = export(activity_run, format="litert", inputs=[str(path) for path in clips])
    assert made.artifact["inputs"][0]["shape"] == [1, 10, 32, 32, 3]
    best = [one.labels[0] for one in lrcn_seq.load(activity_run).predict([*map(str, clips)])]
    assert run_script(made.folder, clips, refused=REFUSED) == [
        f"{path}\t{label.label}\t{label.probability:.4f}"
        for path, label in zip(clips, best, strict=True)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("quantize", [None, "int8"])
def test_a_captioner_with_a_beam_search(export, smoke_run, photos, quantize):
    """The beam search runs in LiteRT; weights of 8 bits make the file smaller."""
    pytest.importorskip("ai_edge_litert")
    made = export(smoke_run, format="litert", batch=2, quantize=quantize)
    assert made.artifact["inputs"][0]["shape"] == [2, 32, 32, 3]
    assert made.artifact["quantize"] == quantize
    found = lrcn_seq.load(smoke_run).predict([*map(str, photos)])
    lines = run_script(made.folder, photos, refused=REFUSED)
    assert len(lines) == len(photos)
    if quantize is None:
        assert [line.partition("\t")[2] for line in lines] == [
            one.captions[0].text for one in found
        ]
