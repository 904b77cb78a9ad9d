"""Run `lrcn caption` as a script."""

import sys

from lrcn_seq.cli import main

raise SystemExit(main(["caption", *sys.argv[1:]]))
