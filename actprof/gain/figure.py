"""The figure of `actprof gain`: for each activation φ and φ' against z, and the length map with its fixed points."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from actprof.gain.planes import Row, draw_map, draw_shape, say
from actprof.gain.result import ActivationGains, GainTable
from actprof.gain.words import significant
from actprof.report.axes import Box
from actprof.report.settings import provenance
from actprof.report.sheet import HEIGHT, MARGIN, WIDTH, Header, Paragraph, Sheet, Stack
from actprof.report.style import Theme

TITLE = "Gains of activations"
FOOT = 12.0
MAX_ROWS = 6  # activations with a row each; more make a gallery

MAX_COLUMNS, BETWEEN, TICK, NAME, SMALL = 8, 26.0, 12.0, 15.0, 14.0
BESIDE, BELOW, MIN_HEIGHT = 46.0, 34.0, 90.0  # pixels of a small map's ticks, and of a small plane
GAP = 16.0  # below a small plane without ticks


def draw_figure(figure: Figure, theme: Theme, result: GainTable) -> dict[str, str]:
    """Draw a row for each activation, or a gallery; the sheet is 1080 pixels high, or as high as it must be."""
    (_draw_rows if len(result.activations) <= MAX_ROWS else _draw_gallery)(figure, theme, result)
    return provenance(TITLE, None, dict(result.config))


def _draw_rows(figure: Figure, theme: Theme, result: GainTable) -> None:
    header = Header(theme.title or TITLE, words(result))
    rows = [Row(each, theme.arm(number)) for number, each in enumerate(result.activations)]
    least = header.height + sum(row.least for row in rows) + FOOT
    sheet = Sheet(figure, theme, least)
    spare = max(HEIGHT - least, 0.0) / len(rows)
    header.draw(sheet)
    top = header.height
    for row in rows:
        row.draw(sheet, top, row.least + spare)
        top += row.least + spare


def _draw_gallery(figure: Figure, theme: Theme, result: GainTable) -> None:
    """Draw small planes: the map where σ_w or σ_b was asked for, else φ and φ', all over the same axes."""
    maps = result.config["sigma_w"] is not None or result.config["sigma_b"] is not None
    shown = "next layer's variance against this one's" if maps else "φ in colour and φ' in grey, z from −4 to 4"
    header = Header(theme.title or TITLE, [*words(result, maps), f"each plane: {shown}"])
    columns = min(MAX_COLUMNS, math.ceil(math.sqrt(len(result.activations) * WIDTH / HEIGHT)))
    wide = (WIDTH - 2 * MARGIN + BETWEEN) / columns
    texts = [Stack([Paragraph.of([each.label], wide - BETWEEN, NAME, bold=True),
                    Paragraph(_summary(each), SMALL, muted=True)]) for each in result.activations]
    above = max(text.height for text in texts)
    rows, below = math.ceil(len(texts) / columns), BELOW if maps else GAP
    tall = max((HEIGHT - header.height - FOOT) / rows, above + MIN_HEIGHT + below)
    sheet = Sheet(figure, theme, header.height + rows * tall + FOOT)
    header.draw(sheet)
    for number, (each, text) in enumerate(zip(result.activations, texts, strict=True)):
        left, top = MARGIN + number % columns * wide, header.height + number // columns * tall
        text.draw(sheet, left, top + above - text.height)
        inset = BESIDE if maps else 0.0
        box = Box(left + inset, top + above + 4, wide - BETWEEN - inset, tall - above - below)
        if maps and each.length_map is not None:
            draw_map(sheet, f"{each.label} map", box, each.length_map, theme.arm(0), TICK)
        elif not maps and each.shape is not None:
            draw_shape(sheet, f"{each.label} shape", box, each.shape, theme.arm(0), small=True)
        else:
            say(sheet, box, "no map" if maps else "of several z")


def _summary(each: ActivationGains) -> list[str]:
    """Two lines: `forward 1.592`, `χ 1.178 · stable`."""
    gains = each.gains
    if gains.gain_forward is None:
        return ["no forward gain"]
    said = filter(None, (f"χ {significant(gains.chi_at_gain_forward, 4)}", gains.stability))
    return [f"forward {significant(gains.gain_forward, 4)}", " · ".join(said)]


def words(result: GainTable, maps: bool = True) -> list[str]:
    """What holds for every activation, for the subtitle; where a map is drawn its row says."""
    asked = {name: result.config[key] for name, key in (("σ_w", "sigma_w"), ("σ_b", "sigma_b"))}
    given = ", ".join(f"{name} {value:g}" for name, value in asked.items() if value is not None)
    q0 = result.config["q0"]
    start = "σ_w² + σ_b²" if q0 is None else f"{q0:g}"
    return ["gains for z ~ N(0, 1)", *([f"asked for {given}"] if given else []),
            *([f"length maps from q₀ = {start}"] if maps else [])]
