"""The figure of `actprof histogram`: laws that hold for every picture, no golden pixels."""

import io
import itertools
import json
import math
import os
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle, StepPatch
from matplotlib.text import Text
from PIL import Image

from actprof.diagnosis.verdicts import Verdict
from actprof.digits import compact, percent_label
from actprof.engine.profiles import LayerProfile, Profile
from actprof.errors import SpecError
from actprof.histogram.figure import draw_figure, render
from actprof.histogram.result import Comparison, JudgedArm
from actprof.report.scales import Bars, LogSpan, share_scale
from actprof.report.style import FORMATS, MAX_PIXELS, THEMES, Style, View, matplotlib_set_up
from actprof.theory.predictions import Masses, StackTheory
from tests.children import finished
from tests.figures import assert_fit_to_print, assert_texts_clear, texts
from tests.simulated import HE, SAMPLES, UNITS, compared, counted, covering, foretold, grid, profiled, propagated


def drawn(comparison, theme="light", **view):
    with matplotlib_set_up():
        figure = Figure(dpi=100)
        FigureCanvasAgg(figure)
        draw_figure(figure, THEMES[theme], comparison, View(**view))
    return figure


def stairs(figure):
    return {patch.get_gid(): patch for patch in figure.findobj(StepPatch) if patch.get_gid()}


GRID = [(arms, layers, themes, quantity) for (arms, layers), themes, quantity in zip(
    itertools.product((1, 3, 6), (1, 5, 8, 9, 24, 50, 200)),
    itertools.cycle(("light", "dark", "dark")), itertools.cycle(("activation", "preactivation")), strict=False)
    if arms * layers <= 300]


@pytest.mark.slow
@pytest.mark.parametrize(("arms", "layers", "theme", "quantity"), GRID)
def test_no_text_is_cut_or_touches_another(arms, layers, theme, quantity):
    figure = drawn(grid(arms, layers), theme, quantity=quantity)
    assert tuple(figure.get_size_inches() * 100) >= (1920, 1080)
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


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_strange_values_are_drawn_without_a_warning_and_without_overlap(name):
    comparison = ODD[name]()
    assert_fit_to_print(drawn(comparison), name)
    assert_texts_clear(drawn(comparison, log_y=True))


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


@pytest.mark.slow
@pytest.mark.parametrize("view", ["panels", "ridge", "heatmap"])
@pytest.mark.parametrize("layers", [1, 5, 30])
def test_any_view_can_be_had_for_any_depth(view, layers):
    assert_texts_clear(drawn(grid(2, layers), view=view))


@pytest.mark.slow
def test_a_figure_is_never_smaller_in_print_than_its_smallest_size():
    for comparison in (grid(1, 5), grid(6, 8), grid(6, 24), grid(3, 50)):
        assert all(text.get_fontsize() >= 11 for text in drawn(comparison).findobj(Text))


@pytest.mark.parametrize("layers", [5, 20])
def test_an_atom_stands_beside_the_bins_and_not_in_them(layers):
    comparison = grid(1, layers)
    figure = drawn(comparison)
    for number, layer in enumerate(comparison.arms[0].layers, 1):
        tops, _, baseline = stairs(figure)[f"counts-1-{number}"].get_data()
        counts = layer.activation.histogram.without(layer.activation.atoms)
        heights = (baseline - tops) / (baseline - tops).max()
        uncut = heights < 1
        assert (counts[heights == 0] == 0).all()
        np.testing.assert_allclose(heights[uncut] / heights[uncut].max(), counts[uncut] / counts[uncut].max())


def test_each_panel_names_its_layer_its_sigma_and_its_zeros():
    comparison = grid(2, 5)
    shown = texts(drawn(comparison))
    assert [shown.count(f"layer {number}") for number in range(1, 6)] == [2] * 5
    assert sum(text.startswith("0: ") for text in shown) == 10
    sigma = comparison.arms[0].layers[0].activation.statistics["std"]
    assert f"σ {sigma:.3g}" in shown


@pytest.mark.parametrize("layers", [5, 20, 50])
def test_the_share_outside_is_printed_exactly_where_something_is_outside(layers):
    def says(edges):
        return any("outside" in text for text in texts(drawn(compared((HE, ["relu"] * layers), edges=edges))))

    assert says(np.linspace(0, 1, 31))
    assert not says(np.linspace(-1000, 1000, 31))


