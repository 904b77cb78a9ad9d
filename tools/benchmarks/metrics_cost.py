"""Measure the memory of scoring and the time of METEOR's first use and of `score --help`.

    python tools/benchmarks/metrics_cost.py DATA [ROUNDS]

DATA is the folder with flickr8k/.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from metrics_data import parse_arguments

SCORE = Path(__file__).parents[1] / "score.py"
PREPARE = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from metrics_speed import races, seconds
work = races(Path({data!r}))[{race!r}][{side}]
_, processor = seconds(work)
"""
OPEN = """
import time
from lrcn_seq.metrics.alignment import meteor_tables, paraphrases
source, start = meteor_tables.meteor_folder() / "data/paraphrase-en.gz", time.perf_counter()
paraphrases.open_paraphrases(source)
print(time.perf_counter() - start)
"""
PEAK = """
import resource
own, children = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(processor, own.ru_maxrss, children.ru_maxrss)
"""


def output(code: str, **environment: str) -> list[float]:
    """Run code in a new Python process; return the numbers of the last line that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return [float(word) for word in done.stdout.split("\n")[-2].split()]


def help_seconds() -> float:
    """Measure the time of `score --help`."""
    start = time.perf_counter()
    subprocess.run([sys.executable, str(SCORE), "--help"], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def first_use(rounds: int) -> None:
    """Print the time to compile METEOR's table, and to open it in new processes."""
    with tempfile.TemporaryDirectory() as cache:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        [seconds] = output(OPEN, LRCN_CACHE=cache)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = sum(path.stat().st_size for path in Path(cache).rglob("*") if path.is_file())
        processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"METEOR's table: compiled in {seconds:.1f} s ({processor:.1f} s of CPU time), "
            f"{after.ru_maxrss / 1e6:.2f} GB of memory, {size / 1e6:.0f} MB on disk"
        )
        opened = statistics.median(output(OPEN, LRCN_CACHE=cache)[0] for _ in range(rounds))
        print(f"METEOR's table: opened in {opened:.3f} s (median of {rounds})", flush=True)


def memory(data: str) -> None:
    """Print CPU time and peak memory by library and kind of metrics, in separate processes."""
    print(
        "\n| peak memory, 8,091 hypotheses, 32,364 references | CPU time | Python | Java |\n"
        "|---|---:|---:|---:|"
    )
    for race in ("BLEU + ROUGE-L + CIDEr, raw text", "METEOR, tokenized"):
        for side, name in enumerate(("pycocoevalcap", "ours")):
            processor, own, java = output(
                PREPARE.format(folder=str(Path(__file__).parent), data=data, race=race, side=side)
                + PEAK
            )
            print(
                f"| {race}: {name} | {processor:.2f} s | {own / 1e3:.0f} MB "
                f"| {f'{java / 1e3:.0f} MB' if side == 0 else '-'} |",
                flush=True,
            )


if __name__ == "__main__":
    data, count = parse_arguments(__doc__, 5)
    print(
        f"score --help: {statistics.median(help_seconds() for _ in range(count)):.3f} s "
        f"(median of {count})",
        flush=True,
    )
    first_use(count)
    memory(str(data))
