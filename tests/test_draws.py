"""Standardised draws: their distribution, their moments, their bound, and the streams they come from.

Limits are five standard errors or a Kolmogorov–Smirnov distance of level 1e-6: a sound generator fails one check in a
million, and the seeds are fixed.
"""

import itertools
import math

import numpy as np
import pytest

from actprof.catalogue.draws import BLOCK, NORMAL, POINT, TRUNCATED_STD, UNIFORM, truncated, truncated_std
from actprof.streams import BIAS, INPUT, NOISE, WEIGHT, stream
from tests.cases import for_each

CUTS = (1e-30, 0.01, 0.049, 0.051, 0.5, 1.0, 1.5, 2.0, 5.0)
DRAWS = {"normal": NORMAL, "uniform": UNIFORM, **{f"cut at {cut:g}": truncated(cut) for cut in CUTS}}
COUNT = 200_000

each_draw = for_each("name", DRAWS)
each_dtype = for_each("dtype", ["float32", "float64"])


def drawn(name, dtype="float64", count=COUNT):
    return DRAWS[name].sample(stream(0, WEIGHT, 0, 1), (count,), dtype)


def cut_moment(power, cut):
    """E[z^power] of N(0, 1) cut at ±cut, by Gauss–Legendre quadrature."""
    nodes, weights = np.polynomial.legendre.leggauss(80)
    density = weights * np.exp(-((cut * nodes) ** 2) / 2)
    return cut**power * float(np.sum(density * nodes**power) / np.sum(density))


def kurtosis(name):
    if name in ("normal", "uniform"):
        return {"normal": 3.0, "uniform": 1.8}[name]
    cut = float(name.split()[-1])
    return cut_moment(4, max(cut, 1e-3)) / cut_moment(2, max(cut, 1e-3)) ** 2


def distribution(name):
    """The exact cumulative distribution of the standardised draw."""
    if name == "normal":
        return lambda z: math.erfc(-z / math.sqrt(2)) / 2
    if name == "uniform":
        return lambda z: (z / math.sqrt(3) + 1) / 2
    cut = float(name.split()[-1])
    scale = math.sqrt(cut_moment(2, cut)) / math.sqrt(2)
    return lambda z: (1 + math.erf(z * scale) / math.erf(cut / math.sqrt(2))) / 2


@each_draw
@each_dtype
def test_a_draw_has_mean_0_and_std_1(name, dtype):
    z = drawn(name, dtype).astype("float64")
    assert abs(z.mean()) < 5 / math.sqrt(COUNT)
    assert abs(math.sqrt(np.mean(z**2)) - 1) < 5 * math.sqrt((kurtosis(name) - 1) / (4 * COUNT))


@each_draw
@each_dtype
def test_a_draw_follows_its_exact_distribution(name, dtype):
    exact = np.array(list(map(distribution(name), np.sort(drawn(name, dtype)).tolist())))
    ranks = np.arange(COUNT + 1) / COUNT
    distance = max(np.max(ranks[1:] - exact), np.max(exact - ranks[:-1]))
    assert distance < math.sqrt(math.log(2 / 1e-6) / (2 * COUNT))


@for_each("name", [name for name in DRAWS if name not in ("normal", "cut at 5")])
@each_dtype
def test_a_bounded_draw_comes_close_to_its_bound_on_both_sides_and_never_passes_it(name, dtype):
    z = drawn(name, dtype).astype("float64")
    bound = DRAWS[name].bound
    # Density at the edge; nothing within 15/(count·density) of it has probability e^-15.
    cdf = distribution(name)
    density = (cdf(bound) - cdf(bound * (1 - 1e-4))) / (1e-4 * bound)
    for largest in (z.max(), -z.min()):
        assert bound - 16 / (COUNT * density) < largest <= bound * (1 + 4 * np.finfo(dtype).eps)


def test_only_the_normal_draw_is_unbounded():
    assert NORMAL.bound is None
    assert UNIFORM.bound == pytest.approx(math.sqrt(3), rel=1e-15)
    assert POINT.bound == 0


@for_each("cut", CUTS)
def test_the_std_of_a_cut_normal_is_that_of_the_integral(cut):
    if cut > 1e-20:
        assert truncated_std(cut) == pytest.approx(math.sqrt(cut_moment(2, cut)), rel=1e-12)
    else:
        assert truncated_std(cut) == pytest.approx(cut / math.sqrt(3), rel=1e-12)
    assert truncated(cut).std_factor == truncated_std(cut)
    assert truncated(cut).bound == pytest.approx(cut / truncated_std(cut), rel=1e-12)


def test_the_frameworks_constant_is_the_std_of_a_normal_cut_at_2():
    assert TRUNCATED_STD == 0.87962566103423978
    assert truncated_std(2.0) == pytest.approx(TRUNCATED_STD, rel=1e-15)


@each_draw
@each_dtype
def test_a_draw_comes_in_the_dtype_and_shape_asked_for(name, dtype):
    z = DRAWS[name].sample(stream(0), (3, 5), dtype)
    assert (z.dtype, z.shape) == (np.dtype(dtype), (3, 5))
    assert DRAWS[name].sample(stream(0), (0, 4), dtype).shape == (0, 4)


@each_draw
@each_dtype
def test_draws_of_several_blocks_repeat_no_block(name, dtype):
    first, second = drawn(name, dtype, 2 * BLOCK).reshape(2, BLOCK)
    assert abs(np.corrcoef(first, second)[0, 1]) < 5 / math.sqrt(BLOCK)


def test_a_point_is_zero():
    assert not POINT.sample(stream(0), (4, 4), "float32").any()


KEYS = [(0, WEIGHT, 0, 1), (0, WEIGHT, 0, 2), (0, WEIGHT, 1, 1), (0, BIAS, 0, 1), (0, INPUT, 0, 1), (0, NOISE, 0, 1),
        (0, WEIGHT, 0), (0, WEIGHT, 0, 1, 0), (0,), (1, WEIGHT, 0, 1), (2**32, WEIGHT, 0, 1), (2**64 - 1, WEIGHT, 0, 1)]


@for_each(("one", "other"), list(itertools.combinations(KEYS, 2)))
def test_streams_of_different_keys_are_uncorrelated(one, other):
    count = 10_000
    r = np.corrcoef(stream(*one).standard_normal(count), stream(*other).standard_normal(count))[0, 1]
    assert abs(r) < 5 / math.sqrt(count)


@for_each("key", KEYS)
def test_a_stream_asked_for_again_starts_again(key):
    assert np.array_equal(stream(*key).standard_normal(100), stream(*key).standard_normal(100))
