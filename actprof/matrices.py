"""Weight matrices whose entries are not drawn one by one, with the mean and the std of an entry."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.fans import Fans
from actprof.registry import Value

Matrix = NDArray[Any]


def orthogonal(rng: np.random.Generator, shape: tuple[int, int], dtype: np.dtype[Any], fans: Fans,
               gain: float) -> Matrix:
    """Q·sign(diag R) of a Gaussian's QR: Haar-distributed (Saxe 2013; without the signs it is not Haar)."""
    rows, columns = shape
    q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape)), dtype=dtype))
    q *= gain * np.where(np.diagonal(r) < 0, -1, 1)
    return np.ascontiguousarray(q if rows >= columns else q.T, dtype=dtype)


def identity(rng: np.random.Generator, shape: tuple[int, int], dtype: np.dtype[Any], fans: Fans,
             gain: float) -> Matrix:
    weights = np.eye(*shape, dtype=dtype)
    weights *= gain
    return weights


def identity_mean(fans: Fans, gain: float) -> float:
    return gain / max(fans.fan_in, fans.fan_out)


def identity_std(fans: Fans, gain: float) -> float:
    """Of a weight picked at random, which is `gain` with probability 1/max(n, m), else 0."""
    longer = max(fans.fan_in, fans.fan_out)
    return gain * math.sqrt(longer - 1) / longer


def sparse(rng: np.random.Generator, shape: tuple[int, int], dtype: np.dtype[Any], fans: Fans, sparsity: float,
           std: float) -> Matrix:
    rows, columns = shape
    weights: Matrix = rng.standard_normal(shape, dtype=dtype)
    weights *= std
    zeros = _zeros(rows, sparsity)
    order = np.argsort(rng.random((rows, columns), dtype=np.float32), axis=0)[:zeros]
    np.put_along_axis(weights, order, 0, axis=0)
    return weights


def sparse_std(fans: Fans, sparsity: float, std: float) -> float:
    return std * math.sqrt(1 - _zeros(fans.fan_in, sparsity) / fans.fan_in)


def sparse_square_variance(fans: Fans, sparsity: float, std: float) -> float:
    """2n/k for k weights of a column that are not 0: only they vary."""
    return 2 * fans.fan_in / max(fans.fan_in - _zeros(fans.fan_in, sparsity), 1)


def fixed(fans: Fans, **_: Value) -> float:
    """The sum of a whole matrix's squares is always the same."""
    return 0.0


def _zeros(rows: int, sparsity: float) -> int:
    """How many weights of a column are 0."""
    return math.ceil(sparsity * rows)
