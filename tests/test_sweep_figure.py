"""The figure of `actprof sweep`: laws that hold for every picture."""

import io
import json
import math
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from actprof.diagnosis.verdicts import CODES
from actprof.report.style import THEMES, Style
from actprof.sweep.cell_axis import CellAxis, entries, pieces
from actprof.sweep.figure import draw_figure
from actprof.sweep.maps import VERDICTS, ColourScale, Shown, ink
from actprof.sweep.result import BY_NAME, QUANTITIES, VERDICT
from tests.figures import assert_fit_to_print, axes_named, drawn_by, each_once, marks, provenance, texts
from tests.sweeps_made import (
    CRITICAL,
    LONG,
    TRAINABLE,
    along_gains,
    by_width,
    constant,
    depths,
    gain_by_name,
    gains,
    names,
    numbers,
    of_values,
    relu_map,
    swapped,
    widths,
)

pytestmark = pytest.mark.slow

NAN, INF = math.nan, math.inf
INITS = names("init", ("he", "xavier", "normal:std=0.01", "orthogonal:gain=1.4142135623730951"), "initial weights")
MANY = names("act", [f"activation_{number}:slope=0.{number}" for number in range(24)])
FOUR = ("std", "correlation", "log10_gradient_ratio", VERDICT)
ODD_STDS = [1e-300, 1e-200, 1e-3, 1.0, NAN, 0.0, 1e5, 1e30, INF, 2.0, 3.0, 0.1]
ODD_RATIOS = [-480.0, -300.0, -3.0, 1.0, NAN, -INF, 5.0, 30.0, INF, 2.0, 3.0, 0.1]


drawn = partial(drawn_by, draw_figure)


def mixed(count):
    return [CODES[number % len(CODES)] for number in range(count)]


def grid_of(axes, *quantities):
    """Any figures at all."""
    count = math.prod(map(len, axes))
    return of_values(axes, quantities[0], [math.sin(number) ** 2 for number in range(count)], mixed(count),
                     quantities=quantities)


