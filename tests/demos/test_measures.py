"""The measured values of demos, compared with values computed from predictions or by hand."""

import json

import numpy as np
import pytest

from lrcn_seq import config as configs
from lrcn_seq import metrics
from lrcn_seq.demos.measures import (
    exact_share,
    has_right_directions,
    measure_captions,
    read_test_samples,
    shuffle_frames,
)
from lrcn_seq.demos.runner import prepare_folder, run_demo
from lrcn_seq.records import Clips
from lrcn_seq.runs.folder import Run


def read_rows(run) -> list[dict]:
    """Return the rows of `predictions.jsonl`."""
    return [json.loads(line) for line in (run / "predictions.jsonl").read_text().splitlines()]


def test_shuffled_score_is_that_of_the_next_images_caption(finished_run):
    """`shuffled_bleu_4` compares the next image's caption with the references of each image."""
    rows = read_rows(finished_run)
    following = rows[1:] + rows[:1]
    captions = {row["id"]: other["caption"] for row, other in zip(rows, following, strict=True)}
    expected = metrics.bleu(captions, {row["id"]: row["references"] for row in rows})
    figures = measure_captions(finished_run)
    assert figures["shuffled_bleu_4"] == pytest.approx(expected.value, abs=1e-12)


def test_scores_are_those_of_the_run(finished_run):
    """The count and BLEU-4 of a captioning demo equal those in the results of its run."""
    figures = measure_captions(finished_run)
    scores = json.loads((finished_run / "scores.json").read_text())
    assert figures["count"] == len(read_rows(finished_run)) == 8
    assert figures["bleu_4"] == scores["metrics"]["bleu_4"]


def test_exact_share_counts_captions_with_every_attribute(finished_run):
    """A caption is exact if it names every attribute of the reference, in any wording."""
    reference = "a small red circle left of a large blue square"
    captions = [
        reference,
        "a small red circle to the left of a large blue square",
        "a small green circle left of a large blue square",
        "a small red circle",
    ]
    rows = [{"caption": caption, "references": [reference]} for caption in captions]
    assert exact_share(finished_run, rows) == 0.5


@pytest.mark.parametrize(
    ("caption", "right"),
    [
        ("a small red circle moves left then a large blue ring moves right", True),
        ("a large pink cross moves right after a large pink cross moves left", True),
        ("a small red circle moves right then a large blue ring moves left", False),
        ("a small red circle moves", False),
    ],
)
def test_directions_are_judged_without_the_things(caption, right):
    """Directions are right if they are in the order of the reference, whatever the objects."""
    reference = "a small red circle moves left before a large blue ring moves right"
    assert has_right_directions({"caption": caption, "references": [reference]}) == right


def test_shuffled_frames_stay_in_their_clip():
    """A shuffled clip has the same frames in another order, and its padding stays at the end."""
    clips = Clips(np.arange(30), np.array([[*range(20)], [*range(20, 30), *[-1] * 10]]))
    index = shuffle_frames(clips, np.random.default_rng(0)).index
    assert (index != clips.index).any(axis=1).all()
    np.testing.assert_array_equal(np.sort(index[0]), np.arange(20))
    np.testing.assert_array_equal(np.sort(index[1, :10]), np.arange(20, 30))
    np.testing.assert_array_equal(index[1, 10:], -1)


def test_shuffling_leaves_the_given_clips_alone():
    """Shuffling frames returns new clips and does not modify the given ones."""
    index = np.arange(20)[None]
    shuffle_frames(Clips(np.arange(20), index), np.random.default_rng(0))
    np.testing.assert_array_equal(index[0], np.arange(20))


def test_only_test_samples_are_measured(finished_demo):
    """A demo is measured on samples of the test split only."""
    samples = read_test_samples(configs.read(finished_demo.config))
    assert [sample.id for sample in samples] == [f"test-0000{number}" for number in range(8)]


def test_activity_is_measured_beside_a_network_without_memory(make_small_demo, tmp_path):
    """The activity demo also trains and measures a network with a frame mean as decoder.

    The run of this network is deleted when the demo restarts.
    """
    demo = make_small_demo("activity", tmp_path)
    figures = run_demo(demo)
    single_frame = demo.folder / "single_frame"
    scores = [
        json.loads((folder / "scores.json").read_text()) for folder in (demo.folder, single_frame)
    ]
    assert figures == {
        "count": 8,
        "top_1": scores[0]["metrics"]["top_1"],
        "single_frame_top_1": scores[1]["metrics"]["top_1"],
    }
    config, other = (configs.read(f / "config.yaml") for f in (demo.folder, single_frame))
    assert other.decoder["type"] == "frame_mean"
    assert config.model_copy(update={"decoder": other.decoder}) == other
    prepare_folder(Run(demo.folder), configs.read(demo.config))
    assert not single_frame.exists()


def test_description_is_measured_with_shuffled_frames(make_small_demo, tmp_path):
    """The description demo reports shares of exact captions for ordered and shuffled frames."""
    figures = run_demo(make_small_demo("description", tmp_path))
    assert list(figures) == [
        "count",
        "exact",
        "bleu_4",
        "disordered_exact",
        "disordered_directions",
    ]
    shares = [figures[name] for name in ("exact", "disordered_exact", "disordered_directions")]
    assert all(0 <= share <= 1 and (share * 8).is_integer() for share in shares)
