"""The figure of `actprof histogram`: laws that hold for every picture, no golden pixels."""

import io
import itertools
import json
import math
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

from actprof.diagnosis.verdicts import Verdict
from actprof.digits import compact, number_label, percent
from actprof.engine import inputs
from actprof.engine.profiles import LayerProfile, Profile
from actprof.engine.spec import RunSpec
from actprof.engine.stacks import stack_specs
from actprof.errors import SpecError
from actprof.histogram.compare import compare
from actprof.histogram.figure import draw_figure
from actprof.histogram.result import Comparison, JudgedArm
from actprof.report.style import MAX_PIXELS, THEMES, VIEWS, Style, View
from actprof.theory.predictions import Masses, StackTheory
from tests.figures import assert_fit_to_print, assert_texts_clear, axes_named, drawn_by, each_once, provenance, texts
from tests.simulated import HE, SAMPLES, UNITS, compared, counted, covering, foretold, grid, profiled, propagated

pytestmark = pytest.mark.slow


def drawn(comparison, log_y=False, view="auto", quantity="activation", **look):
    """The figure of a comparison: in none a text is cut or touches another."""
    shown = View(quantity, view, log_y)
    figure = drawn_by(lambda figure, theme, result: draw_figure(figure, theme, result, shown), comparison, **look)
    assert_texts_clear(figure)
    return figure


@cache
def grid_drawn(arms, layers, **view):
    """The figure of grid(arms, layers), once for all who look at it."""
    return drawn(grid(arms, layers), **view)


@cache
def foretold_drawn(arms, layers, **view):
    """That with predictions, of foretold(grid(arms, layers))."""
    return drawn(foretold(grid(arms, layers)), **view)


def marks(figure, prefix=""):
    """Artists by name."""
    return {artist.get_gid(): artist for artist in figure.findobj()
            if artist.get_gid() and artist.get_gid().startswith(prefix)}


SHEETS = [(*sheet, theme, quantity) for sheet, theme, quantity in zip(
    ((1, 1), (1, 5), (1, 8), (1, 9), (1, 200), (3, 1), (3, 8), (3, 24), (6, 1), (6, 8), (6, 50)),
    itertools.cycle(THEMES), itertools.cycle(("activation", "preactivation", "preactivation")), strict=False)]


@pytest.mark.parametrize(("arms", "layers", "theme", "quantity"), SHEETS)
def test_a_sheet_is_16_to_9_and_its_print_14_points_but_where_panels_are_narrow(arms, layers, theme, quantity):
    figure = grid_drawn(arms, layers, theme=theme, quantity=quantity)
    assert tuple(figure.get_size_inches() * 100) == (1920, 1080)
    smallest = min(text.get_fontsize() for text in figure.findobj(Text) if text.get_text())
    assert smallest >= (14 if (arms, layers) != (3, 8) else 11)
    assert layers <= 8 or len(axes_named(figure)) <= 2 * arms + 2  # many layers are one map


