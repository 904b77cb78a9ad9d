"""Running the script of an artifact without this library."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

RUNNER = '''
import runpy, sys

class Filter:
    """A finder that does not find refused packages."""
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        refused = name.split(".")[0] in {refused}
        return None if refused else self.finder.find_spec(name, path, target)
    def __getattr__(self, name):
        return getattr(self.finder, name)

sys.meta_path[:] = map(Filter, sys.meta_path)
script, *sys.argv[1:] = sys.argv[1:]
runpy.run_path(script, run_name="__main__")
loaded = {refused} & set(sys.modules)
assert not loaded, loaded
'''


def run_script(folder: Path, files: Sequence[object], *, refused: Sequence[str] = ()) -> list[str]:
    """Run `run.py` of an artifact in a process that can import neither Keras nor this library.

    Args:
        folder: the folder of the artifact.
        files: images or videos.
        refused: further packages that cannot be imported.

    Returns:
        The lines that the script prints.
    """
    code = RUNNER.replace("{refused}", repr({"keras", "lrcn_seq", *refused}))
    called = subprocess.run(
        [sys.executable, "-I", "-c", code, str(folder / "run.py"), *map(str, files)],
        capture_output=True,
        check=False,
        text=True,
        cwd=folder.parent,
    )
    assert called.returncode == 0, called.stderr[-2000:]
    return called.stdout.splitlines()
