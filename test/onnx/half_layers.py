# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Binary layers of models in 16 bits, as `model.half()` is exported, against NumPy.

    half_layers.py WORK [OPTION...]

OPTIONs are bnn-run's. Two linear layers with latent weights, their means and scales, biases, a
residual and a normalisation; and attention behind a softmax, with a mask. All products must be
binary, and each operator's result rounded, to the bit but for the normalisation. ONNX Runtime has
to be near where it has the type: its CPU provider computes FLOAT16 in f32 and drops the roundings
between two operators.
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
HEADS, TOKENS = 4, 12


def draw(form, seed):
    """Weights that the format has; a scale with few bits, so that its products are exact."""
    rng = np.random.default_rng(seed)
    tensors = {"shift": rng.standard_normal(K) / 8, "alpha": np.float64(0.375),
               "weight": rng.standard_normal((K, N)), "bias": rng.standard_normal(N),
               "second": np.where(rng.random((N, K)) < 0.5, -0.03, 0.03),
               "gain": rng.uniform(0.5, 1, K)}
    return {name: form.round(value) for name, value in tensors.items()}


def node(op, inputs, output, **attributes):
    return helper.make_node(op, inputs.split(), [output], name=f"the_{output}", **attributes)


def constant(form, name, value):
    return helper.make_tensor(name, form.element, value.shape, form.bits(value).astype("<u2").tobytes(), raw=True)


