# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Linears of 8 bits: what they compute, how they learn, how they are kept, and that the compiler
and ONNX Runtime make the same of what is exported."""
import json
import math
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
import bnn  # noqa: E402
from bnn import nn  # noqa: E402
from bnn.nn.bytes import MOMENTUM, ByteLinear, ByteQuantizer, round_weight  # noqa: E402
from bnn.quantize import rules  # noqa: E402
from test_nn_export import feeds  # noqa: E402
from test_nn_models import IDS, MASK, SMALL, small  # noqa: E402


def of_bytes(weight_scales="channel", activation_ranges="learned", **options):
    """A model that has learned for two steps, so that its ranges and weights have moved."""
    torch.manual_seed(0)
    config = nn.Config(**{**SMALL, **options}).of_bytes().replace(
        weight_scales=weight_scales, activation_ranges=activation_ranges)
    model = nn.build(config)
    nn.calibrate(model, IDS, MASK)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(2):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model.train()(IDS, MASK), torch.tensor([0, 2])).backward()
        optimizer.step()
    return model.eval()


def quantizer(ranges, low, high):
    made = ByteQuantizer(ranges)
    made.calibrating = ("scales",)
    made(torch.tensor([low, high]))
    made.calibrating = ()
    return made


@pytest.mark.parametrize("scales", nn.config.SCALES)
def test_weights_are_those_of_the_post_training_quantiser(scales):
    torch.manual_seed(1)
    weight = torch.randn(7, 12)
    weight[3] = 0
    codes, factors = rules.quantize_weight(weight.numpy().T, per_channel=scales == "channel",
                                           least_error=False)
    rounded = round_weight(weight.requires_grad_(), scales)
    assert rounded.detach().numpy().tobytes() == (codes * factors).T.astype(np.float32).tobytes()
    with torch.no_grad():
        assert torch.equal(round_weight(weight, scales), rounded)
    upstream = torch.randn(7, 12)
    rounded.backward(upstream)
    assert torch.equal(weight.grad, upstream)


def test_weights_round_half_to_even():
    weight = torch.tensor([[127.0, 0.5, 1.5, -2.5], [254.0, 1.0, 3.0, -254.0]])
    assert round_weight(weight, "channel").tolist() == [[127, 0, 2, -2], [254, 0, 4, -254]]
    assert round_weight(weight, "tensor").tolist() == [[128, 0, 2, -2], [254, 0, 4, -254]]


@pytest.mark.parametrize("low, high", [(-1.0, 3.0), (0.0, 2.5), (-0.75, 0.0), (-7.0, 0.01)])
@pytest.mark.parametrize("ranges", nn.config.RANGES)
def test_activations_are_those_of_quantize_linear(ranges, low, high):
    made = quantizer(ranges, low, high).eval()
    scale, zero = made.parameters_of_export()
    if ranges == "minmax":
        assert (scale, zero) == rules.affine(low, high)
    draw = np.random.default_rng(1)
    x = np.concatenate([draw.uniform(2 * low - 1, 2 * high + 1, 1000),
                        (np.arange(600) - 300 + 0.5) * float(scale), [0.0]]).astype(np.float32)
    codes = np.clip(np.rint(x / scale) + int(zero), 0, 255)
    expected = (codes - int(zero)).astype(np.float32) * scale
    with torch.no_grad():
        assert np.array_equal(made(torch.from_numpy(x)).numpy(), expected)
    trained = made(torch.from_numpy(x).requires_grad_())
    assert np.array_equal(trained.detach().numpy(), expected)


def test_gradients_of_activations_and_of_a_width():
    """LSQ eq. 3 with levels from -z to 255 - z; the width is 255 scales."""
    made = quantizer("learned", -1.0, 3.0).eval()
    scale, zero = (float(value) for value in made.parameters_of_export())
    x = torch.tensor([-9.0, 0.3, -0.2, 9.0], requires_grad=True)
    upstream = torch.tensor([1.0, 2.0, 3.0, 4.0])
    made(x).backward(upstream)
    assert x.grad.tolist() == [0, 2, 3, 0]
    slopes = [-zero, round(0.3 / scale) - 0.3 / scale, round(-0.2 / scale) + 0.2 / scale,
              255 - zero]
    expected = np.dot(slopes, upstream) / math.sqrt(4 * (255 - zero)) / 255
    assert math.isclose(float(made.width.grad), expected, rel_tol=1e-4)
    # A range without positive numbers has 0 for its largest level, by which nothing is divided.
    made = quantizer("learned", -1.0, 0.0)
    made(x).sum().backward()
    assert math.isfinite(float(made.width.grad))


def test_extremes_move_in_training_alone():
    made = quantizer("minmax", -1.0, 3.0)
    made.train()(torch.tensor([-2.0, 1.0]))
    assert math.isclose(float(made.low), -1 - MOMENTUM, rel_tol=1e-6)
    assert math.isclose(float(made.high), 3 - 2 * MOMENTUM, rel_tol=1e-6)
    before = {name: value.clone() for name, value in made.state_dict().items()}
    made.eval()(torch.tensor([-20.0, 10.0]))
    assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items())


@pytest.mark.parametrize("ranges", ["percentile", "learned"])
def test_a_percentile_leaves_out_outliers_and_stays(ranges):
    torch.manual_seed(2)
    x = torch.cat([torch.randn(40000), torch.tensor([1000.0])])
    made = ByteQuantizer(ranges).train()
    made(x)
    assert 3 < float(made.high) < 8 and -8 < float(made.low) < -3
    before = made.parameters_of_export()
    made(10 * x)
    assert made.parameters_of_export() == before
    assert float(quantizer("minmax", -4.0, 1000.0).high) == 1000
    if ranges == "learned":
        with torch.no_grad():
            made.width *= 2
        assert made.parameters_of_export() == (pytest.approx(2 * before[0]), before[1])


def test_without_a_first_batch_each_has_its_own_range():
    made = ByteQuantizer("learned").eval()
    x = torch.tensor([-1.0, 0.5, 3.0])
    with torch.no_grad():
        assert torch.equal(made(x), quantizer("minmax", -1.0, 3.0).eval()(x))
    assert not made.is_calibrated()
    made.train()(x)  # the first of training is one
    assert made.is_calibrated()


def test_calibration_of_a_checkpoint_leaves_what_was_learned():
    model = of_bytes()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    nn.calibrate(model, IDS, what=("minima",))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    nn.calibrate(model, IDS)
    assert not torch.equal(model.bert.pooler.dense.quantizer.width,
                           before["bert.pooler.dense.quantizer.width"])


def test_linear_is_the_formula():
    torch.manual_seed(4)
    linear = ByteLinear(12, 5, "channel", "minmax").eval()
    x = torch.randn(3, 12)
    with torch.no_grad():
        expected = linear.quantizer(x) @ round_weight(linear.weight, "channel").T + linear.bias
        assert torch.allclose(linear(x), expected, atol=1e-6)
        linear.plain = True
        assert torch.allclose(linear(x), x @ linear.weight.T + linear.bias, atol=1e-6)


@pytest.mark.parametrize("family", nn.config.FAMILIES)
def test_a_model_of_bytes(family):
    model = of_bytes(family=family, residual_rank=0).train()
    linears = nn.linear.linears(model)
    assert len(linears) == 6 * SMALL["num_layers"] + 1
    assert all(isinstance(module, ByteLinear) for module in linears)
    attention = model.bert.encoder.layer[0].attention.self
    assert attention.query.quantizer is attention.key.quantizer is attention.value.quantizer
    torch.nn.functional.cross_entropy(model(IDS, MASK), torch.tensor([0, 2])).backward()
    silent = {name.rpartition(".")[2] for name, p in model.named_parameters() if p.grad is None}
    assert silent == {"clip_query", "clip_key", "clip_value", "clip_attn"}  # attention is f32
    precise = nn.build(model.config.precise()).eval()
    precise.load_state_dict({**precise.state_dict(), **{
        name: value for name, value in model.state_dict().items() if "quantizer" not in name}})
    with torch.no_grad():
        error = float((model.eval()(IDS, MASK) - precise(IDS, MASK)).abs().max())
    assert 0 < error < 0.05


@pytest.mark.parametrize("options, word", [
    (dict(weight_bits=8), "activation_bits: 1 does not go with 8-bit weights"),
    (dict(activation_bits=8), "activation_bits: 8 does not go with 1-bit weights"),
    (dict(weight_bits=8, activation_bits=32), "activation_bits: 32 does not go with 8-bit"),
    (dict(weight_scales="row"), "weight_scales: 'row' is none of"),
    (dict(activation_ranges="guessed"), "activation_ranges: 'guessed' is none of")])
def test_configs_that_make_no_model(options, word):
    with pytest.raises(ValueError, match=f"^{word}"):
        nn.Config(**{**SMALL, **options})


@pytest.mark.parametrize("scales", nn.config.SCALES)
@pytest.mark.parametrize("ranges", nn.config.RANGES)
def test_checkpoints(ranges, scales, tmp_path):
    model = of_bytes(scales, ranges)
    torch.save(model.state_dict(), tmp_path / "model.pt")
    with torch.no_grad():
        expected = model(IDS, MASK)
        # Ranges and widths tell the bits; the scales are no parameters.
        loaded = nn.load_checkpoint(str(tmp_path), num_heads=4, weight_scales=scales)
        assert torch.equal(loaded(IDS, MASK), expected)
        (tmp_path / "config.json").write_text(model.config.to_json())
        loaded = nn.load_checkpoint(str(tmp_path))
        assert loaded.config == model.config and torch.equal(loaded(IDS, MASK), expected)


@pytest.mark.parametrize("name, value, word", [
    ("low", math.inf, "inf to .* is no range around 0"),
    ("low", 1.0, "1 to .* is no range around 0"),
    ("high", math.nan, "to nan is no range around 0"),
    ("width", math.nan, "the width nan is not finite"),
    ("width", None, "missing: bert.pooler.dense.quantizer.width")])
def test_checkpoints_that_are_none(name, value, word, tmp_path):
    state = of_bytes().state_dict()
    key = f"bert.pooler.dense.quantizer.{name}"
    if value is None:
        del state[key]
    else:
        state[key] = torch.tensor(value)
    torch.save(state, tmp_path / "model.pt")
    with pytest.raises(nn.CheckpointError, match=word):
        nn.load_checkpoint(str(tmp_path), num_heads=4)


def test_config_that_is_none(tmp_path):
    torch.save(of_bytes().state_dict(), tmp_path / "model.pt")
    (tmp_path / "config.json").write_text(json.dumps({"activation_bits": 8, "weight_scales": 1}))
    with pytest.raises(nn.CheckpointError, match="weight_scales: '1' is no value for it"):
        nn.load_checkpoint(str(tmp_path))


def onnx_of(path):
    return pytest.importorskip("onnx", reason="onnx is not installed").load(path)


def dequantised(proto):
    """How many QuantizeLinear a graph has, and the element types that it quantises to."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    types = {tensor.name: tensor.data_type for tensor in proto.graph.initializer}
    found = [types[node.input[2]] for node in proto.graph.node if node.op_type == "QuantizeLinear"]
    return len(found), {onnx.TensorProto.DataType.Name(kind) for kind in found}


