import numpy as np
import pytest

from actprof.data.made import PIXELS, fields, images
from tests.cases import for_each

PIXEL_ROWS, DIGITS = images(0, 0, 3000)


def test_the_same_seed_draws_the_same_images_and_another_seed_or_part_others():
    again, digits = images(0, 0, 3000)
    np.testing.assert_array_equal(again, PIXEL_ROWS)
    np.testing.assert_array_equal(digits, DIGITS)
    for other in (images(1, 0, 300), images(0, 1, 300)):
        assert (other[0] != PIXEL_ROWS[:300]).any(axis=1).all()


@for_each("count", [1, 255, 256, 257, 1111])
def test_the_first_images_do_not_depend_on_how_many_follow(count):
    pixels, digits = images(0, 0, count)
    np.testing.assert_array_equal(pixels, PIXEL_ROWS[:count])
    np.testing.assert_array_equal(digits, DIGITS[:count])


def test_every_ten_images_hold_each_digit_once_in_random_order():
    rounds = DIGITS.reshape(-1, 10)
    np.testing.assert_array_equal(np.sort(rounds, axis=1), np.tile(np.arange(10), (300, 1)))
    assert len(np.unique(rounds, axis=0)) > 290


def test_pixels_are_float32_from_0_to_1_with_the_moments_of_mnist():
    assert PIXEL_ROWS.dtype == np.float32
    assert PIXEL_ROWS.flags.c_contiguous
    assert PIXEL_ROWS.min() == 0
    assert PIXEL_ROWS.max() <= 1
    assert PIXEL_ROWS.mean() == pytest.approx(0.1307, abs=0.015)
    assert PIXEL_ROWS.std() == pytest.approx(0.3081, abs=0.02)


def test_no_image_is_blank_and_hardly_any_touches_the_border():
    squares = PIXEL_ROWS.reshape(-1, PIXELS, PIXELS)
    assert (squares > 0.5).sum(axis=(1, 2)).min() > 20
    ring = np.ones((PIXELS, PIXELS), bool)
    ring[1:-1, 1:-1] = False
    assert np.mean(squares[:, ring].max(axis=1) > 0) < 0.001
    heights = (squares.max(axis=2) > 0.5).sum(axis=1)
    assert 16 < heights.mean() < 21


def test_the_nearest_mean_image_is_often_that_of_the_digit():
    means = np.array([PIXEL_ROWS[digit == DIGITS].mean(axis=0) for digit in range(10)])
    pixels, digits = images(0, 1, 1000)
    nearest = np.square(pixels[:, np.newaxis] - means).sum(axis=2).argmin(axis=1)
    accuracy = np.mean(nearest == digits)
    assert 0.5 < accuracy < 0.99


def test_every_prototype_has_ink_and_none_at_the_edge_of_its_field():
    assert fields().shape[0] == 10
    assert (fields().max(axis=(2, 3)) > 0.25).all()
    edge = np.ones(fields().shape[2:], bool)
    edge[1:-1, 1:-1] = False
    assert fields()[:, :, edge].max() < -1.7
