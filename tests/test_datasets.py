import contextlib
import io
import re
import struct
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actprof import data, machine
from actprof.data import FILES, READERS
from actprof.data.request import RowsSpec
from actprof.errors import ActprofError, DataError, SpecError
from tests.cases import for_each

ROWS = np.arange(12.0).reshape(4, 3)


def read(path, input_key=None, label_column="auto", **reading):
    """The inputs of a file as a table."""
    return data.read(RowsSpec(None, str(path), input_key=input_key, label_column=label_column, **reading)).table()


def refusal(path, *arguments, **reading):
    """(kind, message without the folder) of the error that reading `path` raises."""
    with pytest.raises(ActprofError) as caught:
        read(path, *arguments, **reading)
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
    assert FILES.startswith("Files end in .npz, .npy, .csv, .tsv, .txt, .data or -ubyte[.gz]")
    assert refusal(Path("x.doc")) == (SpecError, f"cannot read 'x.doc'. {FILES}")


@pytest.mark.parametrize("suffix", READERS)
def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path, suffix):
    assert refusal(tmp_path / f"x{suffix}") == (DataError, f"x{suffix} does not exist. Check the path.")
    (tmp_path / f"x{suffix}").mkdir()
    assert refusal(tmp_path / f"x{suffix}") == (
        DataError, f"x{suffix} holds no train-images-idx3-ubyte[.gz]. Name a folder that does.")


