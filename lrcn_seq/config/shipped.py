"""The configs that come with the library, by name: `captioning/own_table`.

In the repository they are the folder `configs`; an installed package contains them as
`lrcn_seq/configs`.
"""

from __future__ import annotations

import os
from pathlib import Path

from lrcn_seq.errors import did_you_mean

PACKAGE = Path(__file__).parents[1]
FOLDERS = (PACKAGE / "configs", PACKAGE.parent / "configs")
"""The folder of the configs in an installed package, and in the repository."""
SUFFIX = ".yaml"


def shipped_folder() -> Path:
    """Return the folder of the configs that come with the library."""
    return next((folder for folder in FOLDERS if folder.is_dir()), FOLDERS[0])


def shipped_names() -> list[str]:
    """Return the names of all shipped configs, such as `captioning/own_table`."""
    folder = shipped_folder()
    return sorted(_name(path.relative_to(folder)) for path in folder.rglob(f"*{SUFFIX}"))


def config_path(name: str | os.PathLike[str]) -> Path:
    """Return the path of a config, given as a file or by the name of a shipped config.

    An existing file takes precedence. A shipped config may be named with the folder `configs` and
    the suffix `.yaml`, as in the repository.

    Args:
        name: A path, or the name of a shipped config.
    """
    path = Path(name)
    shipped = shipped_folder() / f"{_name(path)}{SUFFIX}"
    return shipped if _name(path) in shipped_names() and not path.exists() else path


def suggest_config(name: str | os.PathLike[str]) -> str:
    """Return a hint at the shipped config with the closest name, or "" if none is close."""
    return did_you_mean(_name(Path(name)), shipped_names())


def _name(path: Path) -> str:
    return path.as_posix().removeprefix("configs/").removesuffix(SUFFIX)
