"""Run `lrcn serve` as a script."""

import sys

from lrcn_seq.cli import main

raise SystemExit(main(["serve", *sys.argv[1:]]))