ODD = {
    "mixed activations": lambda: compared((0.3, ["relu", "tanh", "hard_tanh", "linear", "relu"])),
    "two atoms": lambda: compared((1.0, ["hard_tanh"] * 4)),
    "own ranges": lambda: compared((HE, ["relu"] * 3), (0.01, ["relu"] * 3), edges="own"),
    "own ranges, ridges": lambda: compared((HE, ["relu"] * 9), edges="own"),
    "own ranges, heat map": lambda: compared((HE, ["relu"] * 9), edges="own"),
    "not finite": lambda: compared((1e20, ["linear"] * 4), (1e20, ["relu"] * 4)),
    "not finite, ridges": lambda: compared((1e10, ["linear"] * 9), (1e10, ["relu"] * 9)),
    "not finite, heat map": lambda: compared((1e10, ["linear"] * 9), (1e10, ["relu"] * 9)),
    "dead": lambda: compared((0.0, ["relu"] * 5)),
    "constant": lambda: compared((0.0, ["tanh"] * 2), (0.5, ["tanh"] * 2)),
    "vanishing": lambda: compared((1e-30, ["linear"] * 3)),
    "one bin": lambda: compared((HE, ["relu"] * 5), bins=1),
    "4096 bins": lambda: compared((HE, ["relu"] * 5), bins=4096),
    "forced range": lambda: compared((HE, ["relu"] * 5), edges=np.linspace(0, 1, 31)),
    "forced range, ridges": lambda: compared((HE, ["relu"] * 9), edges=np.linspace(0, 1, 31)),
    "forced range, heat map": lambda: compared((HE, ["relu"] * 9), edges=np.linspace(0, 1, 31)),
    "nothing in range": lambda: compared((HE, ["relu"] * 3), edges=np.linspace(50, 51, 31)),
    "huge range": lambda: compared((HE, ["relu"] * 3), edges=np.array([-1.7e308, 0, 1.7e308])),
    "tiny range": lambda: compared((HE, ["relu"] * 3), edges=np.linspace(0, 1e-310, 31)),
    "range of one ulp": lambda: compared((HE, ["relu"] * 3), edges=np.array([1e20, np.nextafter(1e20, 2e20)])),
    "several networks": lambda: compared((HE, ["relu"] * 3), (0.01, ["relu"] * 3), repeats=4),
    "a long label": lambda: compared((HE, ["relu"] * 5), (0.3, ["relu"] * 5), label="a long name / " * 40),
    "an odd label": lambda: compared((HE, ["relu"] * 5), label="$x^2$ \x1b[31m\n\udcff 漢字 & <b>"),
}
ODD_SHARES = ("two atoms", "own ranges, ridges", "not finite", "not finite, ridges", "dead", "constant", "one bin",
              "4096 bins", "nothing in range")
case = each_once(ODD, drawn)


def odd_drawn(name, log_y=False):
    return case(name, log_y, "ridge" if "ridges" in name else "auto")[1]


@pytest.mark.parametrize(("name", "log_y"), [*((name, False) for name in ODD), *((name, True) for name in ODD_SHARES)])
def test_strange_values_are_drawn_and_written_without_a_warning_and_without_overlap(name, log_y):
    assert_fit_to_print(odd_drawn(name, log_y))


@pytest.mark.parametrize(("share", "text"), [
    (0, "0"), (1e-9, "<0.1"), (0.0042, "0.4"), (0.025, "2.5"), (0.5, "50.0"), (0.9949, "99.5"), (0.99999, ">99.9"),
    (1, "100")])
