"""Run `lrcn describe` as a script."""

import sys

from lrcn_seq.cli import main

raise SystemExit(main(["describe", *sys.argv[1:]]))
