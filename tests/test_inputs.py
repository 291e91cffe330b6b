from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from actprof.data import FILES, sources
from actprof.data.labelled import load
from actprof.data.request import DataSpec, RowsSpec
from actprof.data.table import SCALINGS, Table
from actprof.engine.inputs import SOURCES, FileInputs, open_inputs, parse, stored_inputs
from actprof.engine.spec import SCALES, InputSpec, RunSpec
from actprof.errors import DataError, SpecError
from actprof.streams import BLOCK
from tests.cases import for_each

TEXTS = ["normal", "normal:mean=3,std=0.5", "uniform", "uniform:2,5", "constant:-2"]
MOMENTS = {"normal": (0, 1), "normal:mean=3,std=0.5": (3, 0.5), "uniform": (0, 3**-0.5),
           "uniform:2,5": (3.5, 0.75**0.5), "constant:-2": (-2, 0)}
BYTES = np.random.default_rng(0).integers(0, 256, (1000, 7)).astype(np.uint8)


def batch(inputs, number=0):
    return inputs.rows(number, 0, inputs.batch_rows(number))


def all_rows(inputs):
    return np.concatenate([batch(inputs, number) for number in range(inputs.batches)])


def of_file(features, scale="none", **run):
    return FileInputs(RunSpec(InputSpec(None, RowsSpec(None, "x.npy"), scale), **run),
                      Table(np.asarray(features), "x.npy"))


def any_inputs(dtype="float32", seed=0):
    """One of each kind, named: 700 rows in the last batch of two."""
    for text in TEXTS:
        yield text, open_inputs(RunSpec(parse(text), batch_size=700, batches=2, dtype=dtype, seed=seed), 7)
    for scale in SCALES:
        yield f"file, {scale}", of_file(BYTES, scale, batch_size=700, batches=2, dtype=dtype, seed=seed)
    yield "sample of a file", of_file(BYTES, batch_size=400, batches=2, dtype=dtype, seed=seed)


@for_each("dtype", ["float32", "float64"])
def test_cutting_a_batch_into_chunks_gives_the_same_rows(dtype):
    for name, inputs in any_inputs(dtype):
        for number in range(inputs.batches):
            rows = inputs.batch_rows(number)
            for step in (BLOCK, 2 * BLOCK):
                cut = [inputs.rows(number, start, min(start + step, rows)) for start in range(0, rows, step)]
                np.testing.assert_array_equal(np.concatenate(cut), batch(inputs, number), err_msg=name)


def test_rows_are_contiguous_in_the_dtype_of_the_run():
    for dtype in ("float32", "float64"):
        for name, inputs in any_inputs(dtype):
            rows = batch(inputs, 1)
            assert (rows.dtype, rows.flags.c_contiguous, rows.shape) == (dtype, True, (inputs.batch_rows(1), 7)), name


def test_threads_get_the_same_rows_as_one_alone():
    for name, inputs in any_inputs():
        ranges = [(number, start, min(start + BLOCK, inputs.batch_rows(number))) for number in range(inputs.batches)
                  for start in range(0, inputs.batch_rows(number), BLOCK)]
        with ThreadPoolExecutor(4) as threads:
            together = list(threads.map(lambda wanted, inputs=inputs: inputs.rows(*wanted), ranges * 3))
        for wanted, rows in zip(ranges * 3, together, strict=True):
            np.testing.assert_array_equal(rows, inputs.rows(*wanted), err_msg=name)


def test_the_same_seed_gives_the_same_rows_and_another_seed_others():
    for (name, one), (_, same), (_, other) in zip(any_inputs(), any_inputs(), any_inputs(seed=1), strict=True):
        np.testing.assert_array_equal(batch(one), batch(same), err_msg=name)
        drawn = not name.startswith(("constant", "file"))
        assert np.array_equal(batch(one), batch(other)) != drawn, name


def test_batches_and_blocks_of_a_random_source_differ():
    inputs = open_inputs(RunSpec(batch_size=2 * BLOCK, batches=2), 3)
    blocks = [inputs.rows(number, start, start + BLOCK) for number in (0, 1) for start in (0, BLOCK)]
    assert len({block.tobytes() for block in blocks}) == 4


def test_a_larger_batch_begins_with_the_rows_of_a_smaller_one():
    for text in TEXTS:
        small, large = (open_inputs(RunSpec(parse(text), batch_size=size), 3) for size in (300, 1000))
        np.testing.assert_array_equal(batch(large)[:300], batch(small))


@for_each("dtype", ["float32", "float64"])
@for_each("text", TEXTS)
def test_sampled_moments_are_the_promised_ones(text, dtype):
    rows = batch(open_inputs(RunSpec(parse(text), batch_size=20_000, dtype=dtype), 10)).astype(float)
    mean, std = MOMENTS[text]
    error = std / np.sqrt(rows.size)
    assert abs(rows.mean() - mean) <= 5 * error
    assert abs(rows.std() - std) <= 5 * error


