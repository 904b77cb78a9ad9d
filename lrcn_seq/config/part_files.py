"""Parts in Python files of the user, which need no package.

A file is imported with `import_file`, or because a config names one of its classes as
`type: my_parts.py:MyEncoder`. A run keeps copies of the files in its folder `parts`, and imports
them again when it is loaded; see `trusted_code` for the condition.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from lrcn_seq.config.trusted_code import is_trusted, trust
from lrcn_seq.config.validation import PARTS
from lrcn_seq.errors import LrcnError, RunError, UsageError, did_you_mean, error_reason
from lrcn_seq.files import read_file, write_file
from lrcn_seq.part_source import FILE_PACKAGE
from lrcn_seq.registry import SEAMS, Registry
from lrcn_seq.terminal import print_detail, print_note

PARTS_FOLDER = "parts"
"""Folder of a run for copies of the imported files."""
SUFFIX = ".py"
TYPE_KEYS = {f"{key}.type": seam for key, seam in PARTS.items()}
"""Dotted keys of the types of parts, with the registry of each."""


class PartFile(NamedTuple):
    """An imported file.

    Attributes:
        path: Its path.
        content: Its content when it was imported.
        module: The module.
        is_explicit: Whether the user named it, so that it takes precedence over the copy of a run.
    """

    path: Path
    content: bytes
    module: ModuleType
    is_explicit: bool


_imported: dict[str, PartFile] = {}
"""Imported files by name, without folders."""


def import_file(path: str | os.PathLike[str]) -> ModuleType:
    """Import a Python file with parts, and let runs that contain it import it again.

    Parts that the file registers (`@encoders.register`) are named after the stem of the file.

    Args:
        path: The file. It may import installed packages, but not the files beside it.

    Raises:
        UsageError: The file is missing or fails, or another file of this name was imported.
    """
    return _import_named(Path(path).expanduser(), is_explicit=True).module


def import_references(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Import the files that a config of the user names, as in `type: my_parts.py:MyEncoder`.

    Args:
        tree: The mapping of the config.

    Returns:
        A copy in which the files are named without their folders.

    Raises:
        UsageError: A file is missing or fails, has no such class, or has the name of another file.
    """
    paths: dict[str, Path] = {}

    def import_type(seam: str, name: str) -> str:
        file, _ = _split_reference(name)
        if file is not None and paths.setdefault(file.name, file) != file:
            raise _name_conflict(file, paths[file.name])
        return import_reference(seam, name)

    return _with_types(tree, import_type)


def import_reference(seam: str, name: str) -> str:
    """Import the file of a part `my_parts.py:MyEncoder`, and register the class.

    Args:
        seam: Name of the registry.
        name: Name of a part; one that names no file is returned unchanged.

    Returns:
        The name under which the class is registered: that of the file without folders.

    Raises:
        UsageError: The file is missing or fails, or it has no such class.
    """
    file, class_name = _split_reference(name)
    if file is None:
        return name
    known = _imported.get(file.name)
    if known is None or not known.is_explicit:
        known = _import_named(file, is_explicit=False)
    SEAMS[seam].add(f"{file.name}:{class_name}", _class_of(known, class_name, SEAMS[seam]))
    return f"{file.name}:{class_name}"


def import_run(folder: Path, tree: Mapping[str, Any] | None = None) -> None:
    """Import the files that a run contains, except those that the user has imported by name.

    Args:
        folder: The run folder.
        tree: The mapping of the config of the run; its parts are checked if it is given.

    Raises:
        RunError: A file of the run was never imported by this user; it is not executed. Or a part
            of the run is missing.
        UsageError: A file fails.
    """
    for path, content in _trusted_files(folder):
        known = _imported.get(path.name)
        if known is None or not known.is_explicit:
            _import(path, content, is_explicit=False)
        elif known.content != content:
            print_note(f"{folder}: importing {known.path} instead of {path}, which differs.")
    if tree is not None:
        _with_types(tree, lambda seam, name: _run_part(folder, seam, name))


