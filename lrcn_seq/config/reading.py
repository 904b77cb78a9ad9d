"""Reading of config files in YAML, with overrides."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lrcn_seq.config.overrides import apply_overrides
from lrcn_seq.config.part_files import import_references, import_run
from lrcn_seq.config.renamed_keys import rename_keys, warn_renamed
from lrcn_seq.config.schema import Config
from lrcn_seq.config.shipped import config_path, suggest_config
from lrcn_seq.config.validation import validate
from lrcn_seq.config.versions import complete, take_version
from lrcn_seq.config.yaml_format import parse
from lrcn_seq.errors import ConfigError, Problem, translate_errors
from lrcn_seq.files import read_file
from lrcn_seq.terminal import print_detail


def read(
    path: str | os.PathLike[str], overrides: Iterable[str] = (), *, deprecations: bool = True
) -> Config:
    """Return the validated config of a YAML file, after importing the files of its parts.

    Args:
        path: The YAML file, or the name of a shipped config such as `captioning/own_table`.
        overrides: Changes `section.key=value`, applied before validation.
        deprecations: Whether to print a line on stderr if the file uses old names of keys; False
            for files that the program wrote itself, such as those of run folders.

    Raises:
        ConfigError: The file is missing or not YAML, or it has problems; all are listed.
        UsageError: A file of parts is missing or fails.
    """
    tree = import_references(read_mapping(path, overrides, deprecations=deprecations))
    return validate(tree, str(path))


def read_mapping(
    path: str | os.PathLike[str], overrides: Iterable[str] = (), *, deprecations: bool = True
) -> dict[str, Any]:
    """Return the mapping of a YAML file with the current names of its keys, without validation.

    The key `version`, which the config of a run contains, is removed.

    Args:
        path: The YAML file, or the name of a shipped config.
        overrides: Changes `section.key=value`.
        deprecations: As in `read`.

    Raises:
        ConfigError: The file is missing or not a mapping in YAML, or an override cannot be
            applied.
    """
    file = config_path(path)
    print_detail(f"reading {file}")
    tree, renames = rename_keys(_parse_file(path, file))
    take_version(tree, str(path))
    if deprecations:
        warn_renamed(str(path), renames)
    if problems := apply_overrides(tree, overrides):
        raise ConfigError(problems, "the overrides")
    return tree


def read_run(path: str | os.PathLike[str]) -> Config:
    """Return the config of a run, in which every key has the value that its training used.

    The files of parts that the run contains are imported.

    Args:
        path: The file `config.yaml` of a run folder.

    Raises:
        ConfigError: The file is missing or not YAML, was cut short, or has problems.
        RunError: A part of the run is missing, or its code was never imported by this user.
    """
    tree, _ = rename_keys(_parse_file(path))
    version = take_version(tree, str(path))
    import_run(Path(path).parent, tree)
    tree, lost = complete(tree, version)
    if lost:
        message = (
            "expected every key with which the run was trained. Received: a config without this "
            "key; restore the file."
        )
        raise ConfigError([Problem(key, message) for key in lost], str(path))
    return validate(tree, str(path))


def read_version(path: str | os.PathLike[str]) -> int:
    """Return the version of the config format of a run; see `versions`.

    Raises:
        ConfigError: The file is missing or not YAML, or its version is unknown.
    """
    return take_version(_parse_file(path), str(path))


def _parse_file(
    path: str | os.PathLike[str], file: str | os.PathLike[str] | None = None
) -> dict[str, Any]:
    """Return the mapping of a YAML file.

    Args:
        path: The path as the user wrote it, for errors.
        file: The file, if it has another path.
    """
    tree = parse(_read_text(path, path if file is None else file), str(path))
    if not isinstance(tree, dict):
        received = "an empty file" if tree is None else type(tree).__name__
        raise _error(path, f"expected a mapping of sections. Received: {received}.")
    return tree


def _read_text(path: str | os.PathLike[str], file: str | os.PathLike[str]) -> str:
    with translate_errors(
        lambda reason: _error(path, f"expected a YAML file in UTF-8. Received: {reason}.")
    ):
        try:
            return read_file(file).decode()
        except FileNotFoundError:
            hint = suggest_config(path)
            raise _error(path, f"expected a YAML file; there is no such file.{hint}") from None


def _error(path: str | os.PathLike[str], message: str) -> ConfigError:
    return ConfigError([Problem("", message)], str(path))
