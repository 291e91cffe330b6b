"""One network of a stack: its layers' weights, drawn when they are needed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from actprof import streams
from actprof.arrays import Rows
from actprof.catalogue import activations, initializers, normalizations
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.normalizations import BoundNormalization, Moments
from actprof.catalogue.residuals import ENTERING
from actprof.catalogue.weights import Fans
from actprof.engine import spec
from actprof.engine.blocks import Part, parts_of
from actprof.engine.spec import RunSpec, StackSpec
from actprof.engine.stacks import stack_specs
from actprof.errors import ResourceError, SpecError
from actprof.machine import amount, available_memory, ordered_map
from actprof.streams import BLOCK


def fans_of(stack: StackSpec, number: int) -> Fans:
    """The fans of layer `number`, counted from 1; what all layers share is neither the first nor the last's."""
    return Fans(stack.widths[number - 1], stack.widths[number], number == 1 and not stack.tied,
                stack.activations[0 if stack.tied else number - 1], number == stack.depth and not stack.tied)


def weights(init: str | float = spec.INIT, fan_in: int = spec.WIDTH, fan_out: int = spec.WIDTH, *,
            act: str = spec.ACTIVATION, layer: int = 1, layers: int = spec.LAYERS, dtype: str = RunSpec.dtype,
            seed: int = RunSpec.seed) -> Rows:
    """The weights of a layer that every command draws for it.

    Parameters
    ----------
    init : name or number
        Weight initialiser; a number is the std of a normal.
    fan_in, fan_out : int
        Inputs and units of the layer.
    act : name
        Its activation, on which the scale of some initialisers depends.
    layer, layers : int
        Which layer it is, from 1, and of how many: the first or the last one is special to some initialisers.
    dtype : "float32" or "float64"
        Precision.
    seed : int
        The same seed draws the same weights.

    Returns
    -------
    ndarray
        (fan_in, fan_out), without unit: a layer computes ``x @ weights``; of a maxout (fan_in, fan_out · pieces).

    Raises
    ------
    ActprofError
        The request makes no sense (SpecError), or memory is short (ResourceError).

    Examples
    --------
    >>> import actprof
    >>> drawn = actprof.weights("glorot_uniform", 784, 100)
    >>> drawn.shape, bool(abs(drawn).max() <= (6 / 884) ** 0.5)
    ((784, 100), True)
    """
    fans = [spec.whole(name, units, 1, spec.MAX_WIDTH) for name, units in (("fan_in", fan_in), ("fan_out", fan_out))]
    depth = spec.whole("layers", layers, 1, spec.MAX_LAYERS)
    number = spec.whole("layer", layer, 1, depth)
    spec.require_one_of("dtype", dtype, spec.DTYPES)
    widths = [*[fans[0]] * number, *[fans[1]] * (depth + 1 - number)]
    [stack] = stack_specs([str(init)], [act], widths=",".join(map(str, widths)))
    drawn = stack.inits[number - 1].name
    if initializers.INITIALIZERS[drawn].calibrated:
        raise SpecError(f"{drawn} scales its weights on a batch of inputs, and there is none here. "
                        "Take orthogonal, from which it starts.")
    network = Network(stack, spec.whole("seed", seed, 0, spec.MAX_SEED), 0, np.dtype(dtype))
    needed, left = network.weight_bytes[number - 1], available_memory()
    if left is not None and needed > left:
        raise ResourceError(f"the weights need about {amount(needed)}; {amount(left)} available. Take smaller fans.")
    return network.layer(number).weights


@dataclass(frozen=True)
class Layer:
    """One dense layer, ready to compute: a = φ(x @ weights + bias), with the normalisation where the stack has it.

    In a residual stack its part says what it does besides, and whether φ comes first: φ(x) @ weights + bias.

    Attributes:
        number: 1 for the layer that sees the inputs.
        weights: (fan_in, fan_out · pieces).
        bias: (fan_out · pieces,), or None where it is 0.
        parameters: weights, biases that are not all 0 by design, scales and shifts of the normalisation; of tied
            layers the first has what they share.
        norm: its normalisation, if it has one.
        scale, shift: what the normalisation multiplies by and adds, or None where that is 1 and 0.
        moments: what a normalisation over the batch takes for the batch's own; for a forward pass alone.
        part: of a layer of a residual stack.
        alpha: (1,) what multiplies the branch that ends, where that is trained.
    """

    number: int
    fans: Fans
    weights: Rows
    bias: Rows | None
    activation: BoundActivation
    parameters: int
    norm: BoundNormalization | None = None
    norm_position: str = "before"
    scale: Rows | None = None
    shift: Rows | None = None
    moments: Moments | None = None
    part: Part | None = None
    alpha: Rows | None = None

    @property
    def phi_first(self) -> bool:
        """Whether φ comes before the matrix."""
        return self.part is not None and self.part.first

    @property
    def phi_units(self) -> tuple[int, int]:
        """Columns of what enters φ and of what leaves it."""
        if self.phi_first:
            return self.fans.fan_in, self.fans.fan_in
        return self.weights.shape[1], self.fans.fan_out

    @property
    def seen_after(self) -> bool:
        """Whether its gradient is that of what leaves the layer, not that of what enters φ."""
        return self.part is not None and (self.part.first or self.part.joins)

    @property
    def gradient_units(self) -> int:
        """Columns of its gradient."""
        return self.fans.fan_out if self.seen_after else int(self.weights.shape[1])

    @property
    def normalised_after(self) -> bool:
        """Whether a normalisation follows the activation."""
        return self.norm is not None and self.norm_position == "after"

    @property
    def normalised_units(self) -> int:
        """Columns of what the normalisation sees."""
        return self.phi_units[self.norm_position == "after"]

    @cached_property
    def weight_std(self) -> float:
        """Population std of all weights, in float64, without a float64 copy of them."""
        mean = float(self.weights.mean(dtype=np.float64))
        blocks = (self.weights[start:start + BLOCK] for start in range(0, len(self.weights), BLOCK))
        squares = sum(float(np.square(block - mean, dtype=np.float64).sum()) for block in blocks)
        return float(np.sqrt(squares / self.weights.size))


