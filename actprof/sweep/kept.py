"""Finished cells in a file: one line of JSON each, so that a sweep that was broken off is taken up again."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from actprof.errors import DataError, SpecError, quoted
from actprof.report.files import Target, check_place
from actprof.sweep.result import Cell

SCHEMA = "actprof.cell/1"
_START = json.dumps({"schema": SCHEMA})[:-1].encode()  # how a line of ours begins


class KeptCells:
    """The cells of a file; what is added is in it at once.

    Attributes:
        used: how many were asked for and found.
    """

    def __init__(self, path: str) -> None:
        """Read what is there, or begin a file. Raises an ActprofError for what cannot be such a file."""
        self.used = 0
        self._target = Target(path, "jsonl", "--resume")
        if not path or (os.path.exists(path) and not os.path.isfile(path)):
            raise SpecError(f"--resume {quoted(path, 300)} is no ordinary file. Name one, such as cells.jsonl.")
        check_place(self._target)
        self._cells: dict[str, Cell] = {}
        try:
            if os.path.exists(path):
                self._read()
        except OSError as error:
            raise self._target.unwritable(error) from None

    def _read(self) -> None:
        with open(self._target.path, "r+b") as file:
            *lines, torn = file.read().split(b"\n")
            for number, line in enumerate(lines, start=1):
                try:
                    record = json.loads(line if line.startswith(_START) else b"")
                    self._cells[str(record["key"])] = _cell(record["cell"])
                except (ValueError, TypeError, KeyError, AttributeError):
                    raise self._foreign(number) from None
            if not (torn.startswith(_START) or _START.startswith(torn)):
                raise self._foreign(len(lines) + 1)
            file.truncate(file.tell() - len(torn))  # of a line that was broken off nothing can be used

    def _foreign(self, number: int) -> DataError:
        return DataError(f"{quoted(self._target.path, 300)} is no file of --resume: line {number:,} holds no cell. "
                         "Name another file.")

    def find(self, key: str) -> Cell | None:
        """The cell with that key, if it is finished."""
        found = self._cells.get(key)
        self.used += found is not None
        return found

    def add(self, key: str, cell: Cell) -> None:
        """Append a cell by a single write, so that at any moment each line is whole or the last."""
        line = json.dumps({"schema": SCHEMA, "key": key, "cell": _record(asdict(cell))}, ensure_ascii=False)
        try:
            with open(self._target.path, "ab", buffering=0) as file:
                file.write(f"{line}\n".encode())
        except OSError as error:
            raise self._target.unwritable(error) from None


def _record(value: Any) -> Any:
    """The value for strict JSON: what is not finite becomes a word that `float` knows."""
    if isinstance(value, Mapping):
        return {name: _record(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_record(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _cell(record: Mapping[str, Any]) -> Cell:
    def tuples(name: str) -> dict[str, Any]:
        return {quantity: tuple(map(float, values)) for quantity, values in record[name].items()}

    return Cell(record["label"], {name: float(value) for name, value in record["statistics"].items()},
                tuples("spread"), tuples("networks"), record["verdict"], tuples("predicted"), dict(record["verdicts"]))
