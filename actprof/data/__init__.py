"""Rows from outside or made: one table of readers by suffix, for every command."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from actprof.errors import DataError, SpecError, quoted

if TYPE_CHECKING:
    from actprof.data.request import RowsSpec
    from actprof.data.samples import Samples

NPZ = ".npz"
TEXT = (".csv", ".tsv", ".txt", ".data")
# Suffix → module and function (path, spec, labelled) → Samples that reads such a file.
READERS: Mapping[str, tuple[str, str]] = {
    NPZ: ("actprof.data.npz", "read_npz"),
    ".npy": ("actprof.data.npz", "read_npy"),
    **dict.fromkeys(TEXT, ("actprof.data.delimited", "read_delimited")),
}

IDX = ("actprof.data.idx", "read_idx")
FILES = f"Files end in {', '.join(READERS)} or -ubyte[.gz]; or name a folder that holds the last."


def read(spec: RowsSpec, labelled: bool = False) -> Samples:
    """The rows of a file or a folder, all of finite numbers.

    Args:
        labelled: whether labels are needed too; without them, a column of labels is left out.

    Raises:
        SpecError: the suffix is unknown, or an option does not fit it.
        DataError: the file is not there or does not hold what it should.
    """
    # Imported only now: a run on random inputs should not wait for zipfile and csv.
    from actprof.data.request import refuse
    from actprof.data.samples import complete
    from actprof.data.table import display_path

    path = spec.path
    images = os.path.isdir(path) or "ubyte" in os.path.basename(path)
    if not images and suffix(path) not in READERS:
        raise SpecError(f"cannot read {quoted(path)}. {FILES}")
    if suffix(path) != NPZ or images:
        refuse(quoted(path), {"input_key": spec.input_key, "label_key": spec.label_key})
    if not os.path.exists(path):
        raise DataError(f"{display_path(path)} does not exist. Check the path.")
    if not os.path.isfile(path) and not os.path.isdir(path):
        raise DataError(f"{display_path(path)} is not a regular file. Save the data to a file first.")
    module, function = IDX if images else READERS[suffix(path)]
    reader: Callable[[str, RowsSpec, bool], Samples] = getattr(import_module(module), function)
    try:
        return complete(reader(path, spec, labelled), spec.missing)
    except OSError as error:
        # An archive that points to before its own beginning is an invalid argument to the system.
        reason = "it is damaged. Save it again" if error.errno == errno.EINVAL else error.strerror or error
        raise DataError(f"{display_path(str(error.filename or path))} cannot be read: {reason}.") from None


def suffix(path: str) -> str:
    """The suffix that decides on the reader: lower case, with its dot."""
    return os.path.splitext(path)[1].casefold()


def looks_like_a_file(text: str) -> bool:
    """Whether a text that names no source is a path."""
    separators = (os.sep, os.altsep or os.sep)
    return (suffix(text) in (*READERS, ".gz") or "ubyte" in text or any(sign in text for sign in separators)
            or os.path.exists(text))
