import contextlib
import io
import struct
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actprof import machine
from actprof.data import READERS, read, suffixes
from actprof.errors import ActprofError, DataError, SpecError

ROWS = np.arange(12.0).reshape(4, 3)


def refusal(path, *arguments):
    """(kind, message without the folder) of the error that reading `path` raises."""
    with pytest.raises(ActprofError) as caught:
        read(str(path), *arguments)
    return type(caught.value), str(caught.value).replace(f"{path.parent}/", "")


def csv_of(folder: Path, text: str | bytes) -> Path:
    path = folder / "x.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def npy_of(folder: Path, array) -> Path:
    path = folder / "x.npy"
    np.save(path, array)
    return path


def npz_of(folder: Path, **arrays) -> Path:
    path = folder / "x.npz"
    np.savez(path, **arrays)
    return path


def npy_bytes(header: str, data: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def test_an_unknown_suffix_is_a_bad_request_that_names_the_known_ones(tmp_path):
    assert suffixes() == ".npz, .npy or .csv"
    with pytest.raises(SpecError, match=r"^cannot read 'x\.txt'\. Files end in \.npz, \.npy or \.csv\.$"):
        read("x.txt")


@pytest.mark.parametrize("suffix", READERS)
def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path, suffix):
    assert refusal(tmp_path / f"x{suffix}") == (DataError, f"x{suffix} does not exist. Check the path.")
    (tmp_path / f"x{suffix}").mkdir()
    assert refusal(tmp_path / f"x{suffix}") == (
        DataError, f"x{suffix} is a folder. Name a file that ends in .npz, .npy or .csv.")


@pytest.mark.parametrize(("path", "key", "label_column", "message"), [
    ("x.csv", "x", "auto", "--input-key cannot be combined with 'x.csv'. It names an array in an .npz file."),
    ("x.npy", "x", "auto", "--input-key cannot be combined with 'x.npy'. It names an array in an .npz file."),
    ("x.npy", None, "last", "--label-column cannot be combined with 'x.npy'. It names a column of a .csv file."),
    ("x.npz", None, "kind", "--label-column cannot be combined with 'x.npz'. It names a column of a .csv file."),
])
def test_an_option_of_another_format_is_refused_rather_than_ignored(tmp_path, path, key, label_column, message):
    with pytest.raises(SpecError) as caught:
        read(path, key, label_column)
    assert str(caught.value) == message


def test_the_suffix_may_be_in_capitals(tmp_path):
    path = tmp_path / "X.CSV"
    path.write_text("1,2\n")
    np.testing.assert_array_equal(read(str(path)).features, [[1, 2]])


@settings(max_examples=150, deadline=None)
@given(suffix=st.sampled_from(list(READERS)), data=st.binary(max_size=300))
def test_no_garbage_escapes_as_anything_but_a_data_error(suffix, data, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / f"garbage{suffix}"
    path.write_bytes(data)
    with contextlib.suppress(DataError):
        assert np.isfinite(read(str(path)).features).all()


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(["x.npz", "x.npy"]), place=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_one_wrong_byte_is_an_error_or_gives_finite_numbers(name, place, byte, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp()
    path = npz_of(folder, x=ROWS, y=ROWS[0]) if name == "x.npz" else npy_of(folder, ROWS)
    data = bytearray(path.read_bytes())
    data[place % len(data)] = byte
    path.write_bytes(data)
    with contextlib.suppress(DataError):
        assert np.isfinite(read(str(path)).features).all()


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", ">f4", "float64"])
def test_an_npy_array_comes_back_as_it_was_stored(tmp_path, dtype):
    table = read(str(npy_of(tmp_path, ROWS.astype(dtype))))
    assert table.features.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(table.features, ROWS.astype(dtype))
    assert table.notes == ()


@pytest.mark.parametrize(("shape", "note"), [((5, 4, 3), "4×3 images flattened to 12 features"),
                                             ((5, 4, 3, 2), "4×3×2 images flattened to 24 features")])
def test_images_are_flattened_to_rows_with_a_note(tmp_path, shape, note):
    images = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    table = read(str(npy_of(tmp_path, np.asfortranarray(images))))
    np.testing.assert_array_equal(table.features, images.reshape(5, -1))
    assert table.notes == (note,)


@pytest.mark.parametrize(("array", "message"), [
    (np.zeros(5), "x.npy: found shape (5,), expected 2-D rows × features or images."),
    (np.zeros((1,) * 5), "x.npy: found shape (1, 1, 1, 1, 1), expected 2-D rows × features or images."),
    (np.zeros((0, 3)), "x.npy is empty: found shape (0, 3), expected 2-D rows × features or images."),
    (np.zeros((2, 2), complex), "x.npy holds values of type complex128, expected real numbers."),
    (np.array([["a", "b"]]), "x.npy holds values of type <U1, expected real numbers."),
    (np.array([[None]]), "x.npy holds Python objects, which could run code and are never loaded. Store numbers."),
    (np.array([[1.0, 2.0], [3.0, np.nan]]), "x.npy holds nan at row 2, column 2. Every number must be finite."),
    (np.array([[-np.inf]]), "x.npy holds -inf at row 1, column 1. Every number must be finite."),
])
def test_an_array_that_is_no_table_of_finite_numbers_is_refused(tmp_path, array, message):
    assert refusal(npy_of(tmp_path, array)) == (DataError, message)


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x93NUMPY", npy_bytes("{'descr': '<f8', 'shape': (-1, 2), "
                                                                          "'fortran_order': False}")])
