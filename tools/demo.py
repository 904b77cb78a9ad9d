"""Run `lrcn demo` as a script."""

import sys

from lrcn_seq.cli import main

raise SystemExit(main(["demo", *sys.argv[1:]]))
