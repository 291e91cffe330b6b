"""Write the README's table of options anew from the commands themselves: options_table.py

A row is an option as one or more commands have it; options that mean something else elsewhere have another row.
"""

import re
from collections import defaultdict
from pathlib import Path

import click

from actprof.program import COMMANDS, cli

README = Path(__file__).parent.parent / "README.md"
START, END = "<!-- options: scripts/options_table.py -->\n", "<!-- end of options -->\n"


def table() -> str:
    """The rows in the order in which the commands list their options, the same for several commands once."""
    takers = defaultdict(list)
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        context = click.Context(command, info_name=name)
        for parameter in command.params:
            record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
            if record:
                takers[record].append(name)
    rows = [f"| `{escaped(option)}` | {' '.join(names) if len(names) < len(COMMANDS) else 'all'} | {escaped(said)} |\n"
            for (option, said), names in takers.items()]
    return "".join(["| option | of | what |\n|---|---|---|\n", *rows])


def escaped(text: str) -> str:
    """The text on one line of a Markdown table."""
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("*", "\\*").strip()


def main() -> None:
    before, _, rest = README.read_text(encoding="utf-8").partition(START)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{START}{table()}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
