"""The animation of `actprof train --animate`: laws that hold for every frame."""

import io
import itertools
import json

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from PIL import Image

from actprof.errors import SpecError
from actprof.report.style import THEMES, Style, matplotlib_set_up
from actprof.train.animation import FRAME, HELD, _palette, render
from actprof.train.film import MAX_ARMS, Film
from actprof.train.histories import MAX_SHOWN, layer_span
from tests.figures import assert_texts_clear, texts
from tests.trained import ROWS, arm, run, training, values

pytestmark = pytest.mark.slow

NETWORK = (8, 20, 20, 3)


def film(learned, theme="light"):
    with matplotlib_set_up(THEMES[theme]):
        figure = Figure(dpi=100)
        FigureCanvasAgg(figure)
        return Film(figure, THEMES[theme], learned)


def frame(learned, iteration, theme="light"):
    """The figure at one iteration."""
    made = film(learned, theme)
    made.show(iteration)
    return made.sheet.figure


def opened(learned, **style):
    return Image.open(io.BytesIO(render(learned, Style(**style))))


def odd(widths=NETWORK, checkpoints=3, **settings):
    return training(arm(widths, "he", (run(widths, checkpoints=checkpoints, **settings),)))


def exploding(layer, checkpoint, units):
    with np.errstate(over="ignore", invalid="ignore"):
        return values(layer, checkpoint, units) * (np.inf if checkpoint == 5 else 10.0 ** (2 * checkpoint))


