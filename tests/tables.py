"""Reading of printed tables: cells by their heads, wherever the columns stand, and the numbers in them."""

import math
import re
from collections.abc import Callable, Sequence


def tables(lines: Sequence[str], row: str = r" *\d\S* ") -> list[list[dict[str, str]]]:
    """The rows of each table, each as head → cell; a row is a line below the rule that begins like `row`.

    Above the rule stand a title and the heads, after a blank line. A column is what no blank runs through from the
    heads to the last row; what has no head belongs to the column on its left, a head without cells to its right.
    """
    return [_table(lines, place, row) for place, line in enumerate(lines) if line and set(line) <= {"─", "-"}]


def _table(lines: Sequence[str], rule: int, row: str) -> list[dict[str, str]]:
    top = next(above for above in range(rule, -1, -1) if above == 0 or not lines[above - 1])
    folded = [place + lines[place].endswith("seed") for place in range(top, rule) if "seed" in lines[place]]
    top = max([top, *folded])  # the last line of a title
    bottom = next((below for below in range(rule + 1, len(lines)) if not re.match(row, lines[below])), len(lines))
    heads, rows = lines[top + 1:rule], lines[rule + 1:bottom]
    columns, before = list[tuple[str, int]](), ""
    taken = [any(line[at:at + 1].strip() for line in (*heads, *rows)) for at in range(max(map(len, (*heads, *rows))))]
    for start in (at for at, full in enumerate(taken) if full and not (at and taken[at - 1])):
        stop = next((at for at in range(start, len(taken)) if not taken[at]), len(taken))
        head = " ".join(filter(None, (before, *(line[start:stop].strip() for line in heads))))
        before = "" if any(line[start:stop].strip() for line in rows) else head
        if head and not before:
            columns.append((head, start))
    ends = [*(start for _, start in columns[1:]), len(taken)]
    return [{head: line[start:end].strip() for (head, start), end in zip(columns, ends, strict=True)} for line in rows]


def says(cell: str, value: float) -> bool:
    """Whether a cell holds the number in three digits, or two and an exponent; - for what is not finite."""
    if value == 0 or not math.isfinite(value):
        return cell == ("0" if value == 0 else "-")
    return _rounded(cell, lambda power: value / 10.0**power)


def says_power(cell: str, exponent: float) -> bool:
    """Whether a cell holds 10**exponent as `says` has it, beyond the range of floats too."""
    if not math.isfinite(exponent):
        return cell == ("0" if exponent == -math.inf else "-")
    return _rounded(cell, lambda power: 10.0 ** (exponent - power))


def says_share(cell: str, share: float) -> bool:
    """Whether a cell holds the share in per cent with one decimal, where 0 and 100 are nothing and all."""
    if not math.isfinite(share):
        return cell == "-"
    if cell in ("<0.1", ">99.9"):
        return 0 < share < 5e-4 if cell == "<0.1" else 0.9995 <= share != 1
    return cell == f"{100 * share:.0f}" if share in (0, 1) else abs(float(cell) - 100 * share) < 0.0501


def _rounded(cell: str, scaled: Callable[[int], float]) -> bool:
    mantissa, _, exponent = cell.partition("e")
    whole, _, decimals = mantissa.lstrip("-").partition(".")
    enough = len((whole + decimals).lstrip("0")) >= (2 if exponent else 3)
    return enough and abs(float(mantissa) - scaled(int(exponent or 0))) <= 0.501 * 10.0 ** -len(decimals)
