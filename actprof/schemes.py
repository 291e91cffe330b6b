"""From names to the schemes of `bounds`, and what else a scheme's name means in the field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actprof import initializers
from actprof.errors import SpecError, shown
from actprof.initializers import INITIALIZERS
from actprof.registry import Choice, folded


@dataclass(frozen=True)
class Namesake:
    """Another thing that goes by the name: how it is called here, and who calls it so."""

    scheme: str
    who: str


XAVIER = (
    Namesake("glorot_normal", "the paper's variance, PyTorch's xavier_normal_"),
    Namesake("lecun_normal", "textbooks"),
    Namesake("glorot_uniform", "the paper's eq. 16, Keras, PyTorch's xavier_uniform_"),
    Namesake("fan_in_uniform", "blogs, the paper's eq. 1"),
)
XAVIER_UNIFORM = Namesake("glorot_uniform", "PyTorch"), Namesake("fan_in_uniform", "blogs")
GLOROT_NORMAL = Namesake("glorot_normal", "PyTorch"), Namesake("glorot_truncated", "Keras and JAX")
HE = (
    Namesake("he_normal", "the paper"),
    Namesake("he_normal:mode=fan_out", "the paper's other form, PyTorch's ResNets"),
    Namesake("he_truncated", "Keras's and JAX's he_normal"),
    Namesake("he_uniform", "Keras's he_uniform, PyTorch's kaiming_uniform_"),
)
HE_NORMAL = Namesake("he_normal", "PyTorch"), Namesake("he_truncated", "Keras and JAX")
HE_UNIFORM = Namesake("he_uniform", "PyTorch"), Namesake("torch.linear", "nn.Linear: kaiming_uniform_ with a = √5")
LECUN = (
    Namesake("lecun_normal", "textbooks"),
    Namesake("lecun_uniform", "the paper's example, Keras's lecun_uniform"),
    Namesake("lecun_truncated", "Keras's and JAX's lecun_normal"),
)
LECUN_NORMAL = Namesake("lecun_normal", "textbooks"), Namesake("lecun_truncated", "Keras and JAX")
TRUNCATED = (
    Namesake("truncated_normal", "Keras and JAX"),
    Namesake("torch.trunc_normal", "PyTorch"),
    Namesake("lecun_truncated", "Keras's and JAX's variance scaling"),
)
NAMESAKES: dict[str, tuple[Namesake, ...]] = {
    **dict.fromkeys(("xavier", "glorot"), XAVIER),
    **dict.fromkeys(("xavier_normal", "glorot_normal"), GLOROT_NORMAL),
    "xavier_uniform": XAVIER_UNIFORM,
    **dict.fromkeys(("he", "kaiming"), HE),
    **dict.fromkeys(("he_normal", "kaiming_normal"), HE_NORMAL),
    "kaiming_uniform": HE_UNIFORM,
    "lecun": LECUN,
    "lecun_normal": LECUN_NORMAL,
    "truncated_normal": TRUNCATED,
}
"""A name with several meanings → all of them; a framework's own name (`keras.he_normal`) has only one."""


def schemes(names: Sequence[str]) -> tuple[Choice, ...]:
    """The initialisers of these names. Raises SpecError."""
    chosen = tuple(map(INITIALIZERS.parse, names))
    for choice in chosen:
        if INITIALIZERS[choice.name].activation:
            raise SpecError(f"{choice.name} depends on an activation, and bounds knows none. "
                            "Give the gain itself, such as lecun_normal:gain=1.593 for tanh.")
        if INITIALIZERS[choice.name].calibrated:
            raise SpecError(f"{choice.name} scales its weights on a batch of inputs, and bounds has none. "
                            "Take orthogonal, from which it starts.")
    labels = [choice.label for choice in chosen]
    for label in labels:
        if labels.count(label) > 1:
            raise SpecError(f"the scheme {shown(label)} is asked for twice. Name each --scheme once.")
    return chosen


def has_gain(choice: Choice) -> bool:
    return "gain" in choice.values


def with_gain(choice: Choice, gain: float | None) -> Choice:
    """The scheme with another gain, if it has one and there is another."""
    return choice if gain is None or not has_gain(choice) else INITIALIZERS.altered(choice, "gain", f"{gain!r}")


def namesakes(choice: Choice, brief: bool = False) -> str:
    """One line on what else the name that the user wrote means, and how to ask for it; empty for a clear name.

    A brief one leaves out who calls it so.
    """
    name = folded(choice.label.partition(":")[0])
    if name not in NAMESAKES:
        return ""
    here, *others = sorted(NAMESAKES[name], key=lambda meaning: _meant(meaning.scheme) != _meant(name))
    if brief:
        listed = [f"{_formula(meaning.scheme)} ({meaning.scheme})" for meaning in others]
        return f"{name} here is {_formula(name)}. Others mean {', '.join(listed)}"
    listed = [f"{_formula(meaning.scheme)} ({meaning.who}): --scheme {meaning.scheme}" for meaning in others]
    return f"{name} here is {_formula(name)} ({here.who}). Others mean {'; '.join(listed)}"


def _meant(name: str) -> Choice:
    return INITIALIZERS.parse(name)


def _formula(scheme: str) -> str:
    return initializers.bind(_meant(scheme)).formula
