"""The figure of `actprof histogram`: laws that hold for every picture, no golden pixels."""

import functools
import io
import itertools
import json
import math
import os
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

from actprof.diagnosis.verdicts import Verdict
from actprof.digits import compact, percent_label
from actprof.engine import inputs
from actprof.engine.profiles import LayerProfile, Profile
from actprof.engine.spec import RunSpec
from actprof.engine.stacks import stack_specs
from actprof.errors import SpecError
from actprof.histogram.compare import compare
from actprof.histogram.figure import draw_figure
from actprof.histogram.result import Comparison, JudgedArm
from actprof.report.shares import Bars
from actprof.report.style import FORMATS, MAX_PIXELS, THEMES, VIEWS, Style, View
from actprof.theory.predictions import Masses, StackTheory
from tests.children import finished
from tests.figures import assert_fit_to_print, assert_texts_clear, axes_named, drawn_by, texts
from tests.simulated import HE, SAMPLES, UNITS, compared, counted, covering, foretold, grid, profiled, propagated

pytestmark = pytest.mark.slow


def drawn(comparison, theme="light", **view):
    return drawn_by(lambda figure, theme, result: draw_figure(figure, theme, result, View(**view)), comparison, theme)


@functools.cache
def grid_drawn(arms, layers, *theme, **view):
    """The figure of grid(arms, layers), once for all who look at it."""
    return drawn(grid(arms, layers), *theme, **view)


def marks(figure, prefix=""):
    """Artists by name."""
    return {artist.get_gid(): artist for artist in figure.findobj()
            if artist.get_gid() and artist.get_gid().startswith(prefix)}


GRID = [(arms, layers, themes, quantity) for (arms, layers), themes, quantity in zip(
    itertools.product((1, 3, 6), (1, 5, 8, 9, 24, 50, 200)),
    itertools.cycle(("light", "dark", "dark")), itertools.cycle(("activation", "preactivation")), strict=False)
    if arms * layers <= 300]


@pytest.mark.parametrize(("arms", "layers", "theme", "quantity"), GRID)
def test_no_text_is_cut_or_touches_another_on_a_sheet_of_16_to_9(arms, layers, theme, quantity):
    figure = grid_drawn(arms, layers, theme, quantity=quantity)
    assert tuple(figure.get_size_inches() * 100) == (1920, 1080)
    assert_texts_clear(figure)


ODD = {
    "mixed activations": lambda: compared((0.3, ["relu", "tanh", "hard_tanh", "linear", "relu"])),
    "two atoms": lambda: compared((1.0, ["hard_tanh"] * 8)),
    "own ranges": lambda: compared((HE, ["relu"] * 8), (0.01, ["relu"] * 8), edges="own"),
    "own ranges, ridges": lambda: compared((HE, ["relu"] * 20), edges="own"),
    "own ranges, heat map": lambda: compared((HE, ["relu"] * 40), edges="own"),
    "not finite": lambda: compared((1e9, ["linear"] * 8), (1e9, ["relu"] * 8)),
    "not finite, ridges": lambda: compared((1e5, ["linear"] * 20), (1e5, ["relu"] * 20)),
    "not finite, heat map": lambda: compared((1e3, ["linear"] * 50), (1e3, ["relu"] * 50)),
    "dead": lambda: compared((0.0, ["relu"] * 5)),
    "constant": lambda: compared((0.0, ["tanh"] * 5), (0.3, ["tanh"] * 5)),
    "vanishing": lambda: compared((1e-30, ["linear"] * 8)),
    "one bin": lambda: compared((HE, ["relu"] * 5), bins=1),
    "4096 bins": lambda: compared((HE, ["relu"] * 5), bins=4096),
    "forced range": lambda: compared((HE, ["relu"] * 8), edges=np.linspace(0, 1, 31)),
    "forced range, heat map": lambda: compared((HE, ["relu"] * 50), edges=np.linspace(0, 1, 31)),
    "nothing in range": lambda: compared((HE, ["relu"] * 3), edges=np.linspace(50, 51, 31)),
    "huge range": lambda: compared((HE, ["relu"] * 8), edges=np.array([-1.7e308, 0, 1.7e308])),
    "tiny range": lambda: compared((HE, ["relu"] * 8), edges=np.linspace(0, 1e-310, 31)),
    "range of one ulp": lambda: compared((HE, ["relu"] * 8), edges=np.array([1e20, np.nextafter(1e20, 2e20)])),
    "several networks": lambda: compared((HE, ["relu"] * 5), (0.01, ["relu"] * 5), repeats=4),
    "a long label": lambda: compared((HE, ["relu"] * 5), (0.3, ["relu"] * 5), label="a long name / " * 40),
    "an odd label": lambda: compared((HE, ["relu"] * 5), label="$x^2$ \x1b[31m\n\udcff 漢字 & <b>"),
}


