"""The table of normalisations: what each does to rows, and what that does to the gradient on its way back."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from actprof.arrays import Rows
from actprof.catalogue.special import borrowed
from actprof.registry import Choice, Parameter, Registry

MOMENTUM = 0.1  # share of a batch in the running moments, as in PyTorch


class Moments(NamedTuple):
    """The moments by which rows were normalised, in float64: less their mean, over the root of (square + eps)."""

    mean: Rows
    square: Rows


class Normalization(NamedTuple):
    """A row of the table.

    Attributes:
        apply: (rows, eps) normalises (samples, units) in place.
        project: (normal, cotangent), where `normal` is what `apply` made, takes out of the cotangent, in place, what
            the rows' own moments cancel.
        whole_batch: it mixes the samples of a batch, so a batch cannot be cut into chunks.
        trained: parameters that it adds for each unit (scale, shift).
    """

    name: str
    formula: str
    source: str
    apply: Callable[[Rows, float], Moments]
    project: Callable[[Rows, Rows], None]
    whole_batch: bool = False
    trained: int = 0
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = (Parameter("eps", 1e-5, low=0.0),)


def _standardise(rows: Rows, eps: float, axis: int) -> Moments:
    """Subtract the mean, divide by √(variance + eps); both in float64, whatever the rows' dtype."""
    offset: Any = 0.0
    if rows.dtype == np.float64:
        # Where the mean is rounded like the rows, this alone makes sure that what is constant becomes 0.
        offset = rows.take([0], axis=axis)
        rows -= offset
    mean = rows.mean(axis=axis, keepdims=True, dtype=np.float64)
    # A mean rounded to float32 first would shift small variations around a large offset.
    np.subtract(rows, mean, out=rows, casting="same_kind")
    return Moments(mean + offset, _divide(rows, _square(rows, axis), eps))


def _rms(rows: Rows, eps: float) -> Moments:
    return Moments(_ZERO, _divide(rows, _square(rows, 1), eps))


def _square(rows: Rows, axis: int) -> Rows:
    square: Rows = np.mean(np.square(rows, dtype=np.float64), axis=axis, keepdims=True)
    return square


def _divide(rows: Rows, square: Rows, eps: float) -> Rows:
    """Divide by √(square + eps); what is 0 throughout stays 0, with eps = 0 too. Returns the square."""
    scale = np.sqrt(square + eps).astype(rows.dtype)
    scale[scale == 0] = 1
    rows /= scale
    return square


def _project(normal: Rows, cotangent: Rows, axis: int, centred: bool = True) -> None:
    """g - mean(g) - n·mean(g·n): a shift of the rows, and a change of their size, do not reach what is normalised."""
    with borrowed(normal, 1) as (along,):
        np.multiply(normal, cotangent, out=along)
        np.multiply(normal, _mean(along, axis), out=along)
        if centred:
            cotangent -= _mean(cotangent, axis)
        cotangent -= along


def _mean(rows: Rows, axis: int) -> Rows:
    """The mean along an axis, as a matrix product: several times faster than `mean`."""
    share = np.full(rows.shape[axis], 1 / rows.shape[axis], rows.dtype)
    return np.expand_dims(share @ rows if axis == 0 else rows @ share, axis)


_ZERO = np.zeros(())
NORMALIZATIONS: Registry[Normalization] = Registry("normalisation", "normalizations", (
    Normalization("none", "z", "", lambda rows, eps: Moments(_ZERO, _ZERO + 1), lambda normal, cotangent: None,
                  parameters=()),
    Normalization("batch", "(z - mean)/√(variance + eps), each unit over the mini-batch",
                  "Ioffe & Szegedy 2015, Batch normalization", lambda rows, eps: _standardise(rows, eps, 0),
                  lambda normal, cotangent: _project(normal, cotangent, 0),
                  whole_batch=True, trained=2, aliases=("batchnorm", "batch_norm", "bn")),
    Normalization("layer", "(z - mean)/√(variance + eps), each sample over its units",
                  "Ba, Kiros & Hinton 2016, Layer normalization", lambda rows, eps: _standardise(rows, eps, 1),
                  lambda normal, cotangent: _project(normal, cotangent, 1),
                  trained=2, aliases=("layernorm", "layer_norm", "ln")),
    Normalization("rms", "z/√(mean of z² + eps), each sample over its units",
                  "Zhang & Sennrich 2019, Root mean square layer normalization", _rms,
                  lambda normal, cotangent: _project(normal, cotangent, 1, centred=False),
                  trained=1, aliases=("rmsnorm", "rms_norm")),
))


class BoundNormalization(NamedTuple):
    """A normalisation with its eps fixed."""

    normalization: Normalization
    eps: float

    @property
    def trained(self) -> int:
        """Parameters for each unit: 1 for a scale, 2 for a scale and a shift."""
        return self.normalization.trained

    @property
    def whole_batch(self) -> bool:
        """Whether it mixes the samples of a batch."""
        return self.normalization.whole_batch

    def apply(self, rows: Rows, moments: Moments | None = None) -> Moments:
        """Normalise (samples, units) in place, by moments that stand for those of a batch where they are given."""
        if moments is None or not self.whole_batch:
            return self.normalization.apply(rows, self.eps)
        np.subtract(rows, moments.mean, out=rows, casting="same_kind")
        _divide(rows, moments.square, self.eps)
        return moments

    def backward(self, normal: Rows, moments: Moments, cotangent: Rows) -> None:
        """Turn, in place, the cotangent of `normal` into that of the rows; both as `apply` gave them."""
        self.normalization.project(normal, cotangent)
        _divide(cotangent, moments.square, self.eps)


@functools.cache
def bind(choice: Choice) -> BoundNormalization | None:
    """The normalisation that a choice stands for, None for "none"."""
    row = NORMALIZATIONS[choice.name]
    return BoundNormalization(row, float(choice.values["eps"])) if row.trained else None


def apply(choice: Choice, rows: Rows) -> None:
    """Normalise (samples, units) in place."""
    NORMALIZATIONS[choice.name].apply(rows, float(choice.values.get("eps", 0.0)))


def blend(running: Moments, batch: Moments, share: float) -> None:
    """Move the running moments, in place, by a share of the way to those of a batch."""
    for kept, seen in zip(running, batch, strict=True):
        kept += share * (seen - kept)
