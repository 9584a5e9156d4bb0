"""The Python package safetensors reads what the library writes, and the library what the package writes.

Usage: read_with_python.py BRIDGE   (the program built from python_bridge.c)
"""

import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
    from safetensors import safe_open
    from safetensors.numpy import save_file
except ImportError as missing:
    print(f"skipped: the Python package {missing.name} is not installed")
    sys.exit(77)

METADATA = {"kind": 'test "\\\n\u20ac'}
TENSORS = {
    "u8": np.array([0, 1, 255], np.uint8),
    "i32": np.array([[-(2**31), -1, 0], [1, 2, 2**31 - 1]], np.int32),
    "i64": np.array([-(2**63), 2**63 - 1], np.int64),
    "u64": np.array([0, 2**64 - 1], np.uint64),
    "f32": np.array([[[0.5, -1.25]], [[3.0e38, 1.0e-40]]], np.float32),
    'f64 "\u00e9"': np.array(0.1, np.float64),
    "empty": np.zeros((0, 4), np.float32),
}


def check_ours(path):
    with safe_open(path, framework="numpy") as file:
        assert file.metadata() == METADATA, file.metadata()
        assert sorted(file.keys()) == sorted(TENSORS), file.keys()
        for name, expected in TENSORS.items():
            tensor = file.get_tensor(name)
            assert tensor.dtype == expected.dtype and tensor.shape == expected.shape, (name, tensor)
            assert tensor.tobytes() == expected.tobytes(), (name, tensor)


def main(bridge):
    with tempfile.TemporaryDirectory() as folder:
        ours = os.path.join(folder, "ours.safetensors")
        theirs = os.path.join(folder, "theirs.safetensors")
        subprocess.run([bridge, "write", ours], check=True)
        check_ours(ours)
        save_file(TENSORS, theirs, metadata=METADATA)
        subprocess.run([bridge, "read", theirs], check=True)


main(sys.argv[1])
