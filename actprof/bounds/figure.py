"""The figure of `actprof bounds`: bands and limits of weights against fan-in, and the schemes with their formulas."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from actprof.bounds.curves import Schemes, Spot
from actprof.bounds.reading_aids import draw_enlarged, draw_half_slope, mark_key, scheme_list, without_logarithm
from actprof.bounds.result import Bounds
from actprof.bounds.spec import FAN_OUT
from actprof.digits import grouped, short
from actprof.report.axes import BELOW, Box, add_axes, write
from actprof.report.settings import provenance
from actprof.report.sheet import WIDTH, Header, Paragraph, Sheet
from actprof.report.style import Theme

TITLE = "Weight scale against fan-in"
LEFT, LIST, RIGHT, BETWEEN = 156.0, 470.0, 28.0, 36.0  # of the axes, width of the list, right of it, left of it
MIN_HEIGHT = 480.0  # height of the axes
MAX_LISTED = 6


def draw_figure(figure: Figure, theme: Theme, bounds: Bounds, log: bool = False) -> dict[str, str]:
    """Lay out and draw; the sheet is 1080 pixels high, or as high as all texts need."""
    room = WIDTH - LEFT - BETWEEN - LIST - RIGHT
    schemes = Schemes(bounds, log, theme)
    header = Header(theme.title or TITLE, words(bounds))
    key, listed = mark_key(bounds, log, room), scheme_list(schemes, LIST)
    foot = Paragraph.of(without_logarithm(bounds) if log else [], room, muted=True)
    under = BELOW + foot.height + 8
    above = header.height + key.height + 12
    sheet = Sheet(figure, theme, max(header.height + listed.height + 24, above + MIN_HEIGHT + under))
    box = Box(LEFT, above, room, sheet.height - above - under)
    x, y = schemes.scales(room)
    axes = add_axes(sheet, "weights", box, x, y, titles=(_x_title(bounds), "size of a weight" if log else "weight"))
    header.draw(sheet)
    key.draw(sheet, LEFT, header.height)
    listed.draw(sheet, box.right + BETWEEN, header.height)
    foot.draw(sheet, LEFT, box.bottom + BELOW)
    spot = Spot(axes, x, y)
    schemes.draw(spot)
    (draw_half_slope if log else draw_enlarged)(sheet, spot, box, schemes)
    if log and not any(curves.std.any() for curves in schemes.curves):
        write(sheet, axes, *box.center, "nothing here has a logarithm", 18, align="center")
    return provenance(TITLE, bounds.seed, dict(bounds.config))


def words(bounds: Bounds) -> list[str]:
    """The configuration for the subtitle."""
    config, dense = bounds.config, _is_dense(bounds)
    inputs, units = ("fan-in", "fan-out") if dense else ("input channels", "output channels")
    said = [f"{inputs} {_listed(bounds.schemes[0].channels)}"]
    said += [f"kernel {' × '.join(map(str, config['kernel']))}"] if config["kernel"] and not dense else []
    said += ["depthwise"] if config["depthwise"] else [f"{config['groups']} groups"] if config["groups"] > 1 else []
    said += ["transposed"] if config["transposed"] else []
    said.append(f"{units} = {inputs}" if config["fan_out"] == FAN_OUT else f"{units} {short(config['fan_out'])}")
    said += [] if config["gain"] is None else [f"gain {config['gain']:g}"]
    counts = {sample.count for scheme in bounds.schemes for sample in scheme.samples}
    if counts:
        least = "" if len(counts) == 1 else "at least "
        said.append(f"{least}{grouped(min(counts))} weights drawn at {_listed(config['at'])}")
    return [*said, f"seed {bounds.seed}"]


def _listed(fan_ins: Sequence[int]) -> str:
    """`1, 10, 100`; of a longer list its ends and its length."""
    if len(fan_ins) <= MAX_LISTED:
        return ", ".join(map(short, fan_ins))
    return f"{short(fan_ins[0])} … {short(fan_ins[-1])} ({grouped(len(fan_ins))} values)"


def _is_dense(bounds: Bounds) -> bool:
    """Whether a fan-in is the number of inputs itself."""
    config = bounds.config
    return math.prod(config["kernel"]) == config["groups"] == 1 and not config["depthwise"]


def _x_title(bounds: Bounds) -> str:
    if _is_dense(bounds):
        return "fan-in n"
    config = bounds.config
    channels = "" if config["depthwise"] else "input channels"
    channels += f" / {config['groups']}" if config["groups"] > 1 else ""
    return f"fan-in n = {' × '.join(filter(None, (channels, *map(str, config['kernel'])))) or 1}"
