"""The figure of `actprof train`: laws that hold for every picture, on curves made by their own formulas."""

import io
import json
import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from matplotlib.text import Text

from actprof.train.blocks import columns
from actprof.train.figure import draw_figure
from actprof.train.histories import ROWS, common_span, layer_span, own_span, row_shares, shown_layers
from actprof.train.result import Boundary, DataSummary, Fit, LayerHistory, Run, TrainedArm, Training
from tests.figures import assert_fit_to_print, axes_named, drawn_by, each_once, provenance, texts

pytestmark = pytest.mark.slow

LABELS = ("0.01", "xavier", "he", "lecun", "1 / none", "1 / batch", "zeros", "orthogonal")
CAUSE = "vanishing from layer 2: activations shrink ×0.0925 a layer"
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


def trained(number=0, layers=2, iterations=200, seed=0, status="ok", cause="", remedy=""):
    """A run whose loss falls by a power of e every 50 iterations."""
    rng = np.random.default_rng(100 * seed + number)
    t = np.arange(iterations)
    smoothed = 2.3 * np.exp(-t / (50 * (number + 1)))
    checkpoints = np.unique(np.linspace(0, iterations, 21).round().astype(int))
    ratio = 10.0 ** rng.uniform(-5, -2, (len(checkpoints), layers + 1))
    return Run(smoothed * rng.uniform(0.8, 1.2, iterations), smoothed, np.full(iterations, 0.01), checkpoints,
               np.exp(-checkpoints / 80.0), 1 - 0.9 * np.exp(-checkpoints / 80.0), ratio,
               tuple(history(rng, checkpoints, 0.5**layer, 0.1 * (number % 4)) for layer in range(layers)),
               1.0, tuple(0.1 * (number % 4) for _ in range(layers)), status, cause, f"{cause} to rms 2.4e-5", remedy)


def config(label="he", layers=2, repeats=1, **others):
    return {"init": "he_normal", "init_parameters": {"gain": 2**0.5}, "init_formula": f"N(0, {len(label)}/n)",
            "act": "relu", "act_parameters": {}, "act_formula": "max(z, 0)", "widths": [784, *[100] * layers, 10],
            "bias": "zeros", "bias_parameters": {}, "norm": "none", "norm_parameters": {}, "norm_position": "before",
            "loss": "cross_entropy", "loss_parameters": {}, "optimizer": "sgd", "optimizer_parameters": {},
            "schedule": "constant", "schedule_parameters": {}, "rate": 0.01, "weight_decay": 0.0, "dropout": 0.0,
            "batch_size": 128, "epochs": None, "iterations": 200, "repeats": repeats, "seed": 3, "data": "glyphs",
            "validation_split": None, "shuffle": False, "train_size": None, **others}


def arm_of(*runs, label="he", layers=2, boundary=None, **others):
    return TrainedArm(label, config(label, layers, len(runs), **others), (("dense 1", "(batch, 10)", 7850),),
                      math.log(10), tuple(replace(run, boundary=boundary) for run in runs))


def training(*arms, flat=False, notes=()):
    points = (np.random.default_rng(0).uniform(-1, 1, (90, 2)), np.arange(90) % 3) if flat else None
    data = DataSummary("glyphs", 10000, 2000, 2 if flat else 784, tuple("0123456789"), 0.1032, points)
    return Training(3, data, tuple(arms), notes)


