"""The figure of `actprof train`: loss and accuracy of all arms, and for each of them why it learns or does not."""

from __future__ import annotations

from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from actprof.digits import grouped
from actprof.report.axes import Box, bare_axes
from actprof.report.lettering import line_height, shortened, width
from actprof.report.settings import of_arms, provenance, shared_words
from actprof.report.sheet import MARGIN, WIDTH, Header, Key, Paragraph, Sheet, title_of
from actprof.report.style import Theme
from actprof.train import network_figure
from actprof.train.blocks import Blocks, arm_sample, status_word
from actprof.train.curves import Curves, LossCurves, RateCurves, ScoreCurves
from actprof.train.histories import FAINTEST, shown_layers
from actprof.train.result import TrainedArm, Training

TITLE = "Training from different initial weights"
MAX_BLOCKS, ON_ONE_SCREEN = 8, 3  # arms that have a row of layers; arms that keep to 16:9
FEW, KEY, MANY = 8, 16.0, 13.0  # arms; sizes of their names
MAX_NAME = 420.0
MIN_HEIGHT, TALLER, ABOVE, BELOW = 186.0, 270.0, 34.0, 34.0  # of up to three arms' curves; of more; titles; ticks
TICKS, BETWEEN, RIGHT = 74.0, 22.0, 44.0  # left of axes; between them
WIDTHS = {2: (0.6, 0.4), 3: (0.48, 0.3, 0.22)}
CURVES_PART = {1: 0.35}  # of the height that is left, by the number of blocks
BLOCK_TITLE, DETAIL = 16.0, 14.0
RAMP, GAP = 110.0, 8.0


def draw_figure(figure: Figure, theme: Theme, training: Training, log_y: bool = False) -> dict[str, str]:
    """Lay out and draw; the sheet is 1080 pixels high, or as high as all texts need."""
    if not training.trained:
        return network_figure.draw_figure(figure, theme, training)
    arms, room = training.arms, WIDTH - 2 * MARGIN
    size = KEY if len(arms) <= FEW else MANY
    header = Header(theme.title or title_of(
        (status_word(arm).capitalize(), arm.label, _accent(arm, theme)) for arm in arms), words(training))
    key = Key([arm_sample(shortened(arm.label, MAX_NAME, size, True), place, theme)
               for place, arm in enumerate(arms)], room, size, bold=True)
    loss = LossCurves(training, log_y)
    every: list[Curves] = [loss, ScoreCurves(training)]
    every += [RateCurves(training)] if RateCurves.needed(training) else []
    dropped = [f"{len(arms)} arms: their layers are drawn where there are at most {MAX_BLOCKS}"]
    foot = Paragraph.of([*loss.notes(), *dropped * (len(arms) > MAX_BLOCKS)], room, muted=True)
    blocks = Blocks(training, theme) if 0 < len(arms) <= MAX_BLOCKS else None
    titles = 2 * line_height(BLOCK_TITLE) + 6 if blocks else 0.0
    fixed = header.height + key.height + 6 + ABOVE + BELOW + foot.height + 12 + titles
    lowest = MIN_HEIGHT if len(arms) <= ON_ONE_SCREEN else TALLER
    least = fixed + lowest + (blocks.height if blocks else 0.0)
    sheet = Sheet(figure, theme, least)
    tall = lowest + (sheet.height - least) * (CURVES_PART.get(len(arms), 0.65) if blocks else 1.0)
    header.draw(sheet)
    key.draw(sheet, MARGIN, header.height)
    top = header.height + key.height + 6 + ABOVE
    _draw_curves(sheet, every, top, tall)
    foot.draw(sheet, MARGIN, top + tall + BELOW)
    if blocks:
        top += tall + BELOW + foot.height + 12
        _draw_titles(sheet, training, blocks, top)
        blocks.draw(sheet, top + titles, sheet.height - top - titles)
    return provenance(TITLE, training.seed, of_arms(training))


def _accent(arm: TrainedArm, theme: Theme) -> str:
    status = arm.median_run.status
    return theme.good if status == "ok" else theme.warn if status in ("slow", "interrupted") else theme.bad


def _draw_curves(sheet: Sheet, every: list[Curves], top: float, tall: float) -> None:
    left = MARGIN + TICKS - 10
    room = sheet.width - left - RIGHT - (len(every) - 1) * (BETWEEN + TICKS)
    for curves, part in zip(every, WIDTHS[len(every)], strict=True):
        curves.draw(sheet, Box(left, top, part * room, tall))
        left += part * room + BETWEEN + TICKS


def _draw_titles(sheet: Sheet, training: Training, blocks: Blocks, top: float) -> None:
    """What the columns of the blocks show, and the key of the maps' colours."""
    first, second = top + line_height(BLOCK_TITLE) / 2, top + line_height(BLOCK_TITLE) * 1.5 - 2
    muted = sheet.theme.muted
    depth = max(len(arm.median_run.layers) for arm in training.arms)
    if depth:
        shown = len(shown_layers(depth))
        which = f"{shown} of {depth}" if shown < depth else "the"
        left, room = blocks.maps[0], blocks.maps[1] - blocks.maps[0] + 20
        said = (f"Activations of {which} hidden layers by iteration", f"Activations of {which} hidden layers")
        title = said[width(said[0], BLOCK_TITLE, True) > room]
        sheet.text(left, first, title, BLOCK_TITLE, bold=True)
        _draw_colours(sheet, left, second, room)
    if blocks.square:
        title = "Decisions" if training.data.classes else "Predictions"
        sheet.text(blocks.square[0], first, title, BLOCK_TITLE, bold=True)
        sheet.text(blocks.square[0], second, "and rows", DETAIL, color=muted)
    left = blocks.ratios[0] - 50
    sheet.text(left, first, "‖ΔW‖ / ‖W‖ of an update", BLOCK_TITLE, bold=True)
    sheet.text(left, second, "a line a layer, the first pale", DETAIL, color=muted)


def _draw_colours(sheet: Sheet, x: float, y: float, room: float) -> None:
    """`share 0.01 % ▒▒▓▓ 100 %, without 0`, and what the strip below a map is, as far as there is room."""
    low, muted, left = f"share {100 * FAINTEST:g} %", sheet.theme.muted, x
    sheet.text(x, y, low, DETAIL, color=muted)
    x += width(low, DETAIL) + GAP
    bar = bare_axes(sheet, "share of the values", Box(x, y - 8, RAMP, 16))
    colours = ScalarMappable(LogNorm(FAINTEST, 1.0), sheet.theme.colormap)
    sheet.figure.colorbar(colours, cax=bar, orientation="horizontal", ticks=[]).outline.set_visible(False)
    bar.minorticks_off()
    bar.set_label("share of the values")
    x += RAMP + GAP
    said = ("100 %, zeros left out · strip: units that are dead on 400 rows",
            "100 %, zeros left out · strip: dead units", "100 % · strip: dead units", "100 %")
    text = next((text for text in said if x - left + width(text, DETAIL) <= room), said[-1])
    sheet.text(x, y, text, DETAIL, color=muted)


def words(training: Training) -> list[str]:
    """The data and the configuration that all arms share, for the subtitle."""
    data = training.data
    said = [f"{data.name}: {grouped(data.samples)} training rows, {grouped(data.test_samples)} test rows, "
            f"{grouped(data.features)} feature{'s' * (data.features != 1)}, {data.kind}"]
    counts = {arm.parameters for arm in training.arms}
    said += [f"{grouped(counts.pop())} parameters"] if len(counts) == 1 else []
    return said + shared_words(training)