@pytest.mark.parametrize("name", ODD)
def test_strange_values_are_drawn_without_a_warning_and_without_overlap(name):
    comparison, view = ODD[name](), "ridge" if "ridges" in name else "auto"
    assert_fit_to_print(drawn(comparison, view=view), name)
    if "heat map" not in name:  # which has no axis of shares
        assert_texts_clear(drawn(comparison, log_y=True, view=view))


@pytest.mark.parametrize(("share", "text"), [
    (0, "0 %"), (1e-9, "<0.01 %"), (0.0042, "0.42 %"), (0.025, "2.5 %"), (0.5, "50 %"), (0.9949, "99.5 %"),
    (0.99999, ">99.99 %"), (1, "100 %")])
def test_only_a_whole_is_called_100_percent_and_only_nothing_0(share, text):
    assert percent_label(share) == text


@pytest.mark.parametrize(("value", "text"), [
    (0.83, "0.83"), (0, "0"), (-16300.0, "−16300"), (3e-5, "3e−5"), (1.234e30, "1.23e30"), (1e5, "1e5"),
    (float("nan"), "–"), (99_999.6, "1e5")])
def test_numbers_are_short(value, text):
    assert compact(value) == text



@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("layers", [1, 5, 30])
def test_any_view_can_be_had_for_any_depth(view, layers):
    assert_texts_clear(grid_drawn(2, layers, view=view))


def test_a_figure_has_no_print_smaller_than_14_points_but_where_panels_are_narrow():
    for comparison in (grid(1, 5), grid(6, 8), grid(6, 24), grid(3, 50)):
        assert all(text.get_fontsize() >= 14 for text in drawn(comparison).findobj(Text) if text.get_text())


def within(layer, edges):
    """Which bins of a layer lie between the drawn edges."""
    every = layer.activation.histogram.edges
    return slice(int(np.searchsorted(every, edges[0])), int(np.searchsorted(every, edges[-1])))


def test_panels_leave_out_of_their_ends_what_all_layers_can_spare():
    comparison = grid(1, 5)
    edges = marks(drawn(comparison))["counts-1-1"].get_data()[1]
    shares = np.array([layer.activation.histogram.counts / layer.activation.histogram.total
                       for layer in comparison.arms[0].layers])
    drawn_bins = within(comparison.arms[0].layers[0], edges)
    assert shares[:, drawn_bins].shape[1] < shares.shape[1]
    assert shares[:, drawn_bins].sum(axis=1).min() >= 0.999
    assert shares[:, drawn_bins.stop - 1:].sum(axis=1).max() > 0.0005


@pytest.mark.parametrize(("view", "layers"), [("panels", 5), ("ridge", 20)])
def test_an_atom_stands_beside_the_bins_and_not_in_them(view, layers):
    comparison = grid(1, layers)
    figure = drawn(comparison, view=view)
    for number, layer in enumerate(comparison.arms[0].layers, 1):
        tops, edges, foot = marks(figure)[f"counts-1-{number}"].get_data()
        counts = layer.activation.histogram.without(layer.activation.atoms)
        counts = counts[within(layer, edges)] if view == "panels" else counts
        heights = np.abs(tops - foot)
        uncut = heights < (heights.max() if view == "ridge" else math.inf)
        assert (counts[heights == 0] == 0).all()
        np.testing.assert_allclose(heights[uncut] / heights[uncut].max(), counts[uncut] / counts[uncut].max())


