"""Run `lrcn env` as a script."""

import sys

from lrcn_seq.cli import main

raise SystemExit(main(["env", *sys.argv[1:]]))