# Equal but for the order of f32 sums, unless a number lies within that of the middle between two
# bytes: none of these does.
CLOSE = 1e-5


@pytest.mark.parametrize("scales, ranges, how", [
    ("channel", "learned", dict(opset=13)), ("tensor", "learned", dict(opset=21)),
    ("tensor", "minmax", dict(opset=13, activations="s8", batch=2)),
    ("channel", "percentile", dict(opset=17, compact=True))], ids=str)
def test_exported_bytes(scales, ranges, how, referee, tmp_path):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    model = of_bytes(scales, ranges, num_layers=1)
    path = str(tmp_path / "m.onnx")
    nn.export_onnx(model, path, **how)
    proto = onnx.load(path)
    assert [(entry.domain, entry.version) for entry in proto.opset_import] == [("", how["opset"])]
    if how["opset"] <= onnx.defs.onnx_opset_version():
        onnx.checker.check_model(proto, full_check=True)
    # One for q, k and v, three more of the layer, and the pooler's.
    kind = "INT8" if how.get("activations") == "s8" else "UINT8"
    assert dequantised(proto) == (5, {kind})
    layers = bnn.report(path, opt_level=0)["layers"]
    assert [layer["name"].replace("/", ".") for layer in layers if layer["became"] == "8x8"] == [
        f".m.{name}.MatMul" for name, module in model.named_modules()
        if isinstance(module, ByteLinear)]
    with torch.no_grad():
        expected = model(IDS, MASK).numpy()
    logits = bnn.Session(bnn.compile(path, opt_level=0)).run(feeds())["logits"]
    assert np.abs(logits - expected).max() < CLOSE
    assert np.abs(referee(onnx_of(path), feeds()) - expected).max() < CLOSE


