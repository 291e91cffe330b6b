"""Speed and memory of actprof against its goals: every figure beside the obvious alternative, measured in turn.

    python scripts/bench.py            every goal, some minutes; the table of the README
    python scripts/bench.py --quick    fewer rounds, under a minute on two free cores
    python scripts/bench.py --json width histogram      goals that say "width" or "histogram", for machines

A ratio is the median over rounds of A/B, so that a machine whose speed drifts does not spoil it.
"""

from __future__ import annotations

from actprof.machine import BLAS_VARIABLES, one_blas_thread

one_blas_thread()

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from actprof.data import labelled
from actprof.data.request import DataSpec
from actprof.engine import measure
from actprof.engine.bins import Extent, lay
from actprof.engine.counting import Counter, Scratch, block_rows, count_bins
from actprof.engine.gradients import lay_gradient_scales
from actprof.engine.inputs import Inputs, open_inputs
from actprof.engine.network import Network
from actprof.engine.pilot import lay_bins
from actprof.engine.spec import RunSpec
from actprof.engine.stacks import stack_specs
from actprof.machine import cores, ordered_map
from actprof.train import session
from actprof.train.request import Varied, train_specs
from actprof.train.trainer import Trainer

TEXTBOOK = """
import numpy as np
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
x, activations = np.random.randn(1000, 100), {}
for i in range(5):
    x = activations[i] = np.maximum(0, x @ (np.random.randn(100, 100) * np.sqrt(2 / 100)))
for i, a in activations.items():
    plt.subplot(1, 5, i + 1)
    plt.hist(a.flatten(), 30, range=(0, 1))
plt.savefig("textbook.png")
"""

CHAIN = """
import sys
import numpy as np
width, depth, samples, times = map(int, sys.argv[1:])
rng = np.random.default_rng(0)
weights = [rng.standard_normal((width, width), dtype=np.float32) / np.float32(width ** 0.5) for _ in range(depth)]
x = rng.standard_normal((samples, width), dtype=np.float32)
for w in times * weights:
    x = x @ w
"""

TORCH = """
import sys, torch
width, depth, samples = map(int, sys.argv[1:])
layers = [layer for _ in range(depth) for layer in (torch.nn.Linear(width, width, bias=False), torch.nn.ReLU())]
net, seen = torch.nn.Sequential(*layers), []
for module in net:
    if isinstance(module, torch.nn.Linear):
        torch.nn.init.kaiming_normal_(module.weight)
def look(module, inputs, out):
    seen.append((out.mean().item(), out.std().item(), (out == 0).float().mean().item(),
                 out.std(0).square().mean().sqrt().item(), (out == 0).all(0).sum().item(),
                 torch.histc(out, 30)))
for module in net:
    module.register_forward_hook(look)
with torch.no_grad():
    for start in range(0, samples, 1000):
        net(torch.randn(1000, width))
"""

Work = Callable[[], object]
Figures = list[tuple[float, float]]  # of each round: ours, and what it is measured against


class Goal(NamedTuple):
    """What is measured, against what, the largest ratio wanted, how (rounds → figures), in which unit, how often."""

    what: str
    against: str
    ratio: float
    measure: Callable[[int], Figures]
    unit: str = "s"
    rounds: int = 5
    needs: str = "numpy"


