"""The command `lrcn evaluate`: scores, fused runs, retrieval, and other sources."""

import json
import shutil

import h5py
import keras
import numpy as np
import pytest

import lrcn_seq
from lrcn_seq import metrics
from lrcn_seq.records import SPECIAL, Batch, Clips
from lrcn_seq.registry import sources


@pytest.fixture
def run(run_copy):
    """Return a copy of the trained smoke run."""
    return run_copy


def read_rows(run) -> list[dict]:
    """Return the rows of `predictions.jsonl`."""
    return [json.loads(line) for line in (run / "predictions.jsonl").read_text().splitlines()]


def read_captions(run) -> list[str]:
    """Return the captions in `predictions.jsonl`."""
    return [row["caption"] for row in read_rows(run)]


def read_scores(run) -> dict:
    """Return the content of `scores.json`."""
    return json.loads((run / "scores.json").read_text())


def test_scores_are_those_of_the_training_process(lrcn, run):
    """Evaluating a run gives the captions and scores that its training wrote."""
    captions, scores = read_captions(run), read_scores(run)
    result = lrcn("evaluate", run, "--json")
    assert result.code == 0
    assert json.loads(result.out) == read_scores(run) == scores
    assert read_captions(run) == captions


def test_json_is_the_object_of_score_with_additions(lrcn, run):
    """JSON output has the keys of `lrcn score` (metrics, signatures, count) and further keys."""
    result = lrcn("evaluate", run, "--json", "--split", "dev", "--limit", 3)
    scores = json.loads(result.out)
    assert result.out.count("\n") == 1
    intervals = {"intervals", "interval_method"}
    expected = {"metrics", "signatures", "count", "split", "health", "limit"} | intervals
    assert scores.keys() == expected
    names = {"bleu_1", "bleu_2", "bleu_3", "bleu_4", "rouge_l", "cider"}
    assert scores["metrics"].keys() == scores["signatures"].keys() == names
    assert (scores["count"], scores["split"], scores["limit"]) == (3, "dev", 3)
    assert len(read_rows(run)) == 3


def test_text_has_every_score_with_its_signature(lrcn, run):
    """Each score has a line with its signature; the last line has the number of samples."""
    lines = lrcn("evaluate", run, "--limit", 2).out.splitlines()
    scores = read_scores(run)
    expected = [
        [name, f"{value:.4f}", scores["signatures"][name]]
        for name, value in scores["metrics"].items()
    ]
    assert [line.split(maxsplit=2) for line in lines[:-1]] == expected
    distinct = len(set(read_captions(run))) / 2
    assert lines[-1] == (
        f"2 samples of test; {distinct:.0%} of the captions are distinct. 95 % intervals: none, 2 "
        "samples are too few."
    )


def test_the_files_and_the_next_command_are_named(lrcn, run):
    """After the scores, stderr names the predictions, the scores, the report and a command."""
    lines = lrcn("evaluate", run, "--limit", 2).err.splitlines()
    assert lines[-4:] == [
        f"Predictions: {run / 'predictions.jsonl'}",
        f"Scores: {run / 'scores.json'}",
        f"Report: {run / 'report.html'}",
        f"Next: lrcn caption {run} FILE...",
    ]


def test_accuracy_has_an_interval_over_groups(lrcn, activity_run, tmp_path):
    """The confidence interval of the accuracy is computed over groups instead of clips."""
    run = shutil.copytree(activity_run, tmp_path / "activity")
    result = lrcn("evaluate", run, "--split", "dev")
    assert result.code == 0
    assert result.out.startswith("top_1 ")
    groups = {row["group"] for row in read_rows(run)}
    low, high = read_scores(run)["intervals"]["top_1"]
    assert f"[{low:.4f}, {high:.4f}]" in result.out.splitlines()[0]
    assert "8 samples of dev; top_1 95 % interval" in result.out
    assert f" over {len(groups)} groups" in result.out


def test_run_fused_with_itself_is_itself(lrcn, run, smoke_run, tmp_path):
    """A run fused with itself keeps its scores, and only the folder of --output is written to."""
    alone, output = read_scores(run), tmp_path / "fused"
    before = {path: path.stat().st_mtime_ns for path in (run, smoke_run) for path in path.iterdir()}
    options = ["--fuse", "--weights", ".33,.67", "--output", output]
    scores = json.loads(lrcn("evaluate", run, smoke_run, *options, "--json").out)
    assert scores["metrics"] == pytest.approx(alone["metrics"], abs=1e-6)
    assert scores["fused"] == {"runs": [str(run), str(smoke_run)], "weights": [0.33, 0.67]}
    assert {name.name for name in output.iterdir()} >= {
        "predictions.jsonl",
        "scores.json",
        "report.html",
    }
    after = {path: path.stat().st_mtime_ns for path in (run, smoke_run) for path in path.iterdir()}
    assert after == before
    assert lrcn("evaluate", run, smoke_run, *options).code == 0


