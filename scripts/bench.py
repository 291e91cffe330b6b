"""Speed and memory of actprof against its goals: every figure a ratio of two things measured in turn in this run.

    python scripts/bench.py            everything (a few minutes)
    python scripts/bench.py start kernels forward backward memory torch training grids

A ratio is the median over rounds of A/B, so that a machine whose speed drifts does not spoil it.
"""

from __future__ import annotations

from actprof.machine import one_blas_thread

one_blas_thread()

import importlib.util
import os

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

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
from actprof.train.request import Varied, train_specs
from actprof.train.trainer import Trainer

ROUNDS = 7

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


class Fixed(Inputs):
    """The same rows again and again: drawing them is not part of the measurement."""

    def __init__(self, rows: Any) -> None:
        self._rows, self.features, self.batches = rows, rows.shape[1], 1

    def batch_rows(self, batch: int) -> int:
        return len(self._rows)

    def rows(self, batch: int, start: int, stop: int) -> Any:
        return self._rows[start:stop]


def report(what: str, ratio: float, goal: float, note: str = "") -> None:
    print(f"{'ok  ' if ratio <= goal else 'MISS'} {what:58s} {ratio:7.2f}  goal <= {goal:g}  {note}", flush=True)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def paired(first: Callable[[], object], second: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
    """Median ratio of the times of two things done in turn, and the median time of the first."""
    first(), second()
    times = [(seconds(first), seconds(second)) for _ in range(rounds)]
    return statistics.median(a / b for a, b in times), statistics.median(a for a, _ in times)


def process(*arguments: str, until: bytes = b"") -> Callable[[], object]:
    """A whole Python process, or its time until a line of its output contains `until`."""

    def run() -> None:
        with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
            assert child.stdout is not None
            if until:
                for line in child.stdout:
                    if until in line:
                        child.kill()
                        break
            child.stdout.read()

    return run


def start() -> None:
    job = ("-m", "actprof", "histogram", "-q")
    ratio, took = paired(process("-m", "actprof", "--help"), process("-c", "pass"), 15)
    report("actprof --help : python -c pass", ratio, 5, f"{took:.3f} s")
    textbook = process("-c", TEXTBOOK)
    ratio, took = paired(process(*job, until=b"total"), textbook)
    report("table on the screen : textbook script", ratio, 0.35, f"{took:.2f} s")
    ratio, took = paired(process(*job), textbook)
    report("table and PNG : textbook script", ratio, 0.90, f"{took:.2f} s")


def kernels() -> None:
    rng, f32 = np.random.default_rng(0), np.dtype(np.float32)
    for name in ("normal", "half zero"):
        block = rng.standard_normal((block_rows(512, 4), 512), dtype=np.float32)
        block = np.maximum(block, 0) if name == "half zero" else block
        low, high = float(block.min()), float(block.max())
        bins, scratch = lay([Extent(low, high)], 64, f32, True), Scratch()
        ratio, took = paired(lambda: [count_bins(block, low, high, bins, scratch) for _ in range(20)],
                             lambda: [np.histogram(block, 64, (low, high)) for _ in range(20)])
        report(f"histogram, 64 bins, {name} : np.histogram", ratio, 0.25)
        report(f"histogram, 64 bins, {name}, ns a value", took / 20 / block.size * 1e9, 1.4)
        counter = Counter(512, lay([Extent(low, high)], 30, f32, True), scratch, True, (0.0,), True)
        took = paired(lambda: [counter.add(block) for _ in range(20)], lambda: None)[1]
        report(f"all statistics, {name}, ns a value", took / 20 / block.size * 1e9, 2.5)


def forward() -> None:
    for width, depth, rows, goal in ((4096, 2, 4096, 1.12), (1024, 8, 8192, 1.12), (512, 10, 16384, 1.30),
                                     (100, 10, 50000, 2.8)):
        spec = stack_specs(layers=depth, width=width)[0]
        run = RunSpec(batch_size=rows, quantities=("activation",))
        inputs = Fixed(open_inputs(run, width).rows(0, 0, rows))
        network = Network(spec, 0, 0, np.dtype(np.float32))
        layers, chunks = network.keep(cores()), measure._chunks(network, inputs)
        bins = lay_bins([network], inputs, run)[0]

        with np.errstate(all="ignore"):
            ratio, took = paired(lambda: measure.profile(network, inputs, bins),
                                 lambda: chain(layers, inputs, chunks))
        report(f"statistics-complete forward : bare products, width {width}", ratio, goal, f"{took:.2f} s")


def chain(layers: Any, inputs: Inputs, chunks: Any) -> None:
    """The bare matrix products of a forward pass, on all cores."""

    def through(chunk: Any) -> None:
        rows = inputs.rows(0, chunk.start, chunk.stop)
        buffers = np.empty((2, len(rows), inputs.features), np.float32)
        for layer in layers:
            rows = np.matmul(rows, layer.weights, out=buffers[layer.number % 2])

    list(ordered_map(through, chunks, cores()))


def backward() -> None:
    width, depth, rows = 1024, 8, 8192
    run = RunSpec(batch_size=rows, quantities=("activation",), gradients=True)
    inputs = Fixed(open_inputs(run, width).rows(0, 0, rows))
    network = Network(stack_specs(layers=depth, width=width)[0], 0, 0, np.dtype(np.float32))
    layers, chunks = network.keep(cores()), measure._chunks(network, inputs)
    with np.errstate(all="ignore"):
        bins, scales = lay_bins([network], inputs, run)[0], lay_gradient_scales([network], inputs, run)[0]
        ratio, took = paired(lambda: measure.profile(network, inputs, bins, scales=scales),
                             lambda: [chain(layers, inputs, chunks) for _ in range(3)])
    report(f"statistics-complete forward and backward : 3 × bare products, width {width}", ratio, 1.20, f"{took:.2f} s")


def memory() -> None:
    def peak(*arguments: str) -> float:
        """Largest resident set of the process, in MB; rusage would count that of this process before the exec, too."""
        code = ("import sys; from actprof.program import cli; cli.main(sys.argv[1:], standalone_mode=False); "
                "lines = open('/proc/self/status').read().split('VmHWM:'); "
                "print(lines[1].split()[0], file=sys.stderr)")
        done = subprocess.run([sys.executable, "-c", code, "histogram", "-q", "--no-figure", *arguments],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
        return int(done.stderr) / 1024

    report("memory, 10^6 : 10^4 samples", peak("--batch-size", "1000000") / peak("--batch-size", "10000"), 1.25)
    report("memory of 1024 × 50 layers, MB", peak("--width", "1024", "--layers", "50"), 300)


def torch() -> None:
    if importlib.util.find_spec("torch") is None:
        print("torch is not installed: left out")
        return
    for width, depth, samples, goal in ((1024, 50, 1000, 0.70), (512, 20, 1000, 0.45), (100, 5, 100_000, 0.20)):
        ours = process("-m", "actprof", "histogram", "-q", "--no-figure", "--width", str(width), "--layers", str(depth),
                       "--batches", str(samples // 1000))
        ratio, took = paired(ours, process("-c", TORCH, str(width), str(depth), str(samples)), 5)
        report(f"whole process : torch with hooks, {width} × {depth}, {samples} samples", ratio, goal, f"{took:.2f} s")
    ratio, took = paired(process("-m", "actprof", "histogram", "-q"), process("-c", TORCH, "100", "5", "1000"), 5)
    report("default job with PNG : torch with hooks, no figure", ratio, 0.35, f"{took:.2f} s")


def training() -> None:
    """An iteration of the classic network against its matrix products alone, forward and two backward."""
    data = labelled.load(DataSpec(), 0)
    [spec] = train_specs(Varied(("he",)), data.features, len(data.classes))
    trainer = Trainer(spec, data, 0)
    rng = np.random.default_rng(0)
    widths = list(pairwise(spec.stack.widths))
    before, after = ([rng.standard_normal((spec.batch_size, pair[end]), dtype=np.float32) for pair in widths]
                     for end in (0, 1))
    weights = [rng.standard_normal(pair, dtype=np.float32) for pair in widths]
    products = [np.empty_like(each) for each in (*after, *weights, *before)]

    def bare() -> None:
        for place, w in enumerate(weights):
            np.matmul(before[place], w, out=products[place])
            np.matmul(before[place].T, after[place], out=products[len(widths) + place])
            if place:
                np.matmul(after[place], w.T, out=products[2 * len(widths) + place])

    def iteration() -> None:
        trainer.update(0)

    ratio, each = paired(lambda: [iteration() for _ in range(200)], lambda: [bare() for _ in range(200)])
    report("training iteration : bare products, 784-100×4-10", ratio, 1.5, f"{each / 200 * 1e6:.0f} µs")


def grids() -> None:
    """The catalogue's gains against the two seconds they may take; a sweep by all cores against one."""
    for options in ((), ("--sigma-w", "1.5"), ("--sigma-b", "0.2")):
        took = statistics.median(seconds(process("-m", "actprof", "gain", "--all", *options)) for _ in range(3))
        report(f"gain --all {' '.join(options)} : two seconds", took / 2, 1, f"{took:.2f} s")
    sweep = ("-m", "actprof", "sweep", "-q", "--no-figure", "--quantity", "verdict")
    ratio, took = paired(process(*sweep), process(*sweep, "--workers", "1"), 3)
    report(f"sweep with verdicts, {cores()} cores : 1 core", ratio, 0.7, f"{took:.2f} s")
    took = statistics.median(seconds(process("-m", "actprof", "sweep", "-q")) for _ in range(3))
    report("sweep with PNG, 260 networks : five seconds", took / 5, 1, f"{took:.2f} s")


PARTS = {part.__name__: part for part in (start, kernels, forward, backward, memory, torch, training, grids)}

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name in sys.argv[1:] or PARTS:
            PARTS[name]()
