"""The table of normalisations, at initialisation: scale 1 and shift 0, in training mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.registry import Choice, Parameter, Registry

Rows = NDArray[Any]


@dataclass(frozen=True)
class Normalization:
    """A row of the table.

    Attributes:
        apply: (rows, eps) normalises (samples, units) in place.
        whole_batch: it mixes the samples of a batch, so a batch cannot be cut into chunks.
        trained: parameters that it adds for each unit (scale, shift).
    """

    name: str
    formula: str
    source: str
    apply: Callable[[Rows, float], None]
    whole_batch: bool = False
    trained: int = 0
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = (Parameter("eps", 1e-5, low=0.0),)


def _standardise(rows: Rows, eps: float, axis: int) -> None:
    """Subtract the mean, divide by √(variance + eps); both in float64, whatever the rows' dtype."""
    if rows.dtype == np.float64:
        # Where the mean is rounded like the rows, this alone makes sure that what is constant becomes 0.
        rows -= rows.take([0], axis=axis)
    mean = rows.mean(axis=axis, keepdims=True, dtype=np.float64)
    # A mean rounded to float32 first would shift small variations around a large offset.
    np.subtract(rows, mean, out=rows, casting="same_kind")
    _divide(rows, np.mean(np.square(rows, dtype=np.float64), axis=axis, keepdims=True), eps)


def _rms(rows: Rows, eps: float) -> None:
    _divide(rows, np.mean(np.square(rows, dtype=np.float64), axis=1, keepdims=True), eps)


def _divide(rows: Rows, square: Rows, eps: float) -> None:
    """Divide by √(square + eps); what is 0 throughout stays 0, with eps = 0 too."""
    scale = np.sqrt(square + eps).astype(rows.dtype)
    scale[scale == 0] = 1
    rows /= scale


NORMALIZATIONS: Registry[Normalization] = Registry("normalisation", "normalizations", (
    Normalization("none", "z", "", lambda rows, eps: None, parameters=()),
    Normalization("batch", "(z - mean)/√(variance + eps), each unit over the mini-batch",
                  "Ioffe & Szegedy 2015, Batch normalization", lambda rows, eps: _standardise(rows, eps, 0),
                  whole_batch=True, trained=2, aliases=("batchnorm", "batch_norm", "bn")),
    Normalization("layer", "(z - mean)/√(variance + eps), each sample over its units",
                  "Ba, Kiros & Hinton 2016, Layer normalization", lambda rows, eps: _standardise(rows, eps, 1),
                  trained=2, aliases=("layernorm", "layer_norm", "ln")),
    Normalization("rms", "z/√(mean of z² + eps), each sample over its units",
                  "Zhang & Sennrich 2019, Root mean square layer normalization", _rms,
                  trained=1, aliases=("rmsnorm", "rms_norm")),
))


def apply(choice: Choice, rows: Rows) -> None:
    """Normalise (samples, units) in place."""
    NORMALIZATIONS[choice.name].apply(rows, float(choice.values.get("eps", 0.0)))
