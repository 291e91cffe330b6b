"""From names to the schemes of `bounds`, and what else a scheme's name means in the field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actprof import initializers
from actprof.errors import SpecError, shown
from actprof.initializers import INITIALIZERS
from actprof.registry import Choice


@dataclass(frozen=True)
class Namesake:
    """Another thing that goes by the name: how it is called here, and who calls it so."""

    scheme: str
    who: str


PAPER, TEXTBOOKS = "the paper", "textbooks"
XAVIER = (
    Namesake("glorot_normal", "the paper's variance, PyTorch's xavier_normal_"),
    Namesake("lecun_normal", TEXTBOOKS),
    Namesake("glorot_uniform", "the paper's eq. 16, Keras, PyTorch's xavier_uniform_"),
    Namesake("fan_in_uniform", "blogs, the paper's eq. 1"),
)
GLOROT_NORMAL = Namesake("glorot_normal", "PyTorch"), Namesake("glorot_truncated", "Keras and JAX")
GLOROT_UNIFORM = Namesake("glorot_uniform", "the paper's eq. 16"), Namesake("fan_in_uniform", "blogs")
HE = (
    Namesake("he_normal", PAPER),
    Namesake("he_truncated", "Keras's and JAX's he_normal"),
    Namesake("he_uniform", "Keras's he_uniform, PyTorch's kaiming_uniform_"),
    Namesake("torch.linear", "nn.Linear: kaiming_uniform_ with a = √5"),
)
HE_NORMAL = Namesake("he_normal", "PyTorch"), Namesake("he_truncated", "Keras and JAX")
HE_UNIFORM = Namesake("he_uniform", PAPER), Namesake("torch.linear", "nn.Linear: kaiming_uniform_ with a = √5")
LECUN = (
    Namesake("lecun_normal", f"{PAPER}, {TEXTBOOKS}"),
    Namesake("lecun_truncated", "Keras and JAX"),
    Namesake("lecun_uniform", "Keras's lecun_uniform"),
)
TRUNCATED = (
    Namesake("truncated_normal", "Keras and JAX"),
    Namesake("torch.trunc_normal", "PyTorch"),
    Namesake("lecun_truncated", "Keras's and JAX's variance scaling"),
)
NAMESAKES: dict[str, tuple[Namesake, ...]] = {
    **dict.fromkeys(("xavier", "glorot"), XAVIER),
    **dict.fromkeys(("xavier_normal", "glorot_normal"), GLOROT_NORMAL),
    **dict.fromkeys(("xavier_uniform", "glorot_uniform"), GLOROT_UNIFORM),
    **dict.fromkeys(("he", "kaiming"), HE),
    **dict.fromkeys(("he_normal", "kaiming_normal"), HE_NORMAL),
    "kaiming_uniform": HE_UNIFORM,
    **dict.fromkeys(("lecun", "lecun_normal"), LECUN),
    "truncated_normal": TRUNCATED,
}
"""A name with several meanings → all of them; a framework's own name (`keras.he_normal`) has only one."""


def schemes(names: Sequence[str], gain: float | None = None) -> tuple[Choice, ...]:
    """The initialisers of these names, with the gain in place of their own where one is given. Raises SpecError."""
    chosen = [INITIALIZERS.parse(name) for name in names]
    labels = [choice.label for choice in chosen]
    for label in labels:
        if labels.count(label) > 1:
            raise SpecError(f"the scheme {shown(label)} is asked for twice. Name each --scheme once.")
    if gain is None:
        return tuple(chosen)
    without = [choice.label for choice in chosen if not has_gain(choice)]
    if len(without) == len(chosen):
        raise SpecError(f"--gain cannot be combined with {', '.join(without)}: no gain to replace.")
    return tuple(INITIALIZERS.altered(choice, "gain", f"{gain!r}") if has_gain(choice) else choice
                 for choice in chosen)


def has_gain(choice: Choice) -> bool:
    return "gain" in choice.values


def namesakes(choice: Choice) -> str:
    """One line on what else the name that the user wrote means, and how to ask for it; empty for a clear name."""
    name = choice.label.partition(":")[0].replace("-", "_")
    meanings = NAMESAKES.get(name, ())
    others = [f"{_formula(meaning.scheme)} ({meaning.who}): --scheme {meaning.scheme}" for meaning in meanings
              if INITIALIZERS.parse(meaning.scheme).name != choice.name]
    if not others:
        return ""
    return f"{name} here is {initializers.bind(choice).formula}. Others mean {'; '.join(others)}"


def _formula(scheme: str) -> str:
    return initializers.bind(INITIALIZERS.parse(scheme)).formula