def test_layers_are_named_once_and_sigma_and_zeros_in_each_panel():
    comparison = grid(2, 5)
    shown = texts(drawn(comparison))
    assert [shown.count(f"layer {number}") for number in range(1, 6)] == [1] * 5
    assert sum(text.startswith("0: ") for text in shown) == 10
    for arm in comparison.arms:
        for layer in arm.layers:
            assert f"std {compact(layer.activation.statistics['std'])}" in shown


@pytest.mark.parametrize(("view", "layers"), [("panels", 5), ("ridge", 20), ("heatmap", 50)])
def test_the_share_outside_is_printed_exactly_where_something_is_outside(view, layers):
    def says(edges):
        figure = drawn(compared((HE, ["relu"] * layers), edges=edges), view=view)
        return any("outside" in text for text in texts(figure))

    assert says(np.linspace(0, 1, 31))
    assert not says(np.linspace(-1000, 1000, 31))


@pytest.mark.parametrize(("view", "layers", "std"), [("panels", 8, 1e9), ("ridge", 20, 1e5), ("heatmap", 50, 1e3)])
def test_what_is_not_finite_is_hatched_with_its_counts(view, layers, std):
    figure = drawn(compared((std, ["linear"] * layers)), view=view)
    shown = " ".join(texts(figure))
    assert "inf" in shown
    assert "NaN" in shown
    assert any(patch.get_hatch() for patch in figure.findobj(Rectangle))
    figure = grid_drawn(1, layers, view=view)
    assert not any(patch.get_hatch() for patch in figure.findobj(Rectangle))


def test_a_layer_that_nothing_reached_says_so():
    layers = list(propagated(HE, ["relu"] * 3))
    whole = profiled(layers, ["relu"] * 3, covering([a for _, a in layers]))
    empty = counted(np.zeros((0, UNITS)), whole.layers[0].activation.histogram.edges, (0.0,))
    last = LayerProfile(4, UNITS, UNITS, UNITS**2, 0.1, empty, empty, "relu")
    comparison = Comparison(0, (JudgedArm("he / relu", {"range": "shared"}, (Profile((*whole.layers, last)),)),))
    for view in ("panels", "ridge", "heatmap"):
        figure = drawn(comparison, view=view)
        assert any("not computed" in text for text in texts(figure))
        assert_texts_clear(figure)


def test_a_dead_layer_says_that_it_is_all_zeros():
    assert texts(drawn(compared((0.0, ["relu"] * 5)))).count("100 % zeros") == 5


def test_a_bar_that_is_cut_says_how_tall_it_is():
    shown = texts(drawn(compared((0.0, ["tanh"] * 2), (0.5, ["tanh"] * 2))))
    assert "100 % zeros" in shown
    assert any(text.startswith("1 bin: ") for text in texts(grid_drawn(3, 5)))


def test_the_subtitle_holds_every_setting_and_the_seed():
    shown = " ".join(texts(grid_drawn(1, 5)))
    for word in ("activations, layer by layer", "normal:mean=0.0,std=0.35", "relu", "16 → 5 × 16", "bias zeros",
                 "norm none", "40 samples", "1 network", "float32", "30 bins", "seed 7"):
        assert word in shown


