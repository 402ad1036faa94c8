"""Reads what write_samples wrote with NumPy and h5py, and by the description of .safetensors."""

import json
import struct
import sys
from pathlib import Path

import h5py
import numpy as np

K = np.arange(24).reshape(2, 3, 4)
REAL = (K - 5) * 0.375
NUMBERS = {
    "f8": REAL,
    "i8": K * 5 - 60,
    "u1": (K * 11).astype(np.uint8),
    "scalar": np.float64(-2.5),
    "empty": np.zeros((3, 0, 2)),
}
TEXTS = np.array([["", "a", "größe"], ["日本語", "🧠 spike", "two words "]])
ARRAYS = {**NUMBERS, "c16": REAL + 1j * (K * 0.5 - 3), "U": TEXTS, "group/noted": REAL}


def check(name, actual, expected):
    expected = np.asarray(expected)
    assert actual.dtype == expected.dtype, (name, actual.dtype)
    assert actual.shape == expected.shape, (name, actual.shape)
    assert np.array_equal(actual, expected), name


def check_numpy(folder):
    with np.load(folder / "samples.npz") as file:
        assert sorted(file.files) == sorted(ARRAYS)
        for name, expected in ARRAYS.items():
            check(name, file[name], expected)
    for name, expected in ARRAYS.items():
        if "/" not in name:
            check(name, np.load(folder / f"{name}.npy"), expected)


def check_safetensors(folder):
    content = (folder / "samples.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header, data = json.loads(content[8 : 8 + length]), content[8 + length :]
    dtypes = {"F64": "<f8", "I64": "<i8", "U8": "<u1"}
    assert sorted(header) == sorted(NUMBERS) and length % 8 == 0
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        array = np.frombuffer(data[begin:end], dtypes[entry["dtype"]]).reshape(entry["shape"])
        check(name, array, NUMBERS[name])


def check_hdf5(folder):
    with h5py.File(folder / "samples.h5") as file:
        for name, expected in ARRAYS.items():
            dataset = file[name]
            time = h5py.h5g.get_objinfo(file.id, name.encode()).mtime
            assert time == 0, "times would make the bytes of equal content differ"
            if name == "U":
                check(name, np.array(dataset.asstr()[...], dtype=TEXTS.dtype), expected)
            else:
                check(name, dataset[()] if dataset.shape else np.asarray(dataset[()]), expected)
        noted = file["group/noted"].attrs
        assert list(noted["dimensions"]) == ["trial", "time", "größe"]
        assert noted["unit"] == "mV" and noted["help"] == "one line"
        assert dict(file.attrs) == {"title": "größe"}
        assert dict(file["group"].attrs) == {"count": -3, "step": 0.1}


check_numpy(Path(sys.argv[1]))
check_safetensors(Path(sys.argv[1]))
check_hdf5(Path(sys.argv[1]))