def test_only_a_whole_is_called_100_percent_and_only_nothing_0(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(("value", "text"), [
    (0.83, "0.83"), (0, "0"), (-16300.0, "−16300"), (3e-5, "3e−5"), (1.234e30, "1.23e30"), (1e5, "1e5"),
    (float("nan"), "–"), (99_999.6, "1e5")])
def test_numbers_are_short(value, text):
    assert compact(value) == text


@pytest.mark.parametrize(("value", "text"), [
    (0.54, "0.540"), (0, "0"), (-1.2, "−1.20"), (3.14e-7, "3.1·10⁻⁷"), (float("nan"), "–")])
def test_what_was_measured_has_the_digits_of_the_table_in_the_letters_of_a_figure(value, text):
    assert number_label(value) == text


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("layers", [1, 5, 20])
def test_any_view_can_be_had_for_any_depth(view, layers):
    assert "signal" in axes_named(grid_drawn(2, layers, view=view))


def within(layer, edges):
    """Which bins of a layer lie between the drawn edges."""
    every = layer.activation.histogram.edges
    return slice(int(np.searchsorted(every, edges[0])), int(np.searchsorted(every, edges[-1])))


def test_panels_leave_out_of_their_ends_what_all_layers_can_spare():
    comparison = grid(1, 5)
    edges = marks(grid_drawn(1, 5))["counts-1-1"].get_data()[1]
    shares = np.array([layer.activation.histogram.counts / layer.activation.histogram.total
                       for layer in comparison.arms[0].layers])
    drawn_bins = within(comparison.arms[0].layers[0], edges)
    assert shares[:, drawn_bins].shape[1] < shares.shape[1]
    assert shares[:, drawn_bins].sum(axis=1).min() >= 0.999
    assert shares[:, drawn_bins.stop - 1:].sum(axis=1).max() > 0.0005


@pytest.mark.parametrize(("view", "layers"), [("auto", 5), ("ridge", 9)])
def test_an_atom_stands_beside_the_bins_and_not_in_them(view, layers):
    comparison = grid(1, layers)
    figure = grid_drawn(1, layers, view=view)
    for number, layer in enumerate(comparison.arms[0].layers, 1):
        tops, edges, foot = marks(figure)[f"counts-1-{number}"].get_data()
        counts = layer.activation.histogram.without(layer.activation.atoms)
        counts = counts[within(layer, edges)] if view == "auto" else counts
        heights = np.abs(tops - foot)
        uncut = heights < (heights.max() if view == "ridge" else math.inf)
        assert (counts[heights == 0] == 0).all()
        np.testing.assert_allclose(heights[uncut] / heights[uncut].max(), counts[uncut] / counts[uncut].max())


def test_layers_are_named_once_and_sigma_and_zeros_in_each_panel():
    comparison = grid(2, 5)
    shown = texts(grid_drawn(2, 5, view="panels"))
    assert [shown.count(f"layer {number}") for number in range(1, 6)] == [1] * 5
    assert sum(text.startswith("0: ") for text in shown) == 10
    stds = [float(text.removeprefix("std ")) for text in shown if re.fullmatch(r"std [\d.]+", text)]
    assert len(stds) == 10
    for arm in comparison.arms:
        for layer in arm.layers:
            assert layer.activation.statistics["std"] in [pytest.approx(std, rel=5e-3) for std in stds]


def says_outside(figure):
    return any("outside" in text for text in texts(figure))


@pytest.mark.parametrize("name", ["forced range", "forced range, ridges", "forced range, heat map"])
def test_the_share_outside_is_printed_exactly_where_something_is_outside(name):
    assert says_outside(odd_drawn(name))
    comparison, view = ODD[name](), "ridge" if "ridges" in name else "auto"
    layers = len(comparison.arms[0].layers)
    assert not says_outside(drawn(compared((HE, ["relu"] * layers), edges=np.linspace(-1000, 1000, 31)), view=view))


@pytest.mark.parametrize(("name", "view"), [
    ("not finite", "panels"), ("not finite, ridges", "ridge"), ("not finite, heat map", "heatmap")])
def test_what_is_not_finite_is_hatched_with_its_counts(name, view):
    shown = " ".join(texts(odd_drawn(name)))
    assert "inf" in shown
    assert "NaN" in shown
    assert any(patch.get_hatch() for patch in odd_drawn(name).findobj(Rectangle))
    assert not any(patch.get_hatch() for patch in grid_drawn(2, 5, view=view).findobj(Rectangle))


def test_a_layer_that_nothing_reached_says_so():
    layers = list(propagated(HE, ["relu"] * 3))
    whole = profiled(layers, ["relu"] * 3, covering([a for _, a in layers]))
    empty = counted(np.zeros((0, UNITS)), whole.layers[0].activation.histogram.edges, (0.0,))
    last = LayerProfile(4, UNITS, UNITS, UNITS**2, 0.1, empty, empty, "relu")
    comparison = Comparison(0, (JudgedArm("he / relu", {"range": "shared"}, (Profile((*whole.layers, last)),)),))
    for view in ("panels", "ridge", "heatmap"):
        figure = drawn(comparison, view=view)
        assert any("not computed" in text for text in texts(figure))


def test_a_dead_layer_says_that_it_is_all_zeros():
    assert texts(odd_drawn("dead")).count("100 % zeros") == 5


def test_a_bar_that_is_cut_says_how_tall_it_is():
    assert "100 % zeros" in texts(odd_drawn("constant"))
    assert any(text.startswith("1 bin: ") for text in texts(grid_drawn(3, 5)))


def test_the_subtitle_holds_every_setting_and_the_seed():
    shown = " ".join(texts(grid_drawn(1, 5)))
    for word in ("activations, layer by layer", "normal:mean=0.0,std=0.35", "relu", "16 → 5 × 16", "bias zeros",
                 "norm none", "40 samples", "1 network", "float32", "30 bins", "seed 7"):
        assert word in shown


def test_a_heat_map_has_a_cell_for_each_bin_the_lowest_at_the_bottom_and_the_rarest_the_palest():
    comparison = compared((HE, ["relu"] * 9), edges=np.linspace(0, 100, 3))
    shares = [layer.activation.histogram.without(layer.activation.atoms) / layer.activation.histogram.total
              for layer in comparison.arms[0].layers]
    for theme, sign in (("light", -1), ("dark", 1)):
        axes = axes_named(drawn(comparison, theme=theme))[comparison.arms[0].label]
        image, = axes.images
        assert image.origin == "lower"
        assert axes.get_ylim() == (0, 100)
        np.testing.assert_allclose(image.get_array().filled(0), np.transpose(shares))
        brightness = image.to_rgba(np.logspace(-4, 0, 9))[:, :3].mean(axis=1)
        assert (sign * np.diff(brightness) > 0).all()


@pytest.mark.parametrize("layers", [2, 9])
def test_the_same_picture_is_the_same_bytes_with_the_seed_inside(layers):
    said = provenance(grid(2, layers).image, View())
    assert said["Seed"] == "7"
    assert json.loads(said["Configuration"])[1]["config"]["samples"] == SAMPLES


def test_dpi_scales_the_pixels_and_nothing_else():
    assert Image.open(io.BytesIO(grid(1, 1).image(Style(dpi=50), "png", View()))).size == (960, 540)


def test_a_picture_of_too_many_pixels_is_refused():
    with pytest.raises(SpecError, match=f"{MAX_PIXELS // 10**6} megapixels"):
        grid(1, 1).image(Style(dpi=2000), "png", View())


@pytest.mark.parametrize("log_y", [False, True])
def test_the_dashed_line_is_the_prediction_on_the_scale_of_the_bars(log_y):
    comparison = foretold(grid(2, 5))
    found = marks(foretold_drawn(2, 5, log_y=log_y))
    assert sum(name.startswith("theory-") and name[7].isdigit() for name in found) == 10
    x, y = found["theory-1-1"].get_data()
    _, edges, _ = found["counts-1-1"].get_data()
    np.testing.assert_allclose(x[1:-1], (edges[1:] + edges[:-1]) / 2)
    shown = np.isfinite(y[1:-1])
    assert shown.sum() > 10
    arm = comparison.arms[0]
    bins = np.array(arm.forecast.masses[0].bins)[within(arm.layers[0], edges)]
    np.testing.assert_allclose(y[1:-1][shown], bins[shown])
    top = found["theory-1-1"].axes.get_ylim()[1]
    np.testing.assert_allclose(found["atom-theory-1-1"].get_ydata(), min(0.4, top))


def test_a_predicted_spike_is_outlined_as_wide_as_its_bin():
    comparison = foretold(grid(1, 3))
    arm = comparison.arms[0]
    place = within(arm.layers[0], marks(grid_drawn(1, 3))["counts-1-1"].get_data()[1]).start + 2
    spike = Masses(tuple(0.02 * (np.arange(30) == place)), 0.0, 0.0, ())
    comparison = replace(comparison, arms=(replace(arm, forecast=replace(arm.forecast, masses=(spike,) * 3)),))
    found = marks(drawn(comparison))
    x, y = found["theory-1-1"].get_data()
    ends = arm.layers[0].activation.histogram.edges[[place, place + 1]]
    np.testing.assert_allclose([x[y > 0].min(), x[y > 0].max()], ends)


@pytest.mark.parametrize("view", VIEWS)
def test_only_predicted_layers_of_activations_have_a_dashed_line(view):
    comparison = foretold(grid(1, 5))
    arm = comparison.arms[0]
    forecast = replace(arm.forecast, masses=arm.forecast.masses[:2])
    comparison = replace(comparison, arms=(replace(arm, forecast=forecast),))
    figure = drawn(comparison, view=view)
    wanted = {"theory-1-1", "theory-1-2"} if view in ("panels", "ridge") else set()
    assert set(marks(figure, "theory-")) == wanted | {"theory-signal-1"}
    assert "dashed: theory, and where 95 % of networks lie" in texts(figure)


@pytest.mark.parametrize("view", ["panels", "ridge"])
def test_of_pre_activations_theory_says_the_std_alone(view):
    figure = foretold_drawn(1, 5, view=view, quantity="preactivation")
    assert set(marks(figure, "theory-")) == {"theory-signal-1"}
    assert not marks(figure, "band-")
    assert "dashed: theory" in texts(figure)


@pytest.mark.parametrize(("layers", "view"), [(1, "auto"), (5, "auto"), (9, "auto"), (9, "curves")])
def test_lines_are_the_sigmas_and_the_dashed_one_is_what_theory_predicts_within_its_band(layers, view):
    comparison = foretold(grid(2, layers))
    found = marks(foretold_drawn(2, layers, view=view))
    arm = comparison.arms[1]
    for name, figure in (("signal-2", "std"), ("within-signal-2", "within_unit_std")):
        np.testing.assert_allclose(found[name].get_xdata(), range(1, layers + 1))
        expected = [layer.activation.statistics[figure] for layer in arm.layers]
        np.testing.assert_allclose(found[name].get_ydata(), np.where(np.array(expected) > 0, expected, math.nan))
    line = found["theory-signal-2"].get_ydata()
    said = arm.forecast.theory.layers
    np.testing.assert_allclose(line, np.broadcast_to([layer.std for layer in said], line.shape))
    corners = found["band-signal-2"].get_paths()[0].vertices[:, 1]
    assert corners.min() == pytest.approx(min(layer.std_low for layer in said))
    assert corners.max() == pytest.approx(max(layer.std_high for layer in said))


@pytest.fixture(scope="module")
def measured():
    """A stack with gradients and singular values."""
    run = RunSpec(inputs.parse("normal"), batch_size=50, gradients=True, jacobian=True)
    return compare(stack_specs(("he",), ("relu",), layers=5, width=20), run, inputs.open_inputs(run, 20))


@pytest.mark.parametrize("view", VIEWS)
def test_the_gradient_is_drawn_beside_sigma_where_it_was_measured(view, measured):
    figure = drawn(measured, view=view)
    ratios = [layer.gradient.statistics["log10_ratio"] for layer in measured.arms[0].layers]
    np.testing.assert_allclose(marks(figure)["gradient-1"].get_ydata(), 10.0 ** np.array(ratios))
    assert "gradient" in axes_named(figure)
    assert "jacobian" in axes_named(figure)
    assert "gradient" not in axes_named(grid_drawn(2, 5, view=view))


def test_from_three_arms_on_the_curves_keep_a_third_of_the_height_and_of_many_they_are_the_picture():
    def strip(arms, layers):
        named = axes_named(grid_drawn(arms, layers))
        others = [axes for name, axes in named.items() if name != "signal"]
        return named["signal"].get_tightbbox().height / 1080, bool(others)

    height, beside = strip(3, 5)
    assert (height > 0.25, beside) == (True, True)
    height, beside = strip(6, 9)
    assert (height > 0.75, beside) == (True, False)


@pytest.mark.parametrize(("std", "view"), [(math.nan, "panels"), (0.0, "ridge"), (math.inf, "heatmap"),
                                           (math.nan, "curves"), (math.inf, "panels")])
def test_nothing_predicted_and_nothing_that_is_a_number_is_drawn(std, view):
    figure = drawn(foretold(grid(2, 5), std=lambda layer: std, atom=math.nan), view=view, format="png")
    shown = [line.get_ydata() for name, line in marks(figure, "theory-signal-").items()]
    assert not any(np.isfinite(each[each != 0]).any() for each in shown)


def test_theory_extends_the_axis_of_sigma_by_a_decade_at_most():
    near, far = (axes_named(drawn(foretold(grid(1, 3), std=lambda layer, power=power: 10.0**power)))["signal"]
                 for power in (-1, 200))
    plain = axes_named(grid_drawn(1, 3))["signal"]
    assert near.get_ylim()[1] <= plain.get_ylim()[1] * 1.2
    assert plain.get_ylim()[1] < far.get_ylim()[1] < 20 * plain.get_ylim()[1]


LONG = Verdict("non_finite", 15, "relu with normal:std=0.35: activations grow ×1,190 a layer, to rms 1.2e30; " * 4,
               "try --init he (the gain that keeps E a²): theory expects activations ×0.999, gradients ×1; " * 3)


@pytest.mark.parametrize(("arms", "layers", "view"), [
    (1, 1, "auto"), (1, 8, "auto"), (1, 24, "auto"), (1, 8, "ridge"), (3, 1, "heatmap"), (3, 8, "auto"), (3, 9, "auto"),
    (3, 5, "ridge"), (3, 5, "curves")])
def test_long_verdicts_and_predictions_leave_every_text_clear(arms, layers, view):
    shown = " ".join(texts(drawn(foretold(grid(arms, layers), LONG), view=view, theme="dark")))
    assert "try --init he" in shown


GOOD = Verdict("healthy", None, "relu with he: std 0.8 → 0.9; inputs grow alike", headline="Healthy: std 0.8 → 0.9")
BAD = Verdict("exploding", 15, "activations grow ×3 a layer", "try --init he", headline="Activations explode ×97")


@pytest.mark.parametrize("view", ["panels", "curves"])
def test_of_one_arm_that_is_well_title_and_heading_say_so(view):
    shown = texts(drawn(foretold(grid(1, 2), GOOD), view=view))
    assert "✓ healthy: " in shown
    assert GOOD.text in " ".join(shown)
    assert shown[0] == "Healthy: std 0.8 → 0.9"
    assert not any(text.startswith("remedy") for text in shown)


def test_the_title_of_a_bad_arm_is_its_headline_in_the_colour_of_its_verdict():
    title = drawn(foretold(grid(1, 2), BAD)).findobj(Text)[0]
    assert (title.get_text(), title.get_color()) == ("Activations explode ×97", THEMES["light"].bad)


@pytest.mark.parametrize("view", VIEWS)
def test_bad_arms_are_named_in_the_title_and_each_heading_has_cause_and_remedy(view):
    shown = texts(drawn(foretold(grid(2, 2), BAD), view=view))
    assert shown[0] == "Exploding: " + ", ".join(arm.label for arm in grid(2, 2).arms)
    assert shown.count("try --init he") == 2
    assert sum("xplod" in text or "grow" in text for text in shown[1:]) >= 2


def test_an_empty_forecast_draws_what_none_draws():
    comparison = grid(2, 2)
    empty = replace(foretold(comparison).arms[0].forecast, theory=StackTheory(()), masses=())
    without = replace(comparison, arms=tuple(replace(arm, forecast=empty) for arm in comparison.arms))
    assert without.image(Style(), "svg", View()) == comparison.image(Style(), "svg", View())


def test_a_figure_is_there_for_a_notebook():
    figure = grid(2, 2).figure(view="curves", theme="dark")
    axes_named(figure)["signal"].plot([1, 5], [0.1, 1])
    figure.savefig(io.BytesIO(), dpi=20)
