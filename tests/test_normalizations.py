"""Batch, layer and RMS normalisation give what they promise, in place and in both dtypes."""

import math

import numpy as np
import pytest

from actprof.catalogue import normalizations
from actprof.catalogue.normalizations import NORMALIZATIONS
from actprof.errors import SpecError
from tests.cases import for_each

EPS = 1e-5
AXIS = {"batch": 0, "layer": 1}
TINY = {"float32": 2e-6, "float64": 1e-13}

each_dtype = for_each("dtype", list(TINY))
each_axis = for_each(("name", "axis"), list(AXIS.items()))
each_name = for_each("name", [row.name for row in NORMALIZATIONS])


def normalised(text, rows):
    """A normalised copy, after checking that the work was done in place."""
    out = rows.copy()
    normalizations.apply(NORMALIZATIONS.parse(text), out)
    assert out.dtype == rows.dtype
    return out.astype("float64")


def rows_of(dtype, offset=0.0, scale=1.0, shape=(200, 150)):
    """Rows whose units and samples all differ in mean and std."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=shape) * rng.uniform(0.5, 2, shape[1]) * rng.uniform(0.5, 2, (shape[0], 1))
    return (offset + scale * (rows + rng.normal(size=shape[1]) + rng.normal(size=(shape[0], 1)))).astype(dtype)


@each_dtype
@each_axis
def test_standardised_rows_have_mean_0_and_the_std_that_eps_leaves(name, axis, dtype):
    rows = rows_of(dtype, offset=3)
    variance = rows.astype("float64").var(axis=axis)
    out = normalised(name, rows)
    assert np.allclose(out.mean(axis=axis), 0, atol=TINY[dtype])
    assert np.allclose(out.std(axis=axis), np.sqrt(variance / (variance + EPS)), rtol=TINY[dtype])


@each_dtype
@each_axis
def test_without_eps_the_std_is_1(name, axis, dtype):
    out = normalised(f"{name}:eps=0", rows_of(dtype, scale=1e-6))
    assert np.allclose(out.std(axis=axis), 1, rtol=TINY[dtype])


@each_dtype
def test_rms_normalised_samples_have_the_mean_square_that_eps_leaves_and_keep_their_direction(dtype):
    rows = rows_of(dtype, offset=3)
    square = np.mean(rows.astype("float64") ** 2, axis=1)
    out = normalised("rms", rows)
    assert np.allclose(np.mean(out**2, axis=1), square / (square + EPS), rtol=TINY[dtype])
    assert np.allclose(out / rows.astype("float64"), (out[:, :1] / rows[:, :1].astype("float64")), rtol=TINY[dtype])


@each_dtype
def test_a_large_eps_counts(dtype):
    rows = np.array([[3.0, 4.0]], dtype)
    assert normalised("rms:eps=12.5", rows)[0] == pytest.approx([0.6, 0.8], rel=TINY[dtype])
    assert normalised("layer:eps=0.75", rows)[0] == pytest.approx([-0.5, 0.5], rel=TINY[dtype])


def test_no_normalisation_leaves_the_rows_as_they_are():
    rows = rows_of("float32")
    assert np.array_equal(normalised("none", rows), rows)


@each_axis
@for_each("noise", [0.01, 1.0])
def test_a_small_variation_around_a_large_offset_keeps_its_mean_and_variance_in_float32(name, axis, noise):
    rows = rows_of("float32", offset=1e4, scale=noise)
    exact = rows.astype("float64")
    exact -= exact.mean(axis=axis, keepdims=True)
    exact /= np.sqrt(exact.var(axis=axis, keepdims=True) + EPS)
    assert np.allclose(normalised(name, rows), exact, rtol=1e-6, atol=1e-6)


@each_dtype
@each_axis
@for_each("eps", [1e-5, 0.0])
@for_each("value", [0.0, 0.1, -1e20])
def test_what_is_constant_becomes_0(name, axis, dtype, eps, value):
    out = normalised(f"{name}:eps={eps}", np.full((7, 5), value, dtype))
    assert not out.any()


@each_dtype
@for_each("eps", [1e-5, 0.0])
def test_rms_leaves_a_row_of_zeros_and_gives_a_constant_row_the_size_that_eps_leaves(dtype, eps):
    out = normalised(f"rms:eps={eps}", np.array([[0, 0, 0], [-200, -200, -200]], dtype))
    assert np.array_equal(out[0], [0, 0, 0])
    assert out[1] == pytest.approx([-200 / math.sqrt(40_000 + eps)] * 3, rel=TINY[dtype])


@each_dtype
@each_name
def test_one_sample_of_one_unit_gives_a_finite_figure(name, dtype):
    out = normalised(name, np.array([[2.5]], dtype))
    assert out[0, 0] == pytest.approx({"none": 2.5, "rms": 1.0}.get(name, 0.0), rel=1e-5)


@each_dtype
@for_each("name", ["batch", "layer", "rms"])
def test_numbers_whose_squares_leave_float32_are_still_normalised(name, dtype):
    out = normalised(name, rows_of(dtype, scale=1e25))
    assert math.sqrt(np.mean(out**2)) == pytest.approx(1, rel=1e-5)


@each_name
def test_only_a_normalisation_over_the_batch_makes_a_sample_depend_on_the_others(name):
    rows = rows_of("float64")
    alone = np.vstack([normalised(name, row[None]) for row in rows])
    assert np.allclose(normalised(name, rows), alone, rtol=1e-10, atol=1e-12) != NORMALIZATIONS[name].whole_batch


@for_each(("name", "trained"), [("none", 0), ("batch", 2), ("layer", 2), ("rms", 1)])
def test_a_normalisation_adds_a_scale_and_where_it_centres_a_shift(name, trained):
    assert NORMALIZATIONS[name].trained == trained


@for_each(("text", "message"), [
    ("batch:eps=-1", "batch: eps must be a finite number, 0 or more, not '-1'."),
    ("bn:inf", "bn: eps must be a finite number, 0 or more, not 'inf'."),
    ("none:1", "none takes no values, 1 given: '1'."),
    ("bacth", "unknown normalisation 'bacth'. Did you mean 'batch'?"),
    ("group", "unknown normalisation 'group'. 'actprof list normalizations' shows all."),
])
def test_a_bad_normalisation_is_refused(text, message):
    with pytest.raises(SpecError) as caught:
        NORMALIZATIONS.parse(text)
    assert str(caught.value) == message
