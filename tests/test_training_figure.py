"""The figure of `actprof train`: laws that hold for every picture, on curves made by their own formulas."""

import io
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from actprof.train.history_maps import shown_layers
from actprof.train.history_shares import ROWS, row_shares, value_span
from actprof.train.learning_lines import within
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from actprof.report.scales import Span
from actprof.report.style import FORMATS, THEMES, Style, matplotlib_set_up
from actprof.train.figure import draw_figure, render, shared_out
from actprof.train.result import Boundary, DataSummary, LayerHistory, Run, TrainedArm, Training
from tests.figures import assert_fit_to_print, assert_texts_clear, each_once, texts

LABELS = ("0.01", "xavier", "he", "lecun", "1 / none", "1 / batch", "zeros", "orthogonal")
REASON = ("the signal is lost on its way: the std over rows falls from 0.038 in hidden layer 1 to 1e-05 in layer 4, "
          "and the gradients with it; the loss is 2.302, without looking at the inputs it would be 2.303")
UNITS, ROWS_SEEN = 20, 30


def history(rng, checkpoints, scale, dead):
    """A rectifier's layer that grows: counted by NumPy."""
    z = rng.standard_normal((len(checkpoints), ROWS_SEEN, UNITS)) * scale
    a = np.maximum(z * (1 + 3 * np.linspace(0, 1, len(checkpoints)))[:, None, None], 0)
    a[:, :, : int(dead * UNITS)] = 0
    edges = np.linspace(0, max(a.max(), 1e-30), 41)
    counts = np.array([np.histogram(each[each != 0], edges)[0] for each in a])
    none = np.zeros(len(a), int)
    return LayerHistory(edges, counts, none, none, (a == 0).sum(axis=(1, 2)), (a == 0).all(axis=1).mean(axis=1),
                        a.std(axis=1).mean(axis=1))


def trained(number=0, layers=4, iterations=200, seed=0, status="ok", reason=""):
    """A run whose loss falls by a power of e every 50 iterations."""
    rng = np.random.default_rng(100 * seed + number)
    t = np.arange(iterations)
    smoothed = 2.3 * np.exp(-t / (50 * (number + 1)))
    checkpoints = np.unique(np.linspace(0, iterations, 21).round().astype(int))
    ratio = 10.0 ** rng.uniform(-5, -2, (len(checkpoints), layers + 1))
    return Run(smoothed * rng.uniform(0.8, 1.2, iterations), smoothed, np.full(iterations, 0.01), checkpoints,
               np.exp(-checkpoints / 80.0), 1 - 0.9 * np.exp(-checkpoints / 80.0), ratio,
               tuple(history(rng, checkpoints, 0.5**layer, 0.1 * (number % 4)) for layer in range(layers)),
               1.0, tuple(0.1 * (number % 4) for _ in range(layers)), status, reason)


def config(label="he", layers=4, repeats=1, **others):
    return {"init": "he_normal", "init_parameters": {"gain": 2**0.5}, "init_formula": f"N(0, {len(label)}/n)",
            "act": "relu", "act_parameters": {}, "act_formula": "max(z, 0)", "widths": [784, *[100] * layers, 10],
            "bias": "zeros", "bias_parameters": {}, "norm": "none", "norm_parameters": {}, "norm_position": "before",
            "loss": "cross_entropy", "loss_parameters": {}, "optimizer": "sgd", "optimizer_parameters": {},
            "schedule": "constant", "schedule_parameters": {}, "rate": 0.01, "weight_decay": 0.0, "dropout": 0.0,
            "batch_size": 128, "epochs": None, "iterations": 200, "repeats": repeats, "seed": 3, "data": "glyphs",
            "validation_split": None, "shuffle": False, "train_size": None, **others}


def arm_of(*runs, label="he", layers=4, boundary=None, **others):
    return TrainedArm(label, config(label, layers, len(runs), **others), (("dense 1", "(batch, 10)", 7850),),
                      math.log(10), tuple(replace(run, boundary=boundary) for run in runs))


def training(*arms, flat=False, notes=()):
    points = (np.random.default_rng(0).uniform(-1, 1, (90, 2)), np.arange(90) % 3) if flat else None
    data = DataSummary("glyphs", 10000, 2000, 2 if flat else 784, tuple("0123456789"), 0.1032, points)
    return Training(3, data, tuple(arms), notes)