def test_require_quantized(root, tmp_path):
    tool = root / "build" / "bin" / "bnn-opt"
    path = tmp_path / "m.onnx"
    allowed = ["--allow-float=*classifier*", "--allow-float=*Softmax*"]
    model = of_bytes(num_layers=1)
    for model, refused in ((model, 0), (nn.build(model.config.precise()), 7)):
        nn.export_onnx(model, str(path), batch=1)
        said = subprocess.run([tool, path, "--require-quantized", *allowed, "-O0", "-o",
                               tmp_path / "m.o"], capture_output=True, text=True)
        assert said.returncode == (refused > 0), said.stderr
        assert said.stderr.count("is not quantized") == refused


def test_binary_models_in_later_opsets(referee, tmp_path):
    pytest.importorskip("onnx", reason="onnx is not installed")
    model, layers, logits = small(num_layers=1, residual_rank=0), [], []
    for opset in (17, 21):
        path = str(tmp_path / "m.onnx")
        nn.export_onnx(model, path, opset=opset, batch=2)
        layers.append(bnn.report(path, opt_level=0)["layers"])
        logits.append(referee(onnx_of(path), feeds()))
    assert layers[0] == layers[1] and np.array_equal(logits[0], logits[1])
    assert [layer["became"] for layer in layers[1]].count("1x1") == 9


