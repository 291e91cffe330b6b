"""The animation of `actprof train --animate`: laws that hold for every frame."""

import io
import itertools
import json

import numpy as np
import pytest
from actprof.train.film import MOST_ARMS, MOST_BARS, MOST_LAYERS, TAIL, Film, LayerFilm, spaced
from actprof.train.film_sheet import WIDTH, Sheet
from actprof.train.palette import Palette
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from PIL import Image

from actprof.errors import SpecError
from actprof.report.canvas import Canvas
from actprof.report.style import THEMES, Style, matplotlib_set_up
from actprof.train.animation import FRAME, HELD, render
from tests.figures import assert_texts_clear, texts
from tests.trained import ROWS, arm, history, run, training, values

NETWORK = (8, 20, 20, 3)


def frame(learned, iteration, theme="light"):
    """One frame, with what stands still."""
    film = Film(learned)
    with matplotlib_set_up():
        sheet = Sheet(film)
        figure = Figure(dpi=100)
        FigureCanvasAgg(figure)
        canvas = Canvas(figure, THEMES[theme], WIDTH, sheet.height)
        sheet.draw_still(canvas)
        sheet.draw_moving(canvas, iteration)
    return figure


def opened(learned, **style):
    return Image.open(io.BytesIO(render(learned, Style(**style))))


def odd(widths=NETWORK, **settings):
    return training(arm(widths, "he", (run(widths, **settings),)))


def exploding(layer, checkpoint, units):
    with np.errstate(over="ignore", invalid="ignore"):
        return values(layer, checkpoint, units) * (np.inf if checkpoint == 5 else 10.0 ** (2 * checkpoint))


ODD = {
    "three arms": lambda: training(*(arm(NETWORK, label) for label in ("0.01", "xavier", "he"))),
    "many layers": lambda: odd((8, *[10] * 30, 3)),
    "eight layers": lambda: odd((8, *[10] * 8, 3)),
    "many arms": lambda: training(*(arm(NETWORK, f"arm {number}") for number in range(20))),
    "different depths": lambda: training(arm(NETWORK, "deep"), arm((8, 5, 3), "shallow")),
    "stopped early": lambda: training(arm(NETWORK, "ok"), arm(NETWORK, "lr 1", (
        run(NETWORK, 37, 3, final=1e12, status="diverged"),))),
    "dead": lambda: odd(make=lambda layer, checkpoint, units: np.zeros((ROWS, units))),
    "not finite": lambda: odd(make=lambda layer, checkpoint, units: np.full((ROWS, units), np.nan)),
    "exploding": lambda: odd(make=exploding),
    "partly finite": lambda: odd((8, *[10] * 8, 3), make=lambda layer, checkpoint, units: np.where(
        np.arange(units) < checkpoint, np.nan, values(layer, checkpoint, units))),
    "one value": lambda: odd(make=lambda layer, checkpoint, units: np.full((ROWS, units), 0.7)),
    "both signs": lambda: odd(make=lambda layer, checkpoint, units: np.tanh(values(layer, checkpoint, units) - 0.5),
                              edges=np.linspace(-1, 1, 257)),
    "tiny": lambda: odd(make=lambda *where: values(*where) * 1e-30, edges=np.linspace(0, 8e-30, 65)),
    "one bin": lambda: odd(edges=np.array([0.0, 8.0])),
    "nothing in the bins": lambda: odd(edges=np.linspace(100, 200, 9)),
    "one update": lambda: odd(iterations=1),
    "no update": lambda: odd(iterations=0),
    "several runs": lambda: training(arm(NETWORK, "he", (run(NETWORK), run(NETWORK, final=0.5)))),
    "long labels": lambda: training(arm(NETWORK, "a long name / " * 40), arm(NETWORK, "b" * 400)),
    "an odd label": lambda: training(arm(NETWORK, "$x^2$ \x1b[31m\n\udcff 漢字 & <b>")),
    "millions of updates": lambda: odd(iterations=3_000_000),
    "loss not finite": lambda: odd(final=float("nan")),
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "theme"), list(zip(ODD, itertools.cycle(THEMES), strict=False)))
def test_no_text_is_cut_or_touches_another_in_the_frames(name, theme):
    learned = ODD[name]()
    for iteration in Film(learned).iterations[::-3]:
        assert_texts_clear(frame(learned, iteration, theme))
    assert opened(learned, dpi=40).n_frames == len(Film(learned).iterations)