def test_a_heat_map_has_a_cell_for_each_bin_the_lowest_at_the_bottom_and_the_rarest_the_palest():
    comparison = compared((HE, ["relu"] * 30), edges=np.linspace(0, 100, 3))
    axes = axes_named(drawn(comparison))[comparison.arms[0].label]
    image, = axes.images
    assert image.origin == "lower"
    assert axes.get_ylim() == (0, 100)
    shares = [Bars.of(layer.activation).shares for layer in comparison.arms[0].layers]
    np.testing.assert_array_equal(image.get_array().filled(0), np.transpose(shares))
    for theme, sign in (("light", -1), ("dark", 1)):
        image, = axes_named(drawn(comparison, theme))[comparison.arms[0].label].images
        brightness = image.to_rgba(np.logspace(-4, 0, 9))[:, :3].mean(axis=1)
        assert (sign * np.diff(brightness) > 0).all()


@pytest.mark.parametrize(("format", "layers"), [*((format, 5) for format in FORMATS), ("png", 50)])
def test_the_same_picture_is_the_same_bytes_with_the_seed_inside(format, layers):
    comparison = grid(2, layers)
    once, again = (comparison.image(Style(dpi=50), format, View()) for _ in range(2))
    assert once == again
    if format == "png":
        metadata = Image.open(io.BytesIO(once)).text
        assert metadata["Seed"] == "7"
        assert json.loads(metadata["Configuration"])[1]["config"]["samples"] == SAMPLES
    else:
        assert b"Seed: 7" in once


def test_dpi_scales_the_pixels_and_nothing_else():
    assert Image.open(io.BytesIO(grid(1, 5).image(Style(dpi=50), "png", View()))).size == (960, 540)


def test_a_picture_of_too_many_pixels_is_refused():
    with pytest.raises(SpecError, match=f"{MAX_PIXELS // 10**6} megapixels"):
        grid(1, 1).image(Style(dpi=2000), "png", View())


@pytest.mark.parametrize("log_y", [False, True])
def test_the_dashed_line_is_the_prediction_on_the_scale_of_the_bars(log_y):
    comparison = foretold(grid(2, 5))
    found = marks(drawn(comparison, log_y=log_y))
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
    place = within(arm.layers[0], marks(drawn(comparison))["counts-1-1"].get_data()[1]).start + 2
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
    figure = drawn(comparison, view=view, quantity="preactivation")
    assert set(marks(figure, "theory-")) == {"theory-signal-1"}
    assert not marks(figure, "band-")
    assert "dashed: theory" in texts(figure)


@pytest.mark.parametrize(("layers", "view"), [(1, "auto"), (5, "auto"), (30, "auto"), (30, "curves")])
def test_lines_are_the_sigmas_and_the_dashed_one_is_what_theory_predicts_within_its_band(layers, view):
    comparison = foretold(grid(2, layers))
    found = marks(drawn(comparison, view=view))
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
    assert "gradient" not in axes_named(grid_drawn(1, 5, view=view))
    assert_texts_clear(figure)


def test_from_three_arms_on_the_curves_keep_a_third_of_the_height_and_of_many_they_are_the_picture():
    def strip(comparison):
        named = axes_named(drawn(comparison))
        others = [axes for name, axes in named.items() if name != "signal"]
        return named["signal"].get_tightbbox().height / 1080, bool(others)

    assert strip(grid(3, 5))[0] > 0.25
    assert strip(grid(3, 5))[1]
    assert strip(grid(5, 50))[0] > 0.75
    assert not strip(grid(5, 50))[1]


def test_nothing_predicted_and_nothing_that_is_a_number_is_drawn():
    for std in (math.nan, 0.0, math.inf):
        comparison = foretold(grid(2, 5), std=lambda layer, std=std: std, atom=math.nan)
        for view in VIEWS:
            assert_texts_clear(drawn(comparison, view=view))
        assert comparison.image(Style(dpi=30), "png", View())


def test_theory_extends_the_axis_of_sigma_by_a_decade_at_most():
    near, far = (axes_named(drawn(foretold(grid(1, 9), std=lambda layer, power=power: 10.0**power)))["signal"]
                 for power in (-1, 200))
    plain = axes_named(grid_drawn(1, 9))["signal"]
    assert near.get_ylim()[1] <= plain.get_ylim()[1] * 1.2
    assert plain.get_ylim()[1] < far.get_ylim()[1] < 20 * plain.get_ylim()[1]