def test_uniform_inputs_stay_in_their_range():
    rows = batch(open_inputs(RunSpec(parse("uniform:2,5"), batch_size=10_000), 10))
    assert rows.min() >= 2
    assert rows.max() <= 5


@for_each("text", ["normal:std=1e300", "uniform:-1e308,1e308", "constant:1e300"])
def test_sources_beyond_float32_raise_no_warning(text):
    assert not np.isfinite(batch(open_inputs(RunSpec(parse(text), batch_size=10), 10))).all()


@for_each(("text", "canonical"), [
    ("normal", "normal:mean=0.0,std=1.0"), ("Gaussian", "normal:mean=0.0,std=1.0"),
    ("random-normal:std=2", "normal:mean=0.0,std=2.0"), ("uniform", "uniform:low=-1.0,high=1.0"),
    ("constant", "constant:value=1.0"),
])
def test_a_source_is_asked_for_by_name(text, canonical):
    assert str(parse(text).source) == canonical


def test_the_default_input_is_a_row_of_the_table():
    assert InputSpec().source == SOURCES.parse("normal")


@for_each("text", ["a.csv", "A.NPZ", "folder/normal", "./normal", "data/x.txt"])
def test_what_looks_like_a_file_is_one(text):
    assert parse(text, "unit", label_column="k") == InputSpec(None, RowsSpec(None, text, label_column="k"), "unit")


def test_what_is_on_the_disk_is_a_file_unless_it_is_named_like_a_source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("plain", "normal"):
        (tmp_path / name).touch()
    assert parse("plain").rows == RowsSpec(None, "plain")
    assert parse("normal").rows is None


@for_each(("text", "message"), [
    ("nromal", f"unknown input 'nromal'. Did you mean 'normal'? {FILES}"),
    ("minst", f"unknown input 'minst'. Did you mean 'mnist'? {FILES}"),
    ("", f"unknown input ''. 'actprof list inputs' shows all. So does 'actprof list datasets'. {FILES}"),
    ("blobs:classes=1", "blobs: classes must be a whole number from 2 to 100, not '1'."),
    ("normal:std=-1", "normal: std must be a finite number, 0 or more, not '-1'."),
    ("uniform:1,1", "uniform: low must be below high, not 1 and 1."),
    ("line:2,1", "line: low must be below high, not 2 and 1."),
    ("line:-1,inf", "line: high must be a number from -1e+06 to 1e+06, not 'inf'."),
    ("uniform:2,1", "uniform: low must be below high, not 2 and 1."),
    ("constant:1,2", "constant takes 1 value, 2 given: '1,2'."),
])
def test_a_bad_request_is_answered_with_what_is_possible(text, message):
    with pytest.raises(SpecError) as caught:
        parse(text)
    assert str(caught.value) == message


def test_the_batches_of_a_file_concatenate_to_the_file():
    for size, batches in ((1000, 1), (300, 4), (1, 1000), (999, 2), (300, 9)):
        np.testing.assert_array_equal(all_rows(of_file(BYTES, batch_size=size, batches=batches)), BYTES)


def test_float32_rows_of_a_file_are_the_float64_rows_rounded():
    features = np.random.default_rng(1).normal(5, 3, (500, 4))
    for scale in SCALES:
        single, double = (all_rows(of_file(features, scale, dtype=dtype)) for dtype in ("float32", "float64"))
        np.testing.assert_array_equal(single, double.astype(np.float32))


def test_a_part_of_a_file_is_a_random_sample_without_repetition():
    ordered = np.arange(10_000.0).reshape(-1, 1)
    inputs = of_file(ordered, "unit", batch_size=250, batches=4, dtype="float64")
    rows = np.rint(all_rows(inputs) * 9999)
    assert len(np.unique(rows)) == 1000
    assert abs(rows.mean() - 4999.5) <= 5 * 2887 / np.sqrt(1000)
    assert inputs.notes == ("1,000 of 10,000 rows, drawn at random; --batches 40 uses all",)


def test_a_short_file_says_how_many_batches_it_gives():
    inputs = of_file(np.ones((1500, 2)), batch_size=1000, batches=5)
    assert (inputs.batches, inputs.batch_rows(0), inputs.batch_rows(1)) == (2, 1000, 500)
    assert inputs.notes == ("x.npy has 1,500 rows: 2 batches instead of 5 × 1,000",)
    assert of_file(np.ones((150, 2))).notes == ("x.npy has 150 rows: 1 batch instead of 1 × 1,000",)


def test_every_scale_of_the_spec_has_its_map():
    assert tuple(SCALINGS) == SCALES