def negate_words(run) -> None:
    """Negate the weights of a run's last layer, so that its captions differ."""

    def negate(name, item):
        if isinstance(item, h5py.Dataset) and "output_words" in name:
            item.write_direct(-item[()])

    with h5py.File(run / "model.weights.h5", "r+") as file:
        file.visititems(negate)


def test_fused_run_of_weight_one_decides_alone(lrcn, run, smoke_run, tmp_path):
    """In a fusion of two runs, a run of weight 0 does not influence the captions."""
    other, output = shutil.copytree(smoke_run, tmp_path / "other"), tmp_path / "fused"
    negate_words(other)
    alone = []
    for folder in (run, other):
        assert lrcn("evaluate", folder).code == 0
        alone.append(read_captions(folder))
    assert alone[0] != alone[1]
    for weights, expected in (("1,0", alone[0]), ("0,1", alone[1])):
        options = ["--fuse", "--weights", weights, "--output", output]
        assert lrcn("evaluate", run, other, *options).code == 0
        assert read_captions(output) == expected


def test_the_mean_of_fused_runs_is_recorded(lrcn, run, smoke_run, tmp_path):
    """`--average` is recorded with the fused runs; the mean of one run twice is the run."""
    output = tmp_path / "fused"
    options = ["--fuse", "--average", "probabilities", "--output", output]
    scores = json.loads(lrcn("evaluate", run, smoke_run, *options, "--json").out)
    runs = [str(run), str(smoke_run)]
    assert scores["fused"] == {"runs": runs, "weights": None, "average": "probabilities"}
    assert read_captions(output) == read_captions(run)


def test_a_rescored_run_has_a_folder_of_its_own(lrcn, run, smoke_run, tmp_path):
    """`--rescore` writes the captions that the other run prefers, and leaves both runs alone."""
    other, output = shutil.copytree(smoke_run, tmp_path / "other"), tmp_path / "rescored"
    negate_words(other)
    before = read_scores(run)
    captions = {}
    for weight in (0, 1):
        options = ["--rescore", other, "--rescore-weight", weight, "--output", output]
        result = lrcn("evaluate", run, *options, "--json")
        assert result.code == 0, result.err
        rescored = {"runs": [str(run)], "by": str(other), "weight": weight}
        assert json.loads(result.out)["rescored"] == rescored
        captions[weight] = read_captions(output)
    assert captions[0] == read_captions(run) != captions[1]
    assert read_scores(run) == before
    assert f"rescored by {other}" in (output / "report.html").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rescore", "x"], "--rescore: expected one run, or --fuse, and --output DIR. Received"),
        (["--rescore-weight", ".5"], "--rescore-weight: expected --rescore RUN as well"),
        (["--average", "probabilities"], "--average: expected --fuse as well"),
        (["--rescore", "x", "--output", "y"], "x: expected a run"),
    ],
)
def test_options_of_rescoring_are_checked(lrcn, run, options, message):
    """Options of rescoring that do not fit are refused before the run is evaluated."""
    result = lrcn("evaluate", run, *options)
    assert result.code in (1, 2)
    assert message in result.err


def test_several_runs_are_compared_with_paired_significance(lrcn, run, smoke_run, tmp_path):
    """Runs are compared by paired bootstrap, and the files of each run have its own scores."""
    other = shutil.copytree(smoke_run, tmp_path / "other")
    negate_words(other)
    result = lrcn("evaluate", run, other, "--json")
    compared = json.loads(result.out)
    assert list(compared["systems"]) == [run.name, "other"]
    assert compared["systems"] == {run.name: read_scores(run), "other": read_scores(other)}
    systems = {
        name: {row["id"]: row["caption"] for row in read_rows(folder)}
        for name, folder in ((run.name, run), ("other", other))
    }
    assert systems[run.name] != systems["other"]
    references = {row["id"]: row["references"] for row in read_rows(run)}
    expected = [row._asdict() for row in metrics.paired(systems, references)]
    assert compared["paired"] == expected
    assert "a bootstrap over 8 samples is not reliable" in result.err


