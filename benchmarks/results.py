"""Tables in RESULTS.md, and the commands that print them."""

import shlex
import sys
from pathlib import Path

FLAGS = ("--save", "--busy")  # they change nothing that is measured


def command():
    """The command that is running, with the folder of the real data as its variable."""
    arguments, rest = [], iter(sys.argv[1:])
    for argument in rest:
        if argument == "--data":
            next(rest, None)
            arguments.append("--data $SKXLING_DATA")
        elif argument.startswith("--data="):
            arguments.append("--data $SKXLING_DATA")
        elif argument not in FLAGS:
            arguments.append(shlex.quote(argument))
    return " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *arguments])


def add_result(heading, rows):
    """Append a table to RESULTS.md, right under a heading, which is made where there is none."""
    path = Path(__file__).with_name("RESULTS.md")
    before, _, after = path.read_text(encoding="utf-8").partition(f"{heading}\n")
    table = "\n".join([heading, "", *rows])
    temporary = path.with_suffix(".tmp")
    temporary.write_text(f"{before.rstrip()}\n\n{table}\n{after}", encoding="utf-8")
    temporary.replace(path)
