"""Archives of arrays: what NumPy wrote comes back, limits are where they are told."""

import io
import struct
import zipfile

import numpy as np
import pytest

from napari_cdse.core.errors import ModelError
from napari_cdse.io.models.archive import (
    check_arrays,
    check_unpacked,
    open_archive,
    read_array,
    read_member,
)

MIB = 2**20


def archive_of(parts, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return stream.getvalue()


def saved(array, **options):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, **options)
    return stream.getvalue()


def read(data):
    archive = open_archive(archive_of({"a.npy": data}), "m")
    check_arrays(archive, "m")
    return read_array(archive, "a.npy", "m")


@pytest.mark.parametrize("kind", ["?", "i1", "<i4", ">i8", "u2", "<f4", ">f8", "<f2"])
@pytest.mark.parametrize(
    "shape", [(), (1,), (6,), (0, 3), (2, 3), (1, 2, 3), (1, 1, 2, 3)]
)
def test_numbers_come_back_as_numpy_wrote_them(kind, shape):
    count = int(np.prod(shape))
    array = np.arange(count).astype(kind).reshape(shape)
    found = read(saved(array))
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(found, array)


def test_columns_first_and_text_come_back():
    by_columns = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(read(saved(by_columns)), by_columns)
    for order in "<>":
        texts = np.array(["Köln", "日本語", "\U0010ffff", "\ud7ff\ue000", ""])
        texts = texts.astype(f"{order}U9")
        np.testing.assert_array_equal(read(saved(texts)), texts)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_the_header_is_read(version):
    array = np.arange(5, dtype=np.int16)
    np.testing.assert_array_equal(read(saved(array, version=version)), array)


def test_a_header_of_another_version_is_refused():
    data = bytearray(saved(np.zeros(3)))
    for major, minor in ((0, 0), (4, 0), (1, 1)):
        data[6:8] = major, minor
        with pytest.raises(ModelError, match="no readable header"):
            read(bytes(data))


def test_text_has_up_to_512_characters():
    assert read(saved(np.array(["x" * 512]))).tolist() == ["x" * 512]
    with pytest.raises(ModelError, match="entries of 2052 bytes"):
        read(saved(np.array(["x" * 513])))


@pytest.mark.parametrize("kind", ["c8", "S4", "M8[s]", "m8[s]", "V3"])
def test_other_kinds_are_refused(kind):
    with pytest.raises(ModelError, match="which no model needs"):
        read(saved(np.zeros(2, kind)))


def test_numbers_wider_than_eight_bytes_are_refused():
    if np.dtype(np.longdouble).itemsize > 8:
        with pytest.raises(ModelError, match="entries of 16 bytes"):
            read(saved(np.zeros(2, np.longdouble)))


@pytest.mark.parametrize("change", [-1, 1, 8])
def test_bytes_too_many_or_too_few_are_refused(change):
    data = saved(np.arange(3.0))
    odd = data[:change] if change < 0 else data + bytes(change)
    with pytest.raises(ModelError, match="not as large as it says"):
        read(odd)


def test_64_parts_are_the_most():
    parts = {f"{number}": b"" for number in range(64)}
    with open_archive(archive_of(parts), "m") as archive:
        assert len(archive.namelist()) == 64
    with pytest.raises(ModelError, match="would unpack to 65 parts and 0 MiB"):
        open_archive(archive_of(parts | {"one": b""}), "m")


def of_size(name, size):
    """An archive whose directory says that a part unpacks to so many bytes."""
    data = bytearray(archive_of({name: b"x"}))
    entry = data.index(b"PK\x01\x02")
    struct.pack_into("<L", data, entry + 24, size)
    return bytes(data)


def test_160_mib_are_the_most():
    open_archive(of_size("a.npy", 160 * MIB), "m").close()
    with pytest.raises(ModelError, match="1 parts and 160 MiB, far too much"):
        open_archive(of_size("a.npy", 160 * MIB + 1), "m")
    check_unpacked(160 * MIB, "m")
    with pytest.raises(ModelError, match="m holds 161 MiB, more than the 160 MiB"):
        check_unpacked(161 * MIB, "m")
    with pytest.raises(ModelError, match="more than"):
        check_unpacked(160 * MIB + 1, "m")


def test_a_mebibyte_of_schema_is_the_most():
    open_archive(of_size("schema.json", MIB), "m").close()
    open_archive(of_size("other.json", MIB + 1), "m").close()
    with pytest.raises(ModelError, match="schema is too long"):
        open_archive(of_size("schema.json", MIB + 1), "m")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(method):
    for known in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        data = saved(np.arange(3.0))
        archive = open_archive(archive_of({"a.npy": data}, known), "m")
        assert read_member(archive, "a.npy", "m") == data
    with pytest.raises(ModelError, match="packed in a way that no model is"):
        open_archive(archive_of({"a.npy": b"x"}, method), "m")


def test_encrypted_parts_are_refused_and_other_flags_are_not():
    for flag, refused in ((0x1, True), (0x800, False), (0x3, True)):
        data = bytearray(archive_of({"a": b"x"}))
        struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 8, flag)
        if refused:
            with pytest.raises(ModelError, match="is encrypted"):
                open_archive(bytes(data), "m")
        else:
            open_archive(bytes(data), "m").close()


def test_parts_that_lie_over_one_another_are_refused():
    data = bytearray(archive_of({"a": b"x", "b": b"y"}, zipfile.ZIP_STORED))
    entry = data.index(b"PK\x01\x02")
    for size, refused in ((len(data) - 1, False), (len(data), True)):
        # With the other part's one byte this is all of the file, or one byte more.
        struct.pack_into("<L", data, entry + 20, size)
        if refused:
            with pytest.raises(ModelError, match="lie over one another"):
                open_archive(bytes(data), "m")
        else:
            open_archive(bytes(data), "m").close()


def test_a_checksum_that_differs_and_a_part_that_is_not_there_are_told():
    data = archive_of({"a": b"some text"}, zipfile.ZIP_STORED)
    odd = data.replace(b"some", b"sane", 1)
    with pytest.raises(ModelError, match="its archive is broken"):
        read_member(open_archive(odd, "m"), "a", "m")
    with pytest.raises(ModelError, match="its archive is broken"):
        read_member(open_archive(data, "m"), "b", "m")


@pytest.mark.parametrize(
    ("start", "says"),
    [
        (b"", "is empty"),
        (b"\x80\x04.", "is a pickle"),
        (b"\x78\x9c", "is compressed as joblib compresses pickles"),
        (b"\x1f\x8b\x08", "is compressed as joblib compresses pickles"),
        (b"BZh9", "is compressed as joblib compresses pickles"),
        (b"\xfd7zXZ", "is compressed as joblib compresses pickles"),
        (b"\x5d\x00\x00", "is compressed as joblib compresses pickles"),
        (b"ZF0x", "is compressed as joblib compresses pickles"),
        (b"PK\x03\x04", "is cut off"),
        (b"\x1f\x8c", "is no model file"),
        (b"hello", "is no model file"),
    ],
)
def test_other_files_are_told_by_their_first_bytes(start, says):
    with pytest.raises(ModelError, match=f"^m {says}"):
        open_archive(start, "m")
