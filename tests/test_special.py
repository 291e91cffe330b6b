"""erf and the normal distribution against the C library's erf and erfc, one number at a time."""

import math
import threading

import numpy as np
import pytest

from actprof.catalogue import special
from actprof.catalogue.special import KEPT, borrowed, zeros_like
from tests.cases import for_each

AROUND_ZERO = np.concatenate([np.linspace(-8, 8, 40_001), np.logspace(-300, 1, 2_000)])


def exact_erf(x):
    return np.array([math.erf(value) for value in x.astype(np.float64)])


def exact_cdf(z):
    return np.array([math.erfc(-value / math.sqrt(2)) / 2 for value in z.astype(np.float64)])


@for_each(("dtype", "tolerance"), [("float64", 1e-15), ("float32", 1e-7)])
def test_erf_is_as_exact_as_its_type(dtype, tolerance):
    x = AROUND_ZERO.astype(dtype)
    assert special.erf(x).dtype == dtype
    assert np.abs(special.erf(x) - exact_erf(x)).max() < tolerance


@for_each(("dtype", "tolerance"), [("float64", 1e-14), ("float32", 3e-7)])
def test_erf_keeps_its_digits_for_small_arguments(dtype, tolerance):
    x = np.logspace(-30, 0, 1_000).astype(dtype)
    np.testing.assert_allclose(special.erf(x), exact_erf(x), rtol=tolerance, atol=0)


def test_erf_is_odd_and_reaches_one():
    x = np.linspace(0, 9, 1_001)
    np.testing.assert_array_equal(special.erf(-x), -special.erf(x))
    np.testing.assert_array_equal(special.erf(np.array([-1e308, -np.inf, np.inf, 1e308])), [-1, -1, 1, 1])


def test_erf_of_nothing_known_is_nothing_known():
    assert np.isnan(special.erf(np.array([np.nan]))).all()


def test_erf_works_in_place():
    x = np.linspace(-3, 3, 101)
    expected = special.erf(x)
    special.erf(x, out=x)
    np.testing.assert_array_equal(x, expected)


@for_each("dtype", ["float64", "float32"])
def test_the_normal_distribution_keeps_its_digits_in_both_tails(dtype):
    z = np.linspace(-37 if dtype == "float64" else -12, 9, 20_001).astype(dtype)
    error = np.abs(special.normal_cdf(z) / exact_cdf(z) - 1)
    # A rounding of z, of √2 or of z² is multiplied by z²: in the result and in what it is compared with.
    assert (error <= np.finfo(dtype).eps * (1.5 * z.astype(np.float64) ** 2 + 12)).all()


def test_the_normal_density_is_the_slope_of_the_distribution():
    z = np.linspace(-6, 6, 1_001)
    h = 1e-5
    slope = (special.normal_cdf(z + h) - special.normal_cdf(z - h)) / (2 * h)
    np.testing.assert_allclose(special.normal_density(z), slope, atol=1e-10)


def test_two_borrowers_never_share_an_array():
    like = np.empty((10, 10))
    with borrowed(like, 2) as (a, b), borrowed(like, 1) as (c,):
        for number, array in enumerate((a, b, c)):
            array[...] = number
        assert [array.mean() for array in (a, b, c)] == [0, 1, 2]


@for_each("size", [100, KEPT + 1])
def test_borrowed_arrays_have_the_shape_and_type_asked_for(size):
    like = np.empty((size, 1), np.float32)
    with borrowed(like, 1) as (array,):
        assert (array.shape, array.dtype) == (like.shape, like.dtype)


def test_a_thread_borrows_its_own_arrays():
    like = np.empty(1000)
    with borrowed(like, 1) as (mine,):
        mine[...] = 1

        def scribble():
            with borrowed(like, 1) as (theirs,):
                theirs[...] = 2

        thread = threading.Thread(target=scribble)
        thread.start()
        thread.join()
        assert (mine == 1).all()


def test_shared_zeros_cannot_be_written():
    zeros = zeros_like(np.ones(3))
    with pytest.raises(ValueError, match="read-only"):
        zeros[0] = 1
