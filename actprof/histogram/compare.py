"""Networks profiled beside each other, with what theory says of each on the inputs that they got."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from actprof.data.request import reading
from actprof.diagnosis import remarks, rules
from actprof.diagnosis.remedies import Trials, same
from actprof.diagnosis.verdicts import Verdict
from actprof.engine import inputs as sources
from actprof.engine import memory
from actprof.engine.inputs import InputMoments, Inputs, input_moments
from actprof.engine.measure import cost, measured
from actprof.engine.profiles import Arm, LayerSummary
from actprof.engine.spec import QUANTITIES, RunSpec, StackSpec
from actprof.engine.stacks import stack_arms
from actprof.histogram.result import Comparison, JudgedArm
from actprof.machine import Progress, portions
from actprof.theory.masses import LazyMasses
from actprof.theory.predictions import Forecast
from actprof.theory.stack import predict

if TYPE_CHECKING:
    from concurrent.futures import Executor

THEORY_WORK, TRIALS_WORK = 3e8, 3e9
"""Roughly the cost of what theory says of an arm, and of the trials of its remedies, in multiplications."""

EXPLAINED_BY_Z = {"saturated", "dying", "non_finite"}
"""Codes of verdicts whose causes are pre-activations."""


def profiled(init: Sequence[str], act: Sequence[str], *, input: Any, gradients: bool | None, preactivations: bool,
             try_: bool, scheduler: str, progress: Progress, **settings: Any) -> Comparison:
    """The comparison that the values of `histogram`'s options ask for.

    Raises SpecError and DataError for what cannot be, and as `measured` and `cluster` do.
    """
    read = reading(settings)
    run_settings = {name: settings.pop(name) for name in RunSpec.__dataclass_fields__ if name in settings}
    counted = QUANTITIES if preactivations else QUANTITIES[:1]
    run = RunSpec(sources.parse(input, **read), quantities=counted, gradients=bool(gradients), **run_settings)
    stored = sources.stored_inputs(run, input)
    stacks = stack_arms(init, act, features=stored.features if stored else None, **settings)
    rows = stored or sources.open_inputs(run, stacks[0].widths[0])
    run, notes = _with_gradients(run, stacks, rows, unasked=gradients is None)
    steps = portions(progress, [1, 1] if try_ else [1])
    with _makers(scheduler) as executor:
        comparison = compare(stacks, run, rows, next(steps), executor)
        remedied = remedied_stacks(comparison, stacks) if try_ else []
        fitting = [stack for stack in remedied if stack.widths[0] == rows.features]
        if fitting:
            comparison = compare([*stacks, *fitting], run, rows, next(steps), executor)
    if len(fitting) < len(remedied):
        notes = (*notes, "--try leaves out remedies for other inputs; the command lines above run them")
    return replace(comparison, notes=(*rows.notes, *notes))


def _makers(scheduler: str) -> AbstractContextManager[Executor | None]:
    """Who makes the networks: the workers of a cluster or, without one, this process."""
    if not scheduler:
        return nullcontext()
    from actprof.workers import cluster  # whose imports take their time

    return cluster(scheduler)


def _with_gradients(run: RunSpec, stacks: Sequence[StackSpec], rows: Inputs,
                    unasked: bool) -> tuple[RunSpec, tuple[str, ...]]:
    """The run, with gradients where they cost little though nobody asked, and a remark where they never will."""
    if run.gradients or not unasked:
        return run, ()
    if memory.any_too_large(stacks, run):
        return run, (memory.too_large_for_gradients(),)
    few = memory.gradient_rows(stacks, run, rows)
    notes = () if few is None else (f"gradients are of the first {few:,} rows alone; --gradients sends all back",)
    return replace(run, gradients=True, gradient_rows=few), notes


def forecast(stack: StackSpec, moments: InputMoments, rows: int, layers: Sequence[LayerSummary]) -> Forecast:
    """The prediction for a stack that sees batches of so many rows, over the bins in which its layers were counted."""
    theory = predict(stack, moments.second_moment, moments.correlation, rows, moments.unevenness,
                     normal=moments.normal)
    edges = [summary.activation.histogram.edges for summary in layers]
    return Forecast(moments, theory, LazyMasses(stack, theory.layers, edges))


def compare(stacks: Sequence[StackSpec], run: RunSpec, inputs: Inputs,
            progress: Progress = lambda share: None, executor: Executor | None = None) -> Comparison:
    """Profile each stack on the same inputs and the same underlying draws, beside theory, and judge it.

    Raises as `measured` does.
    """
    measuring = sum(cost(stack, run, inputs) for stack in stacks)
    judging = (THEORY_WORK + TRIALS_WORK) * len(stacks)
    first, *foretold, rest = portions(progress, [measuring, *[THEORY_WORK for _ in stacks], TRIALS_WORK * len(stacks)])
    arms = measured(stacks, run, inputs, first, executor)
    moments = input_moments(inputs)
    with np.errstate(all="ignore"):
        told = []
        for stack, arm, step in zip(stacks, arms, foretold, strict=True):
            told.append(forecast(stack, moments, inputs.batch_rows(0), arm.layers))
            step(1.0)
        verdicts = [rules.verdict(arm, stack, each.theory, moments)
                    for stack, arm, each in zip(stacks, arms, told, strict=True)]
        if run.quantities != QUANTITIES and any(map(_asks_for_preactivations, arms, verdicts)):
            _, again = portions(progress, [measuring, measuring + judging])
            return compare(stacks, replace(run, quantities=QUANTITIES), inputs, again, executor)
        steps = portions(rest, [THEORY_WORK if verdict.good else TRIALS_WORK for verdict in verdicts])
        judged = []
        for stack, arm, each, step in zip(stacks, arms, told, steps, strict=True):
            verdict = rules.verdict(arm, stack, each.theory, moments, Trials(run, inputs, rules.judge, step))
            judged.append(JudgedArm.of(arm, stack, each, verdict))
            step(1.0)
        return Comparison(run.seed, tuple(judged), remarks.warnings(judged))


def _asks_for_preactivations(arm: Arm, verdict: Verdict) -> bool:
    """Whether a verdict has its cause in z: it is the same whatever was asked to be shown."""
    return verdict.code in EXPLAINED_BY_Z or not all(math.isfinite(layer.least_z) for layer in arm.layers)


def remedied_stacks(comparison: Comparison, stacks: Sequence[StackSpec]) -> list[StackSpec]:
    """What the remedies ask for, each once, named by how it differs; not what is among the stacks already."""
    found: list[StackSpec] = []
    for arm in comparison.arms:
        cure = arm.verdict.remedied if arm.verdict else None
        if arm.verdict is None or cure is None or any(same(cure, other) for other in (*stacks, *found)):
            continue
        options = arm.verdict.options.split()
        more = dict(zip(options[::2], options[1::2], strict=True)).keys() - {"--init", "--act"}
        label = f"{cure.options['--init']} / {cure.options['--act']}"
        found.append(replace(cure, label=f"{arm.label} + {arm.verdict.options}" if more else label))
    return found
