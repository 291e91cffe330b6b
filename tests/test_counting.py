"""The fast counters against NumPy's plain functions and against each other."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from actprof.engine.bins import Bins, Extent, bins_over, lay, shared_extents
from actprof.engine.counting import Counter, Scratch, block_rows
from actprof.engine.distributions import STATISTICS, Distribution
from tests.cases import for_each
from tests.naive import statistics

DTYPES = (np.dtype(np.float32), np.dtype(np.float64))
BINS = Bins(-2.0, 2.0, 30, np.dtype(np.float64))


def counted(values, bins=BINS, atoms=(0.0,), block=None):
    counter = Counter(values.shape[1], bins, Scratch(), activity=True, atoms=atoms, rectifier=True)
    step = block or len(values)
    for start in range(0, len(values), step):
        counter.add(np.ascontiguousarray(values[start:start + step]))
    return counter.distribution()


def assert_same(left: Distribution, right: Distribution):
    for each in STATISTICS:
        assert each.of(left) == pytest.approx(each.of(right), rel=1e-9, abs=1e-12, nan_ok=True), each.name
    np.testing.assert_array_equal(left.histogram.counts, right.histogram.counts)
    np.testing.assert_array_equal(left.moments.counts, right.moments.counts)
    np.testing.assert_array_equal(left.always_zero, right.always_zero)
    np.testing.assert_array_equal(left.ever_zero, right.ever_zero)
    assert (left.histogram.below, left.histogram.above) == (right.histogram.below, right.histogram.above)
    assert left.atoms == right.atoms


values_with_anything = hnp.arrays(
    np.float64, st.tuples(st.integers(2, 12), st.integers(1, 5)),
    elements=st.one_of(st.floats(-4, 4), st.sampled_from([0.0, 1.0, -2.0, 2.0, math.nan, math.inf, -math.inf])))


@settings(max_examples=200, deadline=None)
@given(values=values_with_anything, cut=st.integers(1, 11))
def test_merging_two_parts_equals_counting_the_whole(values, cut):
    cut = min(cut, len(values) - 1)
    merged = counted(values[:cut]).merge(counted(values[cut:]))
    assert_same(merged, counted(values))


@settings(max_examples=100, deadline=None)
@given(values=values_with_anything, block=st.integers(1, 6))
def test_the_block_size_does_not_matter(values, block):
    assert_same(counted(values, block=block), counted(values))


@for_each("dtype", DTYPES)
@for_each("offset", [0.0, 1.0, 1000.0])
@for_each("spread", [1.0, 1e-4])
def test_figures_equal_their_definitions(dtype, offset, spread):
    rng = np.random.default_rng(1)
    values = (offset + spread * rng.standard_normal((60, 7))).astype(dtype)
    values[:, 2] = 0
    values[:5] = 0
    distribution = counted(values, block=17)
    for name, expected in statistics(values).items():
        statistic = next(statistic for statistic in STATISTICS if statistic.name == name)
        rel = 1e-6 if name == "correlation" and dtype == np.float32 else 1e-9
        assert statistic.of(distribution) == pytest.approx(expected, rel=rel, abs=1e-12), name


def test_a_collapsed_layer_keeps_the_digits_of_its_spread():
    rng = np.random.default_rng(2)
    values = 0.5 + 1e-9 * rng.standard_normal((500, 20)) + rng.standard_normal(20)
    distribution = counted(values, block=128)
    expected = math.sqrt(np.mean((values - values.mean(axis=0)) ** 2))
    assert distribution.within_unit_std == pytest.approx(expected, rel=1e-6)


@for_each("dtype", DTYPES)
@for_each("value", [0.1, 0.3, 1 / 3, -7e20, 1e-40])
def test_a_constant_layer_has_a_spread_of_exactly_zero(dtype, value):
    distribution = counted(np.full((300, 5), value, dtype), block=64)
    assert distribution.std == 0


def test_a_unit_is_always_on_if_a_rectifier_never_leaves_it_at_zero():
    values = np.array([[1.0, 0.0, math.nan, 2.0], [3.0, 4.0, math.nan, 5.0]])
    assert counted(values).always_on_units == 2
    smooth = Counter(4, BINS, Scratch(), activity=True)
    smooth.add(values)
    assert smooth.distribution().always_on_units == 0


def test_a_sample_that_is_partly_not_finite_has_no_direction():
    values = np.array([[1.0, 2.0, 2.0], [3.0, math.inf, 4.0], [2.0, 4.0, 4.0], [0.0, 3.0, -4.0]])
    assert counted(values).correlation == pytest.approx(statistics(values[[0, 2, 3]])["correlation"])


def test_nothing_finite_leaves_every_share_and_number_of_units_open():
    distribution = counted(np.full((3, 2), math.nan))
    for statistic in STATISTICS:
        if statistic.activation_only:
            assert math.isnan(statistic.of(distribution)), statistic.name


def test_the_pooled_variance_is_within_plus_between():
    values = np.random.default_rng(3).standard_normal((50, 4)) * [1, 2, 3, 4] + [0, 5, 0, -5]
    distribution = counted(values)
    assert distribution.std == pytest.approx(values.std(), rel=1e-12)


@for_each("power", [-1000, -600, 600, 1000])
@for_each("broken", [False, True])
def test_figures_scale_with_the_values_as_far_as_float64_reaches(power, broken):
    values = np.random.default_rng(4).standard_normal((50, 6)) + np.arange(6)
    if broken:
        values[3, 2] = math.nan
    once, scaled = counted(values), counted(np.ldexp(values, power))
    for name in ("mean", "within_unit_std", "between_unit_std", "std"):
        assert getattr(scaled, name) == pytest.approx(math.ldexp(getattr(once, name), power), rel=1e-12), name
    assert scaled.correlation == pytest.approx(once.correlation, rel=1e-12)


def test_what_is_not_finite_is_counted_and_left_out():
    values = np.array([[1.0, math.nan], [math.inf, 2.0], [-math.inf, 4.0]])
    distribution = counted(values)
    assert (distribution.count, distribution.nan, distribution.posinf, distribution.neginf) == (3, 1, 1, 1)
    assert distribution.mean == pytest.approx(7 / 3)
    assert distribution.std == pytest.approx(np.std([1, 2, 4]))
    assert distribution.histogram.total == 3


def test_a_unit_is_dead_only_if_it_is_zero_over_all_batches():
    first, second = np.array([[0.0, 0.0, 1.0]]), np.array([[0.0, 3.0, 2.0]])
    distribution = counted(first).merge(counted(second))
    assert distribution.always_zero.tolist() == [True, False, False]
    assert distribution.ever_zero.tolist() == [True, True, False]


@for_each("dtype", DTYPES)
@for_each("count", [1, 2, 30, 63, 200, 201, 1000])
@for_each("scale", [1e-30, 1e-3, 1.0, 7.3e11, 1e37])
def test_counts_equal_those_of_numpy_over_the_same_edges(dtype, count, scale):
    rng = np.random.default_rng(count)
    values = (scale * rng.standard_normal((40, 9))).astype(dtype)
    values[rng.random(values.shape) < 0.3] = 0
    low, high = float(values.min()), float(values.max())
    for bins in (lay([Extent(low, high)], count, dtype, True), bins_over(0.3 * low, 0.7 * high, count, dtype)):
        assert_counted_as_numpy_counts(values, bins)


@for_each("dtype", DTYPES)
@for_each("count", [30, 64, 200, 1000])
@for_each("limits", [(499.5, 500.5), (-1000, -999), (1e6, 1e6 + 1), (1000, 1000.0001)])
def test_counts_far_from_zero_equal_those_of_numpy(dtype, count, limits):
    low, high = limits
    values = np.random.default_rng(count).uniform(low - 0.2 * (high - low), high + 0.2 * (high - low), (500, 9))
    bins = bins_over(low, high, count, dtype)
    assert (np.diff(bins.edges) > 0).all()
    assert_counted_as_numpy_counts(values.astype(dtype), bins)


def assert_counted_as_numpy_counts(values, bins):
    histogram = counted(values, bins).histogram
    expected, _ = np.histogram(values.astype(np.float64), bins.edges)
    np.testing.assert_array_equal(histogram.counts, expected)
    assert histogram.total == values.size
    assert histogram.below == np.count_nonzero(values.astype(np.float64) < bins.low)
    assert histogram.above == np.count_nonzero(values.astype(np.float64) > bins.high)


@for_each("dtype", DTYPES)
@for_each("count", [2, 30, 31, 64])
def test_values_on_the_edges_themselves_are_counted_as_numpy_counts_them(dtype, count):
    bins = bins_over(0.0, 1.0, count, dtype)
    on_edges = bins.edges.astype(dtype)
    values = np.concatenate([on_edges, np.nextafter(on_edges, dtype.type(-9)), np.nextafter(on_edges, dtype.type(9))])
    expected, _ = np.histogram(values.astype(np.float64), bins.edges)
    np.testing.assert_array_equal(counted(values[:, None], bins).histogram.counts, expected)


def test_edges_are_equally_spaced_up_to_the_rounding_of_the_dtype():
    bins = bins_over(0.0, 1.0, 30, np.dtype(np.float32))
    np.testing.assert_allclose(bins.edges, np.linspace(0, 1, 31), atol=1e-7)
    assert (bins.edges[0], bins.edges[-1]) == (0, 1)


@for_each(("kind", "value"), [
    *((np.float32, value) for value in (0.5, -0.5, 1e20, -3e-20, 1e-40, 0.1)),
    *((np.float64, value) for value in (0.5, -0.5, 1e200, -3e-200, 5e-324, 1e-310, 0.1))])
@for_each("count", [1, 2, 7, 30])
def test_a_constant_or_one_ulp_wide_layer_is_one_bar(kind, value, count):
    dtype, low = np.dtype(kind), kind(value)
    high = np.nextafter(low, kind(np.inf))
    values = np.array([[low], [high], [low]], dtype)
    others = [Extent(0.0, 1.0)] if 0 < value < 1 else []
    for extents in ([Extent(float(low), float(high))], [Extent(float(low), float(high)), *others]):
        histogram = counted(values, lay(extents, count, dtype, True)).histogram
        assert sorted(histogram.counts)[-1] == 3


def test_zero_is_an_edge_of_values_that_are_never_negative():
    bins = lay([Extent(0.0, 3.7), Extent(0.0, 1e-5)], 30, np.dtype(np.float32), False)
    assert bins.edges[0] == 0


def test_values_about_as_far_below_0_as_above_get_a_symmetric_range():
    for low, high in ((-1.0, 0.8), (-0.8, 1.0)):
        bins = lay([Extent(low, high)], 30, np.dtype(np.float64))
        assert bins.low == -bins.high
    assert lay([Extent(-1.0, 0.4)], 30, np.dtype(np.float64)).high < 0.5


@for_each("count", [5, 30, 200])
@for_each("ends", [(-3.0, 1.0), (0.5, 1.0), (2.0, 2.5), (-2.5, -2.0), (-1.0, 3.0), (-8.0, 0.0)])
def test_bins_reach_15_per_cent_farther_than_the_values_seen_but_stay_in_the_image(ends, count):
    low, high = ends
    for image, seen in (((-math.inf, math.inf), True), ((-math.inf, math.inf), False),
                        ((low - 0.01, high + 0.02), False), ((low + 0.1, high - 0.1), False)):
        margin = 0.0 if seen else 0.15 * (high - low)
        wanted = (max(low - margin, 0.0 if low >= 0 else min(image[0], low)), min(high + margin, max(image[1], high)))
        bins = lay([Extent(low, low), Extent(low, high)], count, np.dtype(np.float64), seen, image=Extent(*image))
        assert bins.low == pytest.approx(wanted[0], rel=1e-12, abs=1e-12)
        room = bins.high - bins.low
        assert room * (1 - 4 / count) <= (wanted[1] - wanted[0]) * (1 + 1e-9) <= room * (1 + 2e-9)


@for_each(("ends", "begins"), [((0.249, 1.0), 0.0), ((0.25, 1.0), 0.25), ((1e-300, 1.0), 0.0)])
def test_values_that_come_near_0_begin_at_0(ends, begins):
    assert lay([Extent(*ends)], 30, np.dtype(np.float64)).low == begins


def test_a_narrow_layer_is_cut_by_no_edge():
    for low in np.linspace(0.05, 0.95, 181):
        for width in (1e-9, 1e-3):
            bins = lay([Extent(0.0, 1.0), Extent(low, low + width)], 30, np.dtype(np.float64))
            assert not ((low < bins.edges) & (bins.edges <= low + width)).any()


@for_each("count", [2, 3, 30, 63])
@for_each("ends", [(-1.0, 0.3), (-0.3, 1.0), (-1e-6, 1.0), (-1.0, 1e-6), (-1.0, 1.0), (-0.17, 4.0)])
def test_an_edge_at_0_widens_the_range_by_no_more_than_it_must(ends, count):
    bins = lay([Extent(*ends)], count, np.dtype(np.float64), zero_edge=True)
    assert 0.0 in bins.edges
    low, high = ends if min(map(abs, ends)) <= max(map(abs, ends)) / 2 else (-1.0, 1.0)
    assert (bins.low <= low, bins.high >= high) == (True, True)
    widths = (max(-low / below, high / (count - below)) for below in range(1, count))
    assert (bins.high - bins.low) / count <= min(widths) * 1.5


@for_each("limits", [(-3e38, 3e38), (1e38, 3e38), (-1e-38, 1e-38), (-6e-38, 6e-38), (1.0, 1.00001)])
def test_where_the_dtype_would_overflow_or_is_too_coarse_places_are_taken_in_float64(limits):
    values = np.random.default_rng(1).uniform(*limits, (400, 9)).astype(np.float32)
    assert_counted_as_numpy_counts(values, bins_over(*limits, 64, np.dtype(np.float32)))
    assert bins_over(-1.0, 2.0, 64, np.dtype(np.float32)).dtype == np.float32


@for_each("value", [0.0, 1e-30, 0.7, -3.0, 1e30])
def test_a_constant_is_in_the_middle_of_a_thousandth_of_itself_to_both_sides(value):
    bins = lay([Extent(value, value)], 31, np.dtype(np.float64))
    reach = abs(value) * 1e-3 or 0.5
    assert bins.low == pytest.approx(value - reach, rel=1e-12)
    assert 2 * reach * (1 - 1e-9) <= bins.high - bins.low <= 2 * reach * (1 + 1e-9) * 31 / 27


def test_a_range_too_small_to_be_cut_into_bins_still_begins_at_zero():
    assert lay([Extent(0.0, 5e-324)], 30, np.dtype(np.float64)).low == 0


def test_an_atom_at_the_end_of_the_values_is_counted():
    values = np.array([[0.5, 1.0], [1.0, -2.0]])
    assert dict(counted(values, atoms=(0.0, 1.0, -2.0, 3.0)).atoms) == {0.0: 0, 1.0: 2, -2.0: 1, 3.0: 0}


def test_counts_without_atoms_are_those_of_the_other_values():
    atoms = (-3.0, -2.0, 0.0, 0.5, 2.0, 3.0)
    values = np.random.default_rng(6).choice([*atoms, -2.5, -1.9, -0.1, 0.49, 0.51, 1.9, 2.5], (60, 7))
    found = counted(values, atoms=atoms)
    expected, _ = np.histogram(values[~np.isin(values, atoms)], BINS.edges)
    np.testing.assert_array_equal(found.histogram.without(found.atoms), expected)


def test_one_exploding_arm_does_not_flatten_the_others():
    mild, wild = [Extent(0, 4.0)] * 5, [Extent(0, 45.0 * 7**layer) for layer in range(5)]
    bins = lay(shared_extents([mild, wild], Extent(-4.5, 4.5)), 30, np.dtype(np.float32), True)
    assert 4.0 <= bins.high <= 20
    alone = lay(shared_extents([wild], Extent(-4.5, 4.5)), 30, np.dtype(np.float32), True)
    assert alone.high >= 45


def test_a_shrinking_arm_stays_inside_the_shared_range():
    shrinking = [Extent(-(0.1**layer), 0.1**layer) for layer in range(5)]
    bins = lay(shared_extents([shrinking], Extent(-4.5, 4.5)), 30, np.dtype(np.float32), True)
    assert bins.low <= -1
    assert bins.high >= 1


def test_a_block_of_any_width_has_at_least_one_row():
    assert block_rows(10**7, 4) == 1