ODD = {
    "numbers by numbers": lambda: relu_map(quantities=FOUR),
    "numbers by numbers, swapped": lambda: swapped(relu_map()),
    "50 by 50": lambda: relu_map(gains(50), depths(50, 1)),
    "2 by 2": lambda: relu_map(gains(2), depths(2)),
    "1 by 1": lambda: relu_map(gains(1), depths(1)),
    "1 by 3": lambda: relu_map(gains(1), depths(3)),
    "1,000 by 2": lambda: relu_map(gains(1000), depths(2)),
    "deep": lambda: relu_map(gains(20), depths(20, 25), ("log10_gradient_ratio", VERDICT)),
    "numbers by names": gain_by_name,
    "names by numbers": lambda: swapped(gain_by_name()),
    "names by names": lambda: grid_of((names("act", LONG), INITS), "std", "dead_fraction", VERDICT),
    "one name by one": lambda: grid_of((names("act", LONG[:1]), names("init", ["he"])), "std", VERDICT),
    "many names across": lambda: grid_of((MANY, gains(5)), "correlation", VERDICT),
    "many names upwards": lambda: grid_of((gains(5), MANY), "correlation", VERDICT),
    "more names than there is room for": lambda: grid_of((names("act", map(str, range(150))), gains(2)), "std"),
    "an endless name": lambda: grid_of((names("act", ["x" * 200, "y"]), names("init", ["z" * 200, "w"])), "std"),
    "logarithmic widths": lambda: grid_of((widths(), depths(6, 1)), "std", VERDICT),
    "uneven": lambda: grid_of((numbers("gain", [0.1, 0.2, 1, 10]), numbers("layers", [1, 2, 50], whole=True)), "std"),
    "negative": lambda: grid_of((numbers("bias", [-1, -0.5, 0, 2]), numbers("a", [-1e-9, 0, 1e-9])), "correlation"),
    "close together": lambda: grid_of((numbers("gain", [1 + n * 1e-12 for n in range(5)]), gains(3)), "std"),
    "far apart": lambda: grid_of((numbers("gain", [1e-300, 1, 1e300], logarithmic=True), gains(3)), "std"),
    "neighbours": lambda: grid_of((numbers("width", [10**9, 10**9 + 1], whole=True), gains(3)), "std"),
    "a narrow logarithm": lambda: grid_of((numbers("width", range(100, 131), logarithmic=True, whole=True), gains(3)),
                                          "std"),
    "no number at all": lambda: constant(NAN),
    "all zeros": lambda: constant(0.0),
    "a constant": lambda: constant(0.83),
    "a constant share": lambda: constant(0.0, "dead_fraction"),
    "from 1e-300 to 1e30": lambda: of_values((gains(4), depths(3)), "std", ODD_STDS),
    "ratios to 10**-480": lambda: of_values((gains(4), depths(3)), "log10_gradient_ratio", ODD_RATIOS),
    "cosines of both signs": lambda: of_values((gains(4), depths(3)), "correlation",
                                               [-1, -0.5, 0, 1, NAN, 0.3, 1, 1.0000001, -0.2, 0, 0, 0]),
    "every verdict": lambda: of_values((gains(3), depths(3)), "std", [1.0] * 9, mixed(9), quantities=(VERDICT,)),
    "no verdict": lambda: of_values((gains(3), depths(3)), "std", [1.0] * 9, quantities=(VERDICT,)),
    "along widths": by_width,
    "along widths, many networks": lambda: by_width(networks=100, quantities=("std", "correlation", VERDICT)),
    "along names": lambda: by_width(names("act", LONG, "activation"), 9, ("std", "correlation", VERDICT), False),
    "along many names": lambda: by_width(MANY, 3, ("std", VERDICT), False),
    "a single name": lambda: by_width(names("act", ["relu"]), 3),
    "a single width": lambda: by_width(widths(6, 6)),
    "along gains": lambda: along_gains(quantities=FOUR),
    "along 500 gains": lambda: along_gains(200, count=500),
    "a single gain": lambda: along_gains(count=1),
    "curves with holes": lambda: of_values((gains(12),), "std", ODD_STDS),
    "ratios along an axis": lambda: of_values((gains(12),), "log10_gradient_ratio", ODD_RATIOS),
    "a curve of nothing": lambda: of_values((gains(5),), "std", [NAN] * 5),
    "a curve of zeros": lambda: of_values((gains(5),), "std", [0.0] * 5),
    "a constant curve": lambda: of_values((gains(5),), "std", [0.83] * 5),
    "a curve of shares": lambda: of_values((gains(5),), "dead_fraction", [0.0, 0.1, 0.5, 1.0, NAN]),
    "every quantity": lambda: relu_map(quantities=(*BY_NAME, VERDICT)),
    "every quantity along an axis": lambda: along_gains(quantities=(*BY_NAME, VERDICT)),
    "notes": lambda: replace(relu_map(), notes=("a note " * 80, "another")),
}


case = each_once(ODD, drawn)


@pytest.mark.parametrize("name", ODD)
def test_strange_sweeps_are_drawn_without_a_warning_and_without_overlap(name):
    sweep, figure = case(name)
    assert_fit_to_print(figure)
    assert axes_named(figure).keys() >= set(sweep.quantities)
    for quantity in sweep.quantities:
        axes = axes_named(figure)[quantity]
        for axis, ticks in zip(sweep.axes, (axes.xaxis, axes.yaxis), strict=False):
            low, high = sorted(ticks.get_view_interval())
            assert all(low <= place <= high for place in ticks.get_majorticklocs())
            labels = [label.get_text() for label in ticks.get_majorticklabels()]
            assert labels
            assert len(set(labels)) == len(labels) or not axis.numbers


@pytest.mark.parametrize("name", ["every quantity", "every quantity along an axis"])
def test_every_quantity_has_its_title(name):
    shown = [text for text in texts(case(name)[1]) if len(text) > 9]
    for quantity in QUANTITIES:
        assert any(quantity.title.removeprefix("log₁₀ of ").startswith(text) for text in shown), quantity.name