def seconds(work: Work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turn(first: Work, second: Work) -> Callable[[int], Figures]:
    return lambda rounds: [(seconds(first), seconds(second)) for _ in range(rounds)]


def within(limit: float, figure: Callable[[], float]) -> Callable[[int], Figures]:
    """A figure against a limit in its own unit."""
    return lambda rounds: [(figure(), limit) for _ in range(rounds)]


def python(*arguments: object, until: bytes = b"") -> Work:
    """A whole Python process, or its time until a line of its output contains `until`."""
    environment = {name: value for name, value in os.environ.items()
                   if name not in (*BLAS_VARIABLES, "PYTHONDONTWRITEBYTECODE")}  # an installed package has its bytecode

    def run() -> None:
        with subprocess.Popen([sys.executable, *map(str, arguments)], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, env=environment) as child:
            assert child.stdout is not None
            if until and any(until in line for line in child.stdout):
                child.kill()
            child.stdout.read()

    return run


def actprof(line: str, until: bytes = b"") -> Work:
    return python("-m", "actprof", *line.split(), until=until)


def whole(width: int, depth: int, samples: int, more: str = "--no-gradients",
          times: int = 1) -> Callable[[int], Figures]:
    """`histogram` as a process against the bare matrix products as one, which go `times` times as far."""
    size = f"--width {width} --layers {depth} --batch-size {samples}"
    return in_turn(actprof(f"histogram -q --no-figure --bins 64 {size} {more}"),
                   python("-c", CHAIN, width, depth, samples, times))


def torch(width: int, depth: int, samples: int, more: str = "--no-figure") -> Callable[[int], Figures]:
    return in_turn(actprof(f"histogram -q --width {width} --layers {depth} --batches {samples // 1000} {more}"),
                   python("-c", TORCH, width, depth, samples))


class Fixed(Inputs):
    """The same rows again and again: drawing them is not part of the measurement."""

    def __init__(self, rows: Any) -> None:
        self._rows, self.features, self.batches = rows, rows.shape[1], 1

    def batch_rows(self, batch: int) -> int:
        return len(self._rows)

    def rows(self, batch: int, start: int, stop: int) -> Any:
        return self._rows[start:stop]


def passes(width: int, depth: int, samples: int, back: bool = False) -> Callable[[int], Figures]:
    """All statistics of a forward pass, or of one forth and back, against the bare matrix products, three times."""

    def measured(rounds: int) -> Figures:
        run = RunSpec(batch_size=samples, quantities=("activation",), gradients=back)
        inputs = Fixed(open_inputs(run, width).rows(0, 0, samples))
        network = Network(stack_specs(layers=depth, width=width)[0], 0, 0, np.dtype(np.float32))
        layers, chunks = network.keep(cores()), measure._chunks(network, inputs)
        bins = lay_bins([network], inputs, run)[0]
        scales = lay_gradient_scales([network], inputs, run)[0] if back else None
        return in_turn(lambda: measure.profile(network, inputs, bins, scales=scales),
                       lambda: [products(layers, inputs, chunks) for _ in range(3 if back else 1)])(rounds)

    return measured


def products(layers: Any, inputs: Inputs, chunks: Any) -> None:
    """The bare matrix products of a forward pass, on all cores."""

    def through(chunk: Any) -> None:
        rows = inputs.rows(0, chunk.start, chunk.stop)
        buffers = np.empty((2, len(rows), inputs.features), np.float32)
        for layer in layers:
            rows = np.matmul(rows, layer.weights, out=buffers[layer.number % 2])

    list(ordered_map(through, chunks, cores()))


def kernel(name: str, half_zero: bool) -> tuple[Work, int]:
    """A kernel on one block of values, 20 times, and the number of values."""
    values = np.random.default_rng(0).standard_normal((block_rows(512, 4), 512), dtype=np.float32)
    values = np.maximum(values, 0) if half_zero else values
    low, high, scratch = float(values.min()), float(values.max()), Scratch()
    bins = lay([Extent(low, high)], 64, np.dtype(np.float32), True)
    counter = Counter(512, bins, scratch, True, (0.0,), True)
    once = {"histogram": lambda: count_bins(values, low, high, bins, scratch),
            "np.histogram": lambda: np.histogram(values, 64, (low, high)),
            "all statistics": lambda: counter.add(values)}[name]
    return lambda: [once() for _ in range(20)], 20 * values.size


def kernels(half_zero: bool) -> Callable[[int], Figures]:
    return lambda rounds: in_turn(kernel("histogram", half_zero)[0], kernel("np.histogram", half_zero)[0])(rounds)


def nanoseconds(name: str, half_zero: bool, limit: float) -> Callable[[int], Figures]:
    def figure() -> float:
        work, values = kernel(name, half_zero)
        return statistics.median(seconds(work) for _ in range(5)) / values * 1e9

    return within(limit, figure)


def peak(line: str) -> float:
    """Largest resident set of a process, in MB; rusage would count that of this process before the exec, too."""
    code = ("import sys; from actprof.program import cli; cli.main(sys.argv[1:], standalone_mode=False); "
            "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0], file=sys.stderr)")
    done = subprocess.run([sys.executable, "-c", code, "histogram", "-q", "--no-figure", *line.split()],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(done.stderr) / 1024


def iterations(rounds: int) -> Figures:
    """200 iterations of the classic network against their matrix products alone, forward and two backward."""
    data = labelled.load(DataSpec(), 0)
    [spec] = train_specs(Varied(("he",)), data.features, len(data.classes))
    trainer, rng = Trainer(spec, data, 0), np.random.default_rng(0)
    widths = list(pairwise(spec.stack.widths))
    before, after = ([rng.standard_normal((spec.batch_size, pair[end]), dtype=np.float32) for pair in widths]
                     for end in (0, 1))
    weights = [rng.standard_normal(pair, dtype=np.float32) for pair in widths]

    def bare() -> None:
        for place, w in enumerate(weights):
            _ = before[place] @ w, before[place].T @ after[place], place and after[place] @ w.T

    return in_turn(lambda: [trainer.update(0) for _ in range(200)], lambda: [bare() for _ in range(200)])(rounds)


def arms(rounds: int) -> Figures:
    """Three arms trained together against one after the other."""
    request = DataSpec()
    data = labelled.load(request, 0)
    specs = train_specs(Varied(), data.features, len(data.classes), epochs=1)
    return in_turn(lambda: session.train(specs, data, request),
                   lambda: [session.train([spec], data, request) for spec in specs])(rounds)


TEXT, BARE, HOOKS, KINDS = "textbook script", "bare products", "torch with hooks", ("normal", "half-zero")
GOALS = (
    Goal("`actprof --help`", "`python -c pass`", 4.5, in_turn(actprof("--help"), python("-c", "pass")), rounds=50),
    Goal("default job, table on the screen", TEXT, 0.25,
         in_turn(actprof("histogram -q", until=b"total"), python("-c", TEXTBOOK)), rounds=10),
    Goal("default job with PNG", TEXT, 0.9, in_turn(actprof("histogram -q"), python("-c", TEXTBOOK)), rounds=10),
    Goal("default job with PNG", f"{HOOKS}, no figure", 0.35, torch(100, 5, 1000, ""), needs="torch"),
    Goal("process, 1024 × 20, 10⁴ rows", BARE, 1.1, whole(1024, 20, 10_000)),
    Goal("process, 512 × 20, 10⁴ rows", BARE, 1.25, whole(512, 20, 10_000)),
    Goal("process, 100 × 5, 10⁵ rows", BARE, 1.6, whole(100, 5, 100_000)),
    Goal("process with z and gradients, 1024 × 10", f"3 × {BARE}", 1.2, whole(
        1024, 10, 10_000, "--gradients --quantity preactivation", 3)),
    *(Goal(f"forward pass, width {width}", BARE, goal, passes(width, depth, samples), rounds=10)
      for width, depth, samples, goal in ((4096, 2, 2048, 1.12), (1024, 8, 4096, 1.12), (512, 10, 16384, 1.3),
                                          (100, 10, 50_000, 2.8))),
    Goal("forward and backward, width 1024", f"3 × {BARE}", 1.2, passes(1024, 8, 4096, back=True), rounds=10),
    *(Goal(f"process, {width} × {depth}, {samples:,} rows", HOOKS, goal, torch(width, depth, samples), needs="torch")
      for width, depth, samples, goal in ((1024, 50, 1000, 0.7), (512, 20, 1000, 0.45), (100, 5, 100_000, 0.2))),
    Goal("memory of 10⁶ rows", "of 10⁴ rows", 1.25,
         lambda rounds: [(peak("--batch-size 1000000"), peak("--batch-size 10000"))], "MB"),
    Goal("memory of 1024 × 50", "300 MB", 1, within(300, lambda: peak("--width 1024 --layers 50")), "MB", 1),
    *(Goal(f"histogram, {kind} values", "`np.histogram`", 0.25, kernels(kind == "half-zero")) for kind in KINDS),
    *(Goal(f"{name}, a {kind} value", f"{limit} ns", 1, nanoseconds(name, kind == "half-zero", limit), "ns")
      for name, limit in (("histogram", 1.4), ("all statistics", 2.5)) for kind in KINDS),
    Goal("200 training iterations", BARE, 1.5, iterations, rounds=10),
    Goal("three arms trained together", "one by one", 0.6, arms),
    Goal("`actprof gain --all`", "2 s", 1, within(2, lambda: seconds(actprof("gain --all --sigma-w 1.5")))),
    Goal("`actprof sweep`, 260 networks, all cores", "1 core", 0.7,
         in_turn(actprof("sweep -q --no-figure"), actprof("sweep -q --no-figure --workers 1"))),
    Goal("`actprof sweep` with PNG", "5 s", 1, within(5, lambda: seconds(actprof("sweep -q")))),
)
HEADER = ("what", "took", "against", "took", "ratio", "goal", "")


def record(goal: Goal, figures: Figures) -> dict[str, Any]:
    """The medians of ours, of the other and of their ratios; None where what it needs is not installed."""
    rounds = [(ours, other, ours / other) for ours, other in figures]
    ours, other, ratio = map(statistics.median, zip(*rounds, strict=True)) if rounds else (None, None, None)
    return {"what": goal.what, "figure": ours, "against": goal.against, "other": other, "unit": goal.unit,
            "ratio": ratio, "goal": goal.ratio, "met": None if ratio is None else ratio <= goal.ratio}


def row(found: dict[str, Any]) -> str:
    """A line of the table, in Markdown."""
    took, other = ("-" if found[name] is None else f"{found[name]:.3g} {found['unit']}" for name in ("figure", "other"))
    ratio, met = ("-", "") if found["ratio"] is None else (f"{found['ratio']:.2f}", "✓" if found["met"] else "✗")
    return line((found["what"], took, found["against"], other, ratio, f"{found['goal']:g}", met))


def line(cells: Sequence[str]) -> str:
    widths = (max(len(goal.what) for goal in GOALS), 8, max(len(goal.against) for goal in GOALS), 8, 5, 4, 1)
    return f"| {' | '.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure speed and memory against their goals.")
    parser.add_argument("words", nargs="*", help="only goals that say one of these words")
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds")
    parser.add_argument("--json", action="store_true", help="a list of objects instead of the table")
    asked = parser.parse_args()
    if not asked.json:
        print(line(HEADER), line(["---"] * len(HEADER)), sep="\n", flush=True)
    found = []
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        os.chdir(folder)
        for goal in GOALS:
            if not asked.words or any(word in goal.what for word in asked.words):
                installed = importlib.util.find_spec(goal.needs) is not None
                rounds = max(1, goal.rounds // 5) if asked.quick else goal.rounds
                found.append(record(goal, goal.measure(rounds) if installed else []))
                if not asked.json:
                    print(row(found[-1]), flush=True)
    if asked.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
