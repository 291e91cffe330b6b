"""Where the variances of many stacks of one activation end, each on its way from its first layer's.

Exact, as the theory package is, and without a search for the fixed points that are not reached; the expectations of all
stacks are taken at once. On the plane of a phase diagram there are thousands of cells, and a table does.
"""

from __future__ import annotations

import math

import numpy as np

from actprof.arrays import Flags, Floats
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.expectations import curve
from actprof.theory.length_map import (
    VARIANCES,
    bisected,
    length_map,
    length_slope,
    limit,
    roots,
    scanned,
    scanned_slopes,
)

NEUTRAL = 1e-11
"""Change of a variance, relative to it, that may be rounding."""

ROUNDING = 1e-9
"""By what part of itself E φ² may fall as the variance grows, and count as rising."""

MOST_NEWTON, FEW, MOST_STEPS = 80, 6, 300
"""Steps of Newton's method, of the same from nearby, and layers."""

SETTLED = 1e-8
"""Relative size of a step of Newton's method after which it is as far as it gets."""


@np.errstate(all="ignore")
def variance_ends(phi: BoundActivation, sigma_w: Floats, sigma_b: Floats, first: Floats) -> Floats:
    """q* of each stack: a fixed point of the length map, 0 or infinity; all arrays are (stacks,)."""
    squares = scanned(phi)[0]
    if (squares[1:] < squares[:-1] * (1 - ROUNDING)).any():
        return _iterated(phi, sigma_w, sigma_b, first)
    return _next(phi, sigma_w, sigma_b, first)


def _next(phi: BoundActivation, sigma_w: Floats, sigma_b: Floats, first: Floats) -> Floats:
    """Where the map rises: the nearest fixed point in the direction of the first step."""
    # From 0 the first step passes no fixed point.
    start = np.where(first > 0, first, sigma_w**2 * length_map(phi, 1.0, 0.0, 0.0) + sigma_b**2)
    ends: Floats = start.copy()
    low, guess, high = np.full((3, len(start)), np.nan)
    at_start = curve(phi, np.where(start > 0, start, 1.0))
    growth = sigma_w**2 * at_start.square + sigma_b**2 - start
    tilts = sigma_w**2 * at_start.square_slope - 1
    ends[sigma_w == 0] = sigma_b[sigma_w == 0]**2
    for each in np.flatnonzero((np.abs(growth) > 1e-13 * start) & (sigma_w > 0) & (start > 0)).tolist():
        stretch = _stretch(phi, *(float(values[each]) for values in (sigma_w, sigma_b, start, growth, tilts)))
        if stretch is None:
            ends[each] = math.inf if growth[each] > 0 else 0.0
        else:
            low[each], guess[each], high[each] = stretch
    there = ~np.isnan(low)
    if there.any():
        ends[there] = _between(phi, sigma_w[there], sigma_b[there], low[there], guess[there], high[there])
    return ends


def _stretch(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float, growth: float,
             tilt: float) -> tuple[float, float, float] | None:
    """A variance below the next fixed point on the way from q, one near it, and one above; None without one.

    A map that rises steps over none of its fixed points, so that one is the end.
    """
    sign, ahead = (1, q < VARIANCES) if growth > 0 else (-1, q > VARIANCES)
    change = sign * (sigma_w**2 * scanned(phi)[0] + sigma_b**2 - VARIANCES)
    ahead &= ~(np.abs(change) <= NEUTRAL * VARIANCES)
    places = np.concatenate([[q], VARIANCES[ahead][::sign]])
    changes = np.concatenate([[abs(growth)], change[ahead][::sign]])
    tilts = np.concatenate([[tilt], (sigma_w**2 * scanned_slopes(phi) - 1)[ahead][::sign]])
    for stretch in np.flatnonzero((changes[1:] < 0) | _dips(places, changes, tilts)):
        behind, beyond = map(float, places[stretch:stretch + 2])
        here, there = changes[stretch:stretch + 2].tolist()
        if there < 0:
            return min(behind, beyond), behind + (beyond - behind) * here / (here - there), max(behind, beyond)
        beyond = bisected(lambda at: length_slope(phi, sigma_w, at) - 1, min(behind, beyond), max(behind, beyond))
        if sign * (length_map(phi, sigma_w, sigma_b, beyond) - beyond) < 0:
            return min(behind, beyond), math.sqrt(behind * beyond), max(behind, beyond)
    return None


def _dips(places: Floats, changes: Floats, tilts: Floats) -> Flags:
    """Whether between neighbours of one sign the change of the variance may have the other, as far as tangents tell.

    Two fixed points that have just parted (gelu) are so close that no grid sees them.
    """
    widths, falling, rising = np.abs(np.diff(places)), tilts[:-1], tilts[1:]
    reach = (changes[1:] - changes[:-1] - rising * widths) / (falling - rising)
    return np.asarray((falling < 0) & (rising > 0) & (changes[:-1] + falling * reach < 0))


def _between(phi: BoundActivation, sigma_w: Floats, sigma_b: Floats, low: Floats, q: Floats, high: Floats) -> Floats:
    """The fixed points between growing and shrinking variances: Newton's method, and halving where that leaves."""
    low, q, high, pending = low.copy(), q.copy(), high.copy(), np.arange(len(low))
    for _ in range(MOST_NEWTON):
        if not len(pending):
            break
        at, here = q[pending], curve(phi, q[pending])
        growth = sigma_w[pending]**2 * here.square + sigma_b[pending]**2 - at
        low[pending] = np.where(growth > 0, at, low[pending])
        high[pending] = np.where(growth > 0, high[pending], at)
        following = at + growth / (1 - sigma_w[pending]**2 * here.square_slope)
        inside = (low[pending] <= following) & (following <= high[pending])
        q[pending] = np.where(inside, following, np.sqrt(low[pending] * high[pending]))
        pending = pending[np.abs(q[pending] - at) > SETTLED * at]
    return q


def _iterated(phi: BoundActivation, sigma_w: Floats, sigma_b: Floats, first: Floats) -> Floats:
    """Where the map falls as well: a table of E φ² leads near the end, Newton's method to it, or else a search."""
    log_q, log_square = np.log(VARIANCES), np.log(scanned(phi)[0])
    near = first
    for _ in range(MOST_STEPS):
        near = sigma_w**2 * np.exp(np.interp(np.log(near), log_q, log_square)) + sigma_b**2
    q = near
    for _ in range(FEW):
        here = curve(phi, q)
        step = (sigma_w**2 * here.square + sigma_b**2 - q) / (1 - sigma_w**2 * here.square_slope)
        q = q + step
        if (np.abs(step) <= SETTLED * q).all():
            break
    safe = (np.abs(step) <= SETTLED * q) & (np.abs(q - near) <= 0.01 * q)
    safe &= np.abs(sigma_w**2 * here.square_slope) < 1
    return np.where(safe, q, [math.nan if sure else _searched(phi, *map(float, each))
                              for sure, *each in zip(safe, sigma_w, sigma_b, first, strict=True)])


def _searched(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float) -> float:
    known = roots(phi, sigma_w, sigma_b)
    return q if known is None else limit(phi, sigma_w, sigma_b, q, known)
