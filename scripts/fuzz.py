"""Random requests and mutated files against the program, whose grammar is read off its own commands and catalogue.

    python scripts/fuzz.py [--seed S] [--minutes M | --requests N] [--first I]

Whatever is asked, the exit code is 0, 1, 2 or 3; an error is one line; nothing is called a bug; JSON is strict, and
says what CSV and the table say; the same request gives the same bytes, for every format and number of workers, and
whatever was asked before; no file is left behind or changed; no call takes more than 2 GB or 30 s of CPU time. What is
refused is asked again without an option, until there is a result. Most calls are made in this process, whose caches
are warm, and some repeated by a new one. A request is known by seed and number: --first I --requests 1 repeats the one
that was reported.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import contextlib
import csv
import gzip
import io
import json
import os
import random
import re
import resource
import shlex
import signal
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

import click
import numpy as np

from actprof.cli.arguments import Number, Whole
from actprof.cli.completion import REGISTRIES, catalogue
from actprof.machine import one_blas_thread
from actprof.program import COMMANDS, cli
from actprof.program import main as run
from tests.forked import Ended, Program, program
from tests.tables import tables

MAX_BYTES, MAX_SECONDS = 2e9, 30.0

CHANCE = 0.25
"""Of an option to be given."""

FIGURES, AGAIN = 0.05, 0.03
"""Of results to be drawn too, which takes ten times as long, and to be asked for again in a process of their own."""

NUMBERS = ("0", "1", "-1", "0.5", "2", "3.7", "1e-3", "1e-45", "1e-300", "1e30", "1e300", "-1e300", "0.1", "7")
HOSTILE = ("", "-1", "5.0", "nan", "inf", "1e999", "10**9", "\x1b[31m", "ü", "x" * 300, "0x10", "1_0", " 3", "None")

SMALL = {"layers": (1, 6), "width": (1, 9), "batch_size": (1, 30), "batches": (1, 3), "repeats": (1, 3),
         "bins": (1, 60), "samples": (2, 60), "iterations": (1, 12), "epochs": (1, 2), "train_size": (1, 40),
         "workers": (1, 1), "dpi": (30, 60), "seed": (0, 10**6)}
"""Parameter → least and largest value of a request that is quick; always given where the default is larger."""

ALWAYS = {"histogram": ("width", "batch_size"), "sweep": ("over", "width", "batch_size", "workers"),
          "bounds": ("samples", "fan_in"), "train": ("iterations", "data", "width", "train_size"), "phases": ("over",)}

ROWS = ("input", "data")
LEFT_OUT = ("paths", "format_", "as_json", "show", "animate", "help")
"""Parameters that are given more often, for their files, and that are given otherwise."""

FREE = {
    "fan_in": ("1:9", "3", "1:5:2", "1:64:log", "4,9,16", "10**18", "9:1", "0", "1:10**6"),
    "fan_out": ("same", "7", "0", "10**6"),
    "kernel": ("3x3", "3", "0x3", "2x2x2x2"),
    "at": ("1", "3,5", "10**6", "0", "x"),
    "widths": ("3,4,5", "7", "3,0", "1,1,1,1", "x"),
    "range": ("0 1", "layer", "shared", "-1 1", "2 1", "1e-300 1e300", "nan 1"),
    "phases over": ("sigma_w=1:2:3", "sigma_b=0:1:4", "sigma_w=0.5:3", "sigma_b=1:1:2", "sigma_w=1e-9:1e9:5"),
    "over": ("gain=1:3:3", "layers=1,4", "width=2:16:log", "std=0,1,1e30", "bias=0:1:2", "act=relu,tanh", "init=he,0.1",
             "norm=none,batch", "gain=3:1", "x=1", "sigma_w=0.5:3", "sigma_b=0:1", "sigma_w=1:1", "layers=2"),
    "input_key": ("x", "y", ""),
    "label_column": ("auto", "last", "none", "label", "1", ""),
    "label_key": ("y", "x", ""),
    "drop": ("a", "a,b", "1", "nobody", ""),
    "resume": ("cells.jsonl", "cells.jsonl", "a.csv"),
    "scheduler": ("", "x", "localhost:1", "localhost:99999"),
    "data_dir": (".", "nowhere"),
}
"""Values of parameters that have a grammar of their own."""

DECIMAL = r"-?\d+\.\d+(?:e[-+]?\d+)?"
DERIVED = ("gain²", "last times √n", "% added")
"""Heads of a table's columns that are computed from others."""

