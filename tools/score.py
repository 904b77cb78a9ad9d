"""Run `lrcn score` as a script."""

import sys

from lrcn_seq.cli import main

raise SystemExit(main(["score", *sys.argv[1:]]))
