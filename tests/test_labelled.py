import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actprof.data import FILES
from actprof.data.labelled import Labelled, load
from actprof.data.request import DataSpec, RowsSpec
from actprof.data.sources import DATASETS, parse
from actprof.errors import ActprofError, DataError, SpecError
from tests.cases import for_each
from tests.test_idx import LABELS, PIXELS, folder_of

TOYS = ["blobs", "circles", "spirals", "spirals:classes=3,turns=0.5", "blobs:classes=5,spread=0.1"]
ROWS = np.arange(20.0).reshape(10, 2)


OF_DATA = set(DataSpec.__dataclass_fields__)


def loaded(text, seed=0, **options):
    """The rows of `--data text` with these options of a DataSpec or a RowsSpec."""
    of_rows = {name: value for name, value in options.items() if name not in OF_DATA}
    return load(DataSpec(parse(str(text), **of_rows), **{name: options[name] for name in OF_DATA & {*options}}), seed)


def refusal(text, folder="", **options):
    with pytest.raises(ActprofError) as caught:
        loaded(text, **options)
    return type(caught.value), str(caught.value).replace(f"{folder}/", "")


def csv_of(folder, text):
    (folder / "x.csv").write_text(text)
    return folder / "x.csv"


def npz_of(folder, **arrays):
    np.savez(folder / "x.npz", **arrays)
    return folder / "x.npz"


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A machine without any data set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", "")
    monkeypatch.setenv("ACTPROF_DATA_DIR", "")
    return tmp_path


@for_each("text", TOYS)
def test_a_toy_is_a_balanced_set_of_points_of_the_plane(text):
    data = loaded(text)
    assert (data.x_train.shape, data.x_test.shape, data.is_plane) == ((1000, 2), (500, 2), True)
    assert data.x_train.dtype == np.float32
    assert np.ptp(np.bincount(data.y_train)) <= 1
    assert 0.3 < np.square(data.x_train).mean() < 3
    assert data.notes == ()


@for_each("text", [*TOYS, "glyphs:train=300,test=50"])
def test_the_same_seed_gives_the_same_set_and_another_seed_another(text):
    one, again, other = (loaded(text, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.x_train, again.x_train)
    assert (one.x_train != other.x_train).any(axis=1).all()
    assert (one.x_test != one.x_train[:len(one.x_test)]).any(axis=1).all()


def test_points_without_noise_lie_where_the_formulas_put_them():
    def radius(text):
        data = loaded(text)
        return np.hypot(*data.x_train.astype(float).T), data.y_train
    np.testing.assert_allclose(radius("blobs:spread=0")[0], 2, rtol=1e-6)
    distances, classes = radius("circles:classes=4,noise=0")
    np.testing.assert_allclose(distances, 1 + classes / 3, rtol=1e-6)
    distances, classes = radius("circles:noise=0,factor=0.8")
    np.testing.assert_allclose(distances, np.where(classes, 2, 1.6), rtol=1e-6)
    assert radius("spirals:noise=0")[0].max() <= 2


def test_the_default_is_a_row_of_the_table():
    assert RowsSpec() == parse("glyphs")
    assert parse("fashion-mnist").data == parse("FASHION").data
    assert str(parse("blobs:classes=4").data) == "blobs:classes=4,spread=0.5,train=1000,test=500"


def test_the_baseline_is_that_of_the_most_frequent_training_class():
    x = np.zeros((4, 1), np.float32)
    data = Labelled("x", x, np.array([0, 1, 1, 0, 1]), x, np.array([0, 1, 0, 0]), ("a", "b"))
    assert data.baseline == 0.25


@for_each(("text", "options", "message"), [
    ("mnits", {}, f"unknown data set 'mnits'. Did you mean 'mnist'? {FILES}"),
    ("blobs:classes=1", {}, "blobs: classes must be a whole number from 2 to 100, not '1'."),
    ("blobs", {"validation_split": 0.5},
     "--validation-split cannot be combined with blobs. It brings its own test set."),
    ("x.csv", {"validation_split": 1.5}, "--validation-split must be above 0 and below 1, not 1.5."),
    ("x.csv", {"validation_split": float("nan")}, "--validation-split must be above 0 and below 1, not nan."),
    ("blobs", {"train_size": 0}, "--train-size must be 1 or more, not 0."),
    ("blobs", {"train_size": 1001}, "--train-size must be from 1 to 1,000, the training rows of blobs, not 1,001."),
    ("blobs", {"label_column": "k"}, "--label-column cannot be combined with blobs. It names a column of a file."),
    ("blobs", {"drop": "1"}, "--drop cannot be combined with blobs. It names columns of a file."),
    ("blobs", {"target": "numbers"}, "--target cannot be combined with blobs. It says what a file's labels are."),
    ("x.csv", {"missing": "zero"}, "--missing must be error or drop-rows, not 'zero'."),
    ("x.csv", {"label_key": "k"}, "--label-key cannot be combined with 'x.csv'. It names an array in an .npz file."),
    ("blobs", {"data_dir": "d"}, "--data-dir cannot be combined with blobs. "
                                 "It is where mnist and fashion_mnist are sought."),
    ("x.csv", {"data_dir": "d"}, "--data-dir cannot be combined with 'x.csv'. "
                                 "It is where mnist and fashion_mnist are sought."),
])
def test_a_bad_request_is_answered_with_what_is_possible(text, options, message):
    assert refusal(text, **options) == (SpecError, message)


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(2, 60), share=st.floats(0.01, 0.99), shuffle=st.booleans())
def test_every_row_is_in_exactly_one_part(rows, share, shuffle, tmp_path_factory):
    path = csv_of(tmp_path_factory.getbasetemp(), "".join(f"{row},{row % 2}\n" for row in range(rows)))
    data = loaded(path, validation_split=share, shuffle=shuffle)
    x = np.concatenate([data.x_train, data.x_test])[:, 0]
    y = np.concatenate([data.y_train, data.y_test])
    np.testing.assert_array_equal(np.sort(x), np.arange(rows))
    np.testing.assert_array_equal(y, x % 2)
    assert abs(len(data.x_test) - rows * share) < 1 + 1e-6
    assert shuffle or (np.diff(x) == 1).all()