def test_compared_runs_are_printed_as_tables(lrcn, run, smoke_run):
    """One table has a row per run; a second table has a row per metric and pair of runs."""
    result = lrcn("evaluate", run, smoke_run, "--limit", 2)
    scores, differences, lines = result.out.split("\n\n")
    assert len(scores.splitlines()) == 3
    assert [line.split()[0] for line in differences.splitlines()][1:] == list(
        read_scores(run)["metrics"]
    )
    assert "p|paired bootstrap over samples|samples:1000" in lines
    assert f"{run.name}: 2 samples of test; " in lines or f"{run}: 2 samples of test; " in lines


def test_compared_classifiers_differ_over_groups(lrcn, activity_run, tmp_path):
    """The accuracies of classifiers are compared by a bootstrap over groups."""
    runs = [shutil.copytree(activity_run, tmp_path / name) for name in ("a", "b")]
    result = lrcn("evaluate", *runs, "--json")
    (row,) = json.loads(result.out)["paired"]
    assert (row["metric"], row["a"], row["b"], row["difference"]) == ("top_1", "a", "b", 0)


def test_references_are_written_for_score(lrcn, run, tmp_path):
    """`lrcn score` with the written references gives the scores of the evaluation."""
    for name in ("references.jsonl", "references.json"):
        assert lrcn("evaluate", run, "--references-out", tmp_path / name).code == 0
        options = ["--references", tmp_path / name, "--metrics", "bleu,cider", "--json"]
        scores = json.loads(lrcn("score", "--hypotheses", run / "predictions.jsonl", *options).out)
        expected = read_scores(run)["metrics"]
        assert scores["metrics"] == pytest.approx({n: expected[n] for n in scores["metrics"]})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--fuse"], "--fuse: expected several runs and --output DIR. Received: 2 runs without"),
        (["--weights", "1,1"], "--weights: expected --fuse as well"),
        (["--output", "x"], "--output: expected --fuse as well"),
        (["--coco-results", "x.json"], "--coco-results: expected one run, or --fuse"),
    ],
)
def test_options_of_fused_runs_need_fuse(lrcn, run, smoke_run, options, message):
    """Options that do not fit several runs are refused before anything is evaluated."""
    result = lrcn("evaluate", run, smoke_run, *options)
    assert (result.code, message in result.err) == (2, True)