@pytest.mark.parametrize(("path", "key", "label_column", "message"), [
    ("x.csv", "x", "auto", "--input-key cannot be combined with 'x.csv'. It names an array in an .npz file."),
    ("x.npy", "x", "auto", "--input-key cannot be combined with 'x.npy'. It names an array in an .npz file."),
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
@given(suffix=st.sampled_from(list(READERS)), garbage=st.binary(max_size=300))
def test_no_garbage_escapes_as_anything_but_a_data_error(suffix, garbage, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / f"garbage{suffix}"
    path.write_bytes(garbage)
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
    (np.array([[1.0, 2.0], [3.0, np.nan]]),
     "x.npy holds nan at row 2, column 2. --missing drop-rows leaves such rows out: 1 of 2."),
    (np.array([[-np.inf]]), "x.npy holds -inf at row 1, column 1. --missing drop-rows leaves such rows out: 1 of 1."),
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


def test_a_list_of_many_arrays_is_cut(tmp_path):
    _, message = refusal(npz_of(tmp_path, **{f"a{number}": ROWS for number in range(500)}))
    assert message.endswith("'a11' (4, 3); … 488 more. Choose one with --input-key.")


@pytest.mark.parametrize(("names", "taken"), [
    (("X", "Y"), "X"), (("features", "labels"), "features"), (("arr_1", "arr_0"), "arr_0"), (("test", "data"), "data"),
    (("X_train", "x"), "X_train"), (("images", "other"), "images"),
])
def test_the_usual_names_are_known_in_any_case(tmp_path, names, taken):
    path = npz_of(tmp_path, **{name: ROWS + place for place, name in enumerate(names)})
    np.testing.assert_array_equal(read(path).features, ROWS + names.index(taken))


@pytest.mark.parametrize("pack", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_that_unpacks_without_bounds_is_not_opened(tmp_path, pack):
    with zipfile.ZipFile(tmp_path / "x.npz", "w", pack) as archive:
        archive.writestr("x.npy", npy_of(tmp_path, ROWS).read_bytes())
    assert refusal(tmp_path / "x.npz") == (
        DataError, "x.npz is damaged or encrypted. Save it again with numpy.savez.")


def test_a_trap_is_refused_by_its_header_and_little_is_read(tmp_path):
    header = npy_bytes("{'descr': '|u1', 'shape': (70000, 30000), 'fortran_order': False}")
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("x.npy", "w", force_zip64=True) as file:
            file.write(header)
        archive.infolist()[0].file_size = 70000 * 30000 + len(header)
    assert re.fullmatch(r"x\.npz: array 'x' unpacks from \d\d bytes to 2\.0 GiB\. Save it uncompressed if that is "
                        r"meant\.", refusal(tmp_path / "x.npz")[1])
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + bytes(1 << 24))
    tracemalloc.start()
    assert refusal(tmp_path / "x.npz") == (DataError, "x.npz holds no arrays. numpy.savez writes some.")
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_a_long_double_is_read_without_a_warning(tmp_path):
    path = npy_of(tmp_path, np.array([[1.5, 1e300]], np.longdouble))
    contents = bytearray(path.read_bytes())
    contents[-16:] = b"\xff" * 10 + bytes(6)
    path.write_bytes(contents)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert refusal(path)[1].startswith("x.npy holds nan at row 1, column 2.")


def test_flipped_bytes_in_an_npz_file_are_noticed(tmp_path):
    path = npz_of(tmp_path, x=ROWS)
    data = path.read_bytes()
    at = data.index(ROWS.tobytes())
    path.write_bytes(data[:at + 20] + b"\xff" + data[at + 21:])
    assert refusal(path) == (DataError, "x.npz is damaged or encrypted. Save it again with numpy.savez.")


@pytest.mark.parametrize("text", [
    "1.5,2\n-3,4\n", "1.5,2\n-3,4", "1.5;2\n-3;4\n", "1.5\t2\n-3\t4\n", "1,5;2\n-3;4,0\n", "\ufeff1.5,2\n-3,4\n",
    "a,b\n1.5,2\n-3,4\n", "1.5,2\r\n-3,4\r\n", "\n1.5,2\n\n-3,4\n\n", '"a","b"\n"1.5","2"\n"-3","4"\n',
    " 1.5, 2\n-3 ,4e0\n", '"a;\nc";b\n1,5;2\n-3;4\n', "1.5 2\n-3 4\n", "  1.5    2\n -3\t 4 \n", "a b\n1.5 2\n-3 4\n",
    "1.5,2,\n-3,4,\n", "a,b,\n1.5,2,\n-3,4,\n", "a,b\n1.5,2,\n-3,4,\n", "1.5;2;\r\n-3;4;\r\n", "0,b\n1.5,2\n-3,4\n",
    "# by hand\n1.5,2\n#1,2,3\n\n-3,4\n", "# a b\n1.5 2\n-3 4\n", "#a,b\n1.5,2\n-3,4\n",
])
def test_every_usual_way_to_write_a_table_reads_the_same(tmp_path, text):
    table = read(str(csv_of(tmp_path, text)))
    np.testing.assert_array_equal(table.features, [[1.5, 2], [-3, 4]])
    assert table.notes == ()


@pytest.mark.parametrize(("text", "label_column", "features", "note"), [
    ("1,2,g\n3,4,b\n", "auto", [[1, 2], [3, 4]], "column 3, the last one, of text,"),
    ("1,2,kind\n1,2,g\n", "auto", [[1, 2], [1, 2]], "column 3, the last one, of text,"),
    ("x,z,kind\n1,2,g\n", "auto", [[1, 2]], "column 3 'kind', the last one, of text,"),
    ('1,"a,b"\n2,"c"\n', "auto", [[1], [2]], "column 2, the last one, of text,"),
    ("a,1\nb,2\na,3\nb,4\n", "auto", [[1], [2], [3], [4]], "column 1, the first one, of text,"),
    ("Label,x\n7,1\n3,2\n", "auto", [[1], [2]], "column 1 'Label', going by its name,"),
    ("y,class,x\n7,0,1\n3,0,2\n", "auto", [[7, 1], [3, 2]], "column 2 'class', going by its name,"),
    ("1,2,0\n3,4,1\n", "last", [[1, 2], [3, 4]], "column 3"),
    ("1,2,0\n3,4,1\n", "first", [[2, 0], [4, 1]], "column 1"),
    ("1,2,0\n3,4,1\n", "2", [[1, 0], [3, 1]], "column 2"),
    ("1,2,0\n3,4,1\n", "-3", [[2, 0], [4, 1]], "column 1"),
    ("kind,x\ng,1\nb,2\n", "KIND", [[1], [2]], "column 1 'kind'"),
    ("last,x,z\n0,1,2\n", "last", [[1, 2]], "column 1 'last'"),
    ("1,2,0\n3,4,1\n", "auto", [[1, 2, 0], [3, 4, 1]], None),
    ("label,x\n7,1\n3,2\n", "none", [[7, 1], [3, 2]], None),
    ("1\n2\n", "auto", [[1], [2]], None),
    ("label\n1\n2\n", "auto", [[1], [2]], None),
])
def test_the_label_column_is_left_out_with_a_note(tmp_path, text, label_column, features, note):
    table = read(csv_of(tmp_path, text), None, label_column)
    np.testing.assert_array_equal(table.features, features)
    way = "; --label-column none uses it" * (label_column == "auto")
    assert table.notes == ((f"{note} is left out{way}",) if note else ())


@pytest.mark.parametrize(("text", "drop", "features", "notes"), [
    ("a,b,c\n1,2,3\n4,5,6\n", "b", [[1, 3], [4, 6]], ()),
    ("a,b,c\n1,2,3\n4,5,6\n", "3,a", [[2], [5]], ()),
    ("a,b,c\n1,2,3\n4,5,6\n", "-1, 1", [[2], [5]], ()),
    ("1,2,3,4\n5,6,7,8\n", "2-3", [[1, 4], [5, 8]], ()),
    ("1,2,3,4\n5,6,7,8\n", "3:1,", [[4], [8]], ()),
    ("1,x,3\n5,y,7\n", "2", [[1, 3], [5, 7]], ()),
    ('"a,b",c\n1,2\n', "a,b", [[2]], ()),
    ("1-2,b,c\n1,2,3\n", "1-2", [[2, 3]], ()),
    (",a\n0,5\n1,7\n", "", [[5], [7]], ("column 1 '' names the rows and is left out; --drop none keeps it",)),
    (",a\n0,5\n1,7\n", "none", [[0, 5], [1, 7]], ()),
    (",a,b\n0,5,2\n1,7,2\n", "None,b", [[0, 5], [1, 7]], ()),
    (",a\n3,5\n1,7\n", "", [[3, 5], [1, 7]], ()),
    ("Id,a\n31,5\n17,7\n", "", [[5], [7]], ("column 1 'Id' names the rows and is left out; --drop none keeps it",)),
    ("rowid,a\n1,5\n2,7\n", "", [[5], [7]], ("column 1 'rowid' names the rows and is left out; --drop none keeps it",)),
    ("t,a\n0,5\n1,7\n", "", [[0, 5], [1, 7]], ()),
    ("id\n0\n1\n", "", [[0], [1]], ()),
])
def test_columns_are_dropped_by_name_number_and_range_and_row_numbers_by_themselves(tmp_path, text, drop, features,
                                                                                   notes):
    table = read(csv_of(tmp_path, text), drop=drop)
    np.testing.assert_array_equal(table.features, features)
    assert table.notes == notes


def test_columns_of_an_array_go_by_their_numbers(tmp_path):
    for path in (npy_of(tmp_path, ROWS), npz_of(tmp_path, x=ROWS)):
        np.testing.assert_array_equal(read(path, drop="2").features, ROWS[:, [0, 2]])
        np.testing.assert_array_equal(read(path, label_column="last").features, ROWS[:, :2])
        samples = data.read(RowsSpec(None, str(path), label_column="first", drop="3"), labelled=True)
        np.testing.assert_array_equal(samples.x, ROWS[:, [1]])
        np.testing.assert_array_equal(samples.y, ROWS[:, 0])


MORE = "Every cell must be one; --drop"
DROP_ROWS = "--missing drop-rows leaves such rows out"


@pytest.mark.parametrize(("text", "label_column", "message"), [
    ("", "auto", "x.csv is empty. Expected rows of numbers."),
    ("\n \n", "auto", "x.csv is empty. Expected rows of numbers."),
    ("# nothing\n", "auto", "x.csv is empty. Expected rows of numbers."),
    ('"\n', "auto", "x.csv holds no rows. Expected rows of numbers."),
    ("a,b\n", "auto", "x.csv holds a header line and no rows. Expected rows of numbers."),
    ("1,2\n3,abc\n", "auto", f"x.csv:2:2: 'abc' is not a number. {MORE} 2 leaves its column out."),
    ("a,b\n1,2\n\n3;4,5\n", "auto", f"x.csv:4:1: '3;4' is not a number. {MORE} a leaves its column out."),
    ("# by hand\n1,2\n#\n3,4x\n", "auto", f"x.csv:4:2: '4x' is not a number. {MORE} 2 leaves its column out."),
    ("1.5,2x\n3,4\n5,6\n", "auto", f"x.csv:1:2: '2x' is not a number. {MORE} 2 leaves its column out."),
    ("1,x\n2,3\n4,5\n", "none", f"x.csv:1:2: 'x' is not a number. {MORE} 2 leaves its column out."),
    ("?,5\n2,3\n4,5\n", "none", f"x.csv:1:1: '?' is not a finite number. {DROP_ROWS}: 1 of 3."),
    ("1,2,g\n3,4,b\n", "none", "x.csv: column 3 ('g', 'b', …) holds text, expected numbers. --drop 3 leaves it out."),
    ("a,b c,d,e,f\nx,y,1,z,0\nx,y,1,w,0\n", "none", "x.csv: column 1 'a' ('x', …), column 2 'b c' ('y', …) and "
     "column 4 'e' ('z', 'w', …) hold text, expected numbers. --drop 1-2,4 leaves them out."),
    ("1,2\n,4\n", "auto", f"x.csv:2:1: the cell is empty. {DROP_ROWS}: 1 of 2."),
    ("a,b,c\n1,NA,3\n,4,\n5,6,7\n", "auto", f"x.csv:2:2: 'NA' is not a finite number. {DROP_ROWS}: 2 of 3."),
    ("1,2\n1_0,4\n", "auto", f"x.csv:2:1: '1_0' is not a number. {MORE} 1 leaves its column out."),
    ("1,2\n\x1b[2J,4\n", "auto", f"x.csv:2:1: '\\x1b[2J' is not a number. {MORE} 1 leaves its column out."),
    ("1,2\n3,NaN\n", "auto", f"x.csv:2:2: 'NaN' is not a finite number. {DROP_ROWS}: 1 of 2."),
    ("1,2\n-inf,2\n", "auto", f"x.csv:2:1: '-inf' is not a finite number. {DROP_ROWS}: 1 of 2."),
    ("1,2\n3\n", "auto", "x.csv:2:2: found 1, expected 2 columns as in the first line."),
    ("1,2\n3,4,5\n", "auto", "x.csv:2:3: found 3, expected 2 columns as in the first line."),
    ("1,2,g\n3,4,b,c\n", "auto", "x.csv:2:4: found 4, expected 3 columns as in the first line."),
    ("1\n2\n", "last", "x.csv has no column left but those left out. --label-column none uses it."),
    ("1,2\n", "kind", "x.csv has no header line, so no column 'kind'. Name first, last or a number from 1 to 2."),
    ("kind,x\n1,2\n", "knid", "x.csv has no column 'knid'. Did you mean 'kind'?"),
    *[("kind,x\n1,2\n", text,
       f"x.csv has no column '{text}'. Its columns: 'kind', 'x'; or first, last or a number from 1 to 2.")
      for text in ("q", "3", "0", "-3")],
    ("größe\n1\n".encode("latin-1"), "auto", "x.csv: not UTF-8 text. Save it as a .csv file in UTF-8."),
])
def test_a_faulty_csv_file_is_refused_with_the_place_of_the_fault(tmp_path, text, label_column, message):
    assert refusal(csv_of(tmp_path, text), None, label_column) == (DataError, message)


def test_rows_that_lack_a_number_are_left_out_when_asked_for_in_every_format(tmp_path):
    rows = np.array([[1.0, np.nan], [3, 4], [np.inf, 6], [7, 8]])
    for path in (csv_of(tmp_path, "1,\n3,4\ninf,?\n7,8\n"), npy_of(tmp_path, rows), npz_of(tmp_path, x=rows)):
        table = read(path, missing="drop-rows")
        np.testing.assert_array_equal(table.features, [[3, 4], [7, 8]])
        assert table.notes == ("2 of 4 rows lack a value and are left out",)
    path = csv_of(tmp_path, "1,?\n3,b\n,a\n7,a\n")
    samples = data.read(RowsSpec(None, str(path), missing="drop-rows"), labelled=True)
    assert (samples.x.tolist(), samples.y.tolist()) == ([[3], [7]], ["b", "a"])
    assert refusal(csv_of(tmp_path, "1,\n,2\n"), missing="drop-rows") == (
        DataError, "x.csv has no row without a missing value. --drop leaves out the columns that lack most.")


def test_a_line_may_be_as_long_as_it_is(tmp_path):
    rows = np.arange(60_000).reshape(2, 30_000) + 0.25
    for delimiter in ",;\t ":
        path = csv_of(tmp_path, "".join(delimiter.join(map(str, row)) + "\n" for row in rows.tolist()))
        np.testing.assert_array_equal(read(path).features, rows)


@pytest.mark.parametrize("suffix", [".tsv", ".txt", ".data", ".TXT"])
def test_every_suffix_of_text_reads_the_same(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    path.write_text("a\tb\n1\t2\n")
    np.testing.assert_array_equal(read(path).features, [[1, 2]])


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
        DataError, "x.csv:4322:2: 'x' is not a number. Every cell must be one; --drop 2 leaves its column out.")


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


@for_each(("size", "text"), [(0, "0 bytes"), (1023, "1,023 bytes"), (1536, "1.5 KiB"),
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
