"""Writes the good_* and bad_* files of this folder, from which the fuzzers start.

Run as `python3 make.py` with NumPy 1.24.2. Files found_* are what fuzzers have stopped on; they are
not made here.
"""

import io
import json
import os
import struct
import zipfile
import zlib

import numpy as np


def write(name, content):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def npy_of(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def npy(header, data=b"", version=1):
    width = "<H" if version == 1 else "<I"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack(width, len(header)) + header.encode() + data


def header(descr, shape, order=False):
    return f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n"


def make_npy():
    good = {
        "f8": np.arange(6.0).reshape(2, 3),
        "f2_fortran": np.asfortranarray(np.arange(24).reshape(2, 3, 4), dtype=">f2"),
        "c8": np.array([1 + 2j, np.nan], np.complex64),
        "i2_big": np.array([-3, 300], ">i2"),
        "u8": np.array(2**63 - 1, np.uint64),
        "bool": np.array([True, False]),
        "unicode": np.array(["größe", "🧠", ""]),
        "bytes": np.array([b"ab", b"c"]),
        "empty": np.zeros((3, 0, 2)),
    }
    for name, array in good.items():
        write(f"npy/good_{name}.npy", npy_of(array))
    bad = {
        "huge_shape": npy(header("<f8", "(4611686018427387904, 8)"), b"x" * 8),
        "product_overflows": npy(header("|u1", "(4294967296, 4294967296)")),
        "negative": npy(header("|u1", "(-1, -4)"), b"1234"),
        "texts_of_no_bytes": npy(header("|S0", "(1000000000000,)")),
        "width_overflows": npy(header("<U4611686018427387905", "(4,)"), b"1234" * 4),
        "rank": npy(header("|u1", "(1,1,1,1,1,1,1)"), b"1"),
        "header_length": b"\x93NUMPY\x02\x00\xff\xff\xff\xff{",
        "version": npy(header("|u1", "(1,)"), b"1", version=9),
        "object": npy_of(np.array([{}], dtype=object)),
        "structured": npy_of(np.zeros(2, dtype=[("a", "f8"), ("b", "i4")])),
        "surrogate": npy(header("<U1", "(1,)"), struct.pack("<I", 0xD800)),
        "code_point": npy(header("<U1", "(1,)"), struct.pack("<I", 0x110000)),
        "latin1": npy_of(np.array(["ö".encode("latin-1")])),
        "u8_too_large": npy_of(np.array([2**63], np.uint64)),
        "cut_off": npy_of(np.arange(6.0))[:-1],
        "too_long": npy_of(np.arange(6.0)) + b"\0",
        "open_quote": npy("{'descr"),
    }
    for name, content in bad.items():
        write(f"npy/bad_{name}.npy", content)


def npz(members, method=zipfile.ZIP_STORED, comment=b""):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            info.comment = comment
            archive.writestr(info, content)
    return file.getvalue()


def patched(archive, signature, offset, value, size=4):
    at = archive.index(signature) + offset
    return archive[:at] + value.to_bytes(size, "little") + archive[at + size:]


ENTRY, END, LOCAL = b"PK\x01\x02", b"PK\x05\x06", b"PK\x03\x04"


def bomb(copies):
    """Every entry of the directory points to the one deflated member."""
    array = npy(header("|u1", "(1000000,)"), bytes(1000000))
    archive = npz([("a.npy", array)], zipfile.ZIP_DEFLATED)
    at, end = archive.index(ENTRY), archive.index(END)
    entry = archive[at:end]
    tail = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, copies, copies, copies * len(entry), at, 0)
    return archive[:at] + entry * copies + tail


def zip64():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        with archive.open("a.npy", "w", force_zip64=True) as member:
            member.write(npy_of(np.arange(3)))
    return file.getvalue()


def make_npz():
    small, other = npy_of(np.arange(3.0)), npy_of(np.array(["a", "ö"]))
    stored = npz([("a.npy", small), ("group/b.npy", other)])
    deflated = npz([("a.npy", small), ("b.npy", other)], zipfile.ZIP_DEFLATED)
    notes = json.dumps({"dynkit": {"dimensions": ["time"], "unit": "mV", "help": "h"}}).encode()
    long_deflated = npz([("a.npy", npy_of(np.zeros(1000)))], zipfile.ZIP_DEFLATED)
    good = {
        "stored": stored,
        "deflated": deflated,
        "long_deflated": long_deflated,
        "zip64": zip64(),
        "notes": npz([("a.npy", small)], comment=notes),
        "other_comment": npz([("a.npy", small)], comment=b"{hello"),
        "none": npz([]),
    }
    for name, content in good.items():
        write(f"npz/good_{name}.npz", content)
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    empty_stream = raw.compress(b"") + raw.flush()
    bad = {
        "shared_member": bomb(50),
        "declared_size": patched(deflated, ENTRY, 24, 0x7FFFFFFF),
        "smaller_size": patched(long_deflated, ENTRY, 24, 100),
        "larger_size": patched(long_deflated, ENTRY, 24, 9000),
        "crc": patched(stored, ENTRY, 16, 1),
        "encrypted": patched(stored, ENTRY, 8, 1, 2),
        "method": patched(stored, ENTRY, 10, 14, 2),
        "zip64_without_field": patched(stored, ENTRY, 20, 0xFFFFFFFF),
        "member_offset": patched(stored, ENTRY, 42, 0xFFFFFFF0),
        "entry_count": patched(stored, END, 10, 0xFFFF, 2),
        "directory_offset": patched(stored, END, 16, 0xFFFFFFF0),
        "local_name": patched(stored, LOCAL, 30, ord("z"), 1),
        "twice": npz([("a.npy", small), ("a.npy", small)]),
        "parent_name": npz([("../a.npy", small)]),
        "root_name": npz([("/a.npy", small)]),
        "no_name": npz([(".npy", small)]),
        "not_npy": npz([("a.npy", small), ("README", "hello")]),
        "notes_rank": npz([("a.npy", npy_of(np.zeros((2, 3))))], comment=notes),
        "stream_without_end": npz([("a.npy", b"")], zipfile.ZIP_DEFLATED) + empty_stream,
        "cut_off": stored[:-1],
    }
    for name, content in bad.items():
        write(f"npz/bad_{name}.npz", content)