def test_fused_results_do_not_replace_a_run(lrcn, run, smoke_run, tmp_path):
    """A run, or a folder with other files, is refused as the folder of fused results."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    for output in (run, tmp_path / "other"):
        result = lrcn("evaluate", run, smoke_run, "--fuse", "--output", output)
        assert (result.code, "--output: expected a" in result.err) == (2, True)


def test_runs_with_other_vocabularies_are_not_fused(lrcn, run, smoke_run):
    """Runs with different vocabularies cannot be fused."""
    tokenizer = (run / "tokenizer.json").read_text()
    assert "triangle" in tokenizer
    (run / "tokenizer.json").write_text(tokenizer.replace("triangle", "trigon"))
    result = lrcn("evaluate", smoke_run, run, "--fuse", "--output", run.parent / "fused")
    assert result.code == 2
    assert result.err.startswith(f"lrcn evaluate: {run}: expected a run of the same task")


def test_runs_of_other_tasks_are_not_fused(lrcn, activity_run, description_run, tmp_path):
    """Runs of different tasks cannot be fused."""
    output = tmp_path / "fused"
    result = lrcn("evaluate", activity_run, description_run, "--fuse", "--output", output)
    assert (result.code, "expected a run of the same task" in result.err) == (2, True)


def test_retrieval_ranks_by_log_probability(lrcn, run):
    """Retrieval scores equal those computed in NumPy from log probabilities of words."""
    result = lrcn("evaluate", run, "--retrieval", "--limit", 4, "--json")
    task = lrcn_seq.load(run)
    source = sources.build(task.settings.data.source)
    samples = [sample for sample in source if sample.split == "test"][:4]
    frames = np.concatenate([task.media.frames(sample.media) for sample in samples])
    clips = Clips(frames, np.arange(4, dtype="int32")[:, None])
    columns, owner = [], []
    for image, sample in enumerate(samples):
        for caption in sample.captions:
            ids = [SPECIAL.start, *task.tokenizer.encode(caption), SPECIAL.end]
            words = np.array([ids] * 4, "int32")
            logits = task(Batch(clips, np.arange(4, dtype="int32"), words))
            logits = keras.ops.convert_to_numpy(logits).astype(np.float64)
            log_softmax = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
            chosen = np.take_along_axis(log_softmax, words[:, 1:, None], axis=-1)
            columns.append(chosen[..., 0].sum(axis=1))
            owner.append(image)
    table = metrics.normalized_log_probabilities(np.stack(columns, axis=1))
    expected = metrics.retrieval(table, np.array(owner))
    assert json.loads(result.out)["retrieval"] == {
        direction: recall._asdict() for direction, recall in expected._asdict().items()
    }


def test_retrieval_needs_one_run(lrcn, run):
    """Retrieval of fused runs is refused."""
    result = lrcn("evaluate", run, run, "--retrieval", "--fuse", "--output", run.parent / "fused")
    assert (result.code, result.out) == (2, "")
    assert result.err == "lrcn evaluate: --retrieval: expected one run. Received: 2.\n"


def test_retrieval_needs_captions(lrcn, activity_run):
    """`--retrieval` refuses the run of a classifier."""
    result = lrcn("evaluate", activity_run, "--retrieval")
    assert result.code == 2
    assert "--retrieval: expected a run that writes " in result.err


def test_another_source_is_evaluated_and_recorded(lrcn, run):
    """If overrides select another data source, predictions are scored against its references."""
    result = lrcn("evaluate", "data.source.seed=5", run, "--limit", 2, "--json")
    scores = json.loads(result.out)
    assert scores["source"] == {**lrcn_seq.load(run).settings.data.source, "seed": 5}
    samples = [sample for sample in sources.build(scores["source"]) if sample.split == "test"]
    references = [list(sample.captions) for sample in samples[:2]]
    assert [row["references"] for row in read_rows(run)] == references


def test_only_the_source_can_be_overridden(lrcn, run):
    """`lrcn evaluate` refuses overrides outside `data.source`."""
    assert lrcn("evaluate", run, "decoder.units=5").code == 2


def test_overrides_alone_are_not_a_run(lrcn):
    """A call without a run folder is an error."""
    assert lrcn("evaluate", "data.source.seed=5") == (
        2,
        "",
        "lrcn evaluate: Expected a run folder. Received: none.\n",
    )


def test_coco_results_have_one_object_per_image(lrcn, run, tmp_path):
    """`--coco-results` writes one object per image, and creates the folder of the file."""
    target = tmp_path / "new" / "results.json"
    assert lrcn("evaluate", run, "--limit", 2, "--coco-results", target).code == 0
    assert json.loads(target.read_text()) == [
        {"image_id": row["id"], "caption": row["caption"]} for row in read_rows(run)
    ]
    assert len(read_rows(run)) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--weights", "1,2"], "Received: --weights=1.0,2.0 for 1 runs"),
        (["--weights", "-1"], "Received: --weights=-1.0"),
        (["--weights", "0"], "Received: --weights=0.0"),
        (["--weights", "nan"], "Received: --weights=nan"),
        (["--weights", "inf"], "Received: --weights=inf"),
        (["--coco-results", "/proc/absent/results.json"], "expected a writable file."),
        (["--coco-results", ""], "--coco-results: expected a file name. Received: an empty name."),
        (["--coco-results", "/proc"], "/proc: expected a file. Received: a folder."),
    ],
)
def test_wrong_options_keep_the_scores(lrcn, smoke_run, arguments, message):
    """Invalid options are refused before any file is written."""
    before = (smoke_run / "scores.json").read_bytes()
    result = lrcn("evaluate", smoke_run, *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert (smoke_run / "scores.json").read_bytes() == before


def test_empty_split_is_named(lrcn, project, trained_project):
    """The error for an empty split names the split and the option that selects another."""
    run = shutil.copytree(trained_project / "run", project / "run")
    table = (project / "table.csv").read_text().splitlines(keepends=True)
    (project / "table.csv").write_text("".join(table[:-1]))
    config = (run / "config.yaml").read_text().replace(str(trained_project), str(project))
    (run / "config.yaml").write_text(config)
    result = lrcn("evaluate", run, "--split", "test")
    assert (result.code, result.out) == (1, "")
    assert "Received: none in the split test; choose another split with --split." in result.err


def test_unknown_words_of_references_are_never_written(trained_project):
    """References keep words that the vocabulary lacks, and captions never contain <unk>."""
    (row,) = read_rows(trained_project / "run")
    assert row["references"] == ["a crimson dodecahedron"]
    assert "<unk>" not in row["caption"]
