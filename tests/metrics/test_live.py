"""Comparisons with pycocoevalcap and its Java programs on the shared data; long, so only with `-m "java"`."""

import csv
import importlib.util
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from lrcn_seq import metrics
from lrcn_seq.metrics.ptb import tokenize

pytestmark = [pytest.mark.java, pytest.mark.slow]


@pytest.fixture(scope="module")
def maker():
    """`make_samples.py` as a module; skips where its needs are missing."""
    pytest.importorskip("pycocoevalcap")
    if shutil.which("java") is None:
        pytest.skip("java is not installed")
    spec = importlib.util.spec_from_file_location(
        "make_samples", Path(__file__).parent / "make_samples.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def strings(value) -> list[str]:
    """All sentences in a JSON value."""
    if isinstance(value, str):
        return [value] if " " in value else []
    return [
        text
        for part in (
            value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        )
        for text in strings(part)
    ]


def captions(shared: Path) -> list[str]:
    """Every caption of the shared data."""
    found = [
        row["caption"]
        for row in json.loads((shared / "coco/annotations/captions_val2017.json").read_text())[
            "annotations"
        ]
    ]
    with (shared / "flickr8k/captions.txt").open(newline="") as file:
        found += [row["caption"] for row in csv.DictReader(file)]
    for path in [shared / "msvd/training_label.json", *sorted((shared / "tacos").glob("*.json"))]:
        found += strings(json.loads(path.read_text()))
    return [text.replace("\n", " ") for text in found]


def test_all_captions_of_the_shared_data_are_tokenized_as_by_java(shared, maker):
    """Not one of more than 100,000 captions is tokenized differently."""
    lines = captions(shared)
    assert len(lines) > 100_000
    assert (
        sum(
            mine.split(" ") != (theirs or [""])
            for mine, theirs in zip(tokenize(lines), maker.java_tokens(lines), strict=True)
        )
        == 0
    )


def test_generated_hard_text_differs_only_where_a_tag_is_left_open_or_a_sigma_is_final_for_one_of_both(
    maker,
):
    """Of 20,000 generated lines without a tag with an open quote (Java then reads on over line ends) and without a capital sigma before a digit or a hyphen."""
    generator = maker.random.Random(99)
    lines = [
        line
        for line in (maker.hard_line(generator) for _ in range(20000))
        if '="' not in line and not re.search("Σ[0-9-]", line)
    ]
    found = [
        a
        for a, mine, theirs in zip(lines, tokenize(lines), maker.java_tokens(lines), strict=True)
        if mine != " ".join(theirs)
    ]
    assert found == []


def test_the_oracles_are_met_from_raw_text(shared):
    """Corpus and sentence scores of the stored oracles, METEOR included."""
    pytest.importorskip("pycocoevalcap")
    names = {
        "bleu_1": "Bleu_1",
        "bleu_2": "Bleu_2",
        "bleu_3": "Bleu_3",
        "bleu_4": "Bleu_4",
        "rouge_l": "ROUGE_L",
        "cider": "CIDEr",
        "meteor": "METEOR",
    }
    for path in sorted((shared / "oracles").glob("*.json")):
        oracle = json.loads(path.read_text())
        hypotheses = {row["image_id"]: row["hypothesis"] for row in oracle["items"]}
        report = metrics.score(
            hypotheses,
            {row["image_id"]: row["references"] for row in oracle["items"]},
            ("bleu", "rouge_l", "cider", "meteor"),
        )
        for ours, theirs in names.items():
            assert abs(report.values[ours] - oracle["corpus"][theirs]) < 1e-12
            assert np.allclose(
                [report.sentences[str(row["image_id"])][ours] for row in oracle["items"]],
                [row["scores"][theirs] for row in oracle["items"]],
                rtol=0,
                atol=1e-12,
            )
