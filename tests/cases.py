"""Cases that take a millisecond each, in one test a law: pytest spends more on a test than on such a case."""

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest


def for_each(names: str | tuple[str, ...], cases: Iterable[Any]) -> Callable[[Callable[..., None]], Any]:
    """As pytest.mark.parametrize, but one test goes through all cases, and then names those that fail.

    What a fixture gives is shared by the cases: a test that needs a folder of its own for each is to be parametrised.
    So is one that may skip: here a case that does fails, for it would take those that follow along.
    """
    names = (names,) if isinstance(names, str) else names
    every = list(cases)
    assert every, "no case"

    def of(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def law(**given: Any) -> None:
            failed: dict[str, BaseException] = {}
            for number, case in enumerate(every):
                values = dict(zip(names, (case,) if len(names) == 1 else case, strict=True))
                try:
                    test(**given, **values)
                except (Exception, pytest.fail.Exception, pytest.skip.Exception) as error:
                    failed[f"{number}: " + ", ".join(f"{name}={value!r:.80}" for name, value in values.items())] = error
            if failed:
                first = next(iter(failed.values()))
                told = "\n".join(f"  {case}: {' '.join(str(error).split()):.200}" for case, error in failed.items())
                raise AssertionError(f"{len(failed)} of {len(every)} cases fail:\n{told}") from first

        signature = inspect.signature(test)
        vars(law)["__signature__"] = signature.replace(
            parameters=[each for name, each in signature.parameters.items() if name not in names])
        return law

    return of
