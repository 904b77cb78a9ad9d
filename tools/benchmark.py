"""Runs every race of tools/benchmarks, or those named, one after the other: python tools/benchmark.py [NAME ...]"""

import runpy
import sys
from pathlib import Path

RACES = sorted(path.stem for path in (Path(__file__).parent / "benchmarks").glob("*.py"))
NEED_DATA = {
    "flickr8k",
    "metrics_cost",
    "metrics_equality",
    "metrics_meteor",
    "metrics_reward",
    "metrics_speed",
    "metrics_tokens",
}
PARTS = {"metrics_data", "rival_decoder"}


def main() -> None:
    """Each race prints its own medians and ratios."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(f"{__doc__}\n\nRaces: {', '.join(name for name in RACES if name not in PARTS)}.")
        return
    wanted = sys.argv[1:] or [name for name in RACES if name not in NEED_DATA | PARTS]
    unknown = set(wanted) - set(RACES)
    if unknown:
        raise SystemExit(
            f"There is no race {', '.join(sorted(unknown))}. Known: {', '.join(RACES)}."
        )
    sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))
    for name in wanted:
        print(f"== {name}", flush=True)
        sys.argv = [name]
        runpy.run_path(
            str(Path(__file__).parent / "benchmarks" / f"{name}.py"), run_name="__main__"
        )


if __name__ == "__main__":
    main()