FILES = ("a.npz", "a.npy", "a.csv", "t-images-idx3-ubyte", "t-images-idx3-ubyte.gz", "none.csv")


class Grammar:
    """Random command lines."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def line(self) -> list[list[str]]:
        """A command with what keeps it quick, and some of its options, each with its values."""
        name = self._dice.choice(list(COMMANDS))
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        groups = [[name]]
        for param in command.params:
            if param.name in ALWAYS.get(name, ()):
                groups[0] += flat(self._given(param, command))
            elif param.name not in LEFT_OUT and self._dice.random() < (0.5 if param.name in ROWS else CHANCE):
                groups += self._given(param, command)
        return groups

    def _given(self, param: click.Parameter, command: click.Command) -> list[list[str]]:
        times = self._dice.randint(1, 2) if param.multiple or param.nargs == -1 else 1
        option = [max(param.opts, key=len)] if isinstance(param, click.Option) else []
        if isinstance(param, click.Option) and param.is_flag:
            return [[self._dice.choice([*param.opts, *param.secondary_opts])]]
        values = [self._value(param, command) for _ in range(times)]
        return [[*option, *(value.split() if param.name == "range" else [value])] for value in values]

    def _value(self, param: click.Parameter, command: click.Command) -> str:
        if self._dice.random() < 0.03 and param.name != "resume":  # which writes whatever file it names
            return self._dice.choice(HOSTILE)
        free = FREE.get(f"{command.name} {param.name}") or FREE.get(str(param.name))
        if free is not None:
            return self._dice.choice(free)
        if isinstance(param.type, click.Choice):
            return str(self._dice.choice(list(param.type.choices)))
        if isinstance(param.type, Whole):
            low, high = SMALL.get(str(param.name), (param.type.low, min(param.type.high, 9)))
            return str(self._dice.randint(max(low, param.type.low), high))
        if isinstance(param.type, Number):
            return self._dice.choice(NUMBERS)
        return self._name(param, command)

    def _name(self, param: click.Parameter, command: click.Command) -> str:
        """A name with values, or a file, as completion offers them."""
        offered = param.shell_complete(click.Context(command), "")
        names = [item.value for item in offered if item.type == "plain"]
        if not names or (len(names) < len(offered) and self._dice.random() < 0.5):
            return self._dice.choice(FILES)
        name = str(self._dice.choice(names))
        if "initializers" in str(param.name) or param.name in ("inits", "schemes", "bias"):
            name = self._dice.choice((name, name, self._dice.choice(NUMBERS)))
        return name + self._values(name)

    def _values(self, name: str) -> str:
        """`:key=value,…` for a name of the catalogue."""
        if name in ("blobs", "circles", "spirals", "glyphs"):
            return ":train=30,test=12"
        for key in REGISTRIES:
            for entry in catalogue(key):
                if name in (entry.name, *entry.aliases) and entry.parameters and self._dice.random() < 0.4:
                    chosen = self._dice.sample(entry.parameters, self._dice.randint(1, len(entry.parameters)))
                    return ":" + ",".join(f"{each.name}={self._parameter(each)}" for each in chosen)
        return ""

    def _parameter(self, parameter: Any) -> str:
        if parameter.choices:
            return str(self._dice.choice(parameter.choices))
        if isinstance(parameter.default, int):
            return str(self._dice.randint(1, 40))
        return self._dice.choice(NUMBERS)


def write_files(dice: random.Random, named: Collection[str]) -> None:
    """The files that a request names, each sound or mutated."""
    numbers = np.random.default_rng(dice.randrange(10**6))
    rows, labels = numbers.standard_normal((12, 4)), numbers.integers(0, 3, 12)
    archived, single = io.BytesIO(), io.BytesIO()
    np.savez(archived, x=rows, y=labels)
    np.save(single, rows.astype(dice.choice(["f4", "f8", "i2", "f2", "?", "u1"])))
    table = io.StringIO()
    csv.writer(table).writerows([["a", "b", "c", "label"], *np.column_stack([rows[:, :3].round(3), labels]).tolist()])
    images = b"\0\0\x08\3" + b"".join(size.to_bytes(4, "big") for size in (6, 4, 4)) + bytes(numbers.bytes(96))
    contents = (archived.getvalue(), single.getvalue(), table.getvalue().encode(), images,
                gzip.compress(images, mtime=0))
    for name, content in zip(FILES, contents, strict=False):
        if name in named:
            Path(name).write_bytes(mutated(dice, content) if dice.random() < 0.5 else content)


def mutated(dice: random.Random, content: bytes) -> bytes:
    """A few bytes changed, cut, doubled or put in."""
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(content) + 1)
        length = dice.choice((1, 1, 2, 8, 100))
        piece = dice.choice((b"", bytes([dice.randrange(256)]), content[place:place + length] * 2, b",;\n\"nan e999",
                             b"\xff\xff\xff\xff", b"1e999"))
        content = content[:place] + piece + content[place + length:]
    return content


class Finding(Exception):
    """What a request got that nobody should get."""


def require(holds: bool, what: str, ended: Ended | None = None) -> None:
    if not holds:
        raise Finding(what + (f": exit {ended.code}, {ended.err[-300:]!r}" if ended else ""))


def called(*words: str) -> Ended:
    """Run the program in this process."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2)]
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    code = -1
    signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        try:
            run(words)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    signal.setitimer(signal.ITIMER_PROF, 0)
    for stream in streams:
        stream.flush()
    out, err = (stream.buffer.getvalue() for stream in streams)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Ended(code, out, err.decode(), 0, peak * 1024 * (peak > before), time.process_time() - start)