def test_the_last_fifth_of_a_file_is_held_back_with_a_note(tmp_path):
    path = csv_of(tmp_path, "".join(f"{row},{'g' if row % 2 else 'b'}\n" for row in range(10)))
    data = loaded(path, train_size=3)
    assert (data.x_train[:, 0].tolist(), data.x_test[:, 0].tolist()) == ([0, 1, 2], [8, 9])
    assert (data.name, data.classes, data.y_test.tolist()) == ("x.csv", ("b", "g"), [0, 1])
    assert data.notes == ("the classes are column 2, the last one, of text; --label-column takes another",
                          "2 of 10 rows, the last ones, are held back for the test; "
                          "--validation-split sets the share")


def test_a_sorted_file_is_remarked_on(tmp_path):
    path = csv_of(tmp_path, "1,2\n" * 5 + "1,10\n" * 5)
    data = loaded(path, validation_split=0.5)
    assert data.classes == ("2", "10")
    assert data.notes == ("the classes are column 2, the last one; --label-column takes another",
                          "1 of 2 classes occur in the training rows; --shuffle mixes the rows first",
                          "1 of 2 classes occur in the test rows; --shuffle mixes the rows first")


def test_a_named_label_column_is_taken(tmp_path):
    data = loaded(csv_of(tmp_path, "kind,x\n3,7\n1,8\n3,9\n"), label_column="kind")
    assert (data.x_train[:, 0].tolist(), data.y_train.tolist(), data.classes) == ([7, 8], [1, 0], ("1", "3"))


@pytest.mark.parametrize(("text", "message"), [
    ("1,nan,a\n2,3,b\n", "x.csv:1:2: 'nan' is not a finite number. --missing drop-rows leaves such rows out: 1 of 2."),
    ("1,1\n2,nan\n", "x.csv:2:2: the label is missing. --missing drop-rows leaves such rows out: 1 of 2."),
    ("1,a\n2, \n", "x.csv:2:2: the label is missing. --missing drop-rows leaves such rows out: 1 of 2."),
    ("1\n2\n", "x.csv has 1 column, expected inputs and a column of labels."),
    ("1,a\n2,a\n", "x.csv: found 1 different label in 2 rows, expected 2 to 1,000 classes. "
                   "--label-column takes another column."),
    ("".join(f"{row},name {row}\n" for row in range(50)),
     "x.csv: found 50 different labels in 50 rows, expected 2 to 1,000 classes. --label-column takes another column."),
    ("1e300,a\n2,b\n", "x.csv holds numbers too large for float32. Divide them first."),
])
def test_a_faulty_csv_file_is_refused_with_the_place(tmp_path, text, message):
    assert refusal(csv_of(tmp_path, text), tmp_path) == (DataError, message)


@pytest.mark.parametrize("labels", [np.arange(10) % 2, np.array(["a", "b"] * 5), np.array([b"a", b"b"] * 5),
                                    np.eye(2)[np.arange(10) % 2], (np.arange(10) % 2)[:, None].astype(float)])
