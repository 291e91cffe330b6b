"""Derivatives of E f(h), h ~ N(offset, q), by the variance q, as expectations (Stein's lemma).

With f they are d/dq E f = E[(z² - 1)f]/(2q) and d²/dq² E f = E[(z⁴ - 6z² + 3)f]/(4q²), which hold where f jumps; with
f' = df/dh they are E[z f']/(2√q) and E[(z³ - 3z)f']/(4q√q), which cancel less.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.activations import BoundActivation
from actprof.theory.quadrature import PERIODIC

Array = NDArray[Any]

Kernel = tuple[Callable[[Array], Array], Callable[[Any], Any]]
"""A polynomial in z, and what it is divided by: a function of the variance q."""

_SMOOTH: tuple[Kernel, Kernel] = ((lambda z: z, lambda q: 2 * np.sqrt(q)),
                                  (lambda z: z * (z * z - 3), lambda q: 4 * q * np.sqrt(q)))

_JUMPING: tuple[Kernel, Kernel] = ((lambda z: z * z - 1, lambda q: 2 * q),
                                   (lambda z: z * z * (z * z - 6) + 3, lambda q: 4 * q * q))


def kernels(phi: BoundActivation) -> tuple[Kernel, Kernel]:
    """Of the first and the second derivative: with f' unless φ jumps, then with f."""
    return _JUMPING if phi.jumps else _SMOOTH


def without_noise(phi: BoundActivation, derivative: Any, power: Any, square: Any) -> Any:
    """W' or W'' without what rounding makes of a W that stands still, as that of a step and of a fast sine.

    `power` is the variance's that makes the derivative comparable with W, which is `square`.
    """
    if not phi.jumps and phi.name not in PERIODIC:
        return derivative
    return np.where(np.abs(power * derivative) <= 1e-14 * square, 0.0, derivative)
