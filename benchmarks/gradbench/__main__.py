"""``python -m benchmarks.gradbench [--multithreaded]``: answers GradBench's messages on standard input."""

from __future__ import annotations

import argparse
import os
import sys

from benchmarks.gradbench.protocol import answers


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gradbench", description=__doc__)
    parser.add_argument(
        "--multithreaded", action="store_true", help="one thread for each core instead of one"
    )
    options = parser.parse_args()
    threads = (os.cpu_count() or 1) if options.multithreaded else 1
    # Whatever a library prints must not come between the answers.
    out, sys.stdout = sys.stdout, sys.stderr
    for line in answers(sys.stdin, threads):
        print(line, file=out, flush=True)


if __name__ == "__main__":
    main()
