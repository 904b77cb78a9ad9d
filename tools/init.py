"""Run `lrcn init` as a script."""

import sys

from lrcn_seq.cli import main

raise SystemExit(main(["init", *sys.argv[1:]]))
