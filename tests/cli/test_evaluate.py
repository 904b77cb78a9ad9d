"""`lrcn evaluate`: scores of real decoding, fused runs, retrieval."""

import json
import shutil

import h5py
import keras
import numpy as np
import pytest

import lrcn_seq
from lrcn_seq import metrics
from lrcn_seq.cli import evaluate
from lrcn_seq.records import SPECIAL, Batch, Clips
from lrcn_seq.registry import sources


@pytest.fixture
def run(smoke_run, tmp_path):
    """A copy of the trained run, to be written into."""
    return shutil.copytree(smoke_run, tmp_path / "run")


def test_the_scores_are_those_of_the_training_process(lrcn, run):
    """Evaluated again, the run has the sentences and scores that training ended with."""
    sentences = [
        json.loads(line)["caption"] for line in (run / "predictions.jsonl").read_text().splitlines()
    ]
    scores = json.loads((run / "scores.json").read_text())
    called = lrcn("evaluate", run, "--json")
    assert called.code == 0
    assert json.loads(called.out) == json.loads((run / "scores.json").read_text()) == scores
    assert [
        json.loads(line)["caption"] for line in (run / "predictions.jsonl").read_text().splitlines()
    ] == sentences


def test_json_is_the_object_of_score(lrcn, run):
    """Metrics, signatures and count; what this verb adds stands beside them."""
    called = lrcn("evaluate", run, "--json", "--split", "dev", "--limit", 3)
    found = json.loads(called.out)
    assert called.out.count("\n") == 1
    assert found.keys() == {"metrics", "signatures", "count", "split", "health", "limit"}
    assert (
        found["metrics"].keys()
        == found["signatures"].keys()
        == {"bleu_1", "bleu_2", "bleu_3", "bleu_4", "rouge_l", "cider"}
    )
    assert (found["count"], found["split"]) == (3, "dev")
    assert len((run / "predictions.jsonl").read_text().splitlines()) == 3
    assert "of the split dev, the first 3," in (run / "report.html").read_text()


def test_text_has_every_score_with_its_signature(lrcn, run):
    """One a line."""
    called = lrcn("evaluate", run, "--limit", 2)
    scores = json.loads((run / "scores.json").read_text())
    for name, value in scores["metrics"].items():
        assert f"\n{name:11} {value:.4f}  {scores['signatures'][name]}\n" in "\n" + called.out
    assert "2 samples of test; " in called.out


@pytest.mark.parametrize(
    ("ends", "groups", "sentence"),
    [
        ([0.25, 0.75], 30, "; top_1 lies between 0.250 and 0.750 (95 %, over 30 groups)."),
        (
            [0.25, 0.75],
            29,
            "; top_1 lies between 0.250 and 0.750 (95 %, over 29 groups: too few to believe it, 30 or more are wanted).",
        ),
        ([None, None], 1, "; they are of one group, so there is no interval."),
    ],
)
def test_an_interval_over_few_groups_is_not_to_be_believed(ends, groups, sentence):
    """Few groups resample to much the same, which makes an interval too narrow."""
    assert evaluate.beside({"intervals": {"top_1": ends}, "groups": groups}) == sentence


def test_an_accuracy_says_over_how_many_groups_it_is(lrcn, activity_run, tmp_path):
    """They are counted, not their clips."""
    run = shutil.copytree(activity_run, tmp_path / "activity")
    called = lrcn("evaluate", run)
    groups = {
        json.loads(line)["group"] for line in (run / "predictions.jsonl").read_text().splitlines()
    }
    assert json.loads((run / "scores.json").read_text())["groups"] == len(groups)
    assert f"(95 %, over {len(groups)} groups" in called.out


def test_a_run_fused_with_itself_is_itself(lrcn, run, smoke_run):
    """Whatever the weights; the first run is written into, the second is not."""
    alone = json.loads((run / "scores.json").read_text())
    before = (smoke_run / "scores.json").stat().st_mtime_ns
    called = lrcn("evaluate", run, smoke_run, "--weights", ".33,.67", "--json")
    found = json.loads(called.out)
    assert found["metrics"] == pytest.approx(alone["metrics"], abs=1e-6)
    assert found["fused"] == {"runs": [str(run), str(smoke_run)], "weights": [0.33, 0.67]}
    assert f"of the split test, with {smoke_run}," in (run / "report.html").read_text()
    assert (smoke_run / "scores.json").stat().st_mtime_ns == before


