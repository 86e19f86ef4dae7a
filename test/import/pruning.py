# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a model, and a record of bnn-prune that cuts it, into a folder.

    pruning.py FOLDER NAME...

Each name gets a folder of its own in FOLDER. "whole" is a record that uses each kind of edit, "data"
the same with weights in a file beside the model, "matrix" gives it other weights; the others have
something wrong with them, and "wrong" stands for all of those.
"""
import hashlib
import json
import os
import sys

import numpy as np
import onnx
from onnx import external_data_helper

from make import model
from protos import array, info, node

WHOLE = [
    {"edit": "cut", "tensor": "w", "axis": 0, "places": [[0, 1], [2, 2]], "result": "w2"},
    {"edit": "copy", "node": "t", "inputs": ["w2"], "result": "t2"},
    {"edit": "read", "node": "p", "input": 1, "tensor": "t2"},
    {"edit": "constant", "type": "int64", "values": [-1, 3], "result": "shape2"},
    {"edit": "read", "node": "r", "input": 1, "tensor": "shape2"},
    {"edit": "constant", "type": "float32", "values": [0.5, 1, -2], "result": "bias"},
    {"edit": "add", "node": "p", "tensor": "bias"},
    {"edit": "split", "node": "left", "sizes": [1, 2]},
    {"edit": "integer", "node": "last", "attribute": "axis", "value": 1},
    {"edit": "scale", "tensor": "t2", "axis": -2, "values": [1, 0.5], "result": "t3"},
    {"edit": "scale", "tensor": "t3", "axis": -1, "values": [1, 1, 3], "result": "t4"},
    {"edit": "read", "node": "p", "input": 1, "tensor": "t4"}]
MATRIX = [
    {"edit": "constant", "type": "float32", "shape": [2, 4], "values": [1, 2, 3, 4, 5, 6, 7, 0.5],
     "result": "t2"},
    {"edit": "read", "node": "p", "input": 1, "tensor": "t2"}]
# One edit after those of WHOLE.
EDITS = {
    "no-object": 1,
    "no-kind": {},
    "kind": {"edit": "paint"},
    "no-tensor": {"edit": "cut", "axis": 0, "places": [], "result": "a"},
    "no-axis": {"edit": "cut", "tensor": "w", "places": [], "result": "a"},
    "no-result": {"edit": "cut", "tensor": "w", "axis": 0, "places": []},
    "no-places": {"edit": "cut", "tensor": "w", "axis": 0, "result": "a"},
    "no-run": {"edit": "cut", "tensor": "w", "axis": 0, "places": [[1]], "result": "a"},
    "far-run": {"edit": "cut", "tensor": "w", "axis": 0, "places": [[0, 1 << 40]], "result": "a"},
    "taken": {"edit": "cut", "tensor": "w", "axis": 0, "places": [], "result": "t2"},
    "no-type": {"edit": "constant", "values": [], "result": "a"},
    "type": {"edit": "constant", "type": "int8", "values": [1], "result": "a"},
    "no-values": {"edit": "constant", "type": "int64", "result": "a"},
    "value": {"edit": "constant", "type": "int64", "values": [0.5], "result": "a"},
    "no-shape": {"edit": "constant", "type": "int64", "shape": 2, "values": [1, 2], "result": "a"},
    "shape": {"edit": "constant", "type": "int64", "shape": [2, 2], "values": [1, 2], "result": "a"},
    "few": {"edit": "constant", "type": "int64", "shape": [1], "values": [1, 2], "result": "a"},
    "negative": {"edit": "constant", "type": "int64", "shape": [-2], "values": [1, 2],
                 "result": "a"},
    "no-factors": {"edit": "scale", "tensor": "w", "axis": -1, "result": "a"},
    "factor": {"edit": "scale", "tensor": "w", "axis": -1, "values": ["1"], "result": "a"},
    "far-axis": {"edit": "scale", "tensor": "w", "axis": 0, "values": [1], "result": "a"},
    "no-inputs": {"edit": "copy", "node": "t", "result": "a"},
    "input": {"edit": "copy", "node": "t", "inputs": [1], "result": "a"},
    "no-node": {"edit": "read", "input": 1, "tensor": "w"},
    "node": {"edit": "read", "node": "nobody", "input": 1, "tensor": "w"},
    "no-index": {"edit": "read", "node": "p", "tensor": "w"},
    "index": {"edit": "read", "node": "p", "input": 2, "tensor": "w"},
    "no-sizes": {"edit": "split", "node": "left"},
    "size": {"edit": "split", "node": "left", "sizes": ["1"]},
    "no-split": {"edit": "split", "node": "p", "sizes": [1]},
    "no-attribute": {"edit": "integer", "node": "last", "value": 1},
    "no-value": {"edit": "integer", "node": "last", "attribute": "axis"},
    "attribute": {"edit": "integer", "node": "p", "attribute": "axis", "value": 1},
    "no-integer": {"edit": "integer", "node": "left", "attribute": "split", "value": 1}}
# Of a node with much text in it.
COPIES = [{"edit": "copy", "node": "unread", "inputs": ["p"], "result": f"copy{i}"} for i in range(300)]
# What else may be wrong: the text of the record in place of the good one's, of (files, edits).
TEXTS = {
    "copies": lambda files, edits: {"format": "bnn-prune 2", "files": files, "edits": edits + COPIES},
    "no-json": lambda files, edits: "{",
    "deep": lambda files, edits: "[" * 100000,
    "format": lambda files, edits: {"format": "bnn-prune 1", "files": files, "edits": edits},
    "unfinished": lambda files, edits: {"format": "bnn-prune 2", "rounds": []},
    "digest": lambda files, edits: {"format": "bnn-prune 2", "files": {"": 1}, "edits": edits},
    "other": lambda files, edits: {"format": "bnn-prune 2", "files": {"": "0" * 64},
                                   "edits": edits},
    "other-data": lambda files, edits: {"format": "bnn-prune 2",
                                        "files": {**files, "weights.bin": "0" * 64},
                                        "edits": edits}}


def whole_model():
    """y = x W^T by two pieces of its columns."""
    return model([node("Transpose", ["w"], ["t"], perm=[1, 0]), node("MatMul", ["x", "t"], ["p"]),
                  node("Reshape", ["p", "shape"], ["r"]),
                  node("Split", ["r"], ["left", "right"], axis=1, split=[2, 2]),
                  node("Concat", ["left", "right"], ["last"], axis=0),
                  node("Identity", ["last"], ["y"]),
                  node("Neg", ["p"], ["unread"], doc_string="a" * 65536)],
                 [info("x", ["batch", 2])], [info("y", ["batch", "width"])],
                 [array("w", np.arange(8).reshape(4, 2)), array("shape", [-1, 4], np.int64)],
                 opset=11)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def write(folder, name):
    os.makedirs(folder, exist_ok=True)
    proto = whole_model()
    path = os.path.join(folder, "m.onnx")
    beside = "data" in name
    if beside:
        external_data_helper.convert_model_to_external_data(proto, location="weights.bin",
                                                            size_threshold=0)
    onnx.save(proto, path)
    files = {"": digest(path)}
    if beside:
        files["weights.bin"] = digest(os.path.join(folder, "weights.bin"))
    if name in TEXTS:
        record = TEXTS[name](files, WHOLE)
    else:
        edits = MATRIX if name == "matrix" else WHOLE + ([EDITS[name]] if name in EDITS else [])
        record = {"format": "bnn-prune 2", "files": files, "edits": edits}
    with open(os.path.join(folder, "record.json"), "w", encoding="utf-8") as file:
        file.write(record if isinstance(record, str) else json.dumps(record))


def main():
    folder, *names = sys.argv[1:]
    for given in names:
        for name in (*TEXTS, *EDITS) if given == "wrong" else (given,):
            write(os.path.join(folder, name), name)


if __name__ == "__main__":
    main()