def make_csv():
    good = {
        "comma": "time,x\n0,1.5\n1,-2e-3\n",
        "semicolon": "# comment\n1;2;3\n4;;6\n",
        "tab": "a\tb\n1\t2\n\t4\n",
        "blanks": "  1.0   2.0\n 3 4 \n",
        "quotes": '"x, ""left""","two\nlines"\n"1",2\n',
        "line_ends": "1,2\r\n3,4\r5,6",
        "special": "1,nan,NA\ninf,-inf,+1\n",
        "mark": "\ufeffa,b\n1,2\n",
        "column": "some name\n1\n2\n",
        "names_only": "a,b\n",
    }
    for name, content in good.items():
        write(f"csv/good_{name}.csv", content)
    bad = {
        "empty": "",
        "comments": "# a\n\n",
        "text": "1,2\n3,x\n",
        "ragged": "1,2\n3\n",
        "open_quote": '1,2\n"3,4\n',
        "behind_quote": '1,2\n"3"4,5\n',
        "decimal_comma": "1,5;2\n3,5;4\n",
        "range": "1,2\n3,1e999\n",
        "nul": "1,2\n3,\0\n",
        "utf16": "1,2\n".encode("utf-16"),
    }
    for name, content in bad.items():
        write(f"csv/bad_{name}.csv", content)


def safetensors(tensors, data=b"", length=None):
    text = tensors if isinstance(tensors, str) else json.dumps(tensors)
    length = len(text.encode()) if length is None else length
    return struct.pack("<Q", length) + text.encode() + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def make_safetensors():
    entry = '"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}'
    good = {
        "f32": safetensors({"a": tensor("F32", [2], 0, 8)}, bytes(8)),
        "f16_bf16": safetensors(
            {"a": tensor("F16", [3], 0, 6), "b.c": tensor("BF16", [], 6, 8)}, bytes(range(8))),
        "integers": safetensors(
            {"a": tensor("I16", [1, 2], 0, 4), "b": tensor("U8", [3], 4, 7),
             "c": tensor("BOOL", [1], 7, 8)}, bytes(range(8))),
        "metadata": safetensors(
            {"__metadata__": {"format": "pt"}, "a": tensor("F64", [0, 3], 0, 0)}),
        "none": safetensors({}),
    }
    for name, content in good.items():
        write(f"safetensors/good_{name}.safetensors", content)
    bad = {
        "length": safetensors("{}", length=2**64 - 1),
        "length_of_data": safetensors("{}", length=3),
        "not_json": safetensors("{'a'}"),
        "list": safetensors("[]"),
        "deep": safetensors('{"a":' * 5000),
        "deep_list": safetensors('{"a":{"shape":' + "[" * 5000),
        "twice": safetensors("{" + entry + "," + entry + "}", b"1"),
        "overlap": safetensors(
            {"a": tensor("U8", [4], 0, 4), "b": tensor("U8", [4], 2, 6)}, bytes(6)),
        "gap": safetensors({"a": tensor("U8", [4], 2, 6)}, bytes(6)),
        "backwards": safetensors({"a": tensor("U8", [4], 6, 2)}, bytes(6)),
        "beyond": safetensors({"a": tensor("U8", [9], 0, 9)}, bytes(6)),
        "behind": safetensors({"a": tensor("U8", [4], 0, 4)}, bytes(6)),
        "product": safetensors({"a": tensor("F64", [2**62, 8], 0, 0)}),
        "negative": safetensors({"a": tensor("F64", [-1], 0, 8)}, bytes(8)),
        "fraction": safetensors({"a": tensor("U8", [1.0], 0, 1)}, bytes(1)),
        "dtype": safetensors({"a": tensor("F8_E4M3", [1], 0, 1)}, bytes(1)),
        "name": safetensors({"../a": tensor("U8", [1], 0, 1)}, bytes(1)),
    }
    for name, content in bad.items():
        write(f"safetensors/bad_{name}.safetensors", content)


make_npy()
make_npz()
make_csv()
make_safetensors()
