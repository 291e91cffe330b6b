"""Machine-readable output: strict JSON and tidy CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any


def strict(value: Any) -> Any:
    """The same data with every statistic that is not finite as None; numpy's scalars and arrays as Python's."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {key: strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def to_json(record: Mapping[str, Any]) -> str:
    """One object on one line; no NaN, no Infinity, and ASCII alone, which every stream can carry."""
    return json.dumps(strict(record), allow_nan=False)


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """A header of all the rows' keys and a line for each; an empty cell for what is missing or not finite."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(key for row in rows for key in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: "" if item is None else item for key, item in strict(row).items()} for row in rows)
    return text.getvalue()
