"""Run the command line with `python -m lrcn_seq`."""

from lrcn_seq.cli import main

raise SystemExit(main())
