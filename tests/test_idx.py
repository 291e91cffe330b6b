import gzip
import struct

import numpy as np
import pytest

from actprof import machine
from actprof.data import read
from actprof.data.idx import IMAGES, read_bytes
from actprof.data.labelled import load
from actprof.data.request import DataSpec, RowsSpec
from actprof.data.sources import parse
from actprof.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 4, 3), dtype=np.uint8)
LABELS = np.arange(12, dtype=np.uint8) % 3
NAMES = "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def store(path, array, gz=False):
    path.write_bytes(gzip.compress(idx(array)) if gz else idx(array))


def folder_of(folder, gz=False):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(NAMES, (PIXELS, LABELS, PIXELS[:5], LABELS[:5]), strict=True):
        store(folder / (name + ".gz" * gz), array, gz)
    return folder


def refusal(path):
    with pytest.raises(DataError) as caught:
        load(DataSpec(parse(str(path))), 0)
    return str(caught.value).replace(f"{path.parent}/", "")


@pytest.mark.parametrize("gz", [False, True])
@pytest.mark.parametrize("by_folder", [False, True])
def test_a_written_set_reads_back_by_its_folder_and_by_its_images(tmp_path, gz, by_folder):
    folder_of(tmp_path, gz)
    data = load(DataSpec(parse(str(tmp_path if by_folder else tmp_path / (NAMES[0] + ".gz" * gz)))), 0)
    np.testing.assert_allclose(data.x_train, PIXELS.reshape(12, 12) / 255, rtol=1e-6)
    np.testing.assert_array_equal(data.y_train, LABELS)
    assert len(data.x_test) == 5
    assert data.classes == ("0", "1", "2")
    assert data.notes == ("whole numbers 0…255 are scaled to 0…1; --scale none keeps them",)


@pytest.mark.parametrize("gz", [False, True])
def test_images_alone_are_inputs_without_labels(tmp_path, gz):
    store(tmp_path / "x-ubyte", PIXELS, gz)
    table = read(RowsSpec(None, str(tmp_path / "x-ubyte"), drop="1-4")).table()
    np.testing.assert_array_equal(table.features, PIXELS.reshape(12, 12)[:, 4:])
    assert table.pixels


@pytest.mark.parametrize(("content", "message"), [
    (b"", "not the expected IDX file: found magic number 0x00000000, expected 0x00000803."),
    (idx(LABELS), "not the expected IDX file: found magic number 0x00000801, expected 0x00000803."),
    (idx(PIXELS)[:9], "is cut short: its header has 9 bytes, expected 16."),
    (idx(PIXELS)[:-44], "is cut short: its header promises 144 bytes, the file holds 100 bytes."),
    (idx(PIXELS) + b"x", "is damaged: it holds more than the 144 bytes that its header promises."),
    (idx(PIXELS[:0]), "is empty: found shape (0, 4, 3)."),
    (struct.pack(">4I", IMAGES, 2**31, 28, 28), "is cut short: its header promises 1.5 TiB, the file holds 0 bytes."),
    (gzip.compress(idx(PIXELS))[:-20], "is damaged or cut short (Compressed file ended before the end-of-stream marker "
                                       "was reached). Fetch it again."),
])
def test_a_faulty_file_is_refused_with_what_was_found(tmp_path, content, message):
    path = folder_of(tmp_path) / NAMES[0]
    path.write_bytes(content)
    assert refusal(path).removeprefix(NAMES[0]).lstrip(": ") == message


def test_a_wrong_checksum_is_told_with_both_values(tmp_path):
    path = tmp_path / "x"
    data = bytearray(gzip.compress(idx(PIXELS)))
    data[-8:-4] = bytes(4)
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"^.*x is damaged or cut short \(CRC check failed 0x0 != 0x[0-9a-f]+\)\. F"):
        read_bytes(str(path), IMAGES)


def test_missing_labels_and_another_number_of_labels_are_refused(tmp_path):
    path = folder_of(tmp_path) / NAMES[0]
    store(tmp_path / NAMES[1], LABELS[:7])
    assert refusal(path) == f"{NAMES[1]}: found 7 labels, expected 12, one an image."
    (tmp_path / NAMES[1]).unlink()
    assert refusal(path) == f"{NAMES[0]} has no labels beside it: {NAMES[1]} does not exist."


def test_more_than_the_memory_is_refused_before_loading(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "available_memory", lambda: 100)
    path = folder_of(tmp_path) / NAMES[0]
    assert refusal(path) == f"{NAMES[0]} takes 144 bytes in memory; 100 bytes available. Store fewer rows."


def test_a_folder_without_images_is_refused(tmp_path):
    (tmp_path / "x").mkdir()
    assert refusal(tmp_path / "x") == f"x holds no {NAMES[0]}[.gz]. Name a folder that does."
