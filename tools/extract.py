"""Run `lrcn extract` as a script."""

import sys

from lrcn_seq.cli import main

raise SystemExit(main(["extract", *sys.argv[1:]]))