def test_weights_say_how_much_each_run_counts(lrcn, run, smoke_run, tmp_path):
    """All on one of two different runs gives that run's sentences."""
    other = shutil.copytree(smoke_run, tmp_path / "other")
    with h5py.File(other / "model.weights.h5", "r+") as file:
        file.visititems(
            lambda name, item: (
                item.write_direct(-item[()])
                if isinstance(item, h5py.Dataset) and "output_words" in name
                else None
            )
        )
    alone = []
    for folder in (run, other):
        assert lrcn("evaluate", folder).code == 0
        alone.append((folder / "predictions.jsonl").read_text())
    assert alone[0] != alone[1]
    for weights, expected in (("1,0", alone[0]), ("0,1", alone[1])):
        assert lrcn("evaluate", run, other, "--weights", weights).code == 0
        found, wanted = (
            [json.loads(line)["caption"] for line in text.splitlines()]
            for text in ((run / "predictions.jsonl").read_text(), expected)
        )
        assert found == wanted


def test_runs_of_other_words_are_not_fused(lrcn, run, smoke_run):
    """Their vocabularies must be the same."""
    envelope = (run / "tokenizer.json").read_text()
    assert "triangle" in envelope
    (run / "tokenizer.json").write_text(envelope.replace("triangle", "trigon"))
    called = lrcn("evaluate", smoke_run, run)
    assert called.code == 2
    assert (
        f"{run}: expected a run of the same task over the same words as {smoke_run}, so that they can be fused."
        in called.err
    )


def test_retrieval_both_ways(lrcn, run):
    """By log p of every sentence beside every picture, summed word by word here."""
    called = lrcn("evaluate", run, "--retrieval", "--limit", 4, "--json")
    task, owner, rows = lrcn_seq.load(run), [], []
    samples = [
        sample for sample in sources.build(task.settings.data.source) if sample.split == "test"
    ][:4]
    pictures = Clips(
        np.concatenate([task.frames(sample.media) for sample in samples]),
        np.arange(4, dtype="int32")[:, None],
    )
    for place, sample in enumerate(samples):
        for caption in sample.captions:
            words = np.array([[SPECIAL.start, *task.tokenizer.encode(caption)]] * 4, "int32")
            logits = keras.ops.convert_to_numpy(
                task(Batch(pictures, np.arange(4, dtype="int32"), words))
            ).astype(np.float64)
            likely = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
            rows.append(np.take_along_axis(likely, words[:, 1:, None], axis=-1)[..., 0].sum(axis=1))
            owner.append(place)
    expected = metrics.retrieval(
        metrics.normalized_log_probabilities(np.stack(rows, axis=1)), np.array(owner)
    )
    assert json.loads(called.out)["retrieval"] == {
        name: recall._asdict() for name, recall in expected._asdict().items()
    }


def test_several_runs_do_not_rank(lrcn, run):
    """Sentences of one alone would stand for all."""
    called = lrcn("evaluate", run, run, "--retrieval")
    assert (called.code, called.err) == (
        2,
        "lrcn evaluate: --retrieval: expected one run. Received: 2.\n",
    )


def test_another_source(lrcn, run):
    """Is evaluated on, and noted; nothing else of the run can be changed."""
    called = lrcn("evaluate", "data.source.seed=5", run, "--limit", 2, "--json")
    found = json.loads(called.out)
    assert called.code == 0
    assert found["source"] == {**lrcn_seq.load(run).settings.data.source, "seed": 5}
    rows = [json.loads(line) for line in (run / "predictions.jsonl").read_text().splitlines()]
    wanted = [sample for sample in sources.build(found["source"]) if sample.split == "test"][:2]
    assert [row["references"] for row in rows] == [list(sample.captions) for sample in wanted]
    assert "the first 2, of another source," in (run / "report.html").read_text()
    assert (
        lrcn("evaluate", "data.source.seed=5").code
        == lrcn("evaluate", run, "decoder.units=5").code
        == 2
    )


def test_a_coco_results_file(lrcn, run, tmp_path):
    """One object a picture, in a folder that is made for it."""
    target = tmp_path / "new" / "results.json"
    assert lrcn("evaluate", run, "--limit", 2, "--coco-results", target).code == 0
    rows = [json.loads(line) for line in (run / "predictions.jsonl").read_text().splitlines()]
    assert json.loads(target.read_text()) == [
        {"image_id": row["id"], "caption": row["caption"]} for row in rows
    ]
    assert len(rows) == 2