def check_trusted(folder: Path) -> None:
    """Raise RunError if a run contains code that this user has never imported.

    Args:
        folder: The run folder.
    """
    _trusted_files(folder)


def remember_files(folder: Path, config_types: Mapping[str, Any]) -> None:
    """Copy the imported files that the user or the config named into a new run.

    Args:
        folder: The run folder.
        config_types: The mapping of its config.
    """
    for name, file in _used_files(config_types).items():
        (folder / PARTS_FOLDER).mkdir(exist_ok=True)
        _write_copy(folder / PARTS_FOLDER / name, file.content)


def check_unchanged(folder: Path, config_types: Mapping[str, Any]) -> None:
    """Raise RunError if a file was imported that differs from the copy of a run.

    Args:
        folder: The run folder.
        config_types: The mapping of the config with which the run is resumed.
    """
    for name, file in _used_files(config_types).items():
        copy = folder / PARTS_FOLDER / name
        if not copy.exists() or _read(copy) != file.content:
            raise RunError(
                f"{folder}: --resume expects the parts with which the run began. Received: "
                f"{file.path}, which is not the same as {copy}; restore it, or choose a new --run."
            )


def _trusted_files(folder: Path) -> list[tuple[Path, bytes]]:
    """Return the Python files of a run with their contents, or raise RunError; see `trust`."""
    files = [(path, _read(path)) for path in sorted((folder / PARTS_FOLDER).glob(f"*{SUFFIX}"))]
    for path, content in files:
        known = _imported.get(path.name)
        if not (is_trusted(content) or (known is not None and known.is_explicit)):
            raise RunError(
                f"{folder}: expected a run without code, or with code that you have imported "
                f"before. Received: {path}, which has not been executed; read it, and allow it "
                f"with --import {path} (in Python: lrcn_seq.config.import_file)."
            )
    return files


def _used_files(tree: Mapping[str, Any]) -> dict[str, PartFile]:
    """Return the imported files that the user named, or that a config names."""
    names: set[str] = set()

    def add(_: str, name: str) -> str:
        file, _ = _split_reference(name)
        names.update([file.name] if file else [])
        return name

    _with_types(tree, add)
    return {name: file for name, file in _imported.items() if file.is_explicit or name in names}


def _write_copy(path: Path, content: bytes) -> None:
    write_file(path, lambda file: file.write(content))


def _run_part(folder: Path, seam: str, name: str) -> str:
    """Register the class that the config of a run names, and check that its file exists."""
    file, class_name = _split_reference(name)
    if file is not None and file.name in _imported:
        SEAMS[seam].add(name, _class_of(_imported[file.name], class_name, SEAMS[seam]))
    is_own = file is not None or (folder / PARTS_FOLDER).is_dir()
    if is_own and name not in SEAMS[seam].names():
        missing = file.name if file else f"{name}{SUFFIX}"
        raise RunError(
            f"{folder}: expected the part {name!r} of {seam}, with which the run was trained. "
            f"Received: no such part, and no {PARTS_FOLDER}/{missing}; restore this file, name it "
            f"with --import {missing}, or install the package of the part."
        )
    return name


def _import_named(path: Path, *, is_explicit: bool) -> PartFile:
    """Import a file that the user named on the command line, in Python or in a config."""
    content, known = _read(path), _imported.get(path.name)
    if (
        known is not None
        and known.is_explicit
        and known.content != content
        and known.path.resolve() != path.resolve()
    ):
        raise _name_conflict(path, known.path)
    file = _import(path, content, is_explicit=is_explicit)
    trust(content, path.name)
    return file


def _import(path: Path, content: bytes, *, is_explicit: bool) -> PartFile:
    """Import the content of a file, unless the last import of its name had the same content."""
    known = _imported.get(path.name)
    if known is None or known.content != content:
        print_detail(f"importing {path}")
        known = PartFile(path, content, _execute(path, content), is_explicit)
    _imported[path.name] = known._replace(is_explicit=is_explicit or known.is_explicit)
    return _imported[path.name]


