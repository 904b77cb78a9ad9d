"""The loop of prediction verbs: skip finished files, predict, write and print."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrcn_seq.cli._explanation_files import explainer
from lrcn_seq.cli._fusion import check_fusion, load_predictor, run_names
from lrcn_seq.cli._inputs import expand_files
from lrcn_seq.cli._keras_import import import_keras
from lrcn_seq.cli._output import JsonLines, open_output
from lrcn_seq.errors import UsageError
from lrcn_seq.progress import progress_bar
from lrcn_seq.terminal import print_error, print_json, print_line

if TYPE_CHECKING:
    from lrcn_seq.records import Prediction
    from lrcn_seq.tasks import Ensemble, Task

GENERAL_VERB = "predict"
"""The verb that accepts runs of every task."""

Predict = Callable[[Any, Sequence[str], JsonLines], Iterable["Prediction"]]
"""A function `(task, files, output)` that yields the prediction of each file after writing it."""


def predict_files(
    arguments: argparse.Namespace,
    names: Sequence[str],
    predict: Predict,
    *,
    verb: str,
    show_file: bool = False,
) -> int:
    """Predict for files with a run, print the results, and report errors on stderr.

    Args:
        arguments: the arguments of the call, with `run`, `output`, `json` and `explain`.
        names: files, folders and globs.
        predict: the function of type `Predict` that yields the prediction of each file.
        verb: the name of the verb, for messages and for `check_verb`.
        show_file: whether to print the file name before each line even for a single file.

    Returns:
        The exit code: 1 if a file failed, otherwise 0.
    """
    from lrcn_seq.runs.folder import check_trained
    from lrcn_seq.runs.hub import local_folder
    from lrcn_seq.runs.unfinished_training import note_unfinished

    check_fusion(arguments)
    files = expand_files(names)
    show_file = show_file or len(files) > 1
    rows: list[dict[str, Any]] = []
    failed = False
    with open_output(arguments.output) as output:
        unfinished = output.unfinished(files)
        folders = [local_folder(name) for name in run_names(arguments)]
        for folder in folders:
            check_trained(folder)
            note_unfinished(folder)
        prints_lines = not (arguments.json or arguments.output)
        if prints_lines and verb != GENERAL_VERB and all_unreadable(unfinished, folders[0], verb):
            return 1
        import_keras()
        task = load_predictor(folders, arguments)
        check_verb(task, verb, arguments.run)
        explain = explainer(task, arguments.explain, files)
        for prediction in predict(task, unfinished, output):
            explain(prediction)
            if prediction.error is not None:
                failed = True
                print_error(f"lrcn {verb}: {prediction.file}: {prediction.error}")
            if arguments.json:
                rows.append(prediction.row())
            elif prediction.error is None:
                print_lines(prediction, show_file=show_file)
    if arguments.json:
        print_json(task.json_object(rows))
    return 1 if failed else 0


def all_unreadable(files: Sequence[str], folder: Path, verb: str) -> bool:
    """Return whether all files are missing or text; if so, print the reasons, without Keras."""
    from lrcn_seq import config as configs
    from lrcn_seq.data.media.unreadable_paths import may_be_media, unreadable_paths
    from lrcn_seq.runs.folder import CONFIG

    if not files or any(map(may_be_media, files)):
        return False
    config = configs.stage_configs(configs.read_run(folder / CONFIG))[-1]
    reasons = unreadable_paths(files, config)
    if len(reasons) < len(files):
        return False
    for file, reason in reasons.items():
        print_error(f"lrcn {verb}: {file}: {reason}")
    return True


def predict_in_batches(
    files: Sequence[str],
    output: JsonLines,
    predict: Callable[[Sequence[str]], Iterable[Prediction]],
    *,
    batch_size: int,
    title: str,
) -> Iterator[Prediction]:
    """Predict for files in batches with a progress bar, and write each prediction.

    Args:
        files: the input files.
        output: the writer of the predictions.
        predict: returns the predictions of a batch of files.
        batch_size: number of files per call of `predict`.
        title: the title of the progress bar.

    Yields:
        The predictions, in the order of the files.
    """
    with progress_bar(title) as report:
        for start in range(0, len(files), batch_size):
            batch = files[start : start + batch_size]
            for prediction in predict(batch):
                output.write(prediction.row())
                yield prediction
            report(start + len(batch), len(files))


def check_verb(task: Task | Ensemble, verb: str, folder: str) -> None:
    """Raise UsageError unless a verb accepts runs of a task."""
    if verb not in (GENERAL_VERB, task.verb):
        raise UsageError(
            f"{folder}: expected a run for `lrcn {verb}`. Received: a run of the task "
            f"{task.name}; use `lrcn {task.verb}`."
        )


def print_lines(prediction: Prediction, *, show_file: bool) -> None:
    """Print the lines of a prediction; with `show_file`, each line starts with the file name."""
    prefix = (prediction.file,) if show_file else ()
    for line in prediction.lines():
        print_line(*prefix, *line.split("\t"))