@dataclass(frozen=True)
class Network:
    """The layers of one network: the same (stack, seed, repeat) always draws the same weights."""

    stack: StackSpec
    seed: int
    repeat: int
    dtype: np.dtype[Any]
    _kept: dict[int, Layer] = field(default_factory=dict, compare=False, repr=False)

    def columns(self, number: int) -> int:
        """Columns of a layer's matrix: its units, times the pieces of a maxout."""
        return self._columns[number - 1]

    @cached_property
    def _columns(self) -> list[int]:
        # A choice takes longer to be hashed than to be told by its place, and most stacks have one for all layers.
        known = {id(choice): choice for choice in self.stack.activations}
        pieces = {place: activations.bind(choice).pieces for place, choice in known.items()}
        return [width * pieces[id(choice)]
                for width, choice in zip(self.stack.widths[1:], self.stack.activations, strict=True)]

    def phi_units(self, number: int) -> tuple[int, int]:
        """Columns of what enters a layer's φ and of what leaves it."""
        part = parts_of(self.stack)[number - 1]
        if part and part.first:
            return self.stack.widths[number - 1], self.stack.widths[number - 1]
        return self.columns(number), self.stack.widths[number]

    @property
    def normalised_after(self) -> bool:
        """Whether a normalisation follows the activations."""
        return self.stack.norm_position == "after" and self.stack.norm.name != "none"

    @cached_property
    def weight_bytes(self) -> list[int]:
        """Size of each layer's weights."""
        return [fan_in * columns * self.dtype.itemsize
                for fan_in, columns in zip(self.stack.widths, self._columns, strict=False)]

    @property
    def kept_bytes(self) -> int:
        """Size of all weights, of which tied layers have those of one."""
        return max(self.weight_bytes) if self.stack.tied else sum(self.weight_bytes)

    def keep(self, workers: int) -> list[Layer]:
        """Draw all layers, on several threads, and hold on to them."""
        if self.stack.tied:
            self._kept.setdefault(1, self._measured(1))
        missing = [number for number in range(1, self.stack.depth + 1) if number not in self._kept]
        self._kept.update(zip(missing, ordered_map(self._measured, missing, workers), strict=True))
        return [self._kept[number] for number in range(1, self.stack.depth + 1)]

    def hold(self, layer: Layer) -> None:
        """Keep this layer from now on, in place of its draw."""
        self._kept[layer.number] = layer

    def layer(self, number: int) -> Layer:
        """The kept layer `number`, or a fresh draw of it."""
        return self._kept.get(number) or self._drawn(number)

    def _measured(self, number: int) -> Layer:
        """A draw whose std is taken at once, by the thread that has it in its cache."""
        layer = self._drawn(number)
        _ = layer.weight_std
        return layer

    def _drawn(self, number: int) -> Layer:
        stack = self.stack
        fans = fans_of(stack, number)
        columns = self.columns(number)
        part = parts_of(stack)[number - 1]
        trained = normalizations.NORMALIZATIONS[stack.norm.name].trained * self.phi_units(number)[
            stack.norm_position == "after"]
        if stack.tied and number > 1:
            return replace(self.layer(1), number=number, activation=activations.bind(stack.activations[number - 1]),
                           parameters=trained)
        weights = initializers.bind(stack.inits[number - 1]).sample(
            streams.stream(self.seed, streams.WEIGHT, self.repeat, number), fans, (fans.fan_in, columns), self.dtype)
        if part and part.factor != 1:
            weights *= part.factor
        bias = self._bias(number, fans, columns)
        if part and part.norm:
            trained += part.norm.trained * (fans.fan_in if part.place == ENTERING else fans.fan_out)
        return Layer(number, fans, weights, bias, activations.bind(stack.activations[number - 1]),
                     weights.size + (0 if bias is None else bias.size) + trained,
                     normalizations.bind(stack.norm), stack.norm_position, part=part,
                     alpha=np.full(1, part.alpha, self.dtype) if part and part.learns else None)

    def noise(self, number: int, batch: int, block: int) -> np.random.Generator:
        """The stream of a random activation for one block of rows."""
        return streams.stream(self.seed, streams.NOISE, self.repeat, number, batch, block)

    def drops(self, number: int, batch: int, block: int) -> np.random.Generator:
        """The stream that says which activations of a layer are dropped, for one block of rows."""
        return streams.stream(self.seed, streams.DROPOUT, self.repeat, number, batch, block)

    def _bias(self, number: int, fans: Fans, columns: int) -> Rows | None:
        if self.stack.bias.name == "zeros":
            return None
        rng = streams.stream(self.seed, streams.BIAS, self.repeat, number)
        return initializers.bind(self.stack.bias).sample(rng, fans, (columns,), self.dtype)
