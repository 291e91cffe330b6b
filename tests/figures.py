"""What holds for every figure: texts that can be read."""

import functools
import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from actprof.report.style import THEMES, Style, matplotlib_set_up


def drawn_by(draw, result, theme="light", format=""):
    """The figure that draw(figure, theme, result) makes; of a format also painted or written, without a warning."""
    with matplotlib_set_up(THEMES[theme]):
        figure = Figure(dpi=100)
        FigureCanvasAgg(figure)
        draw(figure, THEMES[theme], result)
        if format == "png":
            figure.canvas.draw()
        elif format:
            figure.savefig(io.BytesIO(), format=format, dpi=30)
        if format != "png":  # a file's titles were laid out for its own resolution
            _lay_out(figure)
    return figure


def _lay_out(figure):
    """Put axes, ticks and titles where drawing puts them: all else is there from the beginning."""
    renderer = figure.canvas.get_renderer()
    for axes in figure.findobj(Axes):
        place = axes.get_axes_locator()
        axes.apply_aspect(place and place(axes, renderer))
        for axis in (axes.xaxis, axes.yaxis):
            axis.get_tightbbox(renderer)


def each_once(made, drawn):
    """name, settings → (what made[name]() gives, its figure), once for all laws, in themes and formats by turns."""
    looks = {name: {"theme": tuple(THEMES)[place // 2 % 2], "format": ("png", "svg", "png", "pdf")[place % 4]}
             for place, name in enumerate(made)}
    result = functools.cache(lambda name: made[name]())
    return functools.cache(lambda name, *settings: (result(name), drawn(result(name), *settings, **looks[name])))


def marks(figure, name):
    """The artists of that name."""
    return [artist for artist in figure.findobj() if artist.get_gid() == name]


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text() and text.get_visible()]


def axes_named(figure):
    """The axes of a figure, insets too, by their names."""
    return {axes.get_label(): axes for axes in figure.findobj(Axes)}


def assert_texts_clear(figure):
    """Every text lies within the sheet, and no two touch."""
    renderer = figure.canvas.get_renderer()
    frames = [(text.get_text(), text.get_window_extent(renderer)) for text in figure.findobj(Text)
              if text.get_text() and text.get_visible()]
    right, top = figure.get_size_inches() * figure.dpi
    for text, frame in frames:
        assert min(frame.x0, frame.y0, right - frame.x1, top - frame.y1) >= 0, f"cut: {text}"
    boxes = np.array([(frame.x0 + 1, frame.y0 + 1, frame.x1 - 1, frame.y1 - 1) for _, frame in frames])
    over = ((boxes[:, None, :2] < boxes[None, :, 2:]).all(2) & (boxes[None, :, :2] < boxes[:, None, 2:]).all(2))
    pairs = [(frames[i][0], frames[j][0]) for i, j in np.argwhere(over) if i < j]
    assert not pairs, f"overlap: {pairs[:5]}"


def assert_fit_to_print(figure):
    """Large enough, letters too, every text clear."""
    assert tuple(figure.get_size_inches() * 100) >= (1920, 1080)
    assert all(text.get_fontsize() >= 11 for text in figure.findobj(Text))
    assert_texts_clear(figure)


def provenance(image, *view):
    """What a PNG of image(style, format, *view) says of itself; an SVG is the same bytes when it is made again."""
    assert image(Style(), "svg", *view) == image(Style(), "svg", *view)
    with Image.open(io.BytesIO(image(Style(dpi=30), "png", *view))) as picture:
        return picture.text