def test_a_result_gives_its_figure_for_a_notebook():
    figure = relu_map(gains(7), depths(5), ("std", VERDICT)).figure(theme="dark")
    assert [axes.get_label() for axes in figure.axes] == ["std", "colours of std", VERDICT]
    assert figure.axes[0].get_xlabel() == "gain of the weights"
    assert relu_map().image(Style(dpi=30), "svg")


def test_a_cell_has_its_colour_wherever_the_axes_put_it():
    sweep = relu_map(gains(7), depths(5), ("std",))
    [cells] = marks(drawn(sweep, format="png"), "cells")
    shown = Shown.of(sweep, "std")
    expected = ColourScale.of(shown).mappable(THEMES["light"]).to_rgba(shown.values)
    np.testing.assert_array_equal(cells.get_facecolor().reshape(5, 7, 4), expected.swapaxes(0, 1))
    corners = cells.get_coordinates()
    assert (np.diff(corners[..., 0], axis=1) > 0).all()
    assert (np.diff(corners[..., 1], axis=0) > 0).all()


def test_the_second_axis_goes_upwards():
    png = of_values((gains(2), depths(2)), "std", [1e-9, 1e9, 1e-9, 1e9]).image(Style(dpi=50), "png")
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    upper, lower = pixels[175, 300], pixels[450, 300]
    assert upper[0] > upper[2]  # what explodes is orange
    assert lower[2] > lower[0]  # what vanishes is blue


@pytest.mark.parametrize("axis", [gains(9), depths(4), widths(), numbers("gain", [0.1, 0.2, 1, 10]),
                                  numbers("gain", [0.01, 1, 3], logarithmic=True), names("act", LONG)],
                         ids=lambda axis: f"{axis.name} {len(axis)}")
def test_cells_end_halfway_between_neighbours(axis):
    cells = CellAxis(axis)
    turn = np.log if axis.logarithmic else np.asarray
    centres = turn(axis.places)
    np.testing.assert_allclose(turn(cells.edges[1:-1]), (centres[1:] + centres[:-1]) / 2)
    np.testing.assert_allclose((cells.edges[0], cells.edges[-1]), (cells.low, cells.high))
    np.testing.assert_allclose(cells.middles, axis.places)
    np.testing.assert_allclose(cells.parts[[0, -1]], (0, 1), atol=1e-12)
    assert (np.diff(cells.parts) > 0).all()
    places = np.interp(turn(cells.middles), turn(cells.edges), cells.parts)
    np.testing.assert_array_equal(cells.cells_at(5000)[(places * 5000).astype(int)], np.arange(len(axis)))


@pytest.mark.parametrize("axis", [depths(50, 1), numbers("layers", [1, 2, 3], whole=True), depths(30, 33),
                                  numbers("width", [100, 1000], whole=True)],
                         ids=len)
def test_ticks_of_what_is_counted_are_whole(axis):
    for room in (200.0, 600.0, 1600.0):
        for _, label in CellAxis(axis).ticks(room, lambda text: 12.0 * len(text)):
            assert "." not in label


def test_names_are_all_there_and_in_their_order():
    for sweep in (gain_by_name(), swapped(gain_by_name())):
        shown = [axes for name, axes in axes_named(drawn(sweep)).items() if name in BY_NAME]
        assert len(shown) == len(sweep.quantities)
        for axes in shown:
            ticks = axes.xaxis if sweep.axes[0].name == "act" else axes.yaxis
            labels = [label.get_text().replace("\n", "") for label in ticks.get_majorticklabels()]
            assert labels == list(LONG)
            assert all(before < after for before, after in pairwise(ticks.get_majorticklocs()))


def colours(name, values):
    return ColourScale.of(Shown(BY_NAME[name], np.asarray(values)))


def test_neutral_is_one_and_equal_factors_up_and_down_are_equally_strong():
    scale = colours("std", [-4.0, 0.0, 3.0])
    assert (scale.low, scale.high) == (-4, 4)
    for theme in THEMES.values():
        low, middle, high = scale.mappable(theme).to_rgba([-4.0, 0.0, 4.0])[:, :3]
        assert np.ptp(middle) < 0.1
        assert low[2] > low[0]
        assert high[0] > high[2]


