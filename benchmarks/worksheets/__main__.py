"""The command line: ``python -m benchmarks.worksheets score|mutate|time``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.worksheets import show, timing
from benchmarks.worksheets.plant import believed, choose, judge, together
from benchmarks.worksheets.score import score, total
from benchmarks.worksheets.truth import Sheet, documents, sheets

from dvar.check.report import Report

OWN = Path(__file__).parents[2] / "tests" / "worksheets"


def check_sheet(sheet: Sheet) -> Report:
    """What ``dvar check`` says of a worksheet."""
    from dvar.check.worksheet import check  # while starting, only what a command needs

    return check(sheet.path)


def _score(options: argparse.Namespace) -> int:
    scores = [score(sheet, check_sheet) for sheet in _sheets(options)]
    whole = total(scores)
    if options.list:
        for which in options.list:
            print(*show.cases(whole, which), sep="\n")
    else:
        print(*show.table(scores), sep="\n")
        print(*show.alarms(whole), sep="\n")
    if options.json:
        found = {"documents": [s.to_json() for s in scores], "total": whole.to_json()}
        options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    failed = whole.failures()
    if options.demand:
        print(*(f"not met: {failure}" for failure in failed), sep="\n")
    return 1 if options.demand and failed else 0


def _mutate(options: argparse.Namespace) -> int:
    outcomes = []
    places = options.places or [OWN]
    known = {sheet.path: sheet for sheet in sheets(places, options.only)}
    for path in documents(places, options.only):
        sheet = known.get(path) or believed(path, check_sheet)
        base = score(sheet, check_sheet)
        chosen = choose(sheet, options.per_document, options.seed)
        for copy in together(chosen, options.together):
            outcomes += judge(copy, base, check_sheet)
    for which in options.list or ():
        print(*show.planted_cases(outcomes, which), sep="\n")
    if not options.list:
        print(*show.planted(outcomes), sep="\n")
    if options.json:
        found = [outcome.to_json() for outcome in outcomes]
        options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 0


def _time(options: argparse.Namespace) -> int:
    print(*timing.table(options.sizes), sep="\n")
    return 0


def _sheets(options: argparse.Namespace) -> list[Sheet]:
    found = sheets(options.places or [OWN], options.only)
    if not found:
        sys.exit("no worksheet with a file of truth beside it was found")
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worksheets", description=__doc__)
    commands = parser.add_subparsers(required=True)
    scoring = commands.add_parser("score", help="compare with what is true")
    scoring.add_argument("--list", action="append", choices=show.LISTS, help="single cases")
    scoring.add_argument("--demand", action="store_true", help="status 1 if a target is missed")
    scoring.set_defaults(run=_score)
    mutating = commands.add_parser(
        "mutate", help="put mistakes in, and look for them; documents need no truth beside them"
    )
    mutating.add_argument("--seed", type=int, default=0)
    mutating.add_argument("--per-document", type=int, default=10, metavar="K")
    mutating.add_argument("--together", type=int, default=1, metavar="N", help="in each copy")
    mutating.add_argument(
        "--list", action="append", choices=show.PLANTED_LISTS, help="single cases"
    )
    mutating.set_defaults(run=_mutate)
    for command in (scoring, mutating):
        command.add_argument("--json", type=Path, metavar="OUT")
        command.add_argument("places", nargs="*", type=Path, metavar="FOLDER")
        command.add_argument("--only", default="", metavar="NAME", help="part of the file name")
    clocking = commands.add_parser("time", help="how time grows with the number of equations")
    clocking.add_argument("sizes", nargs="*", type=int, default=timing.SIZES, metavar="EQUATIONS")
    clocking.set_defaults(run=_time)
    return parser


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    status: int = options.run(options)
    return status


if __name__ == "__main__":
    sys.exit(main())
