# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Exported models: what the compiler makes of them, and that all three agree."""
import collections
import pathlib
import re
import subprocess

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
import bnn  # noqa: E402
from bnn import nn  # noqa: E402
from test_nn_models import IDS, MASK, SMALL, small  # noqa: E402


def noisy(**options):
    """A model no input of which is exactly at a threshold: biases as training leaves them."""
    model = small(**options)
    torch.manual_seed(7)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0, 0.1)
    return model


def feeds():
    return {"input_ids": IDS.numpy(), "attention_mask": MASK.numpy()}


PRECISE = dict(weight_bits=32, activation_bits=32, embedding_bits=32, residual_rank=0)


@pytest.mark.parametrize("options, how", [
    (dict(residual_rank=3), dict(opset=13)), (dict(), dict(compact=True, batch=2)),
    (dict(family="bit"), dict(compact=True)), (dict(family="bit", activation_bits=2), dict()),
    (dict(activation_bits=4, residual_rank=0), dict(batch=2, length=5)),
    (dict(lora_rank=2), dict(id_type=torch.int32)), (dict(weight_bits=32), dict(opset=11)),
    (PRECISE, dict())], ids=str)
def test_compiled_logits(options, how, tmp_path):
    model = noisy(**options)
    with torch.no_grad():
        expected = model(IDS, MASK).numpy()
    path = str(tmp_path / "m.onnx")
    nn.export_onnx(model, path, **how)
    logits = bnn.Session(bnn.compile(path, opt_level=0)).run(feeds())["logits"]
    assert np.abs(logits - expected).max() < 1e-5


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("family", nn.config.FAMILIES)
def test_every_linear_is_bits(family, compact, root, tmp_path):
    path = tmp_path / "m.onnx"
    nn.export_onnx(small(family=family), str(path), compact=compact)
    tool = root / "build" / "bin" / "bnn-opt"
    if not tool.exists():
        pytest.skip("no build/bin/bnn-opt (tools/dev build makes it)")
    subprocess.run([tool, path, "--compile-to=raise", "-o", tmp_path / "m.mlir"], check=True)
    raised = (tmp_path / "m.mlir").read_text()
    found = collections.Counter(re.findall(r"= (bnn\.\w+) ", raised))
    # q, k, v, output and two feed-forward linears a layer, and the pooler's; the other products
    # are of f32 with a constant matrix
    products = re.findall(
        r"= bnn\.matmul .* : tensor<\S+x!bnn\.[su]1>, tensor<\S+x!bnn\.s1> ->", raised)
    assert len(products) == 6 * SMALL["num_layers"] + 1
    assert found["bnn.attention"] == SMALL["num_layers"]
    assert found["bnn.embedding"] == 1


def test_compact_is_smaller(tmp_path):
    torch.manual_seed(0)
    model = nn.build(nn.Config(vocab_size=2000, hidden_size=96, num_layers=2, num_heads=4,
                               ffn_size=128, max_positions=8))
    sizes = []
    for compact in (False, True):
        path = tmp_path / f"{compact}.onnx"
        nn.export_onnx(model, str(path), compact=compact)
        sizes.append(path.stat().st_size)
    assert sizes[1] < 0.35 * sizes[0]


def test_a_compact_file_is_a_checkpoint(tmp_path):
    pytest.importorskip("onnx", reason="onnx is not installed")
    for options in (dict(), dict(residual_rank=3), dict(family="bit"), dict(lora_rank=2)):
        model = noisy(**options)
        path = str(tmp_path / "m.onnx")
        nn.export_onnx(model, path, compact=True)
        again = nn.load_checkpoint(path, num_heads=4)
        with torch.no_grad():
            assert torch.equal(again(IDS, MASK), model(IDS, MASK))
    nn.export_onnx(model, path)
    with pytest.raises(nn.CheckpointError, match="compact=True"):
        nn.load_checkpoint(path)


def test_heads_have_their_outputs(tmp_path):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    for head, outputs in nn.export.OUTPUTS.items():
        path = str(tmp_path / "m.onnx")
        nn.export_onnx(small(head=head), path, inputs=nn.export.INPUTS)
        graph = onnx.load(path).graph
        assert [value.name for value in graph.output] == list(outputs)
        assert [value.name for value in graph.input] == list(nn.export.INPUTS)
        sizes = [d.dim_param for d in graph.input[0].type.tensor_type.shape.dim]
        assert sizes == ["batch", "length"]


def test_the_model_is_left_as_it_was(tmp_path):
    model = small().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    nn.export_onnx(model, str(tmp_path / "m.onnx"), compact=True)
    assert model.training
    after = model.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)


@pytest.mark.parametrize("options, word", [
    (dict(inputs=("ids",)), "inputs"), (dict(inputs=("attention_mask",)), "inputs"),
    (dict(length=17), "length"), (dict(batch=0), "batch"),
    (dict(id_type=torch.float32), "id_type")])
def test_what_no_graph_can_have(options, word, tmp_path):
    path = tmp_path / "m.onnx"
    with pytest.raises(ValueError, match=word):
        nn.export_onnx(small(), str(path), **options)
    assert not path.exists()


def test_an_unknown_minimum_is_named(tmp_path):
    torch.manual_seed(0)
    config = nn.Config(**{**SMALL, "family": "bit", "residual_rank": 0, "activation_bits": 2})
    model = nn.build(config)
    path = tmp_path / "m.onnx"
    with pytest.raises(ValueError, match=r"layer\.0\.attention\.self\.quantize_attn: its minimum"):
        nn.export_onnx(model, str(path))
    nn.calibrate(model, IDS, what=("minima",))
    nn.export_onnx(model, str(path))
    assert pathlib.Path(path).exists()
