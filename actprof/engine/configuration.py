"""A spec as the plain values that a result carries: every resolved setting by its canonical name, with formulas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actprof.catalogue import activations, initializers
from actprof.catalogue.weights import Fans
from actprof.data.request import MISSING, RowsSpec
from actprof.digits import typed
from actprof.engine.inputs import Inputs
from actprof.engine.spec import RunSpec, StackSpec
from actprof.registry import Choice


def of_stack(stack: StackSpec) -> dict[str, Any]:
    """The settings of a network."""
    formulas = (_formula(init, act) for init, act in zip(stack.inits, stack.activations, strict=True))
    return {
        **_of_layers("init", stack.inits),
        "init_formula": "; ".join(dict.fromkeys(formulas)),
        **_of_layers("act", stack.activations),
        "act_formula": "; ".join(activations.bind(choice).formula for choice in dict.fromkeys(stack.activations)),
        "widths": list(stack.widths),
        **of_choice("bias", stack.bias),
        **of_choice("norm", stack.norm),
        "norm_position": stack.norm_position,
        **({"dropout": stack.dropout} if stack.dropout else {}),
        **of_choice("residual", stack.residual),
        **({"tied": True} if stack.tied else {}),
    }


def of_arm(stack: StackSpec, run: RunSpec, inputs: Inputs) -> dict[str, Any]:
    """The settings of a network and of the run that sends inputs through it."""
    source = run.input.source
    return {
        **of_stack(stack),
        **(of_choice("input", source) | {"input_key": None, "label_column": None} if source else
           of_rows(run.input.rows)),
        "scale": "none" if source else run.input.scale,
        "samples": sum(inputs.batch_rows(batch) for batch in range(inputs.batches)),
        "batch_size": run.batch_size,
        "batches": inputs.batches,
        "repeats": run.repeats,
        "seed": run.seed,
        "dtype": run.dtype,
        "bins": run.bins,
        "range": run.range if isinstance(run.range, str) else list(run.range),
    }


def of_rows(rows: RowsSpec | None) -> dict[str, Any]:
    """The source of the rows and how they are read; None for what is not asked for."""
    assert rows is not None
    named = of_choice("input", rows.data) if rows.data else {"input": rows.path, "input_parameters": {}}
    return named | {"input_key": rows.input_key, "label_column": rows.label_column, "drop": rows.drop or None,
                    "missing": None if rows.missing == MISSING[0] else rows.missing}


def _formula(choice: Choice, act: Choice) -> str:
    """The initialiser's; where that depends on the activation, with the gain that it has there."""
    init = initializers.bind(choice)
    return f"N(0, {typed(init.std(Fans(1, 1, activation=act)) ** 2)}/n)" if init.row.activation else init.formula


def _of_layers(kind: str, choices: Sequence[Choice]) -> dict[str, Any]:
    """Named things of the layers and their parameters; one alone where all are the same."""
    if len(set(choices)) == 1:
        return of_choice(kind, choices[0])
    return {kind: "/".join(choice.name for choice in choices),
            f"{kind}_parameters": [choice.values for choice in choices]}


def of_choice(kind: str, choice: Choice) -> dict[str, Any]:
    """A named thing and its parameters."""
    return {kind: choice.name, f"{kind}_parameters": choice.values}