@for_each("features", [BYTES, np.random.default_rng(2).normal(-7, 1e-3, (1000, 5)), BYTES > 99])
def test_scaling_to_the_unit_range_reaches_exactly_0_and_1(features):
    rows = batch(of_file(features, "unit", dtype="float64"))
    assert (rows.min(), rows.max()) == (0, 1)


@for_each("features", [BYTES, np.random.default_rng(2).normal(-7, 1e-3, (1000, 5)), BYTES > 99])
def test_standardised_features_have_mean_0_and_std_1(features):
    rows = batch(of_file(features, "standard", dtype="float64"))
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-11)
    np.testing.assert_allclose(rows.std(axis=0), 1, rtol=1e-11)


def test_scaling_looks_at_the_whole_file_and_not_at_the_sample():
    whole, part = of_file(BYTES, "standard"), of_file(BYTES, "standard", batch_size=10)
    rows = {row.tobytes() for row in batch(whole)}
    assert all(row.tobytes() in rows for row in batch(part))


def test_scaling_a_table_of_many_chunks_equals_scaling_it_at_once():
    features = np.random.default_rng(3).integers(0, 256, (3000, 1000)).astype(np.uint8)
    expected = (features - features.mean(axis=0)) / features.std(axis=0)
    np.testing.assert_allclose(batch(of_file(features, "standard", batch_size=3000, dtype="float64")), expected,
                               atol=1e-9)


def test_constant_features_become_0_with_a_note():
    features = np.column_stack([np.full(1000, 0.1), np.arange(1000)])
    inputs = of_file(features, "standard")
    assert not batch(inputs)[:, 0].any()
    assert inputs.notes == ("1 of 2 features are constant and become 0",)
    inputs = of_file(np.full((1000, 2), 0.1), "unit")
    assert not batch(inputs).any()
    assert inputs.notes == ("all inputs are equal and become 0",)


@for_each(("value", "text"), [
    (3, None), (0.4, None), (0.2, None), (84, "84; 84 times as large"), (0.05, "0.05; 20 times as small"),
    (1e200, "inf; inf times as large"), (0, "0; at 0"), (1e10, "1e10; 1e10 times as large")])
def test_unscaled_numbers_far_from_1_are_remarked_on(value, text):
    size, _, grown = (text or "").partition("; ")
    losses = ", and losses high" if "large" in grown else ""
    note = (f"the inputs' rms is {size}; initialisers assume about 1, so signals start {grown}{losses}: "
            "--scale standard or unit")
    assert of_file(np.full((1000, 2), value)).notes == ((note,) if text else ())


def test_pixels_become_0_to_1_unless_they_are_asked_for_as_they_are():
    run = {scale: RunSpec(InputSpec(None, RowsSpec(None, "x.npy"), scale)) for scale in ("auto", "none")}
    table = Table(BYTES, "x.npy", pixels=True)
    np.testing.assert_allclose(batch(FileInputs(run["auto"], table)), BYTES / 255, rtol=1e-6)
    assert FileInputs(run["auto"], table).notes == ("whole numbers 0…255 are scaled to 0…1; --scale none keeps them",)
    np.testing.assert_array_equal(batch(FileInputs(run["none"], table)), BYTES)


@for_each("text", ["glyphs:train=300,test=10", "blobs:train=300", "spirals", "circles:factor=0.8"])
def test_data_sets_are_inputs_as_they_are_data_to_train_on(text):
    inputs = stored_inputs(RunSpec(parse(text), batch_size=10_000, seed=3))
    np.testing.assert_array_equal(batch(inputs), load(DataSpec(sources.parse(text)), 3).x_train)


@for_each("scale", ["unit", "standard"])
def test_numbers_too_large_to_be_scaled_are_refused(scale):
    with pytest.raises(DataError, match=r"^x\.npy holds numbers too large to be scaled\. Divide them first\.$"):
        of_file([[-1.7e308], [1.7e308]], scale)


def test_numbers_beyond_float32_become_infinite_without_a_warning():
    assert np.isinf(batch(of_file(np.full((1000, 1), 1e300)))).all()


def test_the_notes_of_the_table_come_first():
    run = RunSpec(InputSpec(None, RowsSpec(None, "x.csv")), batch_size=1)
    inputs = FileInputs(run, Table(np.ones((2, 2)), "x.csv", ("remark",)))
    assert inputs.notes == ("remark", "1 of 2 rows, drawn at random; --batches 2 uses all")


def test_a_file_must_fit_the_first_layer(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.ones((1000, 3)))
    run = RunSpec(parse(str(path)))
    np.testing.assert_array_equal(batch(open_inputs(run, 3)), np.ones((1000, 3)))
    with pytest.raises(DataError) as caught:
        open_inputs(run, 100)
    assert str(caught.value) == ("x.npy has 3 features, the first layer expects 100. Build the layers for 3 inputs.")
