"""k-fold cross-validation by group: python tools/folds.py CONFIG [section.key=value ...] --folds 5 [--run FOLDER] [--json]

Trains the config once for each fold into FOLDER/fold-k; called again, it goes on where it stopped.
"""

import json
import sys
from pathlib import Path

from lrcn_seq.cli import Parser, quiet
from lrcn_seq.errors import LrcnError


def main() -> int:
    """Prints the accuracy of each fold, and of all clips with its interval over groups."""
    parser = Parser(Path(sys.argv[0]).name, description=__doc__)
    parser.add_argument("config", help="a YAML file of the task activity")
    parser.add_argument(
        "overrides",
        nargs="*",
        default=[],
        metavar="section.key=value",
        help="changes of the config, for all folds",
    )
    parser.add_argument("--folds", type=int, default=5, help="how many (5)")
    parser.add_argument(
        "--run", help="holds the run folders; runs/NAME_OF_THE_CONFIG-folds without it"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    try:
        arguments = parser.parse_intermixed_args()
        quiet()
        from lrcn_seq.training import cross_validate

        folder = arguments.run or f"runs/{Path(arguments.config).stem}-folds"
        found = cross_validate(
            arguments.config, folder, arguments.folds, overrides=arguments.overrides
        )
    except LrcnError as error:
        print(f"folds: {error}", file=sys.stderr)
        return error.exit_code
    print(json.dumps(found.as_dict()) if arguments.json else found)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
