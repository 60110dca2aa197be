"""Speed and memory as ratios within one run: ``make bench``.

Every step is timed several times in turn with something bare, so that a machine that
slows down slows both. Limits are goals, printed beside what was measured; nothing
fails here. Each table is a module beside this one with a ``TITLE`` and ``rows``.
"""

import argparse
from importlib import import_module

from tests.benchmarks.measuring import show

TABLES = (
    "start",
    "hour",
    "detection",
    "parts",
    "card",
    "large",
    "large_project",
    "gallery",
    "review",
    "latency",
    "retrain",
    "training",
    "busy",
    "jobs",
    "project",
)
LONG = ("coverage", "frames", "fuzz", "quality", "resume", "scale", "sizes", "spacings")
"""Tables that are only made when they are named: they take tens of minutes."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    named = f"of {', '.join(TABLES)}, or all of these; or of {', '.join(LONG)}"
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=named)
    parser.add_argument(
        "--quick", action="store_true", help="smaller data where that takes minutes"
    )
    arguments = parser.parse_args()
    for name in set(arguments.tables) - {*TABLES, *LONG}:
        parser.error(f"there is no table {name}")
    for name in arguments.tables or TABLES:
        table = import_module(f"tests.benchmarks.{name}")
        if name in LONG:
            table.show(arguments.quick)
        else:
            show(table.TITLE, list(table.rows(arguments.quick)))


if __name__ == "__main__":
    main()