class Checked:
    """The program, whose every call is held to what holds for all of them."""

    def __init__(self, codes: Counter[int]) -> None:
        self._codes = codes

    def __call__(self, *words: str, by: Callable[..., Ended] = called) -> tuple[Ended, bytes]:
        """How it ended, and its figure."""
        before = files()
        ended = by(*words)
        self._codes[ended.code] += 1
        require_manners(ended)
        after = files()
        [picture] = [after.pop(name) for name in list(after) if name.startswith("f.")] or [b""]
        require(after == before, "a file is left or changed")
        require(not picture or ended.code in (0, 3), "a figure in spite of an error", ended)
        for figure in Path().glob("f.*"):
            figure.unlink()
        return ended, picture


def check(call: Checked, fresh: Program, dice: random.Random, groups: list[list[str]]) -> None:
    """Put a request in several ways. Raises Finding."""
    name = groups[0][0]
    plain = [] if name == "list" else ["--no-figure"]
    while (ended := call(*flat(groups), *plain, "--format", "json")[0]).code in (1, 2):
        if not groups[1:]:
            return
        blamed = [group for group in groups[1:] if any(len(word) > 1 and word in ended.err for word in group)]
        groups.remove(dice.choice(blamed or groups[1:]))
    words, forms = flat(groups), ["json"]
    if name != "list" and not {"--no-figure", "--explain"} & set(words) and dice.random() < FIGURES:
        plain = [f"--output=f.{dice.choice(('svg', 'svg', 'png', 'pdf'))}"]
    else:
        forms = []
    forms += dice.sample(("table", "csv")[:len(plain) + 1], dice.randint(0, len(plain) + 1))
    outputs, drawn = {"json": ended}, set[bytes]()
    for form in forms:
        outputs[form], picture = call(*words, "--format", form, *plain)
        drawn.add(picture)
        if outputs[form].code == 2:  # more pixels than there may be, which only a figure has
            return
    require(len({ended.code for ended in outputs.values()}) == 1, "the exit code depends on the format")
    require(len(drawn) <= 1, "the figure depends on the format")
    compare_formats(words, outputs)
    if dice.random() < AGAIN:
        last = list(outputs)[-1]
        if "--workers" in words:
            words[words.index("--workers") + 1] = dice.choice("12")
        ended, picture = call(*words, "--format", last, *plain, by=partial(fresh, timeout=1000))
        require(ended[:2] == outputs[last][:2], "the same request says something else in a new process")
        require(not drawn or drawn == {picture}, "the same request draws something else in a new process")


def flat(groups: list[list[str]]) -> list[str]:
    return [word for group in groups for word in group]


def require_manners(ended: Ended) -> None:
    """What holds for every call."""
    lines = ended.err.splitlines()
    require(ended.code in (0, 1, 2, 3), "no exit code of ours", ended)
    require(not re.search(r"Traceback|this is a bug|Warning", ended.err), "a bug", ended)
    require(ended.peak < MAX_BYTES, f"{ended.peak / 1e9:.1f} GB", ended)
    require(ended.cpu < MAX_SECONDS, f"{ended.cpu:.0f} s", ended)
    if ended.code in (1, 2):
        require(bool(lines) and bool(re.fullmatch(r"Error: .*[.?!]", lines[-1])), "no error in one line", ended)
        lines.pop()
    require(all(line.startswith(("note: ", "wrote ")) for line in lines), "something else on standard error", ended)


