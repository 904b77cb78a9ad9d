"""Run the named benchmarks of tools/benchmarks, or all of them, one after the other.

python tools/benchmark.py [NAME ...]
"""

import runpy
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "benchmarks"
HELPERS = {"metrics_data", "rival_decoder"}
"""Helper modules that the benchmarks import."""
BENCHMARKS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in HELPERS)
NEED_DATA = {
    "flickr8k",
    "metrics_cost",
    "metrics_equality",
    "metrics_meteor",
    "metrics_reward",
    "metrics_speed",
    "metrics_tokens",
    "server_load",
    "small_data",
}
"""Benchmarks that need data or a run outside of this repository and run only if they are named."""


def main() -> None:
    """Run each benchmark; every benchmark prints its own results."""
    arguments = sys.argv[1:]
    if {"-h", "--help"} & set(arguments):
        print(f"{__doc__}\nBenchmarks: {', '.join(BENCHMARKS)}.")
        return
    unknown = sorted(set(arguments) - set(BENCHMARKS))
    if unknown:
        raise SystemExit(
            f"Expected benchmarks among {', '.join(BENCHMARKS)}. Received: {', '.join(unknown)}."
        )
    sys.path.insert(0, str(FOLDER))
    for name in arguments or [name for name in BENCHMARKS if name not in NEED_DATA]:
        print(f"== {name}", flush=True)
        sys.argv = [name]
        runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")


if __name__ == "__main__":
    main()