def test_one_far_cell_does_not_take_the_colours_from_the_others():
    scale = colours("log10_gradient_ratio", np.append(np.linspace(-1, 1, 50), -400.0))
    assert scale.high <= 4
    assert (scale.below, scale.above) == (True, False)


@pytest.mark.parametrize("reach", [0.01, 0.9, 1.0, 1.5, 3.3, 7.0, 11.9, 40.0, 480.0])
def test_the_scale_is_symmetrical_and_holds_all_or_says_that_it_does_not(reach):
    scale = colours("std", np.linspace(-reach, reach / 2, 40))
    assert scale.low == -scale.high <= -1
    assert scale.below == (reach > scale.high)
    assert scale.high <= 12
    ticks = dict(scale.axis.ticks(400.0, lambda _: 21.0))
    assert ticks.keys() >= {scale.low, 0, scale.high}
    assert ticks[0] == "1"
    assert len(ticks) <= 9


def test_lightness_is_monotone_on_either_side_of_the_middle():
    scale = colours("std", [-4.0, 4.0])
    weights = np.array([0.2126, 0.7152, 0.0722])  # ITU-R BT.709
    for theme, sign in (("light", 1), ("dark", -1)):
        painted = scale.mappable(THEMES[theme]).to_rgba(np.linspace(-4, 4, 101))[:, :3]
        change = sign * np.diff(painted**2.2 @ weights)
        assert (change[:50] > -1e-3).all()
        assert (change[50:] < 1e-3).all()


def test_the_scale_of_cosines_starts_at_0_unless_they_are_negative():
    assert (colours("correlation", [0.1, 0.9]).low, colours("correlation", [-0.01, 0.9]).low) == (0, 0)
    assert colours("correlation", [-0.01, 0.9]).below
    assert colours("correlation", [-0.5, 0.9]).low == -1


def test_ink_is_read_on_what_it_is_written_on():
    assert ink((1, 1, 1)) == ink((0.94, 0.89, 0.26)) == "#000000"
    assert ink((0, 0, 0)) == ink((0.03, 0.19, 0.42)) == "#ffffff"


def hatched(figure):
    """What is covered of the axes: (left, bottom, right, top) of each rectangle."""
    return [(*patch.get_xy(), patch.get_x() + patch.get_width(), patch.get_y() + patch.get_height())
            for axes in figure.axes for patch in axes.patches if patch.get_hatch()]


def test_cells_without_a_number_are_counted_and_hatched_and_zeros_are_not():
    sweep = of_values((gains(4), depths(3)), "std", ODD_STDS)
    figure = drawn(sweep)
    assert {"no number (2)", "exactly 0 (1)"} <= set(texts(figure))
    across, upwards = (CellAxis(axis).edges for axis in sweep.axes)
    cells = [divmod(place, 3) for place, value in enumerate(ODD_STDS) if not math.isfinite(value)]
    np.testing.assert_allclose(sorted(hatched(figure)), sorted(
        (across[x], upwards[y], across[x + 1], upwards[y + 1]) for x, y in cells))
    figure = drawn(constant(0.5))
    assert hatched(figure) == []
    assert not any("no number" in text or "exactly" in text for text in texts(figure))


@pytest.mark.parametrize("sweep", [relu_map(), gain_by_name(), along_gains()], ids=["map", "rows", "curves"])
def test_lines_of_one_name_share_an_entry_and_stand_on_a_halo(sweep):
    figure = drawn(sweep)
    assert [texts(figure).count(title) for title in (CRITICAL, TRAINABLE)] == [1, 1]
    for name, dashed in (("critical", False), ("trainable", True)):
        lines = marks(figure, name)
        assert len(lines) % 2 == 0
        for halo, line in zip(lines[::2], lines[1::2], strict=True):
            np.testing.assert_array_equal(halo.get_xydata(), line.get_xydata())
            assert halo.get_linewidth() > line.get_linewidth()
            assert (halo.get_color(), line.get_color()) == (THEMES["light"].background, THEMES["light"].foreground)
            assert (line.get_linestyle() != "-") == dashed


