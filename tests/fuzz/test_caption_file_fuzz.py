"""Damaged and hostile files of hypotheses, references and document frequencies."""

import json

import pytest

from lrcn_seq.metrics import document_frequencies, score
from lrcn_seq.metrics.scoring.caption_files import read_hypotheses, read_references
from lrcn_seq.metrics.statistics.document_frequencies import load_frequencies
from tests.fuzz.mutants import check_reader, mutants

pytestmark = pytest.mark.slow
SENTENCES = {"1": "a dog runs", "2": "two cats sit on a mat", "3": "1/2 of the man's $3.50 pie"}
HYPOTHESES = {
    "results.json": json.dumps(
        [{"image_id": int(name), "caption": text} for name, text in SENTENCES.items()]
    ),
    "lines.jsonl": "\n".join(
        json.dumps({"id": name, "caption": text}) for name, text in SENTENCES.items()
    ),
    "lines.txt": "\n".join(SENTENCES.values()),
}
REFERENCES = {
    "coco.json": json.dumps(
        {
            "images": [{"id": int(name)} for name in SENTENCES],
            "annotations": [
                {"id": 9, "image_id": int(name), "caption": text}
                for name, text in SENTENCES.items()
            ],
        }
    ),
    "groups.json": json.dumps({name: [text, text] for name, text in SENTENCES.items()}),
    "lines.jsonl": "\n".join(
        json.dumps({"id": name, "captions": [text]}) for name, text in SENTENCES.items()
    ),
}


@pytest.mark.parametrize("name", HYPOTHESES)
def test_mutants_of_hypotheses_are_refused_or_scored(tmp_path, name):
    """Each of 80 mutants raises an LrcnError or gives hypotheses that can be scored."""
    path = tmp_path / name
    path.write_text(HYPOTHESES[name])

    def read():
        hypotheses = read_hypotheses(path)
        score(hypotheses, {key: [text] for key, text in hypotheses.items()})

    read()
    assert check_reader(read, path, mutants(path.read_bytes(), 80)) == 80


@pytest.mark.parametrize("name", REFERENCES)
def test_mutants_of_references_are_refused_or_read(tmp_path, name):
    """Each of 80 mutants raises an LrcnError or gives references that can be counted."""
    path = tmp_path / name
    path.write_text(REFERENCES[name])

    def read():
        document_frequencies(read_references([path]))

    read()
    assert check_reader(read, path, mutants(path.read_bytes(), 80)) == 80


def test_mutants_of_document_frequencies_are_refused_or_used(tmp_path):
    """Each of 200 mutants raises an LrcnError or gives document frequencies for CIDEr."""
    path = tmp_path / "frequencies.npz"
    references = {name: [text] for name, text in SENTENCES.items()}
    document_frequencies(references).save(path)

    def read():
        load_frequencies(path)
        score(SENTENCES, references, [{"type": "cider", "frequencies": str(path)}])

    read()
    assert check_reader(read, path, mutants(path.read_bytes(), 200)) == 200
