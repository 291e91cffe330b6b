"""The figure of `actprof bounds`: bands and limits of weights against fan-in, and the schemes with their formulas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from actprof.bounds.result import Bounds
from actprof.bounds.spec import FAN_OUT
from actprof.digits import grouped, short
from actprof.report.drawing import Theme, to_bytes
from actprof.report.style import SHEET, Style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


WIDTH, HEIGHT = map(float, SHEET)
TITLE = "Weight scale against fan-in"
LEFT, LIST, RIGHT = 150.0, 470.0, 28.0  # of the plane, width of the list, right of it
BETWEEN = 36.0
FOOT = 14.0
LOWEST = 480.0  # of the plane
MOST_LISTED = 6


def render(bounds: Bounds, log: bool, style: Style, format: str) -> bytes:
    """The figure as a png, svg or pdf file."""
    from actprof.report.settings import provenance

    def draw(figure: Figure, theme: Theme) -> None:
        draw_figure(figure, theme, bounds, log)

    return to_bytes(draw, format, style, provenance(TITLE, bounds.seed, dict(bounds.config)))


def draw_figure(figure: Figure, theme: Theme, bounds: Bounds, log: bool) -> None:
    """Lay out and draw; the sheet is 1080 pixels high, or as high as all texts need."""
    from actprof.bounds.layout import Layout
    from actprof.bounds.magnifier import draw_magnified
    from actprof.bounds.mark_key import MarkKey
    from actprof.bounds.marks import draw_curves, drawn_points
    from actprof.bounds.scheme_list import SchemeList, without_logarithm
    from actprof.bounds.slope_triangle import draw_half
    from actprof.report.canvas import Canvas
    from actprof.report.headings import Header, Paragraph
    from actprof.report.lettering import wrapped
    from actprof.report.plane import BELOW, Plane

    layout, room = Layout(bounds, log), WIDTH - LEFT - BETWEEN - LIST - RIGHT
    header, key, schemes = Header(TITLE, words(bounds), WIDTH), MarkKey(layout, room), SchemeList(layout, LIST)
    note = without_logarithm(bounds.schemes) if log else ""
    foot = Paragraph(wrapped([note] if note else [], room, FOOT), FOOT)
    under = BELOW + foot.height + 8
    height = max(HEIGHT, header.height + max(schemes.height + 24, key.height + LOWEST + under))
    canvas = Canvas(figure, theme, WIDTH, height)
    top = header.height + key.height
    plane = Plane(LEFT, top, room, height - top - under, *layout.axes())
    header.draw(canvas)
    key.draw(canvas, LEFT, header.height)
    schemes.draw(canvas, plane.right + BETWEEN, header.height)
    plane.draw(canvas)
    plane.draw_titles(canvas, _x_title(bounds), "size of a weight" if log else "weight")
    draw_curves(canvas, plane, layout)
    if log:
        draw_half(canvas, plane, layout, drawn_points(plane, layout))
    else:
        draw_magnified(canvas, plane, layout)
    if log and not any(curves.std.any() for curves in layout.curves):
        canvas.text(plane.left + plane.width / 2, plane.top + plane.height / 2, "nothing here has a logarithm", 18,
                    align="center", boxed=True)
    foot.draw(canvas, LEFT, plane.bottom + BELOW, theme.muted)


def words(bounds: Bounds) -> list[str]:
    """The configuration for the subtitle."""
    config, dense = bounds.config, math.prod(bounds.config["kernel"]) == 1
    inputs, units = ("fan-in", "fan-out") if dense else ("input channels", "output channels")
    said = [f"{inputs} {_listed(bounds.schemes[0].channels)}"]
    said += [] if dense else [f"kernel {_sides(bounds)}"]
    said.append(f"{units} = {inputs}" if config["fan_out"] == FAN_OUT else f"{units} {short(config['fan_out'])}")
    said += [] if config["gain"] is None else [f"gain {config['gain']:g}"]
    counts = {sample.count for scheme in bounds.schemes for sample in scheme.samples}
    if counts:
        least = "" if len(counts) == 1 else "at least "
        said.append(f"{least}{grouped(min(counts))} weights drawn at {_listed(config['at'])}")
    return [*said, f"seed {bounds.seed}"]


def _listed(fan_ins: Sequence[int]) -> str:
    """`1, 10, 100`; of a longer list its ends and its length."""
    if len(fan_ins) <= MOST_LISTED:
        return ", ".join(map(short, fan_ins))
    return f"{short(fan_ins[0])} … {short(fan_ins[-1])} ({grouped(len(fan_ins))} values)"


def _sides(bounds: Bounds) -> str:
    return " × ".join(map(str, bounds.config["kernel"]))


def _x_title(bounds: Bounds) -> str:
    if math.prod(bounds.config["kernel"]) == 1:
        return "fan-in n"
    return f"fan-in n = input channels × {_sides(bounds)}"