def test_a_frame_for_each_checkpoint_the_last_one_held_for_ever_again():
    learned = odd(checkpoints=9)
    picture = opened(learned)
    assert picture.format == "GIF"
    assert picture.size == (1280, 720)
    assert picture.n_frames == 9
    assert picture.info["loop"] == 0
    durations = []
    for number in range(9):
        picture.seek(number)
        durations.append(picture.info["duration"])
    assert durations == [FRAME] * 8 + [HELD]


def test_bars_are_the_shares_of_their_checkpoint():
    learned = odd(iterations=10)
    for place, iteration in enumerate(Film(learned).iterations):
        figure = frame(learned, iteration)
        patches = {patch.get_gid(): patch for patch in figure.findobj(StepPatch)}
        for number in (1, 2):
            tops, edges, baseline = patches[f"counts-1-{number}"].get_data()
            heights = baseline - tops
            expected = counted(number, place, edges)
            uncut = heights < heights.max() * (1 - 1e-9)
            assert uncut.sum() > 5
            scale = heights[uncut].sum() / expected[uncut].sum()
            np.testing.assert_allclose(heights[uncut], expected[uncut] * scale, rtol=1e-9, atol=1e-9)


def counted(layer, checkpoint, edges):
    """Values in bins as wide as a frame's, from 0 on."""
    found = values(layer, checkpoint, 20)
    return np.histogram(found[found > 0], np.arange(len(edges)) * 0.25)[0].astype(float)


@pytest.mark.parametrize("bins", [1, 31, 64, 65, 128, 200, 256])
@pytest.mark.parametrize("low", [-8.0, -1.0, 0.0])
def test_joined_bins_hold_what_their_neighbours_held(bins, low):
    edges = np.linspace(low, 8, bins + 1) if low == 0 else np.linspace(low, -low, 2 * bins + 1)
    every = [np.random.default_rng(place).standard_normal((ROWS, 20)) * (place + 1) * 0.2 for place in range(4)]
    layer = LayerFilm(1, history(every, edges))
    span = layer.span
    for array, moment in zip(every, layer.moments, strict=True):
        places = span.low + moment.bars.edges * (span.high - span.low)
        assert len(moment.bars.shares) <= MOST_BARS + 1
        inside = array[(array >= max(places[0], edges[0])) & (array <= min(places[-1], edges[-1]))]
        np.testing.assert_allclose(moment.bars.shares, np.histogram(inside, places)[0] / array.size, atol=1e-12)
        within = ((array >= edges[0]) & (array <= edges[-1])).sum() / array.size
        assert within - moment.bars.shares.sum() <= 2 * TAIL
        if low:
            assert np.abs(places).min() < 1e-12


def test_exact_zeros_are_a_bar_of_their_own_with_their_share():
    learned = odd()
    found = values(1, 0, 20)
    assert f"0: {100 * (found == 0).mean():.0f} %" in texts(frame(learned, 0))


def test_a_layer_without_a_shape_says_why():
    assert texts(frame(ODD["dead"](), 0)).count("100 % zeros") == 2
    assert texts(frame(ODD["not finite"](), 0)).count("not finite") == 2
    shown = texts(frame(ODD["partly finite"](), 80))
    assert (shown.count("20 %"), shown.count("not finite")) == (8, 8)
    assert sum(text.endswith("% outside") for text in texts(frame(ODD["nothing in the bins"](), 0))) == 2


