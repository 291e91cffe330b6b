"""The figure of `actprof bounds`: bands and limits of weights against fan-in, and the schemes with their formulas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from actprof.bounds.curves import SAME, Schemes, Spot
from actprof.bounds.result import DIGITS, Bounds
from actprof.bounds.spec import FAN_OUT
from actprof.bounds.table import HALF, NAMES, has_half, kind, law, sign, slope_words
from actprof.digits import compact, grouped, number_label, power_label, short, typed, with_power
from actprof.report.axes import BELOW, Box, FreeSpace, add_axes, indicate, write
from actprof.report.lettering import line_height, width
from actprof.report.settings import provenance
from actprof.report.sheet import INDENT, WIDTH, Entry, Formula, Header, Key, Marked, Paragraph, Sheet, Stack
from actprof.report.style import TICK, Theme
from actprof.report.ticks import Linear

TITLE = "Weight scale against fan-in"
LEFT, LIST, RIGHT, BETWEEN = 156.0, 470.0, 28.0, 36.0  # of the axes, width of the list, right of it, left of it
MIN_HEIGHT = 480.0  # height of the axes
MAX_LISTED = 6


def draw_figure(figure: Figure, theme: Theme, bounds: Bounds, log: bool = False) -> dict[str, str]:
    """Lay out and draw; the sheet is 1080 pixels high, or as high as all texts need."""
    room = WIDTH - LEFT - BETWEEN - LIST - RIGHT
    schemes = Schemes(bounds, log, theme)
    header = Header(theme.title or TITLE, words(bounds))
    key = mark_key(bounds, log, room)
    listed = Stack([_entry(schemes, number, LIST - INDENT) for number in range(len(bounds.schemes))], GAP)
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
    config, dense = bounds.config, _is_dense(bounds)
    inputs, units = ("fan-in", "fan-out") if dense else ("input channels", "output channels")
    said = [f"{inputs} {_listed(bounds.schemes[0].channels)}"]
    said += [f"kernel {' × '.join(map(str, config['kernel']))}"] if config["kernel"] and not dense else []
    said += ["depthwise"] if config["depthwise"] else [f"{config['groups']} groups"] if config["groups"] > 1 else []
    said += ["transposed"] if config["transposed"] else []
    said.append(f"{units} = {inputs}" if config["fan_out"] == FAN_OUT else f"{units} {short(config['fan_out'])}")
    said += [] if config["gain"] is None else [f"gain {typed(config['gain'])}"]
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


ENLARGED_FROM, MIN_ENLARGED, WORTHWHILE = 0.3, 5, 2.2  # of the fan-ins; so many of them; so many times as tall
CLEAR, LABELS, NOTE = 16.0, 108.0, 15.0
NAME, SLOPE_SIZE, LEG = NAMES[HALF], 17.0, 14.0
MIN_RUN, LEG_GAP = 130.0, 4.0


def draw_enlarged(sheet: Sheet, spot: Spot, box: Box, schemes: Schemes) -> None:
    """The part that the first fan-ins flatten, drawn again, larger, in the room that it leaves, if that is worth it."""
    first, last = schemes.fan_ins[0], schemes.fan_ins[-1]
    fan_ins = [fan_in for fan_in in schemes.fan_ins if fan_in >= first + ENLARGED_FROM * (last - first)]
    values = [value for curves in schemes.curves for value in curves.extremes(fan_ins[0])]
    if len(fan_ins) < MIN_ENLARGED or not values:
        return
    x, y = Linear(fan_ins[0], last), Linear.around_zero(values)
    left, highest = sheet.pixels(spot.axes, x.low, spot.y.of(max(values)))[0] - (0.0, 12.0)
    top = box.top + line_height(NOTE) + 14
    glass = Box(left + LABELS, top, box.right - left - LABELS - CLEAR,
                highest - 2 * CLEAR - line_height(TICK) - 14 - top)
    factor = glass.height / (y.high - y.low) / (box.height / (spot.y.high - spot.y.low))
    if factor < WORTHWHILE:
        return
    frame = Box(left, box.top, box.right - left, highest - CLEAR - box.top)
    spot.axes.add_patch(Rectangle(frame[:2], frame.width, frame.height, transform=sheet.transform, zorder=1,
                                  facecolor=sheet.theme.background, edgecolor=sheet.theme.muted, linewidth=1.2))
    note = f"fan-in {short(fan_ins[0])} to {short(last)}, {with_power(compact(factor, 2))} times as tall"
    sheet.text(glass.left, box.top + 8 + line_height(NOTE) / 2, note, NOTE, bold=True)
    inset = add_axes(sheet, "weights enlarged", glass, x, y, inside=spot.axes)
    indicate(spot.axes, inset, sheet.theme.muted)
    schemes.draw(Spot(inset, x, y, "enlarged-"))


def draw_half_slope(sheet: Sheet, spot: Spot, box: Box, schemes: Schemes) -> None:
    """Fan-in × 4, std ÷ 2: beside the closest curve with a slope of −1/2, if there is one and a free place."""
    steep = [number for number, scheme in enumerate(schemes.bounds.schemes) if has_half(scheme)]
    times = next((times for times in (4.0, *(10.0**power for power in range(2, 31, 2)))
                  if _run(sheet, spot, times)[0] >= MIN_RUN), None)
    if not steep or times is None:
        return
    run, rise = _run(sheet, spot, times)
    legs = f"n × {_factor(times)}", f"std ÷ {_factor(math.sqrt(times))}"
    above = line_height(SLOPE_SIZE) + line_height(LEG) + LEG_GAP
    wide = max(run + 10 + width(legs[1], LEG), width(NAME, SLOPE_SIZE, bold=True)) + 2 * CLEAR
    high = above + max(rise, line_height(LEG)) + 2 * CLEAR
    near = np.concatenate([sheet.pixels(spot.axes, *schemes.line(spot, number, schemes.curves[number].std))
                           for number in steep])
    place = _free_space(sheet, spot, box, schemes).nearest(wide, high, near,
                                                           (CLEAR + run / 2, CLEAR + above + rise / 2))
    if place is None:
        return
    left, top = place[0] + CLEAR, place[1] + CLEAR + above
    x, y = sheet.values(spot.axes, [left, left + run], [top, top + rise]).T
    spot.axes.plot([x[0], x[1], x[1]], [y[0], y[0], y[1]], color=sheet.theme.muted, linewidth=1.6, zorder=4)
    spot.axes.plot(x, y, color=sheet.theme.foreground, linewidth=3, zorder=4, gid="slope")
    write(sheet, spot.axes, left, top - above + line_height(SLOPE_SIZE) / 2, NAME, SLOPE_SIZE, bold=True)
    write(sheet, spot.axes, left + run / 2, top - LEG_GAP - line_height(LEG) / 2, legs[0], LEG, align="center")
    write(sheet, spot.axes, left + run + 10, top + rise / 2, legs[1], LEG)


def _run(sheet: Sheet, spot: Spot, times: float) -> tuple[float, float]:
    """Pixels to the right and downwards of a fan-in × `times` and a std ÷ √times."""
    corners = spot.x.of([1.0, times]), spot.y.of([1.0, 1 / math.sqrt(times)])
    (left, top), (right, bottom) = sheet.pixels(spot.axes, *corners)
    return float(right - left), float(bottom - top)


def _factor(number: float) -> str:
    return compact(number) if number < 10_000 else power_label(round(math.log10(number)))


def _free_space(sheet: Sheet, spot: Spot, box: Box, schemes: Schemes) -> FreeSpace:
    """The places of the axes without curves and markers."""
    free = FreeSpace(box)
    for number, curves in enumerate(schemes.curves):
        for values in (curves.std, curves.bound):
            if values is not None:
                free.take_line(sheet.pixels(spot.axes, *schemes.line(spot, number, values)))
        for sizes in (curves.largest, curves.sampled_std):
            for x, y in sheet.pixels(spot.axes, *schemes.samples(spot, number, sizes)):
                free.take(Box(x - 8, y - 8, 16, 16))
    return free


LABEL, GAP = 18.0, 18.0
DASHED = (0, (3, 2))


def _entry(schemes: Schemes, number: int, room: float) -> Marked:
    """`▒ he`, `N(0, 2/n)`, `normal · std 0.141 at n = 100`, below each other."""
    scheme, color = schemes.bounds.schemes[number], schemes.theme.arm(number)
    texts = Stack([Paragraph.of([scheme.label], room, LABEL, bold=True),
                   Formula(sign(scheme) + scheme.tex if scheme.tex else "", law(scheme), room),
                   Paragraph.of(_details(schemes, number), room, muted=True)])
    line = {"color": color, "linewidth": 4.4} if schemes.log else {
        "facecolor": to_rgba(color, 0.24), "edgecolor": color, "linewidth": 2.2,
        "linestyle": DASHED if scheme.support is None else "-"}
    return Marked(Entry("", [line, schemes.theme.mark(number)]), texts)


def _details(schemes: Schemes, number: int) -> list[str]:
    scheme, stds = schemes.bounds.schemes[number], [each.std for each in schemes.bounds.schemes]
    if not any(scheme.curve.std):
        return [kind(scheme)]
    std = f"std {number_label(scheme.curve.std[-1], DIGITS)} at n = {short(schemes.fan_ins[-1])}"
    same = next(other for other, each in enumerate(stds) if np.allclose(each, stds[number], SAME, 0))
    return [kind(scheme), (slope_words(scheme) if schemes.log else "") or std,
            *([f"std as {schemes.bounds.schemes[same].label}"] if same < number else [])]


def mark_key(bounds: Bounds, log: bool, room: float) -> Key:
    counts = {sample.count for scheme in bounds.schemes for sample in scheme.samples}
    bounded = any(scheme.support for scheme in bounds.schemes)
    drawn = f"{grouped(min(counts))} weights" if len(counts) == 1 else "the weights drawn"
    dot: dict[str, Any] = {"marker": "o", "markersize": 9, "markeredgewidth": 1.8}
    ring, bar = {**dot, "fillstyle": "none"}, {"marker": "|", "markersize": 15, "markeredgewidth": 1.5}
    band = {"facecolor": (0.5, 0.5, 0.5, 0.35), "edgecolor": "#808080", "linewidth": 1.8, "linestyle": DASHED}
    marks: list[tuple[str, dict[str, Any], object]] = [
        ("std", {"linewidth": 4.4}, True), ("limit: no |w| beyond", {"linewidth": 1.8}, bounded),
        (f"std of {drawn}", ring, counts), ("their largest |w|", dot, counts)] if log else [
        ("mean ± std", band, True), ("limit: no weight beyond", {"linewidth": 2.6}, bounded),
        (f"min and max of {drawn}", dot, counts),
        ("from least to largest weight" if bounded else "mean ± one std", bar, len(bounds.schemes) == 1)]
    return Key([Entry(text, [look]) for text, look, occurs in marks if occurs], room)


def without_logarithm(bounds: Bounds) -> list[str]:
    """What logarithmic axes cannot show."""
    names = [scheme.label + ("" if not any(scheme.std) else " at some fan-ins") for scheme in bounds.schemes
             if not all(scheme.std)]
    return [f"std 0 has no logarithm: {', '.join(names)}"] if names else []