@pytest.mark.parametrize(("layers", "std"), [(8, 1e9), (20, 1e5), (50, 1e3)])
def test_what_is_not_finite_is_hatched_with_its_counts(layers, std):
    comparison = compared((std, ["linear"] * layers))
    figure = drawn(comparison)
    shown = " ".join(texts(figure))
    assert "inf" in shown
    assert "NaN" in shown
    assert any(patch.get_hatch() for patch in figure.findobj(Rectangle))
    figure = drawn(grid(1, layers))
    assert not any(patch.get_hatch() for patch in figure.findobj(Rectangle))


def test_a_layer_that_nothing_reached_says_so():
    layers = list(propagated(HE, ["relu"] * 3))
    whole = profiled(layers, ["relu"] * 3, covering([a for _, a in layers]))
    empty = counted(np.zeros((0, UNITS)), whole.layers[0].activation.histogram.edges, (0.0,))
    last = LayerProfile(4, UNITS, UNITS, UNITS**2, 0.1, empty, empty, "relu")
    comparison = Comparison(0, (JudgedArm("he / relu", {}, (Profile((*whole.layers, last)),)),))
    for view in ("panels", "ridge", "heatmap"):
        figure = drawn(comparison, view=view)
        assert any("not computed" in text for text in texts(figure))
        assert_texts_clear(figure)


def test_a_dead_layer_says_that_it_is_all_zeros():
    assert texts(drawn(compared((0.0, ["relu"] * 5)))).count("100 % zeros") == 5


def test_a_bar_that_is_cut_says_how_tall_it_is():
    shown = texts(drawn(compared((0.0, ["tanh"] * 2), (0.5, ["tanh"] * 2))))
    assert "100 % zeros" in shown
    assert any(text.startswith("1 bin: ") for text in texts(drawn(grid(3, 5))))


def test_the_subtitle_holds_every_setting_and_the_seed():
    shown = " ".join(texts(drawn(grid(1, 5))))
    for word in ("normal:mean=0.0,std=0.35", "relu", "16 → 5 × 16", "bias zeros", "norm none", "40 samples",
                 "1 network", "float32", "30 bins", "seed 7"):
        assert word in shown


def test_the_first_bin_of_a_heat_map_is_at_the_bottom():
    edges = np.linspace(0, 100, 3)
    png = render(compared((HE, ["relu"] * 30), edges=edges), View(), Style(), "png")
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    column = pixels[:, 900].astype(int)
    coloured = np.flatnonzero(np.ptp(column, axis=1) > 60)
    white = np.flatnonzero((column == 255).all(1))
    assert len(coloured) > 50
    assert (white < coloured[0]).sum() > (white > coloured[0]).sum() * 0.5
    assert (column[coloured[0] - 40] == 255).all()


@pytest.mark.slow
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("layers", [5, 50])
def test_the_same_picture_is_the_same_bytes_with_the_seed_inside(format, layers):
    comparison = grid(2, layers)
    once, again = (render(comparison, View(), Style(), format) for _ in range(2))
    assert once == again
    assert b"Seed" in once
    if format == "png":
        metadata = Image.open(io.BytesIO(once)).text
        assert metadata["Seed"] == "7"
        assert json.loads(metadata["Configuration"])[1]["config"]["samples"] == SAMPLES
    else:
        assert b"Seed: 7" in once


def test_dpi_scales_the_pixels_and_nothing_else():
    sizes = [Image.open(io.BytesIO(render(grid(1, 5), View(), Style(dpi=dpi), "png"))).size for dpi in (50, 100)]
    assert sizes == [(960, 540), (1920, 1080)]


def test_a_picture_of_too_many_pixels_is_refused():
    with pytest.raises(SpecError, match=f"{MAX_PIXELS // 10**6} megapixels"):
        render(grid(1, 1), View(), Style(dpi=2000), "png")


def named(figure, kind):
    found = {artist.get_gid() or "": artist for artist in figure.findobj(kind)}
    return {name: artist for name, artist in found.items() if name.startswith("theory")}


def scale_of(comparison, log_y=False):
    """The scale of the bars."""
    bars = [[Bars.of(layer.activation) for layer in arm.layers] for arm in comparison.arms]
    return share_scale((bar for arm in bars for bar in arm), log_y)


def box_height(figure, comparison, scale):
    """Bottom and height of the first layer's box, from its tallest bar."""
    tops, _, bottom = stairs(figure)["counts-1-1"].get_data()
    places = scale.place(Bars.of(comparison.arms[0].layers[0].activation).shares)
    return bottom, (bottom - tops).max() / places.max()