def compare_formats(words: list[str], outputs: dict[str, Ended]) -> None:
    record = json.loads(outputs["json"].out, parse_constant=_refuse)
    numbers = [(key, value) for key, value in numbers_of(record) if key not in ("edges", "counts")]
    known = np.array([value for _, value in numbers])
    if "csv" in outputs:
        rows = list(csv.DictReader(io.StringIO(outputs["csv"].out.decode())))
        require(all(None not in row and None not in row.values() for row in rows), "a ragged row of CSV")
        for column in rows[0] if rows else ():
            name = re.sub("_q[13]$", "", f"_{column}")  # quartiles stand under the name of the statistic
            those = {value for key, value in numbers  # the values are those of an axis
                     if name.endswith(f"_{key}") or key in ("value", "values", "label", "labels")}
            those = set(known) if column in ("value", "low", "high") or not those else those  # of any quantity
            told = {float(row[column]) for row in rows if re.fullmatch(DECIMAL, row[column])}
            require(told <= those, f"CSV has {told - those} as {column}, and JSON has not")
    if words[0] != "list" and "table" in outputs:
        for table in tables(outputs["table"].out.decode().splitlines()):
            for head, number in ((head, number) for row in table for head, cell in row.items()
                                 for number in re.findall(rf"(?<![\d.×]){DECIMAL}", cell)):
                require(head in DERIVED or is_rounded(number, known), f"the table has {number} as {head}, JSON has not")


def is_rounded(number: str, known: np.ndarray[Any, Any]) -> bool:
    """Whether a printed number is one of the known ones to its digits, as it is or in per cent."""
    mantissa, _, exponent = number.partition("e")
    unit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return bool(np.any(np.abs(np.outer((1, 100), known) - float(number)) <= 0.501 * unit))


def _refuse(word: str) -> None:
    raise Finding(f"JSON holds {word}")


def numbers_of(value: Any, key: str = "") -> Iterator[tuple[str, float]]:
    """Every number of a record, with the key that it stands under."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from numbers_of(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from numbers_of(each, key)
    elif isinstance(value, (int, float)) or re.fullmatch(DECIMAL, str(value)):  # a name may be a number: --init 0.1
        yield key, float(value)


def files() -> dict[str, bytes]:
    """Those of this folder; the one of --resume may change."""
    return {path.name: path.read_bytes() for path in Path().iterdir() if path.name != "cells.jsonl"}


class TookTooLong(BaseException):
    """Raised by the clock, and caught by nothing before it is reported."""


def too_long(number: int, frame: object) -> None:
    raise TookTooLong


@contextlib.contextmanager
def current_folder(folder: str) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@click.command()
@click.option("--seed", default=0)
@click.option("--minutes", type=float, help="Until so many minutes are over.")
@click.option("--requests", type=int, help="So many requests.")
@click.option("--first", default=0, help="Number of the first request.")
def main(seed: int, minutes: float | None, requests: int | None, first: int) -> None:
    """Search for a request that gets what none should get; exit code 1 if there is one."""
    end = time.monotonic() + 60 * (minutes if minutes is not None else 1 if requests is None else 1e9)
    codes: Counter[int] = Counter()
    place, found, call = first, 0, Checked(codes)
    one_blas_thread()
    signal.signal(signal.SIGPROF, too_long)
    for kind in (RuntimeWarning, UserWarning):
        warnings.simplefilter("always", kind)
    with program() as fresh:
        while time.monotonic() < end and (requests is None or place < first + requests):
            dice = random.Random(f"{seed}/{place}")
            groups = Grammar(dice).line()
            with tempfile.TemporaryDirectory() as folder, current_folder(folder):
                write_files(dice, flat(groups))
                try:
                    check(call, fresh, dice, groups)
                except (Finding, TookTooLong) as finding:
                    found += 1
                    what = f"more than {MAX_SECONDS:.0f} s" if isinstance(finding, TookTooLong) else finding
                    print(f"--seed {seed} --first {place}: {what}\n    actprof {shlex.join(flat(groups))}", flush=True)
                    if isinstance(finding, TookTooLong):  # a thread of it goes on
                        break
            place += 1
    ends = ", ".join(f"{count:,} with exit code {code}" for code, count in sorted(codes.items()))
    print(f"{place - first:,} requests, {codes.total():,} calls ({ends}), {found:,} findings")
    sys.exit(found > 0)


if __name__ == "__main__":
    main()