def test_lines_in_the_legend_go_as_those_in_the_figure():
    for sweep, upright in ((relu_map(), False), (gain_by_name(), True), (swapped(gain_by_name()), False),
                           (along_gains(), True)):
        assert {entry.upright for entry in entries(sweep, THEMES["dark"])} == {upright}


def test_the_critical_line_passes_where_theory_has_it_and_a_tick_of_a_row_stays_in_its_row():
    sweep = relu_map(gains(11, 0.5, 3.0))
    [(x, _)] = pieces(sweep, sweep.lines[0], *map(CellAxis, sweep.axes))
    np.testing.assert_allclose(x, math.sqrt(2))
    sweep = gain_by_name()
    for turned in (sweep, swapped(sweep)):
        found = [place[1 if turned is sweep else 0]
                 for place in pieces(turned, turned.lines[0], *map(CellAxis, turned.axes))]
        for row, ends in enumerate(found):
            assert (np.abs(ends - row) < 0.5).all()


def test_every_verdict_has_a_colour_of_its_own_and_is_counted():
    assert VERDICTS.keys() == {*CODES, ""} - {"non_finite"}
    assert len(set(VERDICTS.values())) == len(CODES)
    shown = texts(drawn(of_values((gains(4), depths(3)), "std", [1.0] * 12, mixed(12), quantities=(VERDICT,))))
    assert all(any(f"{code.replace('_', ' ')} ({count})" in shown for count in (1, 2)) for code in CODES)


@pytest.mark.parametrize(("sweep", "named"), [
    (relu_map(gains(50), depths(50, 1), (VERDICT,)), {"vanishing", "exploding", "healthy"}),
    (relu_map(gains(6), depths(4), (VERDICT,)), {"healthy"}),
    (of_values((gains(3), depths(3)), "std", [1.0] * 9, mixed(9), quantities=(VERDICT,)), {"dying", "symmetric"}),
    (along_gains(quantities=(VERDICT,)), {"vanishing", "exploding", "healthy"})],
    ids=["50 by 50", "6 by 4", "every verdict", "along gains"])
def test_a_word_lies_wholly_on_cells_with_its_verdict(sweep, named):
    figure = drawn(sweep)
    axes = axes_named(figure)[VERDICT]
    across = CellAxis(sweep.axes[0]).edges
    upwards = CellAxis(sweep.axes[1]).edges if len(sweep.axes) > 1 else np.array([-0.5, 0.5])
    words = [text for text in axes.texts if text.get_bbox_patch()]
    assert {word.get_text() for word in words} >= named
    for word in words:
        box = word.get_window_extent(figure.canvas.get_renderer())
        for corner in ((box.x0, box.y0), (box.x1, box.y0), (box.x0, box.y1), (box.x1, box.y1)):
            x, y = axes.transData.inverted().transform(corner)
            column, row = np.searchsorted(across, x) - 1, np.searchsorted(upwards, y) - 1
            assert sweep.cells[column * (len(upwards) - 1) + row].verdict.replace("_", " ") == word.get_text()


def test_numbers_are_written_on_few_cells_and_not_below_lines():
    assert "0.830" in texts(drawn(constant(0.83)))
    assert "0.830" not in texts(drawn(constant(0.83, "std", 40, 40)))
    lined = replace(constant(0.83), lines=relu_map().lines)
    assert "0.830" not in texts(drawn(lined))
    assert "1.0·10⁻⁴⁸⁰" in texts(drawn(of_values((gains(2), depths(1)), "log10_gradient_ratio", [-480.0, 0.0])))


def test_a_curve_shows_the_values_as_they_are_on_an_axis_that_suits_them():
    axis = depths(10)
    for values, scale in (([10.0 ** -layers for layers in axis.numbers], "log"),
                          ([0.5 + layers / 100 for layers in axis.numbers], "linear")):
        figure = drawn(of_values((axis,), "std", values))
        [line] = marks(figure, "measured")
        np.testing.assert_allclose(line.get_xydata(), list(zip(axis.numbers, values, strict=True)))
        assert line.axes.get_yscale() == scale


