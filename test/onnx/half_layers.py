# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Binary layers of models in 16 bits, as `model.half()` is exported, against NumPy.

    half_layers.py WORK [OPTION...]

OPTIONs are bnn-run's. Two linear layers with latent weights, their means and scales, biases, a
residual and a normalisation: both products must be binary, and each operator's result rounded, to
the bit but for the normalisation. ONNX Runtime has to be near where it has the type: its CPU
provider computes FLOAT16 in f32 and drops the roundings between two operators.
"""
import json
import os
import subprocess
import sys

import numpy as np
from onnx import TensorProto, helper

from halves import FORMATS

HERE = os.path.dirname(os.path.abspath(__file__))
ORT = os.path.join(os.path.dirname(HERE), "e2e", "ort_run.js")
K, N = 64, 48


def draw(form, seed):
    """Weights that the format has; a scale with few bits, so that its products are exact."""
    rng = np.random.default_rng(seed)
    tensors = {"shift": rng.standard_normal(K) / 8, "alpha": np.float64(0.375),
               "weight": rng.standard_normal((K, N)), "bias": rng.standard_normal(N),
               "second": np.where(rng.random((N, K)) < 0.5, -0.03, 0.03),
               "gain": rng.uniform(0.5, 1, K)}
    return {name: form.round(value) for name, value in tensors.items()}


def make(form, t):
    def node(op, inputs, output, **attributes):
        return helper.make_node(op, inputs.split(), [output], name=f"the_{output}", **attributes)
    nodes = [node("Add", "x shift", "moved"), node("Sign", "moved", "s"), node("Mul", "s alpha", "a"),
             node("ReduceMean", "weight", "mean", axes=[0]), node("Sub", "weight mean", "w"),
             node("Sign", "w", "ws"), node("Abs", "w", "wa"), node("ReduceMean", "wa", "scale", axes=[0]),
             node("Mul", "ws scale", "wb"), node("MatMul", "a wb", "p"), node("Add", "p bias", "hidden"),
             node("Sign", "hidden", "s2"), node("Mul", "s2 alpha", "a2"), node("MatMul", "a2 second", "q"),
             node("Add", "q x", "sum"), node("LayerNormalization", "sum gain shift", "y", axis=-1)]
    tensors = [helper.make_tensor(name, form.element, value.shape, form.bits(value).astype("<u2").tobytes(), raw=True)
               for name, value in t.items()]
    infos = [helper.make_tensor_value_info(name, form.element, ["n", size])
             for name, size in (("x", K), ("hidden", N), ("sum", K), ("y", K))]
    graph = helper.make_graph(nodes, form.name, infos[:1], infos[1:], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def evaluate(form, t, x):
    """What each operator gives, rounded."""
    r = form.round
    f32 = lambda value: r(np.float64(value).astype(np.float32))  # noqa: E731
    s = np.sign(r(x + t["shift"]))
    w = r(t["weight"] - f32(t["weight"].mean(0)))
    scale = f32(np.abs(w).mean(0))
    hidden = r(r((s * t["alpha"]) @ (np.sign(w) * scale)) + t["bias"])
    total = r(r((np.sign(hidden) * t["alpha"]) @ t["second"]) + x)
    centred = total - total.mean(1, keepdims=True)
    normal = centred / np.sqrt((centred ** 2).mean(1, keepdims=True) + 1e-5)
    return {"hidden": hidden, "sum": total, "y": r(normal * t["gain"] + t["shift"])}


def call(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"FAILED: {' '.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout


def main():
    work, options = sys.argv[1], sys.argv[2:]
    outputs = failures = 0
    for form in FORMATS:
        folder = os.path.join(work, form.name)
        os.makedirs(folder, exist_ok=True)
        t, path = draw(form, 3), os.path.join(folder, "model.onnx")
        with open(path, "wb") as file:
            file.write(make(form, t).SerializeToString())
        call("bnn-opt", path, "--require-binary", "--report=json", f"--report-file={folder}/report.json")
        with open(os.path.join(folder, "report.json")) as file:
            report = json.load(file)
        became = [layer["became"] for layer in report["layers"]]
        x = form.round(np.random.default_rng(9).standard_normal((16, K)))
        x[0, 0] = -t["shift"][0]  # The sign of 0 is 0.
        np.save(os.path.join(folder, "x.npy"), form.file(form.bits(x)))
        call("bnn-run", path, "--input", f"x={folder}/x.npy", "--output-dir", os.path.join(folder, "got"), *options)
        ort = form.name == "f16"
        if ort:
            call("node", ORT, path, f"x={folder}/x.npy", os.path.join(folder, "ort"))
        for name, want in evaluate(form, t, x).items():
            got = form.values(np.load(os.path.join(folder, "got", f"{name}.npy")).view(np.uint16))
            unit = 2.0 ** -form.digits * np.abs(want).max()
            ok = became == ["1x1", "1x1"] and np.abs(got - want).max() <= (2 * unit if name == "y" else 0)
            text = ""
            if ort:
                theirs = np.load(os.path.join(folder, "ort", f"{name}.npy")).astype(np.float32)
                ok &= np.abs(got - theirs).max() <= 8 * unit
                text = f", {np.abs(got - theirs).max() / unit:.1f} units from ONNX Runtime"
            outputs, failures = outputs + 1, failures + (not ok)
            print(f"{'ok' if ok else 'FAILED'}: {form.name} {name} {' '.join(became)}, "
                  f"{np.abs(got - want).max()} from NumPy{text}")
    print(f"{outputs} outputs, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
