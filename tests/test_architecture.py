"""The layers of the house: imports point down only, proved from the source."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import actprof

ROOT = Path(actprof.__file__).parent

FOUNDATION = {"__init__", "errors", "registry", "spec"}
DATA = {"distributions", "gain_tables", "gradients", "learning_curves", "phase_diagrams", "predictions", "profiles",
        "sweep_maps", "verdicts", "weight_scales"}
ENGINE = {
    "activations", "backpropagation", "bins", "bounds", "buffers", "candidates", "causes", "configuration", "counting",
    "datasets", "diagnosis", "draws", "engine", "evidence", "fan_ins", "fans", "forecast", "gain_curves", "gains",
    "gradient_scales", "initializers", "inputs", "jacobian", "lsuv", "matrices", "memory", "network", "normalizations",
    "parallel", "parameters", "phases", "pilot", "processes", "propagation", "remarks", "remedies", "resources",
    "round_trip", "schemes", "special", "stacks", "streams", "sweeps", "tape", "theory", "training", "unit_rules",
    "weight_gradients",
}
RENDER = {"render"}
CLI = {"cli", "__main__"}

MAY_IMPORT = {
    "foundation": FOUNDATION,
    "data": FOUNDATION | DATA,
    "engine": FOUNDATION | DATA | ENGINE,
    "render": FOUNDATION | DATA | RENDER,
    "cli": FOUNDATION | DATA | ENGINE | RENDER | CLI,
}
PLACES = {"foundation": FOUNDATION, "data": DATA, "engine": ENGINE, "render": RENDER, "cli": CLI}


class Import(NamedTuple):
    """One imported module; `at_start` for one that importing the file itself brings."""

    target: str
    at_start: bool


def modules() -> dict[str, Path]:
    """Dotted name below actprof → file; a package by its own name."""
    named = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        named[".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)] = path
    return named


MODULES = modules()


def layer_of(module: str) -> str:
    top = module.split(".")[0]
    return next(layer for layer, members in PLACES.items() if top in members)


def imports(module: str) -> list[Import]:
    """Every import of a module but those for type checkers alone."""
    return list(_imports(ast.parse(MODULES[module].read_text(encoding="utf-8")), True))


def _imports(node: ast.AST, at_start: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, at_start) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            for alias in child.names:
                dotted = f"{child.module}.{alias.name}"
                yield Import(dotted if dotted.removeprefix("actprof.") in MODULES else str(child.module), at_start)
        else:
            yield from _imports(child, at_start and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef))


def ours(module: str) -> list[Import]:
    """Imports from the package, named as in MODULES."""
    return [Import(name.removeprefix("actprof").lstrip(".") or "__init__", start)
            for name, start in imports(module) if name.split(".")[0] == "actprof"]


def test_every_module_is_placed_in_exactly_one_layer() -> None:
    tops = {module.split(".")[0] for module in MODULES}
    placed = [name for members in PLACES.values() for name in members]
    assert sorted(placed) == sorted(tops), "place a new module in FOUNDATION, DATA, ENGINE, RENDER or CLI"


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down_only(module: str) -> None:
    allowed = MAY_IMPORT[layer_of(module)]
    assert [name for name, _ in ours(module) if name.split(".")[0] not in allowed] == []


def test_the_foundation_and_the_command_line_start_without_anything_heavy() -> None:
    light = set(sys.stdlib_module_names) | {"__future__"}
    for module in MODULES:
        layer = layer_of(module)
        if layer == "foundation":
            assert {name.split(".")[0] for name, _ in imports(module)} <= light | {"actprof"}, module
        if layer == "cli":
            start = [name for name, at_start in imports(module) if at_start]
            assert {name.split(".")[0] for name in start} <= light | {"click", "actprof"}, module
            heavy = [name for name, at_start in ours(module)
                     if at_start and layer_of(name) not in ("foundation", "cli")]
            assert heavy == [], module


def test_the_foundation_is_in_order() -> None:
    order = ["__init__", "errors", "registry", "spec"]
    for place, module in enumerate(order):
        assert {name for name, _ in ours(module)} <= set(order[:place]), module


def test_no_module_imports_itself_in_a_circle() -> None:
    needs = {module: {name for name, _ in ours(module)} - {module} for module in MODULES}
    left = dict(needs)
    while free := [module for module, names in left.items() if not names & left.keys()]:
        for module in free:
            del left[module]
    assert left == {}


def test_pyplot_is_imported_nowhere() -> None:
    for module in MODULES:
        assert not any("pyplot" in name for name, _ in imports(module)), module


def test_only_render_knows_rich_and_matplotlib() -> None:
    for module in MODULES:
        if layer_of(module) in ("foundation", "data", "engine"):
            screens = {"rich", "matplotlib", "click", "PIL"}
            assert {name.split(".")[0] for name, _ in imports(module)} & screens == set(), module


def test_no_module_is_named_like_one_of_the_standard_library() -> None:
    names = {part for module in MODULES for part in module.split(".")} - {"__init__", "__main__"}
    assert names & set(sys.stdlib_module_names) == set()
