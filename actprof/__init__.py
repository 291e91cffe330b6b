"""actprof: what a weight initialiser and an activation do to the signal in a deep network.

In a notebook: `actprof.histogram(["xavier", "he"], layers=20)` shows it; `dir(actprof)` lists what else there is.
"""

import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from actprof.bounds.command import bounds
    from actprof.engine.network import weights
    from actprof.errors import ActprofError, ActprofWarning
    from actprof.gain.command import gain
    from actprof.histogram.command import histogram
    from actprof.sweep.command import sweep
    from actprof.sweep.phases.command import phases
    from actprof.train.command import train

__version__ = "0.1.0"
__all__ = ["ActprofError", "ActprofWarning", "bounds", "gain", "histogram", "phases", "sweep", "train", "weights"]

_HOMES = {"ActprofError": "errors", "ActprofWarning": "errors", "bounds": "bounds.command", "gain": "gain.command",
          "histogram": "histogram.command", "phases": "sweep.phases.command", "sweep": "sweep.command",
          "train": "train.command", "weights": "engine.network"}  # where each is found when it is first asked for


if not TYPE_CHECKING:  # a name that is not there is an error to type checkers too
    def __getattr__(name):
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        if name[0].islower():
            found = import_module(f"{__name__}.report.notebook").published(found)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return ["__version__", *__all__]


class _Package(ModuleType):
    """The package, in which a folder does not take the place of the function of its name when it is imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _HOMES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