def test_operators_that_may_have_changed_are_refused():
    helper = pytest.importorskip("onnx.helper", reason="onnx is not installed")
    from bnn.nn.opset import raise_opset
    for node in (helper.make_node("Pad", ["x", "p"], ["y"], "n"),
                 helper.make_node("ReduceMean", ["x"], ["y"], "n", axes=[1])):
        with pytest.raises(ValueError, match=f"opset: 21: node 'n' is a {node.op_type}, which is"):
            raise_opset(helper.make_model(helper.make_graph([node], "g", [], [])), 21)


@pytest.mark.parametrize("how, word", [
    (dict(opset=12), "opset: 12 has no scale for each output"),
    (dict(opset=22), "opset: 22 is not from 11 to 21"), (dict(opset=10), "opset: 10 is not from"),
    (dict(activations="u4"), "activations: 'u4' is none of")])
def test_what_no_graph_can_have(how, word, tmp_path):
    path = tmp_path / "m.onnx"
    with pytest.raises(ValueError, match=word):
        nn.export_onnx(of_bytes(), str(path), **how)
    with pytest.raises(ValueError, match="the model has no linears of 8 bits"):
        nn.export_onnx(small(), str(path), activations="s8")
    assert not path.exists()


def test_an_unknown_range_is_named(tmp_path):
    model = nn.build(nn.Config(**SMALL).of_bytes())
    path = tmp_path / "m.onnx"
    with pytest.raises(ValueError, match=r"layer\.0\.attention\.self\.query\.quantizer: its range"):
        nn.export_onnx(model, str(path))
    nn.calibrate(model, IDS, what=("minima",))
    nn.export_onnx(model, str(path))
    assert path.exists()


def test_a_graph_of_other_names(tmp_path):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    from bnn.nn import qdq
    model, path = of_bytes(), str(tmp_path / "m.onnx")
    nn.export_onnx(nn.build(model.config.precise()), path)
    proto = onnx.load(path)
    for number, node in enumerate(proto.graph.node):
        node.name = f"MatMul_{number}"  # as older exporters have it
    with pytest.raises(RuntimeError, match="left no product of bert.encoder.layer.0.attention.out"):
        qdq.quantise(proto, model, "u8")


def test_without_onnx(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    path = tmp_path / "m.onnx"
    with pytest.raises(ImportError, match="linears of 8 bits: exporting needs the package onnx"):
        nn.export_onnx(of_bytes(num_layers=1), str(path))
    with pytest.raises(ImportError, match="opset 21: exporting needs the package onnx"):
        nn.export_onnx(small(num_layers=1), str(path), opset=21)
    nn.export_onnx(small(num_layers=1), str(path))
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.onnx"]