def save(form, nodes, inputs, outputs, tensors, path):
    def infos(shapes):
        return [helper.make_tensor_value_info(name, form.element, shape) for name, shape in shapes.items()]
    graph = helper.make_graph(nodes, form.name, infos(inputs), infos(outputs), tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with open(path, "wb") as file:
        file.write(model.SerializeToString())


def linears(form, path):
    """The feeds, and what each operator gives, rounded."""
    t = draw(form, 3)
    nodes = [node("Add", "x shift", "moved"), node("Sign", "moved", "s"), node("Mul", "s alpha", "a"),
             node("ReduceMean", "weight", "mean", axes=[0]), node("Sub", "weight mean", "w"),
             node("Sign", "w", "ws"), node("Abs", "w", "wa"), node("ReduceMean", "wa", "scale", axes=[0]),
             node("Mul", "ws scale", "wb"), node("MatMul", "a wb", "p"), node("Add", "p bias", "hidden"),
             node("Sign", "hidden", "s2"), node("Mul", "s2 alpha", "a2"), node("MatMul", "a2 second", "q"),
             node("Add", "q x", "sum"), node("LayerNormalization", "sum gain shift", "y", axis=-1)]
    save(form, nodes, {"x": ["n", K]}, {"hidden": ["n", N], "sum": ["n", K], "y": ["n", K]},
         [constant(form, name, value) for name, value in t.items()], path)
    x = form.round(np.random.default_rng(9).standard_normal((16, K)))
    x[0, 0] = -t["shift"][0]  # The sign of 0 is 0.
    r = form.round
    f32 = lambda value: r(np.float64(value).astype(np.float32))  # noqa: E731
    s = np.sign(r(x + t["shift"]))
    w = r(t["weight"] - f32(t["weight"].mean(0)))
    scale = f32(np.abs(w).mean(0))
    hidden = r(r((s * t["alpha"]) @ (np.sign(w) * scale)) + t["bias"])
    total = r(r((np.sign(hidden) * t["alpha"]) @ t["second"]) + x)
    centred = total - total.mean(1, keepdims=True)
    normal = centred / np.sqrt((centred ** 2).mean(1, keepdims=True) + 1e-5)
    return {"x": x}, {"hidden": hidden, "sum": total, "y": r(normal * t["gain"] + t["shift"])}


def attention(form, path):
    """The same; the sentences are of different lengths."""
    nodes = [node(op, f"{name}{before} {after}".strip(), f"{name}{to}", **attributes)
             for name, perm in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3]))
             for op, before, after, to, attributes in (("Reshape", "", "heads", "4", {}),
                                                       ("Transpose", "4", "", "t", {"perm": perm}),
                                                       ("Sign", "t", "", "b", {}))]
    nodes += [node("MatMul", "qb kb", "scores"), node("Div", "scores root", "smaller"),
              node("Add", "smaller mask", "masked"), node("Softmax", "masked", "p", axis=-1),
              node("Div", "p alpha", "divided"), node("Round", "divided", "rounded"),
              node("Clip", "rounded low high", "bits"), node("Mul", "bits alpha", "probabilities"),
              node("MatMul", "probabilities vb", "context"),
              node("Transpose", "context", "joined", perm=[0, 2, 1, 3]), node("Reshape", "joined rows", "z")]
    numbers = {"root": 4.0, "alpha": form.round(0.3), "low": 0.0, "high": 1.0}
    alpha = numbers["alpha"]
    lists = [helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
             for name, values in (("heads", [0, 0, HEADS, K // HEADS]), ("rows", [0, 0, K]))]
    save(form, nodes, {**{name: ["n", "t", K] for name in "qkv"}, "mask": ["n", 1, 1, "t"]}, {"z": ["n", "t", K]},
         [constant(form, name, np.float64(value)) for name, value in numbers.items()] + lists, path)
    rng = np.random.default_rng(4)
    feeds = {name: form.round(rng.standard_normal((3, TOKENS, K))) for name in "qkv"}
    feeds["mask"] = np.where(np.arange(TOKENS) < [[12], [5], [1]], 0, form.round(-60000))[:, None, None]
    q, k, v = (np.sign(feeds[name]).reshape(3, TOKENS, HEADS, -1).transpose(0, 2, 1, 3) for name in "qkv")
    scores = form.round(form.round(q @ k.transpose(0, 1, 3, 2)) / 4 + feeds["mask"])
    e = np.exp(scores - scores.max(-1, keepdims=True))
    p = form.round((e / e.sum(-1, keepdims=True)).astype(np.float32))
    bits = np.clip(np.rint(form.round(p / alpha)), 0, 1)
    context = form.round((bits * alpha) @ v)
    return feeds, {"z": context.transpose(0, 2, 1, 3).reshape(3, TOKENS, K)}


def call(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"FAILED: {' '.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout


def run(form, make, layers, folder, options):
    """Prints a line for each output; how many there are, and how many are wrong."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "model.onnx")
    feeds, wanted = make(form, path)
    call("bnn-opt", path, "--require-binary", "--report=json", f"--report-file={folder}/report.json")
    with open(os.path.join(folder, "report.json")) as file:
        became = [layer["became"] for layer in json.load(file)["layers"]]
    files = []
    for name, value in feeds.items():
        np.save(os.path.join(folder, f"{name}.npy"), form.file(form.bits(value)))
        files.append(f"{name}={folder}/{name}.npy")
    call("bnn-run", path, *(part for file in files for part in ("--input", file)),
         "--output-dir", os.path.join(folder, "got"), *options)
    ort = form.name == "f16"
    if ort:
        call("node", ORT, path, *files, os.path.join(folder, "ort"))
    failures = 0
    for name, want in wanted.items():
        got = form.values(np.load(os.path.join(folder, "got", f"{name}.npy")).view(np.uint16))
        unit = 2.0 ** -form.digits * np.abs(want).max()
        ok = became == ["1x1"] * layers and np.abs(got - want).max() <= (2 * unit if name == "y" else 0)
        text = ""
        if ort:
            theirs = np.load(os.path.join(folder, "ort", f"{name}.npy")).astype(np.float32)
            ok &= np.abs(got - theirs).max() <= 8 * unit
            text = f", {np.abs(got - theirs).max() / unit:.1f} units from ONNX Runtime"
        failures += not ok
        print(f"{'ok' if ok else 'FAILED'}: {form.name} {name} {' '.join(became)}, "
              f"{np.abs(got - want).max()} from NumPy{text}")
    return len(wanted), failures


def main():
    work, options = sys.argv[1], sys.argv[2:]
    results = [run(form, make, layers, os.path.join(work, form.name, make.__name__), options)
               for form in FORMATS for make, layers in ((linears, 2), (attention, 1))]
    outputs, failures = (sum(counts) for counts in zip(*results))
    print(f"{outputs} outputs, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