@pytest.mark.parametrize("log_y", [False, True])
@pytest.mark.parametrize("layers", [5, 20])
def test_the_dashed_line_is_the_prediction_on_the_scale_of_the_bars(layers, log_y):
    comparison = foretold(grid(2, layers))
    figure = drawn(comparison, log_y=log_y)
    scale = scale_of(comparison, log_y)
    lines = named(figure, Line2D)
    assert len([name for name in lines if "sigma" not in name]) == 2 * layers
    bottom, height = box_height(figure, comparison, scale)
    x, y = lines["theory-1-1"].get_data()
    _, edges, _ = stairs(figure)["counts-1-1"].get_data()
    np.testing.assert_allclose(x[1:-1], (edges[1:] + edges[:-1]) / 2)
    expected = scale.place(comparison.arms[0].forecast.masses[0].bins) * height
    shown = np.isfinite(y[1:-1])
    assert shown[expected >= 1].all()
    np.testing.assert_allclose((bottom - y)[1:-1][shown], expected[shown], atol=1e-9)
    tick = next(line for line in figure.findobj(Line2D) if line.get_gid() == "atoms-theory-1-1")
    assert tick.get_ydata()[:2] == pytest.approx([bottom - height * scale.place(0.4)] * 2)


def test_a_predicted_spike_is_outlined_as_wide_as_its_bin():
    comparison = foretold(grid(1, 3))
    spike = Masses((0.0,) * 12 + (0.02,) + (0.0,) * 17, 0.0, 0.0, ())
    arm = comparison.arms[0]
    comparison = replace(comparison, arms=(replace(arm, forecast=replace(arm.forecast, masses=(spike,) * 3)),))
    figure = drawn(comparison)
    x, y = named(figure, Line2D)["theory-1-1"].get_data()
    _, edges, bottom = stairs(figure)["counts-1-1"].get_data()
    np.testing.assert_allclose([x[y < bottom].min(), x[y < bottom].max()], edges[[12, 13]])


@pytest.mark.parametrize("view", ["panels", "ridge", "heatmap"])
def test_only_predicted_layers_of_activations_have_a_dashed_line(view):
    comparison = foretold(grid(1, 5))
    arm = comparison.arms[0]
    forecast = replace(arm.forecast, masses=arm.forecast.masses[:2])
    comparison = replace(comparison, arms=(replace(arm, forecast=forecast),))
    figure = drawn(comparison, view=view)
    wanted = [] if view == "heatmap" else ["theory-1-1", "theory-1-2"]
    assert [name for name in named(figure, Line2D) if "sigma" not in name] == wanted
    assert ("dashed: theory" in texts(figure)) == (view != "heatmap")
    figure = drawn(comparison, view=view, quantity="preactivation")
    assert list(named(figure, Line2D)) == ["theory-sigma-1"]
    assert "dashed: theory" not in texts(figure)
    assert "theory: σ" in texts(figure)


def sigma_axis(figure, comparison):
    """y of a value on the axis of σ, by the measured lines."""
    measured = [line.get_ydata() for line in figure.findobj(Line2D) if line.get_markersize() == 8
                and line.get_marker() in "os" and len(line.get_ydata()) == len(comparison.arms[0].layers)]
    stds = [[layer.activation.statistics["std"] for layer in arm.layers] for arm in comparison.arms]
    slope, start = np.polyfit(np.log10(np.ravel(stds)), np.ravel(measured), 1)
    return lambda values: start + slope * np.log10(values)


@pytest.mark.parametrize("layers", [1, 5, 30])
def test_the_dotted_line_is_the_predicted_sigma_within_its_band(layers):
    comparison = foretold(grid(2, layers))
    figure = drawn(comparison)
    y = sigma_axis(figure, comparison)
    theory = comparison.arms[1].forecast.theory.layers
    line = named(figure, Line2D)["theory-sigma-2"].get_ydata()
    np.testing.assert_allclose(line, np.broadcast_to(y([layer.std for layer in theory]), line.shape), rtol=1e-6)
    low, high = named(figure, Polygon)["theory-sigma-2-band"].get_xy()[:-1, 1].reshape(2, -1)
    np.testing.assert_allclose(low, np.broadcast_to(y([layer.std_low for layer in theory]), line.shape), rtol=1e-6)
    np.testing.assert_allclose(high[::-1], np.broadcast_to(y([layer.std_high for layer in theory]), line.shape),
                               rtol=1e-6)
    assert "theory: σ and where 95 % of networks lie" in texts(figure)