def test_what_is_not_an_npy_file_is_called_so(tmp_path, data):
    path = tmp_path / "x.npy"
    path.write_bytes(data)
    assert refusal(path) == (DataError, "x.npy: not an .npy file. numpy.save writes one.")


def test_a_header_that_promises_more_than_the_file_holds_is_refused_before_loading(tmp_path):
    header = npy_bytes("{'descr': '<f8', 'shape': (50000000, 1000), 'fortran_order': False}", b"x" * 100)
    (tmp_path / "x.npy").write_bytes(header)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("a.npy", header)
    promise = "is cut short: its header promises 373 GiB, the file holds 100 bytes. Save it again."
    assert refusal(tmp_path / "x.npy") == (DataError, f"x.npy {promise}")
    assert refusal(tmp_path / "x.npz") == (DataError, f"x.npz: array 'a' {promise}")


@pytest.mark.parametrize("name", ["x.npz", "x.npy", "x.csv"])
def test_a_file_larger_than_the_memory_is_refused_before_loading(tmp_path, name, monkeypatch):
    path = tmp_path / name
    if name == "x.csv":
        path.write_text("0," * 999 + "0\n" + ("0," * 999 + "0\n") * 99)
    elif name == "x.npz":
        np.savez_compressed(path, a=np.zeros((100, 1000)))
    else:
        np.save(path, np.zeros((100, 1000)))
    monkeypatch.setattr(machine, "available_memory", lambda: 1_000_000)
    what = "x.npz: array 'a'" if name == "x.npz" else name
    assert refusal(path) == (DataError, f"{what} takes 781 KiB in memory; 977 KiB available. Store fewer rows.")


def test_the_only_table_of_an_npz_file_is_taken_whatever_its_name(tmp_path):
    table = read(str(npz_of(tmp_path, pixels=ROWS, y=np.arange(4), names=np.array([["a"]]))))
    np.testing.assert_array_equal(table.features, ROWS)
    assert table.notes == ()


def test_of_several_tables_the_training_features_are_taken_with_a_note(tmp_path):
    table = read(str(npz_of(tmp_path, x_test=ROWS[:1], x_train=ROWS)))
    np.testing.assert_array_equal(table.features, ROWS)
    assert table.notes == ("array 'x_train' is used; --input-key takes another: 'x_test'",)


def test_a_key_chooses_the_array(tmp_path):
    table = read(str(npz_of(tmp_path, x=ROWS, z=ROWS + 1)), "z")
    np.testing.assert_array_equal(table.features, ROWS + 1)
    assert table.notes == ()


@pytest.mark.parametrize(("arrays", "key", "message"), [
    ({"a": ROWS, "b": ROWS[:2]}, None, "x.npz holds 'a' (4, 3); 'b' (2, 3). Choose one with --input-key."),
    ({"train": ROWS}, "trian", "x.npz has no array 'trian'. Did you mean 'train'? It holds 'train' (4, 3)."),
    ({"train": ROWS}, "q", "x.npz has no array 'q'. It holds 'train' (4, 3)."),
    ({"y": ROWS[0]}, None, "x.npz: array 'y': found shape (3,), expected 2-D rows × features or images."),
    ({"x": ROWS, "o": np.array([None])}, "o",
     "x.npz: array 'o' holds Python objects, which could run code and are never loaded. Store numbers."),
    ({}, None, "x.npz holds no arrays. numpy.savez writes some."),
])
def test_an_array_that_cannot_be_chosen_is_answered_with_what_is_there(tmp_path, arrays, key, message):
    assert refusal(npz_of(tmp_path, **arrays), key) == (DataError, message)


