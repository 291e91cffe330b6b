"""The grammar of names, the messages it refuses with, and the tables that use it."""

import math
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actprof.catalogue.activations import ACTIVATIONS
from actprof.catalogue.initializers import INITIALIZERS
from actprof.catalogue.normalizations import NORMALIZATIONS
from actprof.catalogue.residuals import RESIDUALS
from actprof.data.sources import DATASETS
from actprof.engine.inputs import SOURCES
from actprof.errors import SpecError
from actprof.registry import Choice, Parameter, Registry, did_you_mean, fan, folded
from actprof.train.losses import LOSSES
from actprof.train.optimizers import OPTIMIZERS, SCHEDULES
from tests.cases import for_each

TABLES = {"initialiser": INITIALIZERS, "activation": ACTIVATIONS, "normalisation": NORMALIZATIONS,
          "residual rule": RESIDUALS, "input": SOURCES,
          "data set": DATASETS, "loss": LOSSES, "optimizer": OPTIMIZERS, "schedule": SCHEDULES}
ROWS = [(kind, row.name) for kind, table in TABLES.items() for row in table]
NAMES = [(kind, name) for kind, table in TABLES.items() for name in table.names()]

each_table = for_each("table", list(TABLES.values()))
each_row = for_each(("kind", "name"), ROWS)
each_name = for_each(("kind", "name"), NAMES)


@dataclass(frozen=True)
class Fruit:
    name: str
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    formula: str = "sweet"
    source: str = "the garden"


def sour_pears_are_unripe(choice):
    if choice.name == "pear" and choice.values["colour"] == "green":
        raise SpecError("pear: green pears are unripe.")


FRUIT = Registry("fruit", "fruits", (
    Fruit("apple"),
    Fruit("pear", ("conference_pear", "bosc"), (
        Parameter("size", 1.5, low=0.0), Parameter("sweetness", 0.5, 0.0, 1.0),
        Parameter("colour", "yellow", choices=("yellow", "green", "dark_red")))),
    Fruit("grape", (), (Parameter("seeds", 2, 0, 64), Parameter("weight", 5.0, positive=True), Parameter("shift", 0.0),
                        Parameter("leaves", 1))),
), presets={"shop.pear": "pear:size=3,colour=dark_red", "shop.bosc": "bosc:2", "shop.apple": "apple"},
    refused={"tomato": "it is a vegetable", "shop.tomato": "it is a vegetable"}, number="pear",
    check=sour_pears_are_unripe)


def pear(size=1.5, sweetness=0.5, colour="yellow"):
    return Choice("pear", (("size", size), ("sweetness", sweetness), ("colour", colour)))


@for_each(("text", "choice"), [
    ("apple", Choice("apple")),
    ("apple:", Choice("apple")),
    ("pear", pear()),
    ("pear:2", pear(2.0)),
    ("pear:2,0.25", pear(2.0, 0.25)),
    ("pear:2,0.25,dark-red", pear(2.0, 0.25, "dark_red")),
    ("pear:2,colour=DARK_RED", pear(2.0, colour="dark_red")),
    ("pear:colour=yellow,size=4", pear(4.0)),
    ("pear:size=4,0.25", pear(4.0, 0.25)),
    (" pear : size = 4 , sweetness = 1 ", pear(4.0, 1.0)),
    ("PEAR:Size=1e-3", pear(0.001)),
    ("Conference-Pear", pear()),
    ("bosc:0", pear(0.0)),
    ("0.01", pear(0.01)),
    ("1e-3", pear(0.001)),
    (" 7 ", pear(7.0)),
    (".5", pear(0.5)),
    ("shop.pear", pear(3.0, colour="dark_red")),
    ("Shop.Pear:9", pear(9.0, colour="dark_red")),
    ("shop.pear:colour=yellow", pear(3.0)),
    ("shop.pear:sweetness=1", pear(3.0, 1.0, "dark_red")),
    ("shop.bosc", pear(2.0)),
    ("shop.bosc:4", pear(4.0)),
    ("shop.apple", Choice("apple")),
    ("grape:3,2,-1,-5", Choice("grape", (("seeds", 3), ("weight", 2.0), ("shift", -1.0), ("leaves", -5)))),
])
def test_a_text_is_read_as_the_choice_it_means(text, choice):
    assert FRUIT.parse(text) == choice


