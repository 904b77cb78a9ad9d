"""Run `lrcn parts` as a script."""

import sys

from lrcn_seq.cli import main

raise SystemExit(main(["parts", *sys.argv[1:]]))
