"""Run `lrcn classify` as a script."""

import sys

from lrcn_seq.cli import main

raise SystemExit(main(["classify", *sys.argv[1:]]))