def test_labels_of_every_kind_read_the_same(tmp_path, labels):
    data = loaded(npz_of(tmp_path, x_train=ROWS, t_train=labels, x_test=ROWS[:4], t_test=labels[:4]))
    assert (data.y_train.tolist(), data.y_test.tolist()) == ([0, 1] * 5, [0, 1] * 2)
    np.testing.assert_array_equal(data.x_train, ROWS)
    assert refusal(tmp_path / "x.npz", validation_split=0.5) == (
        SpecError, "--validation-split cannot be combined with x.npz. It brings its own test set.")


@pytest.mark.parametrize(("arrays", "message"), [
    ({"q": ROWS},
     "x.npz has no array 'y_train' or 'labels'. It holds 'q' (10, 2). Choose the labels with --label-key."),
    ({"x": ROWS, "y": np.arange(9)}, "x.npz: array 'y': found 9 labels, expected 10, one a row of 'x'."),
    ({"x": ROWS, "y": np.array([None] * 10)},
     "x.npz: array 'y' holds Python objects, which could run code and are never loaded. Store numbers."),
    ({"x": ROWS, "y": ROWS}, "x.npz: found labels of shape (10, 2), expected one a row or one-hot rows."),
    ({"x": ROWS, "y": np.arange(10), "x_test": ROWS[:, :1], "y_test": np.arange(10)},
     "x.npz: found 1 features in the test rows, expected 2 as in the training rows."),
    ({"x": ROWS, "y": np.arange(10), "x_test": ROWS, "y_test": np.array(["a"] * 10)},
     "x.npz: some labels are text, others numbers. Use one kind."),
])
def test_a_faulty_npz_file_is_refused_with_what_was_found(tmp_path, arrays, message):
    assert refusal(npz_of(tmp_path, **arrays), tmp_path) == (DataError, message)


REAL = np.linspace(-1, 1, 10) ** 3


@pytest.mark.parametrize("x", [ROWS, ROWS[:, 0]])
def test_numbers_that_are_not_whole_are_to_be_predicted(tmp_path, x):
    data = loaded(npz_of(tmp_path, x=x, y=REAL))
    assert (data.classes, data.is_curve, data.is_plane) == ((), x.ndim == 1, False)
    np.testing.assert_array_equal(np.concatenate([data.y_train, data.y_test]), REAL)
    assert data.baseline_loss == pytest.approx(np.mean((REAL[8:] - REAL[:8].mean())**2) / 2)
    assert np.isnan(data.baseline)


def test_whole_numbers_are_classes_or_to_be_predicted_by_how_often_they_come_or_as_asked_for(tmp_path):
    def classes(labels, **options):
        path = csv_of(tmp_path, "".join(f"{row / 7},{label}\n" for row, label in enumerate(labels)))
        return len(loaded(path, **options).classes)
    assert classes([row % 5 for row in range(100)]) == 5
    assert classes(range(20)) == 20
    assert classes(range(100)) == 0
    assert classes([row % 40 for row in range(100)]) == 40
    assert classes([row % 5 for row in range(100)], target="numbers") == 0
    assert classes(range(100), target="classes") == 100
    assert refusal(csv_of(tmp_path, "1,1.5\n2,1\n"), tmp_path, target="classes") == (
        DataError, "x.csv: found label '1.5', expected whole numbers or text. --target numbers predicts numbers.")
    assert refusal(csv_of(tmp_path, "1,a\n2,b\n"), tmp_path, target="numbers") == (
        DataError, "x.csv: the labels are text ('a', …), not numbers to predict. --label-column takes another column.")