LONG = Verdict("non_finite", 15, "relu with normal:std=0.35: activations grow ×1,190 a layer, to rms 1.2e30; " * 4,
               "try --init he (the gain that keeps E a²): theory expects activations ×0.999, gradients ×1; " * 3)


@pytest.mark.parametrize("layers", [1, 5, 8, 9, 24])
@pytest.mark.parametrize("arms", [1, 3])
def test_long_verdicts_and_predictions_leave_every_text_clear(arms, layers):
    for view in ("auto", "heatmap" if layers % 2 else "ridge"):
        assert_texts_clear(drawn(foretold(grid(arms, layers), LONG), "dark", view=view))


@pytest.mark.parametrize("view", VIEWS)
def test_title_and_headings_say_the_verdict_and_the_remedy_of_a_bad_one(view):
    good = Verdict("healthy", None, "relu with he: std 0.8 → 0.9; inputs grow alike", headline="Healthy: std 0.8 → 0.9")
    bad = Verdict("exploding", 15, "activations grow ×3 a layer", "try --init he", headline="Activations explode ×97")
    shown = texts(drawn(foretold(grid(1, 5), good), view=view))
    assert "✓ healthy: " in shown
    assert good.text in " ".join(shown)
    assert shown[0] == "Healthy: std 0.8 → 0.9"
    assert not any(text.startswith("remedy") for text in shown)
    figure = drawn(foretold(grid(1, 5), bad), view=view)
    title = figure.findobj(Text)[0]
    assert (title.get_text(), title.get_color()) == ("Activations explode ×97", THEMES["light"].bad)
    shown = texts(drawn(foretold(grid(2, 5), bad), view=view))
    assert shown[0] == "Exploding: " + ", ".join(arm.label for arm in grid(2, 5).arms)
    assert shown.count("try --init he") == 2
    assert sum("xplod" in text or "grow" in text for text in shown[1:]) >= 2


def test_an_empty_forecast_draws_what_none_draws():
    comparison = grid(2, 5)
    empty = replace(foretold(comparison).arms[0].forecast, theory=StackTheory(()), masses=())
    without = replace(comparison, arms=tuple(replace(arm, forecast=empty) for arm in comparison.arms))
    assert without.image(Style(), "svg", View()) == comparison.image(Style(), "svg", View())


def test_a_figure_is_there_for_a_notebook():
    figure = grid(2, 5).figure(view="curves", theme="dark")
    axes_named(figure)["signal"].plot([1, 5], [0.1, 1])
    figure.savefig(io.BytesIO(), dpi=20)


LONELY = """
import sys
import warnings
from tests.simulated import grid
from actprof.report.style import FORMATS, Style, View
assert "matplotlib" not in sys.modules
for format in FORMATS:
    assert grid(1, 3).image(Style("dark"), format, View())
assert "matplotlib.pyplot" not in sys.modules
sys.stdout.buffer.write(grid(1, 3).image(Style("dark"), "svg", View()))
"""


def lonely(folder, **environment):
    """What a process of its own draws and says."""
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.pathsep.join([os.path.dirname(here), os.environ.get("PYTHONPATH", "")])
    done = finished([sys.executable, "-W", "error", "-c", LONELY], cwd=folder, encoding=None,
                    env={**os.environ, "PYTHONPATH": path, **environment})
    return done.returncode, done.stderr.decode(), done.stdout


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "bogus"])
def test_no_environment_reaches_the_figure(backend, tmp_path):
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nfont.size: 40\nsavefig.bbox: tight\nno.such.key: 1\n")
    comparison = grid(1, 3)
    expected = comparison.image(Style("dark"), "svg", View())
    assert lonely(tmp_path, MPLBACKEND=backend, MATPLOTLIBRC=str(tmp_path)) == (0, "", expected)