def test_what_hardly_changes_looks_flat():
    figure = drawn(of_values((widths(),), "std", [0.8 + 0.001 * (-1) ** number for number in range(7)]))
    low, high = axes_named(figure)["std"].get_ylim()
    assert high - low > 0.2


def test_a_curve_is_broken_where_there_is_no_number():
    figure = drawn(of_values((gains(5),), "std", [1.0, 2.0, NAN, 3.0, 4.0]))
    [line] = marks(figure, "measured")
    assert np.isnan(line.get_ydata()).tolist() == [False, False, True, False, False]
    assert "no number (1)" in texts(figure)
    assert len(hatched(figure)) == 1
    figure = drawn(of_values((gains(5),), "std", [1.0, 20.0, 0.0, 300.0, 4.0]))
    assert len(marks(figure, "zero")) == 1
    assert "exactly 0, below the axis (1)" in texts(figure)


def test_nothing_joins_names():
    figure = drawn(by_width(names("act", LONG), 9, ("std",)))
    assert marks(figure, "measured") == []
    for kind in ("cells", "networks", "quartiles", "predicted"):
        assert len(marks(figure, kind)) == 1, kind
    for kind in ("quartiles", "predicted"):
        assert len(marks(figure, kind)[0].get_segments()) == len(LONG)
    assert len(marks(figure, "predicted-band")) == len(LONG)


def test_theory_is_dashed_within_its_band():
    sweep = by_width(quantities=("std",))
    figure = drawn(sweep)
    [line], [band] = marks(figure, "predicted"), marks(figure, "predicted-band")
    assert line.get_linestyle() != "-"
    corners = band.get_paths()[0].vertices
    for cell, x in zip(sweep.cells, sweep.axes[0].numbers, strict=True):
        said = sorted(set(corners[np.isclose(corners[:, 0], x), 1]))
        np.testing.assert_allclose((said[0], said[-1]), cell.predicted["std"][1:])
    assert "theory and where 95 % of networks lie" in texts(figure)


@pytest.mark.parametrize(("networks", "points"), [(1, 0), (2, 1), (30, 1), (31, 0)])
def test_networks_are_drawn_one_by_one_where_there_are_few(networks, points):
    figure = drawn(by_width(networks=networks, quantities=("std",)))
    assert len(marks(figure, "networks")) == points
    assert ("each network" in texts(figure)) == bool(points)
    assert (f"median of {networks} networks" in texts(figure)) == (networks > 1)


def test_a_trend_is_written_above_its_own_quantity():
    figure = drawn(by_width())
    found = [text for text in figure.findobj(Text) if text.get_text().startswith("flat in the width: ×0.99 ± 0.02")]
    assert len(found) == 1
    assert found[0].get_position()[0] < 960


def test_a_map_says_of_how_many_networks_it_shows_the_median():
    several = of_values((gains(2), depths(1)), "std", [1.0, 2.0])
    cells = tuple(replace(cell, networks={"std": (0.5, cell.statistics["std"], 3.0)}) for cell in several.cells)
    assert "median of 3 networks" in texts(drawn(replace(several, cells=cells)))
    assert not any("median" in text for text in texts(drawn(several)))


def test_the_subtitle_holds_every_shared_setting_and_the_seed():
    shown = " ".join(texts(drawn(relu_map())))
    for word in ("init normal", "act relu", "bias zeros", "norm none", "batches of 256", "5 networks", "float32",
                 "seed 7", "Sweep over gain and layers", "gain of the weights", "number of layers"):
        assert word in shown


def test_the_same_picture_is_the_same_bytes_with_the_seed_inside():
    assert provenance(by_width(widths(6, 7)).image)["Seed"] == "7"
    said = json.loads(provenance(relu_map(gains(2), depths(2)).image)["Configuration"])
    assert said["init"] == "normal"
    assert list(said["over"]) == ["gain", "layers"]
