# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""bnn.quantize: what it writes, what the compiler and ONNX Runtime make of that, and what it
refuses."""
import os
import re
import subprocess
import sys

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
from onnx import numpy_helper, parser  # noqa: E402

import bnn  # noqa: E402
from bnn.quantize import QuantizeError, rules  # noqa: E402

HIDDEN, FFN, HEADS, VOCABULARY, POSITIONS = 32, 48, 2, 40, 12
LINEARS = ["query", "key", "value", "out", "up", "down", "pooler", "classifier"]
ENCODER = """<ir_version: 8, opset_import: ["" : %d]>
encoder (int64[batch, length] ids, int64[batch, length] mask) => (float[batch, 3] logits)
<float eps = {0.00001}, float one = {1.0}, float far = {-10000.0}, float half = {0.5},
 float root = {1.4142135}, float size = {0.25}, int64[4] split = {0, 0, 2, 16},
 int64[3] join = {0, 0, 32}, int64[2] middle = {1, 2}, int64 zero = {0}>
{
  x = Gather(words, ids)
  bits = Cast<to = 1>(mask)
  far_bits = Sub(one, bits)
  flat = Mul(far_bits, far)
  bias = Unsqueeze(flat, middle)
  q0 = MatMul(x, query_w)
  q1 = Add(q0, query_b)
  q2 = Reshape(q1, split)
  q = Transpose<perm = [0, 2, 1, 3]>(q2)
  k0 = MatMul(x, key_w)
  k1 = Add(k0, key_b)
  k2 = Reshape(k1, split)
  k = Transpose<perm = [0, 2, 3, 1]>(k2)
  value_t = Transpose<perm = [1, 0]>(value_w)
  v0 = MatMul(x, value_t)
  v1 = Reshape(v0, split)
  v = Transpose<perm = [0, 2, 1, 3]>(v1)
  qk = MatMul(q, k)
  s0 = Mul(qk, size)
  s1 = Add(s0, bias)
  p = Softmax<axis = -1>(s1)
  pv = MatMul(p, v)
  c0 = Transpose<perm = [0, 2, 1, 3]>(pv)
  c = Reshape(c0, join)
  o0 = MatMul(c, out_w)
  o1 = Add(o0, x)
  mean = ReduceMean<axes = [-1]>(o1)
  off = Sub(o1, mean)
  square = Mul(off, off)
  var = ReduceMean<axes = [-1]>(square)
  var1 = Add(var, eps)
  dev = Sqrt(var1)
  n = Div(off, dev)
  u0 = MatMul(n, up_w)
  u1 = Add(u0, up_b)
  g0 = Div(u1, root)
  g1 = Erf(g0)
  g2 = Add(g1, one)
  g3 = Mul(u1, g2)
  g = Mul(g3, half)
  d0 = MatMul(g, down_w)
  d1 = Add(d0, n)
  first = Gather<axis = 1>(d1, zero)
  t0 = Gemm<transB = 1>(first, pooler_w, pooler_b)
  t = Tanh(t0)
  logits = Gemm(t, classifier_w, classifier_b)
}"""
# Nodes of the textual form have no name: the compiler calls them by what they give.
NAMES = {"query": "q0", "key": "k0", "value": "v0", "out": "o0", "up": "u0", "down": "d0",
         "pooler": "t0", "classifier": "logits"}


def parsed(text, weights):
    model = parser.parse_model(text)
    model.graph.initializer.extend(
        numpy_helper.from_array(np.asarray(array, np.float32), name)
        for name, array in weights.items())
    onnx.checker.check_model(model)
    return model


def encoder(opset=13, seed=1):
    rng = np.random.default_rng(seed)
    shapes = {"words": (VOCABULARY, HIDDEN), "query_w": (HIDDEN, HIDDEN), "query_b": (HIDDEN,),
              "key_w": (HIDDEN, HIDDEN), "key_b": (HIDDEN,), "value_w": (HIDDEN, HIDDEN),
              "out_w": (HIDDEN, HIDDEN), "up_w": (HIDDEN, FFN), "up_b": (FFN,),
              "down_w": (FFN, HIDDEN), "pooler_w": (HIDDEN, HIDDEN), "pooler_b": (HIDDEN,),
              "classifier_w": (HIDDEN, 3), "classifier_b": (3,)}
    text = ENCODER % opset
    if opset < 13:
        text = text.replace(", int64[2] middle = {1, 2}", "")
        text = text.replace("Unsqueeze(flat, middle)", "Unsqueeze<axes = [1, 2]>(flat)")
    weights = {name: rng.standard_normal(shape) / (1 if name == "words" else shape[0] ** 0.5)
               for name, shape in shapes.items()}
    return parsed(text, weights)


def texts(count, length=POSITIONS, seed=2):
    rng = np.random.default_rng(seed)
    ids = rng.integers(1, VOCABULARY, (count, length))
    mask = np.ones_like(ids)
    mask[1::3, length // 2:] = 0
    return {"ids": ids * mask, "mask": mask}


MLP = """<ir_version: 8, opset_import: ["" : 13]>
mlp (float[n, 6] x) => (float[n, 4] y)
{
  h = MatMul(x, v)
  r = Relu(h)
  y = Gemm<transB = 1>(r, w, b)
}"""


def mlp(text=MLP, **weights):
    rng = np.random.default_rng(3)
    return parsed(text, {"v": rng.standard_normal((6, 8)), "w": rng.standard_normal((4, 8)),
                         "b": rng.standard_normal(4), **weights})


def points(count=50):
    return {"x": np.random.default_rng(4).standard_normal((count, 6)).astype(np.float32)}


@pytest.fixture(scope="module")
def model():
    return encoder()


@pytest.fixture(scope="module")
def quantised(model):
    return bnn.quantize(model, texts(30))


@pytest.fixture(scope="module")
def files(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    onnx.save(model, folder / "model.onnx")
    np.savez(folder / "data.npz", **texts(30))
    return folder


def arrays(model):
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def count(model, kind):
    return sum(node.op_type == kind for node in model.graph.node)


def became(model):
    return {layer["name"]: layer["became"] for layer in bnn.report(model, opt_level=0)["layers"]}


def run(model, feeds):
    sizes = {d.dim_param: size for value in model.graph.input
             for d, size in zip(value.type.tensor_type.shape.dim, feeds[value.name].shape)
             if d.dim_param}
    session = bnn.Session(bnn.compile(model, max_dims=sizes, opt_level=0))
    return session.run(feeds)[model.graph.output[0].name]


def test_every_linear_is_bytes(quantised):
    onnx.checker.check_model(quantised, full_check=True)
    layers = became(quantised)
    assert {name: layers[NAMES[name]] for name in LINEARS} == dict.fromkeys(LINEARS, "8x8")


def test_the_form_of_the_file(model, quantised):
    """One pair a tensor, int8 weights, f32 biases, and what nothing reads is gone."""
    # x, c, n, g, first and t; q, k and v share x.
    assert count(quantised, "QuantizeLinear") == 6
    assert count(quantised, "DequantizeLinear") == 6 + len(LINEARS)
    held, before = arrays(quantised), arrays(model)
    assert [name for name, a in held.items() if a.ndim == 2 and a.dtype == np.float32] == ["words"]
    assert all((held[name] == before[name]).all() for name in before if name.endswith("_b"))
    axes = {node.input[0]: [a.i for a in node.attribute] for node in quantised.graph.node
            if node.op_type == "DequantizeLinear" and held.get(node.input[0]) is not None}
    assert axes["pooler_w_quantized"] == [0] and axes["classifier_w_quantized"] == [1]
    # The transpose of a constant is another constant, for the product that reads it.
    assert axes["value_t_quantized"] == [1] and "value_w" not in held
    np.testing.assert_array_equal(
        held["value_t_scale"], np.abs(before["value_w"]).max(axis=1) / np.float32(127))
    # The residual sum still reads what is not rounded.
    [residual] = [node for node in quantised.graph.node if node.output[0] == "o1"]
    assert list(residual.input) == ["o0", "x"]


def step(model):
    """What one step of the last quantiser can change in an output, at most."""
    held = arrays(model)
    weight = held["classifier_w_quantized"] * held["classifier_w_scale"]
    return float(held["t_scale"] * np.abs(weight).max())


@pytest.mark.parametrize("how", [
    {}, {"per_channel": False, "method": "mse"},
    {"method": "percentile", "percentile": 99.9, "attention": True}], ids=str)
def test_onnx_runtime_agrees(how, model, referee):
    result = bnn.quantize(model, texts(30), **how)
    onnx.checker.check_model(result, full_check=True)
    feeds = texts(8, seed=7)
    expected = referee(result, feeds)
    got = run(result, feeds)
    assert np.abs(got - expected).max() <= step(result)
    # Most of them have no value so near the middle of a step that two sums round it differently.
    assert np.median(np.abs(got - expected)) < 1e-5


@pytest.mark.parametrize("method,attention", [(method, method == "mse") for method in rules.METHODS])
def test_the_error_is_small(method, attention, model):
    feeds = texts(40, seed=9)
    expected = run(model, feeds)
    got = run(bnn.quantize(model, texts(30), method=method, attention=attention), feeds)
    error = np.sqrt(np.mean((got - expected) ** 2) / np.mean(expected ** 2))
    assert 1e-5 < error < 0.03, error


def test_the_same_bytes(model, quantised, files):
    """Twice, whatever the batch; from a proto, bytes, a path or a list."""
    expected = quantised.SerializeToString()
    assert bnn.quantize(model, texts(30)).SerializeToString() == expected
    assert bnn.quantize(model.SerializeToString(), files / "data.npz",
                        batch=7).SerializeToString() == expected
    parts = [{name: array[part] for name, array in texts(30).items()}
             for part in (slice(11), slice(11, None))]
    assert bnn.quantize(files / "model.onnx", parts, batch=100).SerializeToString() == expected
    results = {bnn.quantize(model, texts(30), method="mse", batch=batch).SerializeToString()
               for batch in (1, 30)}
    assert len(results) == 1 and expected not in results


def test_the_model_is_left_as_it_was(model):
    before = model.SerializeToString()
    bnn.quantize(model, texts(3), keep_float="t0")
    assert model.SerializeToString() == before


def test_keep_float(model):
    result = bnn.quantize(model, texts(8), keep_float=["[qk]0", "logits"])
    layers = became(result)
    kept = ("query", "key", "classifier")
    assert [name for name in LINEARS if layers[NAMES[name]] == "float"] == list(kept)
    assert {"query_w", "key_w", "classifier_w"} < set(arrays(result))
    # Nobody else reads t, so it has no pair.
    assert "t_scale" not in arrays(result) and "x_scale" in arrays(result)


def test_attention(model):
    held = arrays(bnn.quantize(model, texts(8), attention=True))
    assert {"q_scale", "k_scale", "p_scale", "v_scale"} < set(held)
    assert held["p_zero_point"] == 0 and held["p_scale"] <= np.float32(1 / 255)
    assert "q_scale" not in arrays(bnn.quantize(model, texts(8)))


def test_scales():
    """Those of a range that is known: no rounding but the last."""
    data = {"x": np.zeros((3, 6), np.float32)}
    data["x"][1, 2:4] = -1, 4.1
    result = arrays(bnn.quantize(mlp(v=np.eye(6, 8) * 2), data))
    assert result["x_scale"] == np.float32((float(np.float32(4.1)) + 1) / 255)
    assert result["x_zero_point"] == 50 and result["x_zero_point"].dtype == np.uint8
    assert result["r_zero_point"] == 0
    assert result["r_scale"] == np.float32(float(np.float32(8.2)) / 255)
    # Columns of zeros have the scale 1.
    assert result["v_scale"].tolist() == [np.float32(2) / np.float32(127)] * 6 + [1, 1]
    assert (result["v_quantized"] == 127 * np.eye(6, 8)).all()


def test_a_range_of_nothing():
    result = arrays(bnn.quantize(mlp(), {"x": np.zeros((3, 6), np.float32)}, method="mse"))
    assert (result["x_scale"], result["x_zero_point"]) == (1, 0)


def test_values_of_one_sign():
    for sign in (1, -1):
        scale, zero = rules.affine(*sorted((sign * 3.0, sign * 8.0)))
        assert scale == np.float32(8 / 255) and zero == (0 if sign > 0 else 255)


def squared_error(values, bounds):
    scale, zero = rules.affine(*bounds)
    codes = np.clip(np.rint(values / scale) + int(zero), 0, 255)
    return np.square((codes - int(zero)) * scale - values, dtype=np.float64).sum()


@pytest.mark.parametrize("outlier", [4, 15, 200])
def test_methods_and_an_outlier(outlier):
    values = np.random.default_rng(5).standard_normal(20000).astype(np.float32)
    values[77] = outlier
    low, high = float(values.min()), float(values.max())
    counts = rules.histogram(values, low, high)
    assert counts.sum() == np.count_nonzero(values)
    least = rules.least_error_range(counts, low, high)
    cut = rules.percentile_range(counts, low, high, 99.9)
    wide = rules.percentile_range(counts, low, high, 100)
    assert wide == (low, high)
    width = (high - low) / rules.BINS
    exact = np.percentile(values[values != 0], [0.05, 99.95])
    assert np.abs(exact - cut).max() <= 2 * width + 0.05
    assert low <= least[0] < 0 < least[1] <= high
    error = squared_error(values, least)
    # Exhaustive enough: no clipping is better by more than the histogram's own error.
    others = [squared_error(values, (low * down, high * up))
              for down in np.linspace(0.05, 1, 25) for up in np.linspace(0.05, 1, 25)]
    assert error <= 1.02 * min(others) and error <= squared_error(values, (low, high))
    if outlier == 15:
        # It is the square of one value in 20000 that counts, not that there is only one.
        assert cut[1] < 5 and least[1] > cut[1]


def test_least_error_of_weights():
    rng = np.random.default_rng(6)
    weight = rng.standard_t(9, (20000, 5)).astype(np.float32)
    errors = {}
    for per_channel in (True, False):
        for least in (True, False):
            codes, scales = rules.quantize_weight(weight, per_channel=per_channel,
                                                  least_error=least)
            assert codes.dtype == np.int8 and np.abs(codes.astype(int)).max() <= 127
            assert scales.shape == ((5,) if per_channel else ())
            errors[per_channel, least] = np.square(codes * scales - weight).sum()
    assert errors[True, True] < errors[True, False] < errors[False, False]
    assert errors[False, True] < errors[False, False]


def test_percentile_of_the_data():
    data = points(2000)
    data["x"][3, 3] = 1000
    scales = {method: float(arrays(bnn.quantize(mlp(), data, method=method,
                                                percentile=99.9))["x_scale"])
              for method in rules.METHODS}
    assert scales["percentile"] < scales["mse"] <= scales["minmax"]
    assert scales["percentile"] < 12 / 255 and scales["minmax"] > 1000 / 255


def test_inputs_of_a_fixed_size(referee):
    """A model of 4 samples at a time, and one of which each sample is a call."""
    fixed = mlp(MLP.replace("[n,", "[4,"))
    expected = arrays(bnn.quantize(mlp(), points(12)))
    result = bnn.quantize(fixed, points(12))
    assert arrays(result)["x_scale"] == expected["x_scale"]
    whole = {"x": points(12)["x"].reshape(3, 4, 6)}
    assert bnn.quantize(fixed, whole).SerializeToString() == result.SerializeToString()
    assert arrays(bnn.quantize(mlp(), whole))["x_scale"] == expected["x_scale"]
    feeds = points(4)
    got = run(result, feeds)
    np.testing.assert_allclose(got, referee(result, feeds), atol=1e-5)
    with pytest.raises(QuantizeError, match="'x' has 13 samples, and the model takes 4 at a time"):
        bnn.quantize(fixed, points(13))


def test_dimensions_without_a_name():
    unnamed = mlp()
    for value in (unnamed.graph.input[0], unnamed.graph.output[0]):
        value.type.tensor_type.shape.dim[0].ClearField("dim_param")
    result = bnn.quantize(unnamed, points(20))
    assert not result.graph.input[0].type.tensor_type.shape.dim[0].dim_param
    assert became(result) == {"h": "8x8", "y": "8x8"}


@pytest.mark.parametrize("lines, kept", [
    # computed constants, of which only the compiler knows the values
    ("m = Mul(v, v)\n h = MatMul(x, m)\n r = Relu(h)\n y = Gemm<transB = 1>(r, w, b)", 0),
    # a weight on the left, a vector, and three dimensions stay
    ("h = MatMul(x, v)\n r = Relu(h)\n g = MatMul(r, vector)\n z = Gemm<transB = 1>(r, w, b)\n"
     "a = Unsqueeze(g, one)\n y = Add(z, a)", 1),
    # what another node reads is not transposed twice, and one weight has two readers
    ("t = Transpose(w)\n h = MatMul(x, v)\n h2 = MatMul(x, v)\n r = Relu(h)\n r2 = Abs(h2)\n"
     "s = Add(r, r2)\n z = Gemm<transB = 1>(s, w, b)\n z2 = MatMul(s, t)\n y = Sub(z, z2)", 0)])
def test_other_weights(lines, kept, referee):
    text = MLP[:MLP.index("{\n")] + "<int64[1] one = {1}>\n{\n" + lines + "\n}"
    model = mlp(text, vector=np.ones(8))
    result = bnn.quantize(model, points())
    onnx.checker.check_model(result, full_check=True)
    layers = became(result)
    assert list(layers.values()).count("float") == kept and "8x8" in layers.values()
    feeds = points(5)
    got, expected = run(result, feeds), run(model, feeds)
    np.testing.assert_allclose(got, referee(result, feeds), atol=1e-5)
    assert np.abs(got - expected).max() < 0.05 * np.abs(expected).max()
    assert not {"m", "t"}.intersection(output for node in result.graph.node
                                       for output in node.output)


@pytest.mark.parametrize("opset, results, lines, became_what", [
    (13, "float[n, 4] y", "y = Gemm<alpha = 0.5, beta = 2.0>(x, m, c)", "8x8"),
    # The product's input is a result as well, which nobody rounds.
    (13, "float[n, 4] y, float[n, 6] z", "z = Relu(x) y = MatMul(z, m)", "8x8"),
    (9, "float[n, 4] y", "h = MatMul(x, m) y = Clip<min = 0.0, max = 6.0>(h)", "8x8"),
    (13, "float[n, n] y", "z = Transpose(x) y = MatMul(x, z)", "")])
def test_other_forms(opset, results, lines, became_what, referee):
    rng = np.random.default_rng(8)
    model = parsed(f"""<ir_version: 8, opset_import: ["" : {opset}]>
        g (float[n, 6] x) => ({results}) {{ {lines} }}""",
                   {"m": rng.standard_normal((6, 4)), "c": rng.standard_normal(4)})
    result = bnn.quantize(model, points(), attention=True)
    onnx.checker.check_model(result, full_check=True)
    assert count(result, "QuantizeLinear") >= 1
    # How the compiler multiplies two activations is its affair.
    assert not became_what or list(became(result).values()) == [became_what]
    feeds = points(5)
    got, expected = run(result, feeds), run(model, feeds)
    np.testing.assert_allclose(got, referee(result, feeds), atol=1e-5)
    assert np.abs(got - expected).max() < 0.02 * np.abs(expected).max()


def test_names_that_are_taken():
    text = MLP.replace("r = Relu(h)", "x_scale = Relu(h)\n r = Identity(x_scale)")
    result = bnn.quantize(mlp(text), points())
    onnx.checker.check_model(result, full_check=True)
    assert "x_scale_1" in arrays(result)


def test_initialisers_that_are_inputs():
    """As the files of old exporters have them."""
    model = mlp()
    model.ir_version = 3
    for tensor in model.graph.initializer:
        model.graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, 1, tensor.dims))
    result = bnn.quantize(model, points())
    assert [value.name for value in result.graph.input] == ["x", "b"]
    assert set(became(result).values()) == {"8x8"}


def test_an_older_opset(quantised):
    result = bnn.quantize(encoder(opset=11), texts(30))
    assert result.opset_import[0].version == 13
    onnx.checker.check_model(result, full_check=True)
    feeds = texts(8, seed=7)
    np.testing.assert_allclose(run(result, feeds), run(quantised, feeds), atol=1e-5)


def test_what_is_binary_stays(root):
    folder = root / "test" / "models"
    data = {name: np.load(folder / "tiny" / f"{name}.npy")
            for name in ("input_ids", "attention_mask", "token_type_ids")}
    before = became(folder / "tiny.onnx")
    result = bnn.quantize(folder / "tiny.onnx", data, attention=True)
    after = became(result)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"/classifier/Gemm"} and after["/classifier/Gemm"] == "8x8"


def test_external_data(model, quantised, tmp_path):
    path = tmp_path / "m.onnx"
    onnx.save_model(onnx.load_from_string(model.SerializeToString()), str(path),
                    save_as_external_data=True, location="weights", size_threshold=0)
    assert len(path.read_bytes()) < (tmp_path / "weights").stat().st_size
    assert bnn.quantize(path, texts(30)).SerializeToString() == quantised.SerializeToString()
    with pytest.raises(FileExistsError, match="weights would replace"):
        bnn.quantize(path, texts(3), output=tmp_path / "weights")
    with pytest.raises(QuantizeError, match="in another file: give the path"):
        bnn.quantize(path.read_bytes(), texts(3))


def test_too_large(tmp_path):
    model = mlp()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", "w"), ("length", str(3 << 30))):
        tensor.external_data.add(key=key, value=value)
    onnx.save(model, tmp_path / "m.onnx")
    with pytest.raises(QuantizeError, match="the model has 3.0 GiB"):
        bnn.quantize(tmp_path / "m.onnx", points())


def changed(**arrays):
    return {name: array for name, array in {**texts(6), **arrays}.items() if array is not None}


@pytest.mark.parametrize("data, message", [
    (changed(mask=None), "input 'mask' is missing; its inputs are 'ids', 'mask'"),
    (changed(words=np.zeros(3)), "no input 'words'"),
    (changed(mask=np.ones((6, 3, 2, 1), int)), r"'mask' has the shape \[6, 3, 2, 1\]"),
    (changed(mask=np.ones((5, 12), int)), "differ in samples: 'ids' 6, 'mask' 5"),
    (changed(mask=np.ones((6, 11), int)), "the dimension 'length' is 12"),
    (changed(ids=np.zeros((6, 12))), "must be int64, and is float64"),
    (changed(ids=np.full((6, 12), 1000)), "the model failed"),
    (changed(ids=np.zeros((0, 12), int), mask=np.zeros((0, 12), int)), "'ids' has no samples"),
    ([], "no calibration data")])
def test_wrong_data(data, message, model):
    with pytest.raises(QuantizeError, match=message):
        bnn.quantize(model, data)


def test_data_that_are_no_numbers():
    data = points()
    data["x"][7, 2] = np.nan
    with pytest.raises(QuantizeError, match=r"'x' is NaN at \[7, 2\]"):
        bnn.quantize(mlp(), data)
    data["x"][7, 2] = np.inf
    with pytest.raises(QuantizeError, match="tensor 'x' holds infinity"):
        bnn.quantize(mlp(), data)
    assert bnn.quantize(mlp(), {"x": np.full((2, 6), 3e38, np.float32)}, keep_float="y")
    with pytest.raises(QuantizeError, match="weight 'v' of 'h' is not finite"):
        bnn.quantize(mlp(v=np.full((6, 8), np.inf)), {"x": np.ones((1, 6), np.float32)},
                     keep_float="y")


def test_wrong_models(quantised, tmp_path):
    with pytest.raises(QuantizeError, match="quantised already: node '.*' is a DequantizeLinear"):
        bnn.quantize(quantised, texts(3))
    no_products = parsed("""<ir_version: 8, opset_import: ["" : 13]>
        g (float[n, 6] x) => (float[n, 6] y) { y = Relu(x) }""", {})
    with pytest.raises(QuantizeError, match="no products of f32"):
        bnn.quantize(no_products, points())
    with pytest.raises(QuantizeError, match="that are not kept in float"):
        bnn.quantize(mlp(), points(), keep_float=["*"])
    with pytest.raises(bnn.CompileError):
        bnn.quantize(mlp(MLP.replace("Relu", "Det")), points())
    with pytest.raises(QuantizeError, match="no ONNX model"):
        bnn.quantize(b"not a model", points())
    with pytest.raises(FileNotFoundError):
        bnn.quantize(tmp_path / "none.onnx", points())


@pytest.mark.parametrize("options, message", [
    ({"keep_float": ["h", "z*"]}, "'z\\*' .* matches no product of the model; they are h, y"),
    ({"method": "entropy"}, "none of minmax, percentile, mse"),
    ({"percentile": 40}, "the percentile 40 is not above 50"), ({"batch": 0}, "a batch of 0")])
def test_wrong_options(options, message):
    with pytest.raises(QuantizeError, match=message):
        bnn.quantize(mlp(), points(), **options)


def command(*arguments, **options):
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return subprocess.run(
        [sys.executable, "-B", "-m", "bnn.quantize", *map(str, arguments)], text=True,
        capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": os.path.join(root, "python")}, **options)


def test_the_command(files, quantised, tmp_path):
    result = command(files / "model.onnx", "--calibration", files / "data.npz", "-o",
                     tmp_path / "int8.onnx")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert (tmp_path / "int8.onnx").read_bytes() == quantised.SerializeToString(deterministic=True)
    assert os.listdir(tmp_path) == ["int8.onnx"]
    result = command(files / "model.onnx", "--calibration", files / "data.npz", "--attention",
                     "--method=percentile", "--percentile=99.9", "--no-per-channel",
                     "--keep-float=t0", "--batch=30", "-o", tmp_path / "int8.onnx")
    assert result.returncode == 0 and not result.stderr
    expected = bnn.quantize(files / "model.onnx", files / "data.npz", attention=True,
                            method="percentile", percentile=99.9, per_channel=False,
                            keep_float="t0")
    assert (tmp_path / "int8.onnx").read_bytes() == expected.SerializeToString(deterministic=True)


def test_the_commands_errors(files, tmp_path):
    """One line each, and nothing is written or replaced."""
    (tmp_path / "old.onnx").write_text("old")
    (tmp_path / "bad.npz").write_text("bad")
    os.symlink(files / "model.onnx", tmp_path / "link.onnx")
    np.save(tmp_path / "array.npy", np.zeros(3))
    data = files / "data.npz"
    for calibration, output, options, message in (
            (data, tmp_path / "link.onnx", [], "link.onnx would replace .*model.onnx"),
            (data, data, [], "data.npz would replace"),
            (data, tmp_path, [], "is a folder"),
            (data, tmp_path / "no" / "m.onnx", [], "there is no folder"),
            (files / "none.npz", tmp_path / "old.onnx", [], "No such file"),
            (tmp_path / "bad.npz", tmp_path / "old.onnx", [], "bad.npz: no .npz file of arrays"),
            (tmp_path / "array.npy", tmp_path / "old.onnx", [], "without the name of its input"),
            (data, tmp_path / "old.onnx", ["--keep-float=z"], "'z' .* matches no product"),
            (data, tmp_path / "old.onnx", ["--percentile=0"], "percentile 0")):
        result = command(files / "model.onnx", "--calibration", calibration, "-o", output, *options)
        assert result.returncode == 1 and not result.stdout
        assert re.fullmatch(f"bnn-quantize: error: .*{message}.*\n", result.stderr), result.stderr
    assert (tmp_path / "old.onnx").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["array.npy", "bad.npz", "link.onnx", "old.onnx"]


def test_a_write_that_fails(files, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")
    (tmp_path / "old.onnx").write_text("old")
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        bnn.quantize(files / "model.onnx", files / "data.npz", output=tmp_path / "old.onnx")
    assert os.listdir(tmp_path) == ["old.onnx"] and (tmp_path / "old.onnx").read_text() == "old"


def test_progress(model):
    calls = []
    bnn.quantize(model, texts(20), method="mse", progress=lambda *call: calls.append(call))
    assert calls == [(i, 6) for i in range(1, 7)]
