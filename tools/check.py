"""Run `lrcn check` as a script."""

import sys

from lrcn_seq.cli import main

raise SystemExit(main(["check", *sys.argv[1:]]))
