"""What Click finds wrong with a command line, in this program's words: which, what, and what instead."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import click
from click.core import ParameterSource

from actprof.cli.command_line import GIVEN
from actprof.cli.standard_streams import Helpful
from actprof.engine.spec import whole
from actprof.errors import SpecError, quoted
from actprof.registry import did_you_mean, folded


class Command(Helpful):
    """A command that says which argument is one too many."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.allow_extra_args = True
        ctx.meta[GIVEN] = list(args)
        try:
            rest = super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = ctx  # Click's parser leaves it out of some
            raise
        if ctx.args and not ctx.resilient_parsing:
            raise SpecError(f"unexpected argument {quoted(ctx.args[0])}. {_help(ctx)} shows what is expected.")
        if not ctx.resilient_parsing:
            self._refuse_twice(ctx)
        return rest

    def _refuse_twice(self, ctx: click.Context) -> None:
        """Refuse an option that takes one value and is given two, of which Click would keep the last."""
        _, _, order = self.make_parser(ctx).parse_args(list(ctx.meta[GIVEN]))
        for place, param in enumerate(order):
            once = isinstance(param, click.Option) and not param.multiple and not (
                param.is_flag and not param.secondary_opts)
            if once and param in order[:place]:
                raise SpecError(f"{_name(param)} is given twice. Give it once.")


class Word(click.Choice[str]):
    """One of some words; case and `-`/`_` do not matter."""

    def __init__(self, choices: Sequence[str]) -> None:
        super().__init__(choices, case_sensitive=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        words = {folded(choice): choice for choice in map(str, self.choices)}
        if folded(value) in words:
            return words[folded(value)]
        *others, last = words.values()
        hint = did_you_mean(folded(value), words)
        raise SpecError(f"{_name(param)} must be {', '.join(others)} or {last}, not {quoted(value)}. {hint}".strip())


class Whole(click.types.IntParamType):
    """A whole number from `low` to `high`."""

    name = "N"

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        return whole(_name(param), value, self.low, self.high)


class Number(click.types.FloatParamType):
    """A finite number, `low` or more."""

    name = "NUMBER"

    def __init__(self, low: float) -> None:
        self.low = low

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        with contextlib.suppress(ValueError):
            number = float(value)
            if self.low <= number < math.inf:
                return number
        raise SpecError(f"{_name(param)} must be a finite number, {self.low:g} or more, not {quoted(value)}.")


# In Python the values of an option that names something, and may be repeated: a name or a number, or several.
Names = str | float | Sequence[str | float]

JOINTS = {"range": " ", "kernel": "x"}  # between several numbers that are one value; else a comma
ROWS = ("input", "data")  # parameters that may also be given as arrays
PATHS = ("resume", "data_dir")  # parameters that are a file or a folder


def option_values(command: click.Command, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the command would receive if these values stood on its command line: the same words, numbers and errors.

    None stands for the default. What is no option, and rows in memory, stay as they are.
    """
    params = {str(param.name): param for param in command.params}
    return {name: _option_value(params[name], value) if name in params else value for name, value in given.items()}


def _option_value(param: click.Parameter, value: Any) -> Any:
    single = isinstance(value, str) or not hasattr(value, "__iter__")
    if value is None or (isinstance(value, tuple) and not value):
        usual = _usual(param)
        return usual if isinstance(usual, str | float | int | tuple) else () if param.multiple else None
    if isinstance(param, click.Option) and param.is_flag:
        if not isinstance(value, bool):
            raise SpecError(f"{_name(param)} must be True or False, not {quoted(value)}.")
        return value
    if param.multiple:
        texts = [value] if single else list(value)
        if not texts:
            raise SpecError(f"{_name(param)} needs a value.")
        return tuple(param.type(str(text), param) for text in texts)
    if param.name in ROWS and not single:
        return value
    if param.name in PATHS and not isinstance(value, str | os.PathLike):
        raise SpecError(f"{_name(param)} must be a path, not {quoted(value)}.")
    return param.type(str(value) if single else JOINTS.get(str(param.name), ",").join(map(str, value)), param)


# What others call an option of ours.
SYNONYMS = {"depth": "--layers", "neurons": "--width", "units": "--width", "hidden": "--width",
            "learning_rate": "--lr", "batch_norm": "--norm", "batchnorm": "--norm", "kernel_size": "--kernel"}


def reworded(error: click.ClickException) -> str:
    """Click's complaint as one line of ours; its own text where we have none."""
    ctx = getattr(error, "ctx", None)
    if ctx is not None and isinstance(error, click.NoSuchOption):
        asked = SYNONYMS.get(folded(error.option_name).lstrip("_"), error.option_name)
        if asked in _long_options(ctx.command, ctx):
            return f"unknown option {quoted(error.option_name)}. Did you mean {quoted(asked)}?"
        hint = (_other_command(asked, ctx, "it" if asked == error.option_name else asked)
                or did_you_mean(asked, _long_options(ctx.command, ctx))
                or f"{_help(ctx)} lists the options.")
        return f"unknown option {quoted(error.option_name)}. {hint}"
    if ctx is not None and isinstance(error, click.BadOptionUsage):
        for option in ctx.command.get_params(ctx):
            if isinstance(option, click.Option) and error.option_name in option.opts:
                return _usage(option, ctx)
    return error.format_message()


def _long_options(command: click.Command, ctx: click.Context) -> list[str]:
    return [name for option in command.get_params(ctx) for name in option.opts if name.startswith("--")]


def _other_command(option: str, ctx: click.Context, what: str) -> str:
    """`'actprof train' has it.`, or `has --lr.`, where another command has the option; nothing where none has."""
    group = ctx.parent.command if ctx.parent else None
    if not isinstance(group, click.Group):
        return ""
    having = [quoted(f"actprof {name}") for name in group.list_commands(ctx)
              if (other := group.get_command(ctx, name)) and option in _long_options(other, ctx)]
    return f"{' and '.join(having)} {'has' if len(having) == 1 else 'have'} {what}." if having else ""


def _usage(option: click.Option, ctx: click.Context) -> str:
    if option.is_flag:
        return f"{_name(option)} takes no value. Leave out what follows the '='."
    return f"{_name(option)} needs a value: {option.make_metavar(ctx)}."


def given_options(parameters: Collection[str] = (), but: Collection[str] = ()) -> list[str]:
    """The options of those parameters, or of all others, that stand on the command line, as users write them."""
    ctx = click.get_current_context(silent=True)
    return [] if ctx is None else [
        _name(param) for param in ctx.command.params
        if (param.name in parameters or (but and param.name not in but))
        and ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE]


def given_settings(but: Collection[str]) -> list[str]:
    """`layers=50`, `norm=none+batch`: what differs from the defaults on the command line, without these parameters."""
    ctx = click.get_current_context(silent=True)
    return [] if ctx is None else [
        f"{_name(param).lstrip('-')}={told}" for param in ctx.command.params
        if param.name not in but and ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE
        and (value := ctx.params.get(str(param.name))) not in (_usual(param), None)
        and f"[default: {(told := '+'.join(map(str, value)) if isinstance(value, tuple) else str(value))}]"
        not in (getattr(param, "help", "") or "")]


def _usual(param: click.Parameter) -> Any:
    return tuple(param.default) if isinstance(param.default, list) else param.default


def _name(param: click.Parameter | None) -> str:
    """`--layers`, or `the table` for an argument of that name."""
    if param is None:
        return "the value"
    return max(param.opts, key=len) if isinstance(param, click.Option) else f"the {param.name}"


def _help(ctx: click.Context) -> str:
    return f"'{ctx.command_path} --help'"
