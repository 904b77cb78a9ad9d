"""The starter recipe on 60 images."""

from pathlib import Path

import pytest

from lrcn_seq import config, load
from lrcn_seq.runs.corpus import read_corpus
from lrcn_seq.runs.training_end import read_ends
from lrcn_seq.tasks import SampleReader
from lrcn_seq.training import train

RECIPE = Path(__file__).resolve().parents[2] / "configs" / "captioning" / "own_table.yaml"


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_starter_recipe_reproduces_the_captions_of_54_training_images(tmp_path):
    """At least 90 % of the training images get one of their captions; the last epoch is kept."""
    changes = [
        "data.source={type: shapes, train: 54, dev: 6, test: 6, pixels: 32}",
        f"data.store.folder={tmp_path / 'features'}",
        "encoder={type: tiny_cnn, size: 32, filters: 16, blocks: 3, output: grid}",
        "search={type: greedy}",
    ]
    run = train(config.read(RECIPE, changes), tmp_path / "run")
    task = load(run.folder)
    corpus = read_corpus(task.settings, splits=("train",))
    samples = corpus.splits["train"]
    rows = task.evaluate_samples(SampleReader(task, corpus.contents), samples).rows()
    reproduced = [row["caption"] in row["references"] for row in rows]
    assert sum(reproduced) >= 0.9 * len(samples) == 0.9 * 54
    (end,) = read_ends(run)
    assert (end.reason, end.kept_by, end.kept_epoch) == ("epochs", "last", end.planned_epochs)