def _execute(path: Path, content: bytes) -> ModuleType:
    """Execute the content of a file as a module, whose name contains a hash of the content."""
    module = ModuleType(f"{FILE_PACKAGE}{sha256(content).hexdigest()[:16]}.{path.stem}")
    module.__file__ = str(path.resolve())
    sys.modules[module.__name__] = module  # classes look up their module while they are defined
    try:
        exec(compile(content, module.__file__, "exec", dont_inherit=True), module.__dict__)
    except SystemExit as error:
        del sys.modules[module.__name__]
        raise UsageError(
            f"{path}: expected a Python file that can be imported. Received: a call of exit; "
            "remove it."
        ) from error
    except Exception as error:
        del sys.modules[module.__name__]
        if isinstance(error, LrcnError):
            raise
        raise UsageError(
            f"{path}{_line_of(error, module.__file__)}: expected a Python file that can be "
            f"imported. Received: {type(error).__name__}: {error_reason(error)}; correct the file"
            f"{_sibling_hint(error, path)}."
        ) from error
    return module


def _line_of(error: BaseException, file: str) -> str:
    """Return `, line N` for the line of a file at which an error arose, or "" if unknown."""
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}" if error.lineno else ""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == file
    ]
    return f", line {lines[-1]}" if lines else ""


def _sibling_hint(error: BaseException, path: Path) -> str:
    """Return a hint if a file imports another file beside it."""
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    if name is None or not (path.parent / f"{name}{SUFFIX}").exists():
        return ""
    return f"; it may import installed packages, but not {name}{SUFFIX} beside it"


def _class_of(file: PartFile, name: str, registry: Registry) -> type[Any]:
    """Return the class `name` of a file; raise UsageError unless it fits the registry."""
    found, contract = getattr(file.module, name, None), f"{registry.package}.base"
    if isinstance(found, type) and any(kind.__module__ == contract for kind in found.__mro__):
        return found
    if isinstance(found, type):
        raise UsageError(
            f"{file.path}: expected a class of {registry.seam}. Received: {name}, which does not "
            f"derive from a class of {contract}; derive it from one."
        )
    known = [key for key, value in vars(file.module).items() if isinstance(value, type)]
    raise UsageError(
        f"{file.path}: expected the class {name}. Received: a file without it."
        f"{did_you_mean(name, known)}"
    )


def _read(path: Path) -> bytes:
    if path.suffix != SUFFIX:
        raise UsageError(f"{path}: expected a Python file, my_parts.py. Received: another name.")
    try:
        return read_file(path)
    except OSError as error:
        raise UsageError(
            f"{path}: expected a Python file with parts. Received: {_file_reason(error)}."
        ) from error


def _file_reason(error: OSError) -> str:
    """Return why a file cannot be read."""
    return error.strerror or str(error).rpartition("Received: ")[2]


def _name_conflict(path: Path, other: Path) -> UsageError:
    return UsageError(
        f"{path}: expected files of parts with different names. Received: {other}, which has the "
        "same name; rename one of them."
    )


def _split_reference(name: str) -> tuple[Path | None, str]:
    """Split `my_parts.py:MyEncoder` into file and class; the file of any other name is None."""
    file, colon, class_name = name.rpartition(":")
    is_reference = colon and file.endswith(SUFFIX) and class_name.isidentifier()
    return (Path(file).expanduser(), class_name) if is_reference else (None, "")


def _with_types(
    tree: Mapping[str, Any], replace: Callable[[str, str], str], place: str = ""
) -> dict[str, Any]:
    """Return a copy of a config in which a function of (registry, type) replaces types of parts."""
    return dict(_replaced_items(tree, replace, place))


def _replaced_items(
    tree: Mapping[str, Any], replace: Callable[[str, str], str], place: str
) -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        path = f"{place}{key}"
        if isinstance(value, Mapping):
            yield key, _with_types(value, replace, f"{path}.")
        elif path == "stages" and isinstance(value, list):
            yield key, [_with_types(v, replace) if isinstance(v, Mapping) else v for v in value]
        elif isinstance(value, str) and path in TYPE_KEYS:
            yield key, replace(TYPE_KEYS[path], value)
        else:
            yield key, value