def test_axes_do_not_move():
    learned = ODD["three arms"]()
    placed = [[patch.get_data().edges for patch in frame(learned, iteration).findobj(StepPatch)]
              for iteration in Film(learned).iterations]
    for edges in placed[1:]:
        assert all(map(np.array_equal, edges, placed[0]))


@pytest.mark.slow
def test_a_frame_of_the_file_is_the_whole_picture_of_its_moment():
    learned = odd()
    picture = opened(learned)
    for number, iteration in enumerate(Film(learned).iterations):
        picture.seek(number)
        figure = frame(learned, iteration)
        with matplotlib_set_up():
            figure.canvas.draw()
        whole = np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)
        away = np.abs(np.asarray(picture.convert("RGB")).astype(int) - whole).max(axis=2)
        assert (away > 24).mean() < 0.001


def test_the_heading_says_where_the_training_is():
    learned = odd(iterations=20_000)
    for place, iteration in enumerate(Film(learned).iterations):
        shown = texts(frame(learned, iteration))
        done = learned.arms[0].median_run
        assert f"iteration {iteration:,}" in shown
        assert f"loss {done.smoothed[max(iteration - 1, 0)]:.4g}" in shown
        assert any(text.startswith(f"test {100 * done.test_accuracy[place]:.0f}") for text in shown)


def test_an_arm_that_stopped_keeps_its_last_frame_and_says_so():
    learned = ODD["stopped early"]()
    film = Film(learned)
    assert film.iterations == [0, 40, 80, 120, 160, 200]
    assert "stopped at 37" not in texts(frame(learned, 0))
    for iteration in film.iterations[1:]:
        assert {"stopped at 37", "diverged"} <= set(texts(frame(learned, iteration)))
    assert film.arms[1].place(40) == film.arms[1].place(200) == 2


def test_layers_are_chosen_evenly():
    assert spaced(5) == [0, 1, 2, 3, 4]
    for layers in (9, 20, 999):
        chosen = spaced(layers)
        assert len(set(chosen)) == MOST_LAYERS
        assert (chosen[0], chosen[-1]) == (0, layers - 1)
        assert np.ptp(np.diff(chosen)) <= 1


def test_what_is_not_shown_is_said():
    assert f"{MOST_LAYERS} of 30 hidden layers" in " ".join(texts(frame(ODD["many layers"](), 0)))
    assert f"{MOST_ARMS} of 20 arms" in " ".join(texts(frame(ODD["many arms"](), 0)))


def test_a_network_without_hidden_layers_cannot_be_animated():
    with pytest.raises(SpecError) as refused:
        render(odd((8, 3)), Style())
    assert str(refused.value) == "--animate needs a hidden layer whose activations can be shown. Add --layers 1."


def test_an_animation_of_too_many_pixels_is_refused():
    with pytest.raises(SpecError, match="megapixels in 51 frames"):
        render(odd(checkpoints=51), Style(dpi=400))


@pytest.mark.slow
@pytest.mark.parametrize("theme", THEMES)
def test_the_same_animation_is_the_same_bytes_with_its_configuration_inside(theme):
    once, again = (render(odd(), Style(theme)) for _ in range(2))
    assert once == again
    comment = Image.open(io.BytesIO(once)).info["comment"].decode()
    assert "Seed: 7" in comment
    assert json.loads(comment.partition("Configuration: ")[2])[0]["config"]["widths"] == list(NETWORK)


@pytest.mark.parametrize("theme", THEMES)
def test_the_colours_of_the_theme_are_kept_exactly(theme):
    colours = THEMES[theme]
    wanted = [colours.background, colours.foreground, colours.muted, colours.grid, *colours.arms]
    pixels = np.array([[[int(color[place:place + 2], 16) for place in (1, 3, 5)] for color in wanted]], np.uint8)
    np.testing.assert_array_equal(np.asarray(Palette(colours).image(pixels).convert("RGB")), pixels)
    corner = opened(odd(), theme=theme).convert("RGB").getpixel((0, 0))
    assert list(corner) == pixels[0, 0].tolist()
