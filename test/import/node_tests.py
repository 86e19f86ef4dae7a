"""ONNX's own node tests, evaluated at compile time.

    node_tests.py COMMAND FOLDER TABLE

TABLE is the importer's operator table: tests of operators that it does not list
are not looked at. FOLDER is where the node tests lie (`data/node` of the package
libonnx-testdata). Each test becomes a
model whose inputs are initializers; COMMAND, given that model's path as its
last argument, must print the folded module, which then holds the outputs as
constants. They are compared with the expected ones. Prints a line for each
failure, then how many tests passed and which were left out, and why.
"""
import glob
import os
import re
import shlex
import struct
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper

ELEMENTS = {"f32": np.float32, "f64": np.float64, "i32": np.int32,
            "i64": np.int64, "i1": np.bool_}


def parse_shape(text):
    *dims, element = text.split("x")
    return [int(d) for d in dims], ELEMENTS[element]


def parse_number(token, dtype):
    if token in ("true", "false"):
        return token == "true"
    if token.startswith("0x"):
        bits = int(token, 16)
        if dtype == np.float32:
            return struct.unpack("<f", struct.pack("<I", bits))[0]
        if dtype == np.float64:
            return struct.unpack("<d", struct.pack("<Q", bits))[0]
        return bits
    return float(token) if dtype in (np.float32, np.float64) else int(token)


def parse_constants(text):
    """The tensors that `return` gives back, or None where one is computed."""
    blobs = {name: bytes.fromhex(data[8:]) for name, data in
             re.findall(r'(\w+): "0x([0-9A-Fa-f]*)"', text)}
    constants = {}
    for name, kind, value, shape in re.findall(
            r"(%\w+) = onnx\.Constant\s+\{value = (dense|dense_resource)<(.*?)> : tensor<([^>]*)>\}", text):
        dims, dtype = parse_shape(shape)
        if kind == "dense_resource":
            array = np.frombuffer(blobs[value], dtype)
        elif value.startswith('"0x'):
            raw = bytes.fromhex(value[3:-1])
            if dtype == np.bool_:
                array = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")
                array = array[:int(np.prod(dims))].astype(np.bool_)
            else:
                array = np.frombuffer(raw, dtype)
        else:
            tokens = re.findall(r"[^\[\],\s]+", value)
            array = np.array([parse_number(t, dtype) for t in tokens], dtype)
        if array.size == 1:
            array = np.broadcast_to(array.reshape(()), dims)
        constants[name] = array.reshape(dims)
    returned = re.search(r"return ([^:\n]*)", text)
    names = [n.strip() for n in returned.group(1).split(",")]
    return [constants.get(n) for n in names]


def read(path):
    tensor = onnx.TensorProto()
    with open(path, "rb") as file:
        tensor.ParseFromString(file.read())
    return tensor


def main():
    command, folder = shlex.split(sys.argv[1]), sys.argv[2]
    passed, failed, skipped = 0, [], {}
    with open(sys.argv[3]) as table:
        listed = set(re.findall(r'\{"([A-Z]\w*)",\s*\d', table.read()))
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "model.onnx")
        for case in sorted(glob.glob(os.path.join(folder, "test_*"))):
            name = os.path.basename(case)
            model = onnx.load(os.path.join(case, "model.onnx"))
            operators = {node.op_type for node in model.graph.node}
            if len(model.graph.node) != 1 or not operators <= listed:
                continue
            data = os.path.join(case, "test_data_set_0")
            try:
                tensors = [read(os.path.join(data, f"input_{i}.pb"))
                           for i in range(len(model.graph.input))]
                expected = [numpy_helper.to_array(read(os.path.join(data, f"output_{i}.pb")))
                            for i in range(len(model.graph.output))]
                for tensor, info in zip(tensors, model.graph.input):
                    numpy_helper.to_array(tensor)
                    tensor.name = info.name
            except Exception:  # sequences, optionals, maps
                skipped.setdefault("not tensors", []).append(name)
                continue
            model.graph.initializer.extend(tensors)
            del model.graph.input[:]
            # These operators have not changed since, up to opset 11.
            model.ir_version = 8
            for opset in model.opset_import:
                opset.version = max(opset.version, 11)
            # Outputs that exist in training only are not supported.
            if operators & {"Dropout", "LayerNormalization"}:
                del model.graph.node[0].output[1:]
                del model.graph.output[1:]
                del expected[1:]
            onnx.save(model, path)
            result = subprocess.run(command + [path], capture_output=True, text=True)
            if result.returncode != 0:
                reason = re.sub(r"^.*?error: ", "", result.stderr.strip().split("\n")[0])
                reason = re.sub(r"'[^']*'", "'...'", reason)
                if result.returncode < 0:
                    failed.append(f"{name}: killed by signal {-result.returncode}")
                skipped.setdefault(reason, []).append(name)
                continue
            got = parse_constants(result.stdout)
            for index, (have, want) in enumerate(zip(got, expected)):
                if have is None:
                    failed.append(f"{name}: output {index} is not folded")
                elif have.shape != want.shape or have.dtype != want.dtype:
                    failed.append(f"{name}: output {index} is {have.dtype}{have.shape},"
                                  f" expected {want.dtype}{want.shape}")
                elif not np.allclose(have, want, rtol=1e-5, atol=1e-6, equal_nan=True):
                    failed.append(f"{name}: output {index} differs by up to"
                                  f" {np.nanmax(np.abs(have - want))}")
                else:
                    continue
                break
            else:
                passed += 1
    for line in failed:
        print("FAILED", line)
    for reason, names in sorted(skipped.items()):
        print(f"left out ({reason}): {' '.join(names)}")
    print(f"{passed} passed, {len(failed)} failed, "
          f"{sum(map(len, skipped.values()))} left out")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
