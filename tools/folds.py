"""Cross-validate a classifier over k folds of groups.

  python tools/folds.py CONFIG [section.key=value ...] --folds 5 [--run FOLDER] [--json]

The config is trained once per fold k, in FOLDER/fold-k. A repeated call resumes the folds.
"""

import argparse
import json
import sys
from pathlib import Path

from lrcn_seq.cli import Parser, hide_native_logs
from lrcn_seq.errors import LrcnError


def make_parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        Path(sys.argv[0]).name,
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("config", help="a YAML file of the task activity")
    parser.add_argument(
        "overrides",
        nargs="*",
        default=[],
        metavar="section.key=value",
        help="values that replace those of the config, in every fold",
    )
    parser.add_argument("--folds", type=int, default=5, help="number of folds (default: 5)")
    parser.add_argument(
        "--run", help="the folder that contains the runs (default: runs/NAME_OF_THE_CONFIG-folds)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def main() -> int:
    """Print the accuracy of each fold, and that of all clips with its confidence interval."""
    try:
        arguments = make_parser().parse_intermixed_args()
        hide_native_logs()
        from lrcn_seq.training import cross_validate

        folder = arguments.run or f"runs/{Path(arguments.config).stem}-folds"
        validation = cross_validate(
            arguments.config, folder, arguments.folds, overrides=arguments.overrides
        )
    except LrcnError as error:
        print(f"folds: {error}", file=sys.stderr)
        return error.exit_code
    print(json.dumps(validation.as_dict()) if arguments.json else validation)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