def test_scaling_goes_by_the_training_rows_alone(tmp_path):
    rows = np.random.default_rng(0).normal(50, 9, (200, 3))
    y = rows[:, 0] * 1000.5
    path = npz_of(tmp_path, x=rows, y=y)
    data = loaded(path, scale="standard")
    np.testing.assert_allclose(data.x_test, (rows[160:] - rows[:160].mean(0)) / rows[:160].std(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(data.y_test, (y[160:] - y[:160].mean()) / y[:160].std())
    assert "the numbers to predict are scaled likewise" in data.notes
    data = loaded(path, scale="unit")
    assert (data.x_train.min(), data.x_train.max(), data.y_train.min(), data.y_train.max()) == (0, 1, 0, 1)
    notes = loaded(path).notes
    assert any(note.startswith("the inputs' rms is 5") for note in notes)
    assert any(note.startswith("the numbers to predict have an rms of 5") for note in notes)


def test_a_file_sorted_by_its_input_is_remarked_on(tmp_path):
    path = csv_of(tmp_path, "x,y\n" + "".join(f"{row},{(row / 9)**3}\n" for row in range(50)))
    remark = "an input of all test rows is beyond those of the training rows; --shuffle mixes the rows first"
    assert remark in loaded(path).notes
    assert remark not in loaded(path, shuffle=True).notes


@pytest.mark.parametrize(("kind", "scaled"), [("bytes", True), ("images", True), ("csv", True), ("narrow csv", False),
                                             ("floats", False)])
def test_whole_numbers_of_pixels_become_0_to_1_in_every_file(tmp_path, kind, scaled):
    pixels = np.random.default_rng(0).integers(0, 256, (30, 4, 4))
    pixels[0, 0, 0] = 255
    labels = np.arange(30) % 2
    if kind.endswith("csv"):
        rows = np.column_stack([pixels.reshape(30, -1)[:, :15 if "narrow" in kind else 16], labels])
        path = csv_of(tmp_path, "".join(",".join(map(str, row)) + "\n" for row in rows))
    else:
        stored = {"bytes": np.uint8, "images": np.int64, "floats": np.float32}[kind]
        path = npz_of(tmp_path, x=pixels.astype(stored), y=labels)
    assert (loaded(path).x_train.max() == 1) == scaled
    assert loaded(path, scale="none").x_train.max() == 255


def test_an_array_of_objects_beside_good_ones_is_no_obstacle(tmp_path):
    path = npz_of(tmp_path, meta=np.array({"a": 1}), imgs=np.ones((10, 2, 3, 3)), kinds=np.arange(10) % 2)
    assert loaded(path, label_key="kinds").features == 18
    assert loaded(path, label_key="kinds", input_key="imgs", drop="1-9").features == 9


@pytest.mark.parametrize("place", ["data/MNIST/raw", "home/data/MNIST/raw", "env/MNIST/raw", "option/MNIST/raw"])
def test_mnist_is_found_where_torchvision_keeps_it(nowhere, monkeypatch, place):
    folder_of(nowhere / place)
    if place.startswith("env"):
        monkeypatch.setenv("ACTPROF_DATA_DIR", str(nowhere / "env"))
    data = loaded("mnist", data_dir=str(nowhere / "option") if place.startswith("option") else None)
    assert (len(data.x_train), len(data.x_test), data.name) == (12, 5, "mnist")
    assert data.notes[0].endswith(place)


@pytest.mark.parametrize("variable", [None, "KERAS_HOME"])
def test_both_sets_are_found_where_keras_keeps_them(nowhere, monkeypatch, variable):
    folder = nowhere / "home" / ".keras"
    if variable:
        folder = nowhere / "k"
        monkeypatch.setenv(variable, str(folder))
    folder_of(folder / "datasets" / "fashion-mnist", gz=True)
    np.savez(folder / "datasets" / "mnist.npz", x_train=PIXELS, y_train=LABELS, x_test=PIXELS, y_test=LABELS)
    for name in ("mnist", "fashion-mnist"):
        data = loaded(name)
        np.testing.assert_allclose(data.x_train, PIXELS.reshape(12, 12) / 255, rtol=1e-6)


def test_a_set_that_is_not_there_is_answered_with_the_places_and_the_command(nowhere):
    assert refusal("mnist", nowhere) == (
        DataError, "mnist is not on this machine. Searched: home/.keras/datasets/mnist.npz, data/MNIST/raw, "
                   'home/data/MNIST/raw. To fetch it: python -c "from keras.datasets import mnist; mnist.load_data()"')


def test_a_bad_folder_is_refused_by_the_name_of_what_names_it(nowhere, monkeypatch):
    assert refusal("mnist", "-", data_dir="nope") == (
        DataError, "--data-dir: nope is not a folder. Name the one that holds MNIST/raw.")
    monkeypatch.setenv("ACTPROF_DATA_DIR", "nope")
    assert refusal("mnist", "-") == (
        DataError, "ACTPROF_DATA_DIR: nope is not a folder. Name the one that holds MNIST/raw.")


@pytest.mark.parametrize("name", ["x.npz", "x.csv", "x-ubyte"])
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=300))
def test_no_garbage_escapes_as_anything_but_an_error_of_ours(name, data, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(data)
    with contextlib.suppress(ActprofError):
        assert np.isfinite(loaded(path).x_train).all()


def test_every_data_set_is_either_drawn_or_kept():
    for entry in DATASETS:
        assert (entry.make is None) != (entry.kept is None)
