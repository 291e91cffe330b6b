"""The house: every folder has a rank, and imports lead from a higher rank to a lower one, proved from the source."""

import ast
import functools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import actprof

ROOT = Path(actprof.__file__).parent

RANKS = (
    {"__init__", "errors"},
    {"arrays", "streams", "machine"},
    {"registry", "digits", "workers"},
    {"catalogue", "data"},
    {"engine"},
    {"theory"},
    {"diagnosis", "report"},
    {"cli"},
    {path.parent.name for path in ROOT.glob("*/command.py")},
    {"program", "listing"},
    {"__main__"},
)
"""Folders and modules of the root, the lowest first; those of one rank do not know each other."""

RANK = {place: rank for rank, places in enumerate(RANKS) for place in places}
COMMANDS = RANKS[RANK["program"] - 1]
RENDERERS = ("table", "figure", "records")
SCREENS = {"rich", "matplotlib", "click", "PIL"}
LIGHT = set(sys.stdlib_module_names) | {"__future__"}


class Import(NamedTuple):
    """One imported module; `at_start` for one that importing the file brings, `typed` for type checkers alone."""

    target: str
    at_start: bool
    typed: bool


def modules() -> dict[str, Path]:
    """Dotted name below actprof → file; a package by its own name."""
    named = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        named[".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)] = path
    return named


MODULES = modules()


def place(module: str) -> str:
    """The folder of the root, or the module there, that a module is in."""
    return module.split(".")[0]


@functools.cache
def imports(module: str) -> list[Import]:
    return list(_imports(ast.parse(MODULES[module].read_text(encoding="utf-8")), True, False))


def _imports(node: ast.AST, at_start: bool, typed: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, at_start, typed) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            for alias in child.names:
                dotted = f"{child.module}.{alias.name}"
                known = dotted.removeprefix("actprof.") in MODULES
                yield Import(dotted if known else str(child.module), at_start, typed)
        else:
            for_types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from _imports(child, at_start and not later and not for_types, typed or for_types)


def ours(module: str) -> list[Import]:
    """Imports from the package, named as in MODULES."""
    return [Import(found.target.removeprefix("actprof").lstrip(".") or "__init__", *found[1:])
            for found in imports(module) if found.target.split(".")[0] == "actprof"]


def heavy(module: str, known: dict[str, bool]) -> bool:
    """Whether importing a module brings more than the standard library and Click."""
    if module not in known:
        known[module] = False
        brought = [found.target.split(".")[0] for found in imports(module) if found.at_start]
        known[module] = (not set(brought) <= LIGHT | {"actprof", "click"}
                         or any(heavy(found.target, known) for found in ours(module) if found.at_start))
    return known[module]


def test_every_place_has_one_rank() -> None:
    assert sorted(RANK) == sorted({place(module) for module in MODULES})
    assert sum(map(len, RANKS)) == len(RANK)


def test_imports_lead_downwards_only() -> None:
    """But for the package itself, whose functions a type checker finds in the rooms."""
    upwards = [f"{module} → {found.target}" for module in MODULES for found in ours(module)
               if not (module == "__init__" and found.typed)
               and place(found.target) != place(module) and RANK[place(found.target)] >= RANK[place(module)]]
    assert upwards == []


def test_no_module_imports_itself_in_a_circle() -> None:
    """But for a result, which imports late what draws it."""
    left = {module: {found.target for found in ours(module) if not found.typed
                     and (found.at_start or not module.endswith(".result"))} - {module} for module in MODULES}
    while free := [module for module, names in left.items() if not names & left.keys()]:
        for module in free:
            del left[module]
    assert left == {}


def test_what_renders_imports_of_its_own_room_only_the_result_and_what_renders() -> None:
    wrong = []
    for module in MODULES:
        *folder, name = module.split(".")
        if place(module) in COMMANDS and name.startswith(RENDERERS):
            room = ".".join(folder)
            own = {found.target for found in ours(module) if found.target.startswith(f"{room}.")}
            wrong += [f"{module} → {target}" for target in own if computes(target)]
    assert wrong == []


def computes(module: str) -> bool:
    """Whether importing a module, or running it, needs the engine's network or the theory's maps."""
    return any(found.target.startswith(("engine.network", "engine.measure", "theory.stack")) for found in ours(module))


def test_the_command_line_starts_with_click_alone() -> None:
    known: dict[str, bool] = {}
    commands = [f"{room}.command" for room in COMMANDS]
    assert [module for module in ("__main__", "program", "listing", *commands) if heavy(module, known)] == []


def test_only_what_is_shown_knows_a_screen() -> None:
    below = [module for module in MODULES if RANK[place(module)] < RANK["report"]]
    assert [module for module in below for found in imports(module) if found.target.split(".")[0] in SCREENS] == []


def test_pyplot_is_imported_nowhere() -> None:
    assert [module for module in MODULES for found in imports(module) if "pyplot" in found.target] == []


def test_no_module_is_named_like_one_of_the_standard_library() -> None:
    names = {part for module in MODULES for part in module.split(".")} - {"__init__", "__main__"}
    assert names & set(sys.stdlib_module_names) == set()