@pytest.mark.parametrize("cut", [0, 7, 200])
def test_what_is_not_an_npz_file_is_called_so(tmp_path, cut):
    path = npz_of(tmp_path, x=ROWS)
    path.write_bytes(path.read_bytes()[:cut])
    assert refusal(path) == (DataError, "x.npz: not an .npz file. numpy.savez writes one.")


def test_flipped_bytes_in_an_npz_file_are_noticed(tmp_path):
    path = npz_of(tmp_path, x=ROWS)
    data = path.read_bytes()
    at = data.index(ROWS.tobytes())
    path.write_bytes(data[:at + 20] + b"\xff" + data[at + 21:])
    assert refusal(path) == (DataError, "x.npz is damaged or encrypted. Save it again with numpy.savez.")


@pytest.mark.parametrize("text", [
    "1.5,2\n-3,4\n", "1.5,2\n-3,4", "1.5;2\n-3;4\n", "1.5\t2\n-3\t4\n", "1,5;2\n-3;4,0\n", "\ufeff1.5,2\n-3,4\n",
    "a,b\n1.5,2\n-3,4\n", "1.5,2\r\n-3,4\r\n", "\n1.5,2\n\n-3,4\n\n", '"a","b"\n"1.5","2"\n"-3","4"\n',
    " 1.5, 2\n-3 ,4e0\n", "0.0,b\n1.5,2\n-3,4\n", '"a;\nc";b\n1,5;2\n-3;4\n',
])
def test_every_usual_way_to_write_a_table_reads_the_same(tmp_path, text):
    table = read(str(csv_of(tmp_path, text)))
    np.testing.assert_array_equal(table.features, [[1.5, 2], [-3, 4]])
    assert table.notes == ()


@pytest.mark.parametrize(("text", "label_column", "features", "note"), [
    ("1,2,g\n3,4,b\n", "auto", [[1, 2], [3, 4]], "the last column ('g', 'b') is left out"),
    ("1,2,kind\n1,2,g\n", "auto", [[1, 2], [1, 2]], "the last column ('kind', 'g') is left out"),
    ("x,y,kind\n1,2,g\n", "auto", [[1, 2]], "the last column ('kind') is left out"),
    ("1,a\n2,b\n3,c\n4,d\n", "auto", [[1], [2], [3], [4]], "the last column ('a', 'b', 'c', …) is left out"),
    ('1,"a,b"\n2,"c"\n', "auto", [[1], [2]], "the last column ('a,b', 'c') is left out"),
    ("1,2,0\n3,4,1\n", "last", [[1, 2], [3, 4]], "the last column ('0', '1') is left out"),
    ("1,2,0\n3,4,1\n", "auto", [[1, 2, 0], [3, 4, 1]], None),
    ("1,2,0\n3,4,1\n", "none", [[1, 2, 0], [3, 4, 1]], None),
    ("kind,x\ng,1\nb,2\n", "kind", [[1], [2]], "column 'kind' is left out"),
    ("Label,x\n7,1\n3,2\n", "auto", [[7, 1], [3, 2]],
     "column 'Label' is used as an input; --label-column Label leaves it out"),
    ("label,x\n7,1\n3,2\n", "none", [[7, 1], [3, 2]], None),
    ("1\n2\n", "auto", [[1], [2]], None),
])
def test_the_label_column_is_left_out_with_a_note(tmp_path, text, label_column, features, note):
    table = read(str(csv_of(tmp_path, text)), None, label_column)
    np.testing.assert_array_equal(table.features, features)
    assert table.notes == ((note,) if note else ())


