# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX Runtime for tests of many models: one process for all, which starts with the first."""
import json
import os
import subprocess

SERVE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ort_serve.js")


class Referee:
    """What ONNX Runtime says of models. NODE_PATH names the folder of the npm package."""

    def __init__(self):
        self._server = None

    def run(self, model, inputs, folder):
        """Writes what a model gives of {name: .npy file} as <output>.npy into a folder; returns
        what is wrong, or None."""
        if not self._server:
            self._server = subprocess.Popen(["node", SERVE], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, text=True)
        request = {"model": model, "inputs": inputs, "outputs": folder}
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline()
        if not answer:
            code = self._server.wait()
            self._server = None
            return f"ended with exit code {code}"
        return json.loads(answer)["error"]
