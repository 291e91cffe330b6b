"""The configuration in words: what all arms share for the subtitle, what is an arm's own for its heading."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, Protocol

from actprof import __version__
from actprof.digits import compact, grouped, typed

Config = Mapping[str, Any]
RANGES = {"shared": "one range for all", "layer": "each layer its own range"}


class Configured(Protocol):
    """An arm of anything."""

    @property
    def label(self) -> str: ...
    @property
    def config(self) -> Config: ...


class Compared(Protocol):
    """Arms side by side."""

    @property
    def seed(self) -> int: ...
    @property
    def arms(self) -> Sequence[Configured]: ...


def _runs(items: list[Any], joint: str) -> str:
    """Equal neighbours once, with their number: `784 → 5 × 100`."""
    runs = ((item, len(list(same))) for item, same in groupby(items))
    return joint.join(f"{count} × {item}" if count > 1 else str(item) for item, count in runs)


def _named(kind: str) -> Callable[[Config], str]:
    """`init he_normal (gain 1.414, mode fan_in): N(0, 2/n)`."""

    def words(config: Config) -> str:
        name = _runs(config[kind].split("/"), " / ") if kind in ("act", "init") else config[kind]
        parameters, formula = _parameters(config.get(f"{kind}_parameters")), config.get(f"{kind}_formula")
        return f"{kind} {name}" + (f" ({parameters})" if parameters else "") + (f": {formula}" if formula else "")

    return words


def _parameters(given: Any) -> str:
    if isinstance(given, Mapping):
        return ", ".join(f"{name} {compact(value, 4) if isinstance(value, float) else value}"
                         for name, value in given.items())
    if isinstance(given, (list, tuple)):
        return _runs([_parameters(item) or "–" for item in given], " / ") if any(given) else ""
    return str(given or "")


def _norm(config: Config) -> str:
    if config["norm"] == "none":
        return "norm none"
    return _named("norm")(config) + (f" {config['norm_position']} the activation" if "norm_position" in config else "")


def _samples(config: Config) -> str:
    samples, batches = config["samples"], config.get("batches", 1)
    cut = f" in {grouped(batches)} batches" if batches != 1 else ""
    return f"{grouped(samples)} sample{'s' if samples != 1 else ''}{cut}"


def _range(config: Config) -> str:
    asked = config["range"]
    if isinstance(asked, str):
        return RANGES.get(asked, f"range {asked}")
    return f"range {typed(asked[0])} to {typed(asked[1])}"


def _duration(config: Config) -> str:
    epochs = config.get("epochs")
    counted = "" if epochs is None else f"{grouped(epochs)} epoch{'s' * (epochs != 1)} = "
    return f"{counted}{grouped(config['iterations'])} iteration{'s' * (config['iterations'] != 1)}"


_WORDS: dict[str, Callable[[Config], str]] = {
    "init": _named("init"),
    "act": _named("act"),
    "widths": lambda c: f"widths {c['widths'][0]} → {_runs(list(c['widths'])[1:], ' → ')}",
    "bias": _named("bias"),
    "norm": _norm,
    "residual": lambda c: "" if c["residual"] == "none" else _named("residual")(c),
    "input": _named("input"),
    "scale": lambda c: f"scale {c['scale']}",
    "samples": _samples,
    "dropout": lambda c: f"dropout {typed(c['dropout'])}" if c["dropout"] else "",
    "tied": lambda c: "one matrix for all layers" if c["tied"] else "",
    "loss": _named("loss"),
    "optimizer": _named("optimizer"),
    "rate": lambda c: f"lr {typed(c['rate'])}",
    "schedule": _named("schedule"),
    "weight_decay": lambda c: f"weight decay {typed(c['weight_decay'])}" if c["weight_decay"] else "",
    "batch_size": lambda c: "" if "samples" in c else f"batches of {grouped(c['batch_size'])}",
    "iterations": _duration,
    "train_size": lambda c: f"the first {grouped(c['train_size'])} training rows",
    "validation_split": lambda c: f"last {100 * c['validation_split']:g} % held back",
    "shuffle": lambda c: "rows shuffled first" if c["shuffle"] else "",
    "repeats": lambda c: f"{c['repeats']} network{'s' * (c['repeats'] != 1)}",
    "dtype": lambda c: str(c["dtype"]),
    "bins": lambda c: f"{c['bins']} bins",
    "range": _range,
}
_WITHIN_OTHERS = (*(f"{kind}_{part}" for kind in ("init", "act", "bias", "norm", "residual", "input", "loss",
                                                  "optimizer", "schedule") for part in ("formula", "parameters")),
                  "norm_position", "batches", "epochs", "data", "seed", "label")


def words(config: Config) -> list[str]:
    """Every setting as a few words, in the order of the table; settings it does not know come last."""
    known = [say(config) for key, say in _WORDS.items() if config.get(key) is not None]
    return [word for word in known if word] + [f"{key.replace('_', ' ')} {value}" for key, value in config.items()
                    if key not in _WORDS and key not in _WITHIN_OTHERS and value is not None]


def shared_words(comparison: Compared) -> list[str]:
    """The settings that all arms have in common, and the seed."""
    first, *others = [words(arm.config) for arm in comparison.arms] or [[]]
    return [word for word in first if all(word in other for other in others)] + [f"seed {comparison.seed}"]


def own_words(arm: Configured, comparison: Compared) -> list[str]:
    """The settings in which an arm differs from another."""
    shared = shared_words(comparison)
    return [word for word in words(arm.config) if word not in shared]


def of_arms(comparison: Compared) -> list[dict[str, Any]]:
    """Every setting of every arm."""
    return [{"label": arm.label, "config": dict(arm.config)} for arm in comparison.arms]


def provenance(title: str, seed: int | None, configuration: Any) -> dict[str, str]:
    """What a file should know about itself; the seed is None where nothing is drawn at random."""
    return {"Title": title, "Creator": f"actprof {__version__}", **({} if seed is None else {"Seed": str(seed)}),
            "Configuration": json.dumps(configuration, ensure_ascii=True, default=str)}