def grid(arms, layers=4, repeats=1, iterations=200):
    """Arms of which every third does not learn and says why."""
    stays = [("not_learning", REASON) if number % 3 == 0 else ("ok", "") for number in range(arms)]
    return training(*(arm_of(*(trained(number, layers, iterations, seed, *stays[number]) for seed in range(repeats)),
                             label=LABELS[number % 8] + "'" * (number // 8), layers=layers)
                      for number in range(arms)))


def drawn(made, log=False, theme="light"):
    with matplotlib_set_up():
        figure = Figure(dpi=100)
        FigureCanvasAgg(figure)
        draw_figure(figure, THEMES[theme], made, log)
    return figure


def marks(figure):
    return {artist.get_gid(): artist for artist in figure.findobj() if artist.get_gid()}


SHEETS = [(arms, layers, log, theme, repeats)
          for arms in (1, 3, 8) for number, layers in enumerate((0, 1, 4, 8, 20))
          for log, theme, repeats in [((False, "light", 1), (True, "dark", 3))[(arms + number) % 2]]]


@pytest.mark.slow
@pytest.mark.parametrize(("arms", "layers", "log", "theme", "repeats"), SHEETS)
def test_no_text_is_cut_or_touches_another(arms, layers, log, theme, repeats):
    figure = drawn(grid(arms, layers, repeats), log, theme)
    assert tuple(figure.get_size_inches() * 100) >= (1920, 1080)
    assert_texts_clear(figure)


def changed(run, **fields):
    return Run(**{**run.__dict__, **fields})


def diverged(last):
    """The loss leaves at the twelfth iteration."""
    run = trained(iterations=15)
    loss = np.concatenate([run.loss[:11], 10.0 ** np.arange(3, 6), [last]])
    return changed(run, loss=loss, smoothed=loss, status="diverged", reason="the loss was 1e9 at iteration 15")


def nothing_known():
    run = trained(iterations=40)
    nan = [np.full(np.shape(values), np.nan) for values in (run.loss, run.test_loss, run.update_ratio)]
    layers = tuple(LayerHistory(np.array([0.0, 1.0]), np.zeros((len(run.checkpoints), 1), int),
                                *(np.zeros(len(run.checkpoints), int) for _ in range(3)),
                                np.full(len(run.checkpoints), 0.0), nan[1]) for _ in range(4))
    return changed(run, loss=nan[0], smoothed=nan[0], test_loss=nan[1], update_ratio=nan[2], layers=layers,
                   status="diverged")


def all_zero():
    run = trained(iterations=40)
    counts = np.zeros((len(run.checkpoints), 1), int)
    layer = LayerHistory(np.array([0.0, 1.0]), counts, counts[:, 0], counts[:, 0],
                         np.full(len(counts), UNITS * ROWS_SEEN), np.ones(len(counts)), np.zeros(len(counts)))
    return changed(run, layers=(layer,) * 4, dead_fraction=(1.0,) * 4, update_ratio=np.zeros((len(counts), 5)))


def of_a_plane(classes, arms=1, layers=2):
    boundary = Boundary((-1, 1), (-1, 1), (np.add.outer(np.arange(40), np.arange(40)) // 4 % classes).astype(np.uint16))
    return training(*(arm_of(trained(number, layers), label=LABELS[number], layers=layers, boundary=boundary)
                      for number in range(arms)), flat=True)


ODD = {
    "no update at all": lambda: grid(2, iterations=0),
    "one iteration": lambda: grid(3, iterations=1),
    "two iterations": lambda: grid(3, iterations=2),
    "many iterations": lambda: grid(1, 1, iterations=30_000),
    "diverged": lambda: training(arm_of(diverged(1e9), label="he"), arm_of(trained(), label="lecun")),
    "diverged alone": lambda: training(arm_of(diverged(1e9))),
    "diverged to infinity": lambda: training(arm_of(diverged(np.inf)), arm_of(trained(), label="b")),
    "diverged to NaN": lambda: training(arm_of(diverged(np.nan)), arm_of(diverged(-1e300), label="b")),
    "diverged to the last number": lambda: training(arm_of(diverged(1.7e308)), arm_of(trained(), label="b")),
    "one of three networks diverged": lambda: training(arm_of(diverged(1e9), trained(), trained(seed=2))),
    "nothing known": lambda: training(arm_of(nothing_known()), arm_of(trained(), label="b")),
    "nothing known alone": lambda: training(arm_of(nothing_known())),
    "all zero": lambda: training(arm_of(all_zero())),
    "interrupted": lambda: training(arm_of(trained(status="interrupted", reason="after 200 iterations"))),
    "a loss of 0": lambda: training(arm_of(changed(trained(), smoothed=np.zeros(200), loss=np.zeros(200)))),
    "a huge loss": lambda: training(arm_of(changed(trained(), smoothed=np.full(200, 1e30)))),
    "decisions": lambda: of_a_plane(3),
    "decisions of three arms": lambda: of_a_plane(2, 3),
    "decisions of eight arms": lambda: of_a_plane(10, 8, 8),
    "decisions without a hidden layer": lambda: of_a_plane(2, 2, 0),
    "a schedule": lambda: training(arm_of(trained(), schedule="cosine"), arm_of(trained(1), label="b")),
    "rates far apart": lambda: training(*(arm_of(changed(trained(), learning_rate=np.full(200, rate)), label=str(rate),
                                                 rate=rate) for rate in (1e-6, 1.0))),
    "a rate of 0": lambda: training(arm_of(changed(trained(), learning_rate=np.zeros(200)), schedule="step")),
    "thirty-two arms": lambda: grid(32, 2),
    "arms of different depth": lambda: training(arm_of(trained(layers=1), label="a", layers=1),
                                                arm_of(trained(layers=12), label="b", layers=12)),
    "a long label": lambda: training(*(arm_of(trained(n), label="a long name / " * 40 + str(n)) for n in range(3))),
    "an odd label": lambda: training(arm_of(trained(), label="$x^2$ \x1b[31m\n\udcff 漢字 & <b>")),
    "a long reason": lambda: training(arm_of(trained(status="not_learning", reason=REASON * 8))),
    "a baseline of nearly all": lambda: Training(3, DataSummary("d", 10, 10, 4, ("a", "b"), 0.92),
                                                 (arm_of(changed(trained(), test_accuracy=np.full(21, 0.97))),)),
    "a baseline of nothing": lambda: Training(3, DataSummary("d", 10, 10, 4, ("a", "b"), 0.0), (arm_of(trained()),)),
    "no arm": lambda: training(),
}


case = each_once(ODD, drawn)


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("log", [False, True])
def test_strange_trainings_are_drawn_without_a_warning_and_without_overlap(name, log):
    assert_fit_to_print(case(name, log)[1], name * log)


@pytest.mark.slow
@pytest.mark.parametrize("log", [False, True])
def test_a_figure_is_never_smaller_in_print_than_its_smallest_size(log):
    assert all(text.get_fontsize() >= 11 for text in drawn(grid(8, 20), log).findobj(Text))


def mapped(y, values, log):
    """Pixels are a straight line of the values, or of their logarithms."""
    values = np.log10(values) if log else np.asarray(values)
    slope, start = np.polyfit(values, y, 1)
    np.testing.assert_allclose(y, start + slope * values, atol=1e-6)
    assert slope < 0
    return slope, start


@pytest.mark.parametrize("log", [False, True])
def test_curves_are_the_losses_mapped_by_the_axes(log):
    made = grid(3)
    found = marks(drawn(made, log))
    axes = [mapped(found[f"loss-{number}"].get_ydata(), arm.runs[0].smoothed, log)
            for number, arm in enumerate(made.arms, 1)]
    np.testing.assert_allclose(axes, [axes[0]] * 3)
    slope, start = axes[0]
    level = math.log10(math.log(10)) if log else math.log(10)
    np.testing.assert_allclose(found["undecided"].get_ydata(), start + slope * level)
    x = found["loss-1"].get_xdata()
    np.testing.assert_allclose(np.diff(x), x[1] - x[0])
    raw = found["raw-2"].get_ydata()
    shown = (raw > raw.min()) & (raw < raw.max())
    values = made.arms[1].runs[0].loss[shown]
    np.testing.assert_allclose(raw[shown], start + slope * (np.log10(values) if log else values), atol=1e-6)


def test_accuracies_lie_above_the_baseline_as_far_as_they_are_better():
    made = grid(2)
    found = marks(drawn(made))
    run = made.arms[1].runs[0]
    slope, start = mapped(found["accuracy-2"].get_ydata(), run.test_accuracy, False)
    np.testing.assert_allclose(found["baseline"].get_ydata(), start + slope * 0.1032)
    assert "always the most frequent class: 10.3 %" in texts(drawn(made))


def test_of_several_networks_the_median_is_drawn_between_the_quartiles():
    runs = [changed(trained(), smoothed=np.full(200, value), loss=np.full(200, value)) for value in (1, 1.5, 2, 0.5, 1)]
    found = marks(drawn(training(arm_of(*runs))))
    middle, band = found["loss-1"].get_ydata(), found["loss-band-1-0"].get_xy()[:, 1]
    undecided = found["undecided"].get_ydata()[0]
    unit = (middle[0] - undecided) / (math.log(10) - 1)
    np.testing.assert_allclose(middle, middle[0])
    np.testing.assert_allclose([band.max(), band.min()], [middle[0], middle[0] - 0.5 * unit])
    assert "raw-1" not in found


def test_a_diverging_arm_does_not_flatten_the_others_and_is_said_to_leave():
    good = grid(2).arms[1]
    made = training(arm_of(diverged(1e9), label="bad"), good)
    figure, alone = drawn(made), drawn(training(good))
    found = marks(figure)
    slopes = [mapped(marks(each)[name].get_ydata(), good.runs[0].smoothed, False)[0]
              for each, name in ((figure, "loss-2"), (alone, "loss-1"))]
    assert 0.5 < slopes[0] / slopes[1] < 2
    assert any("bad: the loss leaves the axis at iteration 12 (at most 10⁹)" in text for text in texts(figure))
    assert {"exit-1", "loss-end-1"} <= set(found)
    assert not {"exit-2", "loss-end-2"} & set(found)
    assert found["loss-end-1"].get_xdata()[0] == pytest.approx(np.nanmax(found["loss-1"].get_xdata()))


@pytest.mark.slow
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("name", ODD)
def test_no_curve_leaves_the_sheet(name, log):
    _, figure = case(name, log)
    width, height = figure.get_size_inches() * 100
    for mark in marks(figure).values():
        if hasattr(mark, "get_xydata"):
            points = np.asarray(mark.get_xydata(), float)
            points = points[np.isfinite(points).all(1)]
            assert ((points >= 0) & (points <= [width, height])).all()


def test_the_learning_rate_is_drawn_where_it_says_anything():
    assert "Learning rate" not in texts(drawn(grid(2)))
    for name in ("a schedule", "rates far apart"):
        assert "Learning rate" in texts(drawn(ODD[name]()))


def test_every_arm_says_what_became_of_it_and_why():
    shown = " ".join(texts(drawn(grid(4))))
    for words in ("0.01: does not learn", "xavier", "W ~ N(0, 4/n)", "the signal is lost on its way", "ln 10 = 2.303",
                  "layer 4", "10 % dead", "‖ΔW‖ / ‖W‖", "10⁻³"):
        assert words in shown


def test_too_many_arms_keep_their_curves_and_lose_their_layers():
    figure = drawn(grid(32, 2))
    assert {f"loss-{number}" for number in range(1, 33)} <= set(marks(figure))
    shown = " ".join(texts(figure))
    assert "layer 1" not in shown
    assert "32 arms: their layers are drawn where there are at most 8" in shown


def test_no_two_arms_look_alike():
    found = marks(drawn(grid(32, 0)))
    marked = [line for line in drawn(grid(32, 0)).findobj() if getattr(line, "get_marker", lambda: "None")() != "None"]
    assert len({(found[f"loss-{n}"].get_color(), (n - 1) % 9, str(found[f"loss-{n}"]._unscaled_dash_pattern))
                for n in range(1, 33)}) == 32
    assert marked


def test_an_update_ratio_of_0_is_marked_and_one_that_is_not_known_is_a_gap():
    run = trained()
    ratio = run.update_ratio.copy()
    ratio[3:6, 0], ratio[10, 1] = 0.0, np.nan
    found = marks(drawn(training(arm_of(changed(run, update_ratio=ratio)))))
    assert len(found["still-1-1"].get_xdata()) == 3
    assert np.isnan(found["ratio-1-2"].get_ydata()[10])
    assert "still-1-3" not in found
    mapped(found["ratio-1-3"].get_ydata(), ratio[:, 2], True)


def test_the_points_of_a_plane_are_drawn_in_the_colours_of_their_classes():
    found = marks(drawn(of_a_plane(3)))
    assert [len(found[f"points-{number}"].get_xdata()) for number in (1, 2, 3)] == [30, 30, 30]


@pytest.mark.parametrize(("low", "high"), [(0.0, 4.0), (0.0, 0.7), (-1.0, 9.0), (0.0, 1e6)])
def test_the_rows_of_a_map_hold_every_value_once(low, high):
    layer = trained().layers[0]
    total = layer.counts.sum(axis=1) + layer.zeros
    shares = row_shares(layer, Span(low, high))
    assert shares.shape == (len(layer.counts), ROWS)
    np.testing.assert_allclose(shares.sum(axis=1), layer.counts.sum(axis=1) / total, atol=1e-3)
    assert (shares >= 0).all()


def test_the_rows_of_a_map_are_the_histogram_of_their_range():
    layer = LayerHistory(np.linspace(0, 1, 65), np.arange(64)[None], np.array([0]), np.array([0]), np.array([1000]),
                         np.zeros(1), np.zeros(1))
    np.testing.assert_allclose(row_shares(layer, Span(0, 1))[0], np.arange(64) / (np.arange(64).sum() + 1000))


def test_what_a_histogram_has_no_bin_for_is_shown_at_its_edge():
    layer = LayerHistory(np.linspace(0, 0.5, 9), np.full((1, 8), 10), np.array([7]), np.array([13]), np.array([0]),
                         np.zeros(1), np.zeros(1))
    plain = LayerHistory(layer.edges, layer.counts, np.array([0]), np.array([0]), np.array([20]), layer.dead,
                         layer.within_std)
    more = (row_shares(layer, Span(0, 1)) - row_shares(plain, Span(0, 1)))[0] * 100
    np.testing.assert_allclose(more[[0, ROWS // 2]], [7, 13])
    assert np.allclose(np.delete(more, [0, ROWS // 2]), 0)


def test_the_axis_of_the_maps_holds_all_but_rare_values():
    layers = [history(np.random.default_rng(1), np.arange(9), scale, 0) for scale in (1.0, 0.1)]
    span = value_span(layers)
    assert span.low == 0
    assert 2 < span.high <= layers[0].edges[-1]
    assert value_span([]) == Span(0.0, 0.0)


@pytest.mark.parametrize(("hidden", "shown"), [(0, []), (1, [0]), (8, list(range(8))), (9, [0, 1, 2, 3, 5, 6, 7, 8]),
                                               (20, [0, 3, 5, 8, 11, 14, 16, 19])])
def test_of_many_layers_some_are_shown_from_the_first_to_the_last(hidden, shown):
    assert shown_layers(hidden) == shown


def test_a_curve_rests_on_the_edge_where_it_leaves():
    np.testing.assert_equal(within(np.array([0.5, 2, 3, 4, 0.5, np.nan, -1, 0.2])),
                            [0.5, 1, np.nan, 1, 0.5, np.nan, 0, 0.2])
    assert np.isnan(within(np.array([2.0, 3.0]))).all()


def test_heights_are_as_equal_as_they_may_be():
    assert shared_out([10, 10, 10], 60) == [20, 20, 20]
    assert shared_out([30, 10, 5], 60) == [30, 15, 15]
    assert shared_out([30, 10, 5], 45) == [30, 10, 5]


def test_the_subtitle_holds_what_all_arms_share():
    shown = " ".join(texts(drawn(grid(2))))
    for words in ("glyphs: 10 000 training rows, 2 000 test rows, 784 features, 10 classes", "784 → 4 × 100 → 10",
                  "7 850 parameters", "optimizer sgd", "lr 0.01", "batches of 128", "200 iterations", "seed 3"):
        assert words in shown
    epochs = training(arm_of(trained(), epochs=20, iterations=1580, dropout=0.5, shuffle=True, train_size=1000))
    shown = " ".join(texts(drawn(epochs)))
    for words in ("20 epochs = 1 580 iterations", "dropout 0.5", "rows shuffled first",
                  "the first 1 000 training rows"):
        assert words in shown


@pytest.mark.slow
@pytest.mark.parametrize("format", FORMATS)
def test_the_same_picture_is_the_same_bytes_with_the_configuration_inside(format):
    made = of_a_plane(3, 2)
    data = render(made, True, Style(dpi=50), format)
    assert data == render(made, True, Style(dpi=50), format)
    assert data != render(made, True, Style("dark", 50), format)
    if format == "png":
        image = Image.open(io.BytesIO(data))
        assert image.size == (960, 540)
        assert json.loads(image.text["Configuration"])[0]["config"]["optimizer"] == "sgd"
        assert image.text["Seed"] == "3"
    if format == "svg":
        assert b"cross_entropy" in data


@pytest.mark.parametrize(("first", "said"), [(2.303, "starts at ln 10"), (2.403, "starts 0.1 above ln 10"),
                                             (1.303, "starts 1 below ln 10"), (5e6, "starts 5·10⁶ above ln 10")])
def test_the_first_loss_is_compared_with_that_of_a_network_that_says_nothing(first, said):
    run = trained()
    loss = np.concatenate([[first], run.loss[1:]])
    assert any(said in text for text in texts(drawn(training(arm_of(changed(run, loss=loss))))))


def test_what_is_not_finite_is_hatched_and_said():
    shown = " ".join(texts(drawn(ODD["nothing known"]())))
    assert "hatched: not all values are finite" in shown
    assert "he: the loss is not finite" in shown
    assert "hatched" not in " ".join(texts(drawn(grid(2))))