@for_each(("text", "message"), [
    ("peer", "unknown fruit 'peer'. Did you mean 'pear'?"),
    ("aple:3", "unknown fruit 'aple:3'. Did you mean 'apple'?"),
    ("Shop.Peer", "unknown fruit 'Shop.Peer'. Did you mean 'shop.pear'?"),
    ("zucchini", "unknown fruit 'zucchini'. 'actprof list fruits' shows all."),
    ("", "unknown fruit ''. 'actprof list fruits' shows all."),
    ("  ", "unknown fruit ''. 'actprof list fruits' shows all."),
    (":", "unknown fruit ':'. 'actprof list fruits' shows all."),
    (":2", "unknown fruit ':2'. 'actprof list fruits' shows all."),
    ("0.1:2", "unknown fruit '0.1:2'. 'actprof list fruits' shows all."),
    ("__import__('os')", "unknown fruit '__import__('os')'. 'actprof list fruits' shows all."),
    ("lambda x: x", "unknown fruit 'lambda x: x'. 'actprof list fruits' shows all."),
    ("zu\x1b[31m\n\x00", "unknown fruit 'zu\\x1b[31m\\n\\x00'. 'actprof list fruits' shows all."),
    ("zu\udcff", "unknown fruit 'zu\\udcff'. 'actprof list fruits' shows all."),
    ("z" * 100, f"unknown fruit '{'z' * 59}…'. 'actprof list fruits' shows all."),
    ("tomato", "'tomato' cannot be used here: it is a vegetable."),
    ("Shop.Tomato:2", "'shop.tomato' cannot be used here: it is a vegetable."),
    ("apple:1", "apple takes no values, 1 given: '1'."),
    ("apple:1,2,3", "apple takes no values, 3 given: '1,2,3'."),
    ("apple:size=1", "apple has no parameter 'size'. It has none."),
    ("pear:1,1,yellow,4,5", "pear takes 3 values, 5 given: '1,1,yellow,4,5'."),
    ("bosc:weight=1", "bosc has no parameter 'weight'. Its parameters: size, sweetness, colour."),
    ("pear:=1", "pear has no parameter ''. Its parameters: size, sweetness, colour."),
    ("pear:\x1b=1", "pear has no parameter '\\x1b'. Its parameters: size, sweetness, colour."),
    ("pear:size=1,size=2", "pear: size is given twice."),
    ("pear:size=1,Size=2", "pear: size is given twice."),
    ("pear:1,size=2", "pear: size is given twice."),
    ("pear:sweetness=1,0.5", "pear: sweetness is given twice."),
    ("pear:big", "pear: size must be a number, not 'big'."),
    ("pear:size=", "pear: size must be a number, not ''."),
    ("pear:,", "pear: size must be a number, not ''."),
    ("pear:size==1", "pear: size must be a number, not '=1'."),
    ("pear:0x10", "pear: size must be a number, not '0x10'."),
    ("pear:1\x1b", "pear: size must be a number, not '1\\x1b'."),
    ("pear:nan", "pear: size must be a finite number, 0 or more, not 'nan'."),
    ("pear:inf", "pear: size must be a finite number, 0 or more, not 'inf'."),
    ("pear:1e999", "pear: size must be a finite number, 0 or more, not '1e999'."),
    ("pear:-1", "pear: size must be a finite number, 0 or more, not '-1'."),
    ("nan", "pear: size must be a finite number, 0 or more, not 'nan'."),
    ("-inf", "pear: size must be a finite number, 0 or more, not '-inf'."),
    ("-1", "pear: size must be a finite number, 0 or more, not '-1'."),
    ("pear:sweetness=1.01", "pear: sweetness must be a number from 0 to 1, not '1.01'."),
    ("pear:sweetness=nan", "pear: sweetness must be a number from 0 to 1, not 'nan'."),
    ("pear:colour=pink", "pear: colour must be one of yellow, green, dark_red, not 'pink'."),
    ("pear:colour=", "pear: colour must be one of yellow, green, dark_red, not ''."),
    ("shop.pear:0,0,blue", "pear: colour must be one of yellow, green, dark_red, not 'blue'."),
    ("pear:colour=green", "pear: green pears are unripe."),
    ("shop.pear:colour=green", "pear: green pears are unripe."),
    ("grape:65", "grape: seeds must be a whole number from 0 to 64, not '65'."),
    ("grape:2.5", "grape: seeds must be a whole number, not '2.5'."),
    ("grape:1e1", "grape: seeds must be a whole number, not '1e1'."),
    ("grape:inf", "grape: seeds must be a whole number, not 'inf'."),
    ("grape:weight=0", "grape: weight must be a finite number above 0, not '0'."),
    ("grape:weight=-0.0", "grape: weight must be a finite number above 0, not '-0.0'."),
    ("grape:weight=nan", "grape: weight must be a finite number above 0, not 'nan'."),
    ("grape:shift=inf", "grape: shift must be a finite number, not 'inf'."),
    ("grape:shift=nan", "grape: shift must be a finite number, not 'nan'."),
    ("grape:" + "9" * 400, f"grape: seeds must be a whole number from 0 to 64, not '{'9' * 59}…'."),
])
def test_what_cannot_be_read_is_refused_in_one_line(text, message):
    with pytest.raises(SpecError) as caught:
        FRUIT.parse(text)
    assert str(caught.value) == message
    assert caught.value.exit_code == 2
    assert str(caught.value).isprintable()


