"""Run `lrcn predict` as a script."""

import sys

from lrcn_seq.cli import main

raise SystemExit(main(["predict", *sys.argv[1:]]))