@pytest.mark.parametrize(("text", "label_column", "message"), [
    ("", "auto", "x.csv is empty. Expected rows of numbers."),
    ("\n \n", "auto", "x.csv is empty. Expected rows of numbers."),
    ("a,b\n", "auto", "x.csv holds a header line and no rows. Expected rows of numbers."),
    ("1,2\n3,abc\n", "auto",
     "x.csv:2:2: 'abc' is not a number. Every cell must be one; --label-column leaves one column out."),
    ("a,b\n1,2\n\n3;4,5\n", "auto",
     "x.csv:4:1: '3;4' is not a number. Every cell must be one; --label-column leaves one column out."),
    ("1,2,g\n3,4,b\n", "none",
     "x.csv:1:3: 'g' is not a number. Every cell must be one; --label-column leaves one column out."),
    ("1 2\n3 4\n", "auto",
     "x.csv:1:1: '1 2' is not a number. Every cell must be one; --label-column leaves one column out."),
    ("1,2\n,4\n", "auto",
     "x.csv:2:1: the cell is empty. Every cell must be one; --label-column leaves one column out."),
    ("1,2\n1_0,4\n", "auto",
     "x.csv:2:1: '1_0' is not a number. Every cell must be one; --label-column leaves one column out."),
    ("1,2\n\x1b[2J,4\n", "auto",
     "x.csv:2:1: '\\x1b[2J' is not a number. Every cell must be one; --label-column leaves one column out."),
    ("1,2\n3,NaN\n", "auto", "x.csv:2:2: 'NaN' is not a finite number. Leave such rows out."),
    ("1,2\n-inf,2\n", "auto", "x.csv:2:1: '-inf' is not a finite number. Leave such rows out."),
    ("1,2\n3\n", "auto", "x.csv:2:2: found 1, expected 2 columns as in the first line."),
    ("1,2\n3,4,5\n", "auto", "x.csv:2:3: found 3, expected 2 columns as in the first line."),
    ("1,2,g\n3,4,b,c\n", "auto", "x.csv:2:4: found 4, expected 3 columns as in the first line."),
    ("1\n2\n", "last", "x.csv has no column but the one left out. --label-column none uses it."),
    ("1,2\n", "kind",
     "x.csv has no header line, so no column 'kind'. --label-column takes last or none instead."),
    ("kind,x\n1,2\n", "knid", "x.csv has no column 'knid'. Did you mean 'kind'?"),
    ("kind,x\n1,2\n", "q", "x.csv has no column 'q'. The last one is 'x'."),
    ("größe\n1\n".encode("latin-1"), "auto", "x.csv: not UTF-8 text. Save it as a .csv file in UTF-8."),
])
def test_a_faulty_csv_file_is_refused_with_the_place_of_the_fault(tmp_path, text, label_column, message):
    assert refusal(csv_of(tmp_path, text), None, label_column) == (DataError, message)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(columns=st.integers(1, 4), delimiter=st.sampled_from(",;\t"), header=st.booleans(), data=st.data())
def test_a_written_table_reads_back_to_the_same_numbers(tmp_path, columns, delimiter, header, data):
    numbers = st.integers(-2**40, 2**40) | st.floats(allow_nan=False, allow_infinity=False)
    rows = data.draw(st.lists(st.lists(numbers, min_size=columns, max_size=columns), min_size=1, max_size=30))
    names = [[f"x{k}" for k in range(columns)]] if header else []
    text = "".join(delimiter.join(map(str, row)) + "\n" for row in [*names, *rows])
    np.testing.assert_array_equal(read(str(csv_of(tmp_path, text))).features, np.array(rows, float))


def test_a_fault_after_the_first_lines_is_found_too(tmp_path):
    lines = ["1,2,g"] * 5000
    lines[4321] = "1,x,g"
    assert refusal(csv_of(tmp_path, "\n".join(lines))) == (
        DataError, "x.csv:4322:2: 'x' is not a number. Every cell must be one; --label-column leaves one column out.")


def test_a_fraction_after_many_whole_numbers_is_kept(tmp_path):
    features = read(str(csv_of(tmp_path, "1\n" * 5000 + "1.5\n3000000000\n"))).features
    np.testing.assert_array_equal(features[-2:], [[1.5], [3e9]])


def test_available_memory_is_the_least_of_system_and_control_groups(tmp_path):
    assert machine.available_memory(str(tmp_path)) is None
    for path, text in {"proc/meminfo": "MemTotal: 9000 kB\nMemAvailable:    8000 kB\n",
                       "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n",
                       "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert machine.available_memory(str(tmp_path)) == 8000 * 1024
    (tmp_path / "sys/fs/cgroup/a/memory.max").write_text("4096\n")
    assert machine.available_memory(str(tmp_path)) == 4096
    (tmp_path / "sys/fs/cgroup/memory/memory.limit_in_bytes").write_text("1024\n")
    assert machine.available_memory(str(tmp_path)) == 1024


@pytest.mark.parametrize(("size", "text"), [(0, "0 bytes"), (1023, "1,023 bytes"), (1536, "1.5 KiB"),
                                            (20 * 2**30, "20 GiB"), (3.6 * 2**40, "3.6 TiB"), (2**70, "1,024 EiB")])
def test_amounts_of_memory_read_well(size, text):
    assert machine.amount(size) == text


def test_reading_leaves_no_file_open(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        for path in (npz_of(tmp_path, x=ROWS), npy_of(tmp_path, ROWS), csv_of(tmp_path, "1,2\n")):
            read(str(path))


def test_a_foreign_zip_file_holds_no_arrays(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("readme.txt", "hello")
        archive.writestr("broken.npy", "hello")
    (tmp_path / "x.npz").write_bytes(buffer.getvalue())
    assert refusal(tmp_path / "x.npz") == (DataError, "x.npz holds no arrays. numpy.savez writes some.")
