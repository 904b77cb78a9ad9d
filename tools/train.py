"""Run `lrcn train` as a script."""

import sys

from lrcn_seq.cli import main

raise SystemExit(main(["train", *sys.argv[1:]]))