def grid(arms, layers=4, repeats=1, iterations=200):
    """Arms of which every third does not learn and says why."""
    stays = [("not_learning", CAUSE, "try --init he") if number % 3 == 0 else ("ok",) for number in range(arms)]
    return training(*(arm_of(*(trained(number, layers, iterations, seed, *stays[number]) for seed in range(repeats)),
                             label=LABELS[number % 8] + "'" * (number // 8), layers=layers)
                      for number in range(arms)))


def drawn(made, log=False, **look):
    return drawn_by(lambda figure, colours, result: draw_figure(figure, colours, result, log), made, **look)


@cache
def grid_drawn(arms, layers=4, repeats=1, log=False, theme="light"):
    """The figure of grid(arms, layers, repeats), once for all who look at it."""
    return drawn(grid(arms, layers, repeats), log, theme=theme)


def marks(figure):
    return {artist.get_gid(): artist for artist in figure.findobj() if artist.get_gid()}


def vertices(found, name):
    """(x, y) of a line in the units of its axes."""
    return np.array(found[name].get_xydata(), float).T


@pytest.mark.parametrize(("arms", "layers", "repeats", "log", "theme"), [
    (1, 0, 1, False, "light"), (1, 20, 3, True, "dark"), (2, 4, 1, False, "light"), (3, 8, 3, True, "dark"),
    (3, 1, 1, False, "light"), (8, 20, 1, False, "dark")])
def test_no_text_is_cut_or_touches_another(arms, layers, repeats, log, theme):
    assert_fit_to_print(grid_drawn(arms, layers, repeats, log, theme))


def changed(run, **fields):
    return Run(**{**run.__dict__, **fields})


def diverged(last):
    """The loss leaves at the twelfth iteration."""
    run = trained(iterations=15)
    loss = np.concatenate([run.loss[:11], 10.0 ** np.arange(3, 6), [last]])
    return changed(run, loss=loss, smoothed=loss, status="diverged", cause="the loss was 1e9 at iteration 15")


def nothing_known():
    run = trained(iterations=40)
    nan = [np.full(np.shape(values), np.nan) for values in (run.loss, run.test_loss, run.update_ratio)]
    layers = tuple(LayerHistory(np.array([0.0, 1.0]), np.zeros((len(run.checkpoints), 1), int),
                                *(np.zeros(len(run.checkpoints), int) for _ in range(3)),
                                np.full(len(run.checkpoints), 0.0), nan[1]) for _ in range(2))
    return changed(run, loss=nan[0], smoothed=nan[0], test_loss=nan[1], update_ratio=nan[2], layers=layers,
                   status="diverged")


def all_zero():
    run = trained(iterations=40)
    counts = np.zeros((len(run.checkpoints), 1), int)
    layer = LayerHistory(np.array([0.0, 1.0]), counts, counts[:, 0], counts[:, 0],
                         np.full(len(counts), UNITS * ROWS_SEEN), np.ones(len(counts)), np.zeros(len(counts)))
    return changed(run, layers=(layer,) * 2, dead_fraction=(1.0,) * 2, update_ratio=np.zeros((len(counts), 3)))


def of_a_plane(classes, arms=1, layers=2):
    boundary = Boundary((-1, 1), (-1, 1), (np.add.outer(np.arange(40), np.arange(40)) // 4 % classes).astype(np.uint16))
    return training(*(arm_of(trained(number, layers), label=LABELS[number], layers=layers, boundary=boundary)
                      for number in range(arms)), flat=True)


def exploding():
    """Activations a million times as large."""
    run = trained(status="badly_scaled", cause=CAUSE)
    return changed(run, layers=tuple(replace(layer, edges=1e6 * layer.edges) for layer in run.layers))


def of_numbers(arms):
    x = np.linspace(-3, 3, 50)
    data = DataSummary("d", 10, 10, 1, (), math.nan, (x[:, None], np.sin(x)), 0.5)
    return Training(3, data, tuple(
        replace(arm_of(changed(trained(number), fit=Fit(x, np.sin(x) + 0.1), test_accuracy=np.full(21, math.nan)),
                       label=LABELS[number])) for number in range(arms)))


ODD = {
    "no update at all": lambda: grid(2, 1, iterations=0),
    "one iteration": lambda: grid(2, 1, iterations=1),
    "two iterations": lambda: grid(2, 1, iterations=2),
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
    "interrupted": lambda: training(arm_of(trained(status="interrupted", cause="after 200 iterations"))),
    "a loss of 0": lambda: training(arm_of(changed(trained(), smoothed=np.zeros(200), loss=np.zeros(200)))),
    "a huge loss": lambda: training(arm_of(changed(trained(), smoothed=np.full(200, 1e30)))),
    "decisions": lambda: of_a_plane(3),
    "decisions of three arms": lambda: of_a_plane(2, 3),
    "decisions of eight arms": lambda: of_a_plane(10, 8),
    "decisions without a hidden layer": lambda: of_a_plane(2, 2, 0),
    "numbers to predict": lambda: of_numbers(1),
    "numbers to predict, three arms": lambda: of_numbers(3),
    "exploding beside learning": lambda: training(
        arm_of(exploding(), label="1"), arm_of(trained(), label="he"), arm_of(trained(), label="lecun")),
    "a schedule": lambda: training(arm_of(trained(), schedule="cosine"), arm_of(trained(1), label="b")),
    "rates far apart": lambda: training(*(arm_of(changed(trained(), learning_rate=np.full(200, rate)), label=str(rate),
                                                 rate=rate) for rate in (1e-6, 1.0))),
    "a rate of 0": lambda: training(arm_of(changed(trained(), learning_rate=np.zeros(200)), schedule="step")),
    "thirty-two arms": lambda: grid(32, 2),
    "arms of different depth": lambda: training(arm_of(trained(layers=1), label="a", layers=1),
                                                arm_of(trained(layers=12), label="b", layers=12)),
    "a long label": lambda: training(*(arm_of(trained(n), label="a long name / " * 40 + str(n)) for n in range(3))),
    "an odd label": lambda: training(arm_of(trained(), label="$x^2$ \x1b[31m\n\udcff 漢字 & <b>")),
    "a long reason": lambda: training(arm_of(trained(status="not_learning", cause=f"{CAUSE}; " * 16))),
    "a baseline of nearly all": lambda: Training(3, DataSummary("d", 10, 10, 4, ("a", "b"), 0.92),
                                                 (arm_of(changed(trained(), test_accuracy=np.full(21, 0.97))),)),
    "a baseline of nothing": lambda: Training(3, DataSummary("d", 10, 10, 4, ("a", "b"), 0.0), (arm_of(trained()),)),
    "no arm": lambda: training(),
}


case = each_once(ODD, drawn)


@pytest.mark.parametrize(("name", "log"), [*((name, "diverged" in name) for name in ODD), ("diverged", False)])
def test_strange_trainings_are_drawn_without_a_warning_and_without_overlap(name, log):
    assert_fit_to_print(case(name, log)[1])


@pytest.mark.parametrize("log", [False, True])
def test_curves_stand_on_axes_in_the_units_of_their_data(log):
    made = grid(2)
    figure = grid_drawn(2, log=log)
    found, axes = marks(figure), axes_named(figure)
    for number, arm in enumerate(made.arms, 1):
        run = arm.runs[0]
        np.testing.assert_allclose(vertices(found, f"loss-{number}"), [np.arange(1, 201), run.smoothed])
        np.testing.assert_allclose(vertices(found, f"raw-{number}"), [np.arange(1, 201), run.loss])
        np.testing.assert_allclose(vertices(found, f"accuracy-{number}"), [run.checkpoints, 100 * run.test_accuracy])
    assert set(found["undecided"].get_ydata()) == {math.log(10)}
    np.testing.assert_allclose(found["baseline"].get_ydata(), 10.32)
    assert (axes["loss"].get_yscale() == "log") == log
    assert "always the most frequent class: 10.3 %" in texts(figure)


@pytest.mark.parametrize("end", [2.1, 2.2, 2.3, 2.4])
def test_the_words_of_a_guide_lie_where_no_curve_passes(end):
    run = changed(trained(layers=0), smoothed=np.linspace(math.log(10), end, 200))
    figure = drawn(training(arm_of(run, layers=0)))
    words, = (text for text in figure.findobj(Text) if text.get_text().startswith("undecided"))
    curve = axes_named(figure)["loss"].transData.transform(vertices(marks(figure), "loss-1").T)
    assert words.get_window_extent().count_contains(curve) == 0


def test_of_several_networks_the_median_is_drawn_between_the_quartiles():
    runs = [changed(trained(), smoothed=np.full(200, value), loss=np.full(200, value)) for value in (1, 1.5, 2, 0.5, 1)]
    found = marks(drawn(training(arm_of(*runs))))
    np.testing.assert_allclose(vertices(found, "loss-1")[1], 1.0)
    band = found["loss-band-1"].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (1.0, 1.5)
    assert "raw-1" not in found


def test_a_diverging_arm_does_not_flatten_the_others_and_is_said_to_leave():
    good = grid(2).arms[1]
    figure, alone = drawn(training(arm_of(diverged(1e9), label="bad"), good)), drawn(training(good))
    found = marks(figure)
    tops = [axes_named(each)["loss"].get_ylim()[1] for each in (figure, alone)]
    assert 0.5 < tops[0] / tops[1] < 2
    assert any("bad: the loss leaves the axis at iteration 12 (at most 1.00·10⁹)" in text for text in texts(figure))
    assert {"exit-1", "loss-end-1"} <= set(found)
    assert not {"exit-2", "loss-end-2"} & set(found)
    assert found["loss-end-1"].get_xdata()[0] == 15


def test_numbers_to_predict_are_scored_by_r2_and_drawn_with_their_fit():
    made, figure = case("numbers to predict", False)
    found = marks(figure)
    np.testing.assert_allclose(vertices(found, "R²-1")[1], 1 - made.arms[0].runs[0].test_loss / 0.5)
    np.testing.assert_allclose(vertices(found, "fit-1"), [made.arms[0].runs[0].fit.x, made.arms[0].runs[0].fit.y])
    assert {"Test R²", "always the mean: 0", "Predictions"} <= set(texts(figure))


@pytest.mark.parametrize("sheet", [(1, 0), (2, 4), (3, 1)])
def test_up_to_three_arms_keep_to_16_by_9(sheet):
    assert grid_drawn(*sheet).get_size_inches().tolist() == [19.2, 10.8]


def test_rows_are_equally_high_and_share_their_scales():
    found = axes_named(case("exploding beside learning", False)[1])
    for name in ("layer 1", "layer 2"):
        maps = [found[f"{name} of arm {number}"] for number in (1, 2, 3)]
        assert len({axes.get_ylim() for axes in maps}) == len({axes.get_xlim() for axes in maps}) == 1
        heights = [axes.get_position().height for axes in maps]
        np.testing.assert_allclose(heights, heights[0])
    assert len({found[f"updates of arm {number}"].get_ylim() for number in (1, 2, 3)}) == 1
    assert found["layer 1 of arm 1"].get_ylim()[1] < 100  # of the arms that learn, not of the one that explodes


def test_what_the_common_range_cannot_show_says_how_far_it_goes():
    run = trained()
    small = changed(run, layers=tuple(replace(layer, edges=1e-7 * layer.edges) for layer in run.layers))
    shown = texts(drawn(training(arm_of(run), arm_of(exploding(), label="b"), arm_of(small, label="c"))))
    far = [text for text in shown if text.startswith("to ")]
    assert [sum(sign in text for text in far) for sign in ("10⁻", "10")] == [2, 4]


def test_a_map_holds_the_shares_of_its_checkpoints():
    made = grid(2)
    figure, run = grid_drawn(2), made.arms[1].runs[0]
    image = axes_named(figure)["layer 2 of arm 2"].get_images()[0]
    span = common_span(list(made.arms))
    expected = row_shares(run.layers[1], span)[columns(run)].T
    np.testing.assert_allclose(np.ma.filled(image.get_array(), 0.0), expected)
    assert image.get_extent() == [0.0, 200.0, *span]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_notebook_gets_a_figure_that_it_can_go_on_with(theme):
    figure = grid(2).figure(theme=theme)
    found = axes_named(figure)
    assert {"loss", "accuracy", "layer 1 of arm 1", "layer 4 of arm 2", "updates of arm 2"} <= set(found)
    found["loss"].plot([0, 200], [1, 0])
    found["loss"].set_xlim(50, 100)
    figure.savefig(io.BytesIO(), dpi=20)


def test_the_learning_rate_is_drawn_where_it_says_anything():
    assert "Learning rate" not in texts(grid_drawn(2))
    for name in ("a schedule", "rates far apart"):
        assert "Learning rate" in texts(case(name, False)[1])


def test_every_arm_says_what_became_of_it_and_why():
    shown = " ".join(texts(drawn(grid(4))))
    for words in ("0.01: does not learn", "xavier", "W ~ N(0, 4/n)", "vanishing from layer 2", "try --init he",
                  "ln 10 = 2.303", "layer 4", "10.0 % dead", "‖ΔW‖ / ‖W‖", "10⁻³"):
        assert words in shown


def test_too_many_arms_keep_their_curves_and_lose_their_layers():
    _, figure = case("thirty-two arms", False)
    assert {f"loss-{number}" for number in range(1, 33)} <= set(marks(figure))
    shown = " ".join(texts(figure))
    assert "layer 1" not in shown
    assert "32 arms: their layers are drawn where there are at most 8" in shown


def test_no_two_arms_look_alike():
    found = marks(case("thirty-two arms", False)[1])
    lines = [found[f"loss-{number}"] for number in range(1, 33)]
    assert len({(line.get_color(), line.get_marker(), str(line._unscaled_dash_pattern)) for line in lines}) == 32


def test_an_update_ratio_of_0_is_marked_and_one_that_is_not_known_is_a_gap():
    run = trained()
    ratio = run.update_ratio.copy()
    ratio[3:6, 0], ratio[10, 1] = 0.0, np.nan
    found = marks(drawn(training(arm_of(changed(run, update_ratio=ratio)))))
    assert len(found["still-1-1"].get_xdata()) == 3
    assert np.isnan(found["ratio-1-2"].get_ydata()[10])
    assert "still-1-3" not in found
    np.testing.assert_allclose(found["ratio-1-3"].get_ydata(), ratio[:, 2])


def test_the_points_of_a_plane_are_drawn_in_the_colours_of_their_classes():
    found = marks(case("decisions", False)[1])
    assert [len(found[f"points-{number}"].get_xdata()) for number in (1, 2, 3)] == [30, 30, 30]


@pytest.mark.parametrize(("low", "high"), [(0.0, 4.0), (0.0, 0.7), (-1.0, 9.0), (0.0, 1e6)])
def test_the_rows_of_a_map_hold_every_value_once(low, high):
    layer = trained().layers[0]
    total = layer.counts.sum(axis=1) + layer.zeros
    shares = row_shares(layer, (low, high))
    assert shares.shape == (len(layer.counts), ROWS)
    np.testing.assert_allclose(shares.sum(axis=1), layer.counts.sum(axis=1) / total, atol=1e-3)
    assert (shares >= 0).all()


def test_the_rows_of_a_map_are_the_histogram_of_their_range():
    layer = LayerHistory(np.linspace(0, 1, 65), np.arange(64)[None], np.array([0]), np.array([0]), np.array([1000]),
                         np.zeros(1), np.zeros(1))
    np.testing.assert_allclose(row_shares(layer, (0, 1))[0], np.arange(64) / (np.arange(64).sum() + 1000))


def test_what_a_histogram_has_no_bin_for_is_shown_at_its_edge():
    layer = LayerHistory(np.linspace(0, 0.5, 9), np.full((1, 8), 10), np.array([7]), np.array([13]), np.array([0]),
                         np.zeros(1), np.zeros(1))
    plain = LayerHistory(layer.edges, layer.counts, np.array([0]), np.array([0]), np.array([20]), layer.dead,
                         layer.within_std)
    more = (row_shares(layer, (0, 1)) - row_shares(plain, (0, 1)))[0] * 100
    np.testing.assert_allclose(more[[0, ROWS // 2]], [7, 13])
    assert np.allclose(np.delete(more, [0, ROWS // 2]), 0)


def test_the_range_of_the_maps_holds_all_but_rare_values():
    run = trained()
    spans = [layer_span(layer) for layer in run.layers]
    assert all(low == 0 and 0 < high <= layer.edges[-1] for (low, high), layer in zip(spans, run.layers, strict=True))
    assert own_span(run) == (0, max(high for _, high in spans))
    assert common_span([]) == (0.0, 0.0)


@pytest.mark.parametrize(("hidden", "shown"), [(0, []), (1, [0]), (8, list(range(8))), (9, [0, 1, 2, 3, 5, 6, 7, 8]),
                                               (20, [0, 3, 5, 8, 11, 14, 16, 19])])
def test_of_many_layers_some_are_shown_from_the_first_to_the_last(hidden, shown):
    assert shown_layers(hidden) == shown


def test_the_subtitle_holds_what_all_arms_share():
    shown = " ".join(texts(grid_drawn(2)))
    for words in ("glyphs: 10,000 training rows, 2,000 test rows, 784 features, 10 classes", "784 → 4 × 100 → 10",
                  "7,850 parameters", "optimizer sgd", "lr 0.01", "batches of 128", "200 iterations", "seed 3"):
        assert words in shown
    epochs = training(arm_of(trained(), epochs=20, iterations=1580, dropout=0.5, shuffle=True, train_size=1000))
    shown = " ".join(texts(drawn(epochs)))
    for words in ("20 epochs = 1,580 iterations", "dropout 0.5", "rows shuffled first",
                  "the first 1,000 training rows"):
        assert words in shown


def test_the_same_picture_is_the_same_bytes_with_the_configuration_inside():
    said = provenance(of_a_plane(3, 2).image, True)
    assert json.loads(said["Configuration"])[0]["config"]["optimizer"] == "sgd"
    assert said["Seed"] == "3"


@pytest.mark.parametrize(("first", "said"), [(2.303, "starts at ln 10"), (2.403, "starts 0.1 above ln 10"),
                                             (1.303, "starts 1 below ln 10"), (5e6, "starts 5·10⁶ above ln 10")])
def test_the_first_loss_is_compared_with_that_of_a_network_that_says_nothing(first, said):
    run = trained()
    loss = np.concatenate([[first], run.loss[1:]])
    assert any(said in text for text in texts(drawn(training(arm_of(changed(run, loss=loss))))))


def test_of_a_run_that_nobody_looked_at_no_share_of_dead_units_is_said():
    shares = [(0.1,) * 2, (math.nan,) * 2]
    said = [[text for text in texts(drawn(training(arm_of(changed(trained(), dead_fraction=each)))))
             if text.endswith("% dead")]
            for each in shares]
    assert said == [["10.0 % dead"] * 2, []]


def test_what_is_not_finite_is_hatched_and_said():
    shown = " ".join(texts(case("nothing known", False)[1]))
    assert "hatched: not all values are finite" in shown
    assert "he: the loss is not finite" in shown
    assert "hatched" not in " ".join(texts(grid_drawn(2)))
