"""Print versions, backend, devices, precision and caches: what a bug report needs.

The home folder is written as ~. Only environment variables that affect the library are shown.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from lrcn_seq.cli._keras_import import import_keras
from lrcn_seq.errors import error_reason
from lrcn_seq.terminal import print_json, print_line, print_note

OPTIONAL = ("jax", "torch", "pycocoevalcap", "opencv-python-headless", "sacrebleu")
"""Packages of the extras."""
VARIABLES = (
    "KERAS_",
    "LRCN_",
    "TF_CPP_",
    "TF_ENABLE_",
    "TF_FORCE_",
    "TF_GPU_",
    "TF_NUM_",
    "TF_XLA_",
    "XLA_",
    "JAX_",
    "CUDA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS",
)
"""Beginnings of the names of environment variables that are shown."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Print the description of the environment; a broken installation is described as well."""
    if not arguments.json:
        print_note("lrcn env: loading Keras and its backend")
    description = describe()
    if arguments.json:
        print_json(description)
        return 0
    for name, value in description.items():
        if isinstance(value, Mapping):
            print_line(f"{name}:")
            for key, entry in value.items():
                print_line(f"  {key:24} {_text(entry)}")
        else:
            print_line(f"{name + ':':26} {_text(value)}")
    return 0


def describe() -> dict[str, Any]:
    """Return the description of the environment, in the order in which it is printed."""
    import lrcn_seq

    # Importing the backend sets variables, so they are read first.
    variables = {
        name: value for name, value in sorted(os.environ.items()) if name.startswith(VARIABLES)
    }
    backend = _attempt(describe_backend)
    return {
        "lrcn_seq": lrcn_seq.__version__,
        "location": _without_home(Path(lrcn_seq.__file__).parent),
        "python": f"{platform.python_version()} ({_without_home(Path(sys.executable))})",
        "system": platform.platform(),
        **(backend if isinstance(backend, dict) else {"backend": backend}),
        "cores": os.cpu_count(),
        "memory": _memory(),
        "packages": package_versions(),
        "caches": cache_folders(),
        "variables": variables,
    }


def describe_backend() -> dict[str, Any]:
    """Return the backend of Keras, the devices, the precision and the state of oneDNN."""
    import_keras()
    from lrcn_seq.runs.environment import describe_environment
    from lrcn_seq.tasks import resolve_precision

    found = describe_environment()
    return {
        "backend": found["backend"],
        "processor": found["processor"],
        "accelerators": found["accelerators"],
        "precision": f"{resolve_precision('auto')} (auto)",
        "oneDNN": found["onednn"],
    }


def package_versions() -> dict[str, str | None]:
    """Return the versions of the packages that the library uses; None for one that is missing."""
    required = [name for name in map(_package_name, _requirements()) if name]
    return {name: _version(name) for name in dict.fromkeys([*required, *OPTIONAL])}


def cache_folders() -> dict[str, dict[str, Any]]:
    """Return the folders in which the library and Keras keep files, with their sizes in bytes."""
    from lrcn_seq.config.schema import Store
    from lrcn_seq.files import cache_folder

    folders = {
        "lrcn_seq": cache_folder(),
        "keras": Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser(),
        "features": Path(Store().folder),
    }
    return {
        name: {"path": _without_home(folder), "bytes": folder_size(folder)}
        for name, folder in folders.items()
    }


def folder_size(folder: Path) -> int | None:
    """Return the size of the files of a folder in bytes, or None if there is no folder."""
    if not folder.is_dir():
        return None
    paths = (Path(parent) / name for parent, _, names in os.walk(folder) for name in names)
    return sum(path.lstat().st_size for path in paths if os.path.lexists(path))


def _attempt(describe_part: Callable[[], Any]) -> Any:
    """Return a description, or the error if a package is broken."""
    try:
        return describe_part()
    except Exception as error:  # a broken package may raise any exception
        return f"failed: {type(error).__name__}: {error_reason(error)}"


def _requirements() -> list[str]:
    try:
        return requires("lrcn-seq") or []
    except PackageNotFoundError:  # the source tree without an installation
        return []


def _package_name(requirement: str) -> str:
    """Return the package name of a requirement, or "" if it belongs to an extra."""
    name, _, condition = requirement.partition(";")
    end = next((i for i, c in enumerate(name) if not (c.isalnum() or c in "-_.")), len(name))
    return "" if "extra" in condition else name[:end]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _memory() -> str | None:
    """Return the memory of this machine, or None if unknown."""
    try:
        return _size(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return None


def _without_home(path: Path) -> str:
    """Return a path in which the home folder is written as ~."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def _text(value: Any) -> str:
    """Format a value for display: sizes in GB or MB, a missing value as `none`."""
    if isinstance(value, Mapping):
        size = "none" if value["bytes"] is None else _size(value["bytes"])
        return f"{value['path']} ({size})"
    return "none" if value is None else str(value)


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