def test_a_whole_number_may_be_longer_than_any_float():
    assert FRUIT.parse("grape:leaves=" + "9" * 400).values["leaves"] == 10**400 - 1


def test_a_bare_number_is_only_a_name_where_the_table_says_what_it_means():
    with pytest.raises(SpecError) as caught:
        NORMALIZATIONS.parse("0.1")
    assert str(caught.value) == "unknown normalisation '0.1'. 'actprof list normalizations' shows all."


@for_each(("text", "label"), [
    ("Bosc", "bosc"), (" shop.pear ", "shop.pear"), ("0.01", "0.01"), ("pear : 2,\n0.5\x1f", "pear:2,0.5"),
    ("PEAR:size=2", "pear:size=2"), ("Conference-Pear", "conference-pear")])
def test_the_label_is_what_the_user_wrote_without_blanks_and_capitals(text, label):
    assert FRUIT.parse(text).label == label


def test_the_label_does_not_make_a_choice_another_one():
    assert FRUIT.parse("bosc") == FRUIT.parse("pear")
    assert hash(FRUIT.parse("bosc")) == hash(FRUIT.parse("pear"))


def test_the_names_of_a_table_are_its_rows_aliases_and_presets():
    assert FRUIT.names() == ["apple", "pear", "conference_pear", "bosc", "grape",
                             "shop.pear", "shop.bosc", "shop.apple"]
    assert [row.name for row in FRUIT] == ["apple", "pear", "grape"]
    assert FRUIT.presets_of("pear") == {"shop.pear": "pear:size=3,colour=dark_red", "shop.bosc": "bosc:2"}
    assert FRUIT.presets_of("grape") == {}


@settings(deadline=None)
@given(st.floats(0, allow_infinity=False), st.floats(0, 1), st.sampled_from(["yellow", "dark_red"]))
def test_the_text_of_a_choice_parses_to_the_same_choice(size, sweetness, colour):
    choice = pear(size, sweetness, colour)
    assert FRUIT.parse(str(choice)) == choice
    assert str(FRUIT.parse(str(choice))) == str(choice)


def outcome(text):
    try:
        return FRUIT.parse(text)
    except SpecError as error:
        return error


VALUES = st.text("size=wetncolur,-.0123456789 \n\x1f", max_size=20)


@settings(deadline=None)
@given(st.text(max_size=40) | st.text("0123456789.e-+naif_ ", max_size=8) | VALUES.map("pear:".__add__))
def test_any_text_is_either_a_choice_that_parses_again_or_refused_in_one_line(text):
    found = outcome(text)
    if isinstance(found, Choice):
        assert FRUIT.parse(str(found)) == found
        assert found.label.isprintable()
    else:
        assert str(found).isprintable()
        assert str(found).endswith((".", "?"))


@settings(deadline=None)
@given(st.text("pearbosc-_.PEAR", max_size=12))
def test_folding_twice_changes_nothing(name):
    assert folded(folded(name)) == folded(name)
    assert folded(name.upper().replace("_", "-")) == folded(name)


def test_a_suggestion_is_near_or_there_is_none():
    assert did_you_mean("rleu", ["relu", "tanh"]) == "Did you mean 'relu'?"
    assert did_you_mean("quux", ["relu", "tanh"]) == ""
    assert did_you_mean("", ["relu"]) == ""


@each_name
def test_every_name_of_every_table_parses_to_a_row_of_that_table(kind, name):
    table = TABLES[kind]
    choice = table.parse(name)
    assert choice.name in {row.name for row in table}
    assert list(choice.values) == [each.name for each in table[choice.name].parameters if not each.quiet]
    assert table.parse(name.upper().replace("_", "-")) == choice
    assert table.parse(str(choice)) == choice


