"""Run `lrcn export` as a script."""

import sys

from lrcn_seq.cli import main

raise SystemExit(main(["export", *sys.argv[1:]]))
