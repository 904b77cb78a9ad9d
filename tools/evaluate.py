"""Run `lrcn evaluate` as a script."""

import sys

from lrcn_seq.cli import main

raise SystemExit(main(["evaluate", *sys.argv[1:]]))