@each_table
def test_no_name_can_be_taken_for_a_number_or_for_values(table):
    for name in [*table.names(), *table.refused]:
        assert not set(name) & set(":,= ")
        assert folded(name) == name
        with pytest.raises(ValueError, match="could not convert"):
            float(name)


@each_row
def test_every_row_has_its_own_name_for_each_parameter_and_a_default_within_its_limits(kind, name):
    row = TABLES[kind][name]
    assert len({parameter.name for parameter in row.parameters}) == len(row.parameters)
    for parameter in row.parameters:
        assert folded(parameter.name) == parameter.name
        assert parameter.read(str(parameter.default), name) == parameter.default
        assert isinstance(parameter.default, str) == bool(parameter.choices)


@each_row
def test_no_number_of_any_row_may_be_nan_or_infinite(kind, name):
    for parameter in TABLES[kind][name].parameters:
        for text in ("nan", "inf", "-inf", "1e999", ""):
            with pytest.raises(SpecError, match=rf"^{name}: {parameter.name} must be "):
                TABLES[kind].parse(f"{name}:{parameter.name}={text}")


@each_table
def test_what_is_refused_says_why(table):
    for name, reason in table.refused.items():
        with pytest.raises(SpecError) as caught:
            table.parse(name)
        assert str(caught.value) == f"'{name}' cannot be used here: {reason}."


@for_each(("kind", "message"), [
    ("initialiser", "unknown initialiser 'bananas'. 'actprof list inits' shows all."),
    ("activation", "unknown activation 'bananas'. 'actprof list activations' shows all."),
    ("normalisation", "unknown normalisation 'bananas'. 'actprof list normalizations' shows all."),
    ("input", "unknown input 'bananas'. 'actprof list inputs' shows all."),
])
def test_an_unknown_name_of_a_table_leads_to_its_listing(kind, message):
    with pytest.raises(SpecError) as caught:
        TABLES[kind].parse("bananas")
    assert str(caught.value) == message


def test_the_catalogue_offers_the_listings_that_the_messages_name():
    from actprof.listing import TABLES as LISTINGS

    assert {table.listing for table in TABLES.values()} == set(LISTINGS)


def test_a_parameter_without_limits_takes_any_finite_number():
    free = Parameter("shift", 0.0)
    assert [free.read(text, "x") for text in ("-1e308", "1e308", "5e-324", " 2 ")] == [-1e308, 1e308, 5e-324, 2.0]
    assert math.copysign(1, float(free.read("-0.0", "x"))) == -1


@for_each(("rows", "more", "name"), [
    ((Fruit("apple"), Fruit("apple")), {}, "apple"),
    ((Fruit("apple"), Fruit("pear", ("apple",))), {}, "apple"),
    ((Fruit("pear", ("bosc",)), Fruit("bosc")), {}, "bosc"),
    ((Fruit("apple"),), {"presets": {"apple": "apple"}}, "apple"),
    ((Fruit("apple"),), {"refused": {"apple": "it is sour"}}, "apple"),
])
def test_a_second_row_with_a_used_name_is_refused(rows, more, name):
    with pytest.raises(ValueError, match=f"two fruits have the name {name}$"):
        Registry("fruit", "fruits", rows, **more)


@for_each(("word", "known", "near"), [
    ("--dropout", ["--input", "--output"], ""), ("float16", ["float32", "float64"], ""), ("--skip", ["--input"], ""),
    ("--groups", ["--output"], ""), ("xaver", ["xavier", "he"], "xavier"), ("--layer", ["--layers"], "--layers"),
])
def test_only_what_is_near_is_suggested(word, known, near):
    assert did_you_mean(word, known) == (f"Did you mean '{near}'?" if near else "")


@for_each("text", ["1", " 512 ", "10**3", "2**10", "7**0", "1e3", "3E2", "2e+4", "10**18", "1e18"])
def test_a_fan_is_what_its_text_means_in_arithmetic(text):
    assert fan(text, "--at") == eval(text)


@for_each("text", ["", "x", "0", "0**5", "-1", "+1", "1.0", "007", "1e-3", "2**-1", "1 0", "\u0663",
                   "1e\u0663", str(10**18 + 1), "1e19", "9**999", "1e999", "9" * 4301])
def test_what_is_no_fan_is_refused_in_one_line(text):
    with pytest.raises(SpecError, match=r"\A--at must be a whole number from 1 to 1(,000){6}, not .*\.\Z"):
        fan(text, "--at")