ODD = {
    "three arms": lambda: training(*(arm(NETWORK, label) for label in ("0.01", "xavier", "he"))),
    "many layers": lambda: odd((8, *[10] * 30, 3)),
    "eight layers": lambda: odd((8, *[10] * 8, 3)),
    "many arms": lambda: training(*(arm(NETWORK, f"arm {number}", (run(NETWORK, checkpoints=3),))
                                    for number in range(20))),
    "different depths": lambda: training(arm(NETWORK, "deep"), arm((8, 5, 3), "shallow")),
    "stopped early": lambda: training(arm(NETWORK, "ok"), arm(NETWORK, "lr 1", (
        run(NETWORK, 37, 3, final=1e12, status="diverged"),))),
    "dead": lambda: odd(make=lambda layer, checkpoint, units: np.zeros((ROWS, units))),
    "not finite": lambda: odd(make=lambda layer, checkpoint, units: np.full((ROWS, units), np.nan)),
    "exploding": lambda: odd(checkpoints=6, make=exploding),
    "partly finite": lambda: odd((8, *[10] * 8, 3), 6, make=lambda layer, checkpoint, units: np.where(
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
    "long labels": lambda: training(*(arm(NETWORK, label, (run(NETWORK, checkpoints=3),))
                                      for label in ("a long name / " * 40, "b" * 400))),
    "an odd label": lambda: training(arm(NETWORK, "$x^2$ \x1b[31m\n\udcff 漢字 & <b>")),
    "millions of updates": lambda: odd(iterations=3_000_000),
    "loss not finite": lambda: odd(final=float("nan")),
}


@pytest.mark.parametrize(("name", "theme"), list(zip(ODD, itertools.cycle(THEMES), strict=False)))
def test_no_text_is_cut_or_touches_another_in_the_frames(name, theme):
    learned = ODD[name]()
    made = film(learned, theme)
    with matplotlib_set_up():
        made.sheet.figure.draw_without_rendering()
    for iteration in made.iterations[::-max(2, len(made.iterations) // 2)]:
        made.show(iteration)
        assert_texts_clear(made.sheet.figure)
    assert opened(learned, dpi=30).n_frames == len(made.iterations)


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
    made = film(learned)
    patches = {patch.get_gid(): patch for patch in made.sheet.figure.findobj(StepPatch)}
    for place, iteration in enumerate(made.iterations):
        made.show(iteration)
        for number in (1, 2):
            shares, edges, _ = patches[f"counts-1-{number}"].get_data()
            found = values(number, place, 20)
            assert (edges[0], edges[-1]) == layer_span(learned.arms[0].median_run.layers[number - 1])
            assert shares.sum() == pytest.approx(100 * (found > 0).mean())
            # The history's bins are 0.25 wide: at their edges the bars hold as much as lies below.
            at = np.interp(1.0, edges, np.arange(len(edges)))
            below = np.interp(at, np.arange(len(edges)), np.concatenate([[0], shares.cumsum()]))
            assert below == pytest.approx(100 * ((found > 0) & (found < 1.0)).mean(), abs=1.0)


def test_exact_zeros_are_a_bar_of_their_own_with_their_share():
    learned = odd()
    found = values(1, 0, 20)
    assert any(text.startswith(f"0: {100 * (found == 0).mean():.1f} %") for text in texts(frame(learned, 0)))


def test_a_layer_without_a_shape_says_why():
    assert texts(frame(ODD["dead"](), 0)).count("100 % zeros") == 2
    assert texts(frame(ODD["not finite"](), 0)).count("not finite") == 2
    shown = texts(frame(ODD["partly finite"](), 80))
    assert sum("20.0 %" in text for text in shown) == 8


def test_before_the_end_dead_units_are_an_upper_bound_and_then_what_the_table_says():
    learned = odd((8, 10, 10, 3), make=lambda layer, checkpoint, units: values(layer, checkpoint, units) * (
        np.arange(units) >= 4))
    made = film(learned)
    made.show(made.iterations[0])
    assert texts(made.sheet.figure).count("≤ 40.0 % dead") == 2
    made.show(made.iterations[-1])
    assert not any("dead" in text and text != "≤: on 400 rows" for text in texts(made.sheet.figure))  # 0 on all rows


def test_a_frame_of_the_file_is_the_whole_picture_of_its_moment():
    learned = odd(checkpoints=3)
    picture, made = opened(learned), film(learned)
    for number, iteration in enumerate(made.iterations):
        picture.seek(number)
        made.show(iteration)
        for artist in made.moving:
            artist.set_animated(False)
        with matplotlib_set_up(THEMES["light"]):
            made.sheet.figure.canvas.draw()
        whole = np.asarray(made.sheet.figure.canvas.buffer_rgba())[..., :3].astype(int)
        away = np.abs(np.asarray(picture.convert("RGB")).astype(int) - whole).max(axis=2)
        assert (away > 40).mean() < 0.001


def test_the_heading_says_where_the_training_is():
    learned = odd(iterations=20_000)
    for place, iteration in enumerate(film(learned).iterations):
        shown = texts(frame(learned, iteration))
        done = learned.arms[0].median_run
        assert f"iteration {iteration:,}" in shown
        assert f"loss {done.smoothed[max(iteration - 1, 0)]:#.4g}" in shown
        assert f"test {100 * done.test_accuracy[place]:.1f} %" in shown


def test_an_arm_that_stopped_keeps_its_last_frame_and_says_so():
    learned = ODD["stopped early"]()
    made = film(learned)
    assert made.iterations == [0, 40, 80, 120, 160, 200]
    assert "stopped at 37" not in texts(frame(learned, 0))
    for iteration in made.iterations[1:]:
        made.show(iteration)
        assert {"stopped at 37", "diverged"} <= set(texts(made.sheet.figure))


def test_what_is_not_shown_is_said():
    assert f"{MAX_SHOWN} of 30 hidden layers" in " ".join(texts(frame(ODD["many layers"](), 0)))
    assert f"{MAX_ARMS} of 20 arms" in " ".join(texts(frame(ODD["many arms"](), 0)))


def test_a_network_without_hidden_layers_cannot_be_animated():
    with pytest.raises(SpecError) as refused:
        render(odd((8, 3)), Style())
    assert str(refused.value) == "--animate needs a hidden layer whose activations can be shown. Add --layers 1."


def test_an_animation_of_too_many_pixels_is_refused():
    with pytest.raises(SpecError, match="megapixels in 51 frames"):
        render(odd(checkpoints=51), Style(dpi=400))


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
    made = Image.fromarray(pixels).quantize(palette=_palette(colours), dither=Image.Dither.NONE)
    np.testing.assert_array_equal(np.asarray(made.convert("RGB")), pixels)
