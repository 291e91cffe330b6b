"""The figure of `actprof train`: loss and accuracy of all arms, and for each of them why it learns or does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actprof.digits import grouped
from actprof.report.style import SHEET, Style, Theme, to_bytes
from actprof.train.result import Training

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from actprof.report.canvas import Canvas
    from actprof.train.arm_block import ArmBlock, Columns


WIDTH, HEIGHT = map(float, SHEET)
TITLE = "Training from different initial weights"
MOST_BLOCKS = 8
TOP_PART = {0: 1.0, 1: 0.35}  # of the height that is left when all has its least, by the number of blocks
OTHER_PART = 0.55


def render(training: Training, log_y: bool, style: Style, format: str) -> bytes:
    """The figure as a png, svg or pdf file."""
    from actprof.report.settings import of_arms, provenance

    def draw(figure: Figure, theme: Theme) -> None:
        draw_figure(figure, theme, training, log_y)

    return to_bytes(draw, format, style, provenance(TITLE, training.seed, of_arms(training)))


def draw_figure(figure: Figure, theme: Theme, training: Training, log_y: bool) -> None:
    """Lay out and draw; the sheet is 1080 pixels high, or as high as all texts need."""
    from actprof.report.canvas import Canvas
    from actprof.report.headings import MARGIN, Header
    from actprof.train.arm_block import Columns
    from actprof.train.block_titles import BlockTitles
    from actprof.train.blocks import ArmKey
    from actprof.train.learning_planes import LearningPlanes

    columns = Columns.of(training, WIDTH)
    header, key = Header(TITLE, words(training), WIDTH), ArmKey(training, WIDTH - 2 * MARGIN)
    blocks = _blocks(training, columns)
    titles = BlockTitles(training, columns) if blocks else None
    planes = LearningPlanes(training, log_y, WIDTH, [] if blocks else _dropped(training))
    below = sum(block.height for block in blocks) + (titles.height if titles else 0.0)
    least = header.height + key.height + planes.height + below
    height = max(HEIGHT, least)
    more = height - least
    canvas = Canvas(figure, theme, WIDTH, height)
    header.draw(canvas)
    key.draw(canvas, header.height)
    top, tall = header.height + key.height, planes.height + more * TOP_PART.get(len(blocks), OTHER_PART)
    planes.draw(canvas, top, tall)
    if titles:
        titles.draw(canvas, top + tall)
        _draw_blocks(canvas, blocks, top + tall + titles.height, height)


def _blocks(training: Training, columns: Columns) -> list[ArmBlock]:
    from actprof.train.arm_block import ArmBlock
    from actprof.train.update_strip import ratio_axis

    if len(training.arms) > MOST_BLOCKS:
        return []
    axis = ratio_axis(training)
    return [ArmBlock(training, number, columns, axis) for number in range(len(training.arms))]


def _draw_blocks(canvas: Canvas, blocks: list[ArmBlock], top: float, bottom: float) -> None:
    for block, tall in zip(blocks, shared_out([block.height for block in blocks], bottom - top), strict=True):
        block.draw(canvas, top, tall)
        top += tall


def shared_out(least: list[float], room: float) -> list[float]:
    """Heights that fill the room, as equal as the least heights allow."""
    falling = sorted(least, reverse=True)
    levels = [(room - sum(falling[:taller])) / (len(least) - taller) for taller in range(len(least))]
    level = next(level for level, height in zip(levels, falling, strict=True) if level >= height - 1e-6)
    return [max(height, level) for height in least]


def _dropped(training: Training) -> list[str]:
    return [f"{len(training.arms)} arms: their layers are drawn where there are at most {MOST_BLOCKS}"]


def words(training: Training) -> list[str]:
    """The data and the configuration that all arms share, for the subtitle."""
    from actprof.report.settings import shared_words

    data = training.data
    said = [f"{data.name}: {grouped(data.samples)} training rows, {grouped(data.test_samples)} test rows, "
            f"{grouped(data.features)} feature{'s' * (data.features != 1)}, {data.kind}"]
    counts = {arm.parameters for arm in training.arms}
    said += [f"{grouped(counts.pop())} parameters"] if len(counts) == 1 else []
    return said + shared_words(training)
