"""The working folder of a training, relative to which a run states the paths of its data."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lrcn_seq.config import Config, override_section, read_run, stage_configs, validate
from lrcn_seq.data.source_paths import missing_paths, replace_paths
from lrcn_seq.errors import DataError
from lrcn_seq.runs.folder import CONFIG, Run


def evaluation_config(folder: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Return the config with which a run is evaluated, without importing Keras.

    Args:
        folder: the run folder.
        overrides: `data.source.key=value`.

    Raises:
        ConfigError: the config of the run is damaged, or an override is invalid.
        DataError: the data of the run are missing.
    """
    run = Run(folder)
    config = resolve_paths(run, stage_configs(read_run(run / CONFIG))[-1])
    config = with_source(config, overrides) if overrides else config
    check_source(run, config.data.source)
    return config


def with_source(config: Config, overrides: Sequence[str]) -> Config:
    """Return a config with a changed source; raise ConfigError if an override is invalid."""
    tree = config.model_dump()
    override_section("data.source", tree, overrides)
    return validate(tree, "the call")


def resolve_paths(run: Run, config: Config) -> Config:
    """Return a config of a run whose source and feature store are found from any working folder.

    A relative path is searched from the working folder of the training: at its place relative to
    the run, so that a project can be moved, and then at its recorded place. Paths that exist in
    neither are left as they are, relative to the current working folder.

    Args:
        run: the run.
        config: its config.
    """
    folders = list(training_folders(run))
    tree = config.model_dump()
    data = tree["data"]
    data["source"] = replace_paths(data["source"], lambda path: resolve_path(path, folders))
    data["store"]["folder"] = resolve_path(data["store"]["folder"], folders)
    return config if tree == config.model_dump() else validate(tree, str(run.folder))


def training_folders(run: Run) -> Iterator[Path]:
    """Yield the possible places of the working folder of a training; none for older runs."""
    record = run.places()
    if record is not None:
        folder, recorded_run = record
        yield Path(os.path.normpath(run.folder.resolve() / os.path.relpath(folder, recorded_run)))
        yield folder


def resolve_path(path: str, folders: Sequence[Path]) -> str:
    """Prepend to a relative path the first of the folders in which it exists.

    The path is unchanged if it is absolute, exists in none of the folders, or names the same file
    in the current working folder.
    """
    found = next((folder / path for folder in folders if (folder / path).exists()), None)
    if Path(path).is_absolute() or found is None:
        return path
    return path if Path(path).exists() and found.samefile(path) else str(found)


def check_source(run: Run, source: Mapping[str, object]) -> None:
    """Raise DataError with the override to use if the data of a run are missing.

    Args:
        run: the run.
        source: the source with resolved paths.
    """
    missing = missing_paths(source)
    if not missing:
        return
    key, path = next(iter(missing.items()))
    folders = [*training_folders(run), Path.cwd()] if not Path(path).is_absolute() else []
    places = " or ".join(dict.fromkeys(str(folder) for folder in folders))
    raise DataError(
        f"{run.folder}: expected the data of the run. Received: no {path}"
        f"{f' in {places}' if places else ''}; if it has moved, add data.source.{key}=PATH."
    )
