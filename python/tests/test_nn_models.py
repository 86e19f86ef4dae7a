# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The models: shapes, options, and the authors' logits for the authors' weights."""
import json
import os

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from bnn import nn  # noqa: E402

SMALL = dict(vocab_size=50, hidden_size=32, num_layers=2, num_heads=4, ffn_size=48,
             max_positions=16, num_labels=3)
MODELS = os.environ.get("BNN_MODELS") or os.path.normpath(
    os.path.join(os.path.dirname(__file__), "..", "..", "..", "shared", "models"))


def small(**options):
    torch.manual_seed(0)
    config = nn.Config(**{**SMALL, **options})
    if config.family == "bit":
        config = config.replace(residual_rank=0)
    model = nn.build(config)
    nn.calibrate(model, IDS)
    return model.eval()


IDS = torch.tensor([[2, 7, 8, 9, 3], [2, 11, 3, 0, 0]])
MASK = (IDS != 0).long()


@pytest.mark.parametrize("bits", [1, 2, 4, 32])
@pytest.mark.parametrize("family", nn.config.FAMILIES)
def test_classifier(family, bits):
    model = small(family=family, activation_bits=bits)
    with torch.no_grad():
        logits, states = model.forward_with_states(IDS, MASK)
        assert logits.shape == (2, 3) and bool(torch.isfinite(logits).all())
        assert [list(state.shape) for state in states] == [[2, 5, 32]] * 3
        # what is hidden has no say
        other = IDS.clone()
        other[1, 3:] = 21
        assert torch.equal(model(other, MASK)[0], logits[0])
        if bits == 1:
            assert torch.allclose(model(other, MASK)[1], logits[1], atol=1e-6)


def test_question_answering():
    for family in nn.config.FAMILIES:
        start, end = small(family=family, head="question-answering")(IDS)
        assert start.shape == end.shape == (2, 5)


def test_pretraining():
    words, following = small(head="pretraining")(IDS)
    assert words.shape == (2, 5, 50) and following.shape == (2, 2)


def test_options_add_what_they_say():
    plain = {name for name, _ in small(residual_rank=0).named_parameters()}
    residual = {name for name, _ in small(residual_rank=3).named_parameters()} - plain
    assert {name.split(".")[-2] for name in residual} == {"q_p", "k_p", "q_m", "k_m", "v_p"}
    assert small(residual_rank=3).bert.encoder.layer[0].attention.self.q_m.weight.shape == (3, 32)
    lora = {name for name, _ in small(residual_rank=0, lora_rank=2).named_parameters()} - plain
    assert {name.split(".")[-4] for name in lora} == {"lora_q", "lora_k", "lora_v", "lora_o"}
    twin = small().config.precise()
    assert (twin.weight_bits, twin.activation_bits, twin.embedding_bits) == (32, 32, 32)


def test_lora_is_silent_at_first():
    torch.manual_seed(0)
    model = small(lora_rank=2)
    before = model(IDS, MASK)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".lora.0." in name:
                parameter.add_(1.0)
    assert torch.equal(model(IDS, MASK), before)


def test_every_parameter_of_a_binary_model_learns():
    """All but the key's bias and the estimators' that a softmax cannot see."""
    for family in nn.config.FAMILIES:
        model = small(family=family).train()
        loss = torch.nn.functional.cross_entropy(model(IDS, MASK), torch.tensor([0, 2]))
        loss.backward()
        assert [name for name, p in model.named_parameters() if p.grad is None] == []
        assert all(bool(torch.isfinite(p.grad).all()) for p in model.parameters())


@pytest.mark.parametrize("options, word", [
    (dict(family="bert"), "family"), (dict(num_heads=5), "num_heads"),
    (dict(activation_bits=3), "activation_bits"), (dict(weight_bits=2), "weight_bits"),
    (dict(hidden_size=0), "hidden_size"), (dict(head="tail"), "head"),
    (dict(family="bit", lora_rank=1), "lora_rank"), (dict(dropout=1.0), "dropout")])
def test_configs_that_make_no_model(options, word):
    with pytest.raises(ValueError, match=f"^{word}: "):
        nn.Config(**{**SMALL, **options})


def test_config_as_json():
    config = nn.Config(**SMALL)
    assert nn.Config.from_json(config.to_json()) == config


def authors_state(case):
    """The state_dict behind a fixture: named initialisers as they are; biases and scales, which
    the exporter made anonymous, by the module of the node that reads them."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    from onnx import numpy_helper
    graph = onnx.load(os.path.join(MODELS, case["model"])).graph
    weights = {i.name: torch.tensor(numpy_helper.to_array(i)) for i in graph.initializer}
    state = {name[2:]: value for name, value in weights.items() if name.startswith("m.")}
    same = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Identity"}
    scales = {}
    for node in graph.node:
        module = node.name.rpartition("/")[0].replace("/m/", "").replace("/", ".")
        for name in (same.get(name, name) for name in node.input):
            value = weights.get(name)
            if value is None:
                continue
            if node.op_type == "Expand" and value.dim() == 2 and value.shape[0] == 1:
                state[module + ".bias"] = value[0]
            elif node.op_type in ("Mul", "Div") and value.dim() == 0:
                scales.setdefault(module, {})[name] = value
    for module, values in scales.items():
        names = (["clip_query", "clip_key", "clip_value", "clip_attn"]
                 if module.endswith(".self") else ["input_clip_val"])
        state.update(zip((f"{module}.{name}" for name in names),
                         list(values.values())[-len(names):]))
    return state


@pytest.mark.parametrize("name, bits", [
    ("bipft_tiny192_op13_static2x16_nofold", 1), ("bit1_tiny192_op13_dyn", 1),
    ("bit1_tiny192_op17_static2x16", 1), ("bit2_tiny192_op13_static2x16", 2),
    ("bit4_tiny192_op13_static2x16", 4)])
def test_the_authors_logits(name, bits, tmp_path):
    manifest = os.path.join(MODELS, "manifest.json")
    if not os.path.exists(manifest):
        pytest.skip(f"no model fixtures at {MODELS} (BNN_MODELS names another place)")
    with open(manifest, encoding="utf-8") as file:
        case = next(case for case in json.load(file) if case["case"] == name)
    torch.save(authors_state(case), tmp_path / "pytorch_model.bin")
    (tmp_path / "config.json").write_text(json.dumps(
        {"num_attention_heads": 12, "input_bits": bits}))
    model = nn.load_checkpoint(str(tmp_path))
    inputs = {key: torch.from_numpy(np.fromfile(
        os.path.join(MODELS, value["file"]), value["dtype"]).reshape(value["shape"]))
        for key, value in case["inputs"].items()}
    with torch.no_grad():
        logits = model(**inputs).numpy()
    expected = np.array(case["logits"]).reshape(case["logits_shape"])
    assert np.abs(logits - expected).max() < 1e-6