def test_a_prediction_far_from_what_was_measured_is_cut_at_the_axis():
    comparison = foretold(grid(1, 9), std=lambda layer: 10.0 ** (4 * layer - 20), spread=100)
    figure = drawn(comparison)
    x, y = named(figure, Line2D)["theory-sigma-1"].get_data()
    corners = named(figure, Polygon)["theory-sigma-1-band"].get_xy()
    assert corners[:, 0].min() < x.min() < x.max() < corners[:, 0].max()
    assert (corners[:, 1].min(), corners[:, 1].max()) == (y.min(), y.max())
    np.testing.assert_allclose(np.diff(y) / np.diff(x), np.diff(y)[0] / np.diff(x)[0])


@pytest.mark.slow
def test_nothing_predicted_and_nothing_that_is_a_number_is_drawn():
    for std in (math.nan, 0.0, math.inf):
        comparison = foretold(grid(2, 5), std=lambda layer, std=std: std, atom=math.nan)
        for view in ("panels", "ridge", "heatmap"):
            assert_texts_clear(drawn(comparison, view=view))
        assert render(comparison, View(), Style(dpi=30), "png")


def test_theory_extends_the_axis_of_sigma_by_a_decade_at_most():
    plain = LogSpan.over([0.1, 1.0])
    assert LogSpan.over([0.1, 1.0], [0.2, float("nan"), 0.0]) == plain
    near, far = LogSpan.over([0.1, 1.0], [2.0]), LogSpan.over([0.1, 1.0], [1e30, 1e-30, float("inf")])
    assert near.place(2.0) < 1 < near.place(2.5)
    assert far.place(10.0) < 1 < far.place(15.0)
    assert far.place(1 / 15) > 0 > LogSpan.over([0.1, 1.0], [1e30]).place(1 / 30)


LONG = Verdict("non_finite", 15, "relu with normal:std=0.35: activations grow ×1,190 a layer, to rms 1.2e30; " * 4,
               "try --init he (the gain that keeps E a²): theory expects activations ×0.999, gradients ×1; " * 3)


@pytest.mark.slow
@pytest.mark.parametrize("layers", [1, 5, 8, 9, 24])
@pytest.mark.parametrize("arms", [1, 3])
def test_long_verdicts_and_predictions_leave_every_text_clear(arms, layers):
    for view in ("auto", "heatmap"):
        assert_texts_clear(drawn(foretold(grid(arms, layers), LONG), "dark", view=view))


def test_every_heading_says_the_verdict_and_the_remedy_of_a_bad_one():
    good = Verdict("healthy", None, "relu with he: std 0.8 → 0.9 over 5 layers")
    bad = Verdict("exploding", 15, "activations grow ×3 a layer", "try --init he")
    for view in ("panels", "ridge", "heatmap"):
        shown = texts(drawn(foretold(grid(1, 5), good), view=view))
        assert shown[shown.index("verdict: healthy:") + 1] == good.text
        assert not any(text.startswith("remedy") for text in shown)
        shown = texts(drawn(foretold(grid(2, 5), bad), view=view))
        assert shown.count("verdict: exploding (layer 15):") == shown.count("remedy: try --init he") == 2


def test_an_empty_forecast_draws_what_none_draws():
    comparison = grid(2, 5)
    empty = replace(foretold(comparison).arms[0].forecast, theory=StackTheory(()), masses=())
    without = replace(comparison, arms=tuple(replace(arm, forecast=empty) for arm in comparison.arms))
    for quantity in ("activation", "preactivation"):
        view = View(quantity=quantity)
        assert render(without, view, Style(), "svg") == render(comparison, view, Style(), "svg")


LONELY = """
import sys
from tests.simulated import grid
from actprof.report.style import FORMATS, Style, View
from actprof.histogram.figure import render
assert "matplotlib" not in sys.modules
for format in FORMATS:
    assert render(grid(1, 3), View(), Style("dark"), format)
assert "matplotlib.pyplot" not in sys.modules
sys.stdout.buffer.write(render(grid(1, 3), View(), Style("dark"), "svg"))
"""


def lonely(folder, **environment):
    """What a process of its own draws and says."""
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.pathsep.join([os.path.dirname(here), os.environ.get("PYTHONPATH", "")])
    done = finished([sys.executable, "-W", "error", "-c", LONELY], cwd=folder, encoding=None,
                    env={**os.environ, "PYTHONPATH": path, **environment})
    return done.returncode, done.stderr.decode(), done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "bogus"])
def test_no_environment_reaches_the_figure(backend, tmp_path):
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nfont.size: 40\nsavefig.bbox: tight\nno.such.key: 1\n")
    comparison = grid(1, 3)
    expected = render(comparison, View(), Style("dark"), "svg")
    assert lonely(tmp_path, MPLBACKEND=backend, MATPLOTLIBRC=str(tmp_path)) == (0, "", expected)
