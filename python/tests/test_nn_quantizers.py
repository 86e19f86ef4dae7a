# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The quantisers: what they compute, and the gradients that training follows."""
import math

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from bnn.nn import quantizers  # noqa: E402
from bnn.nn.linear import BinaryEmbedding, BinaryLinear, freeze, settle  # noqa: E402


def quantize(values, scale, bits, signed, minimum=None):
    with torch.no_grad():
        return quantizers.quantize_activation(torch.tensor(values), torch.tensor(scale), bits,
                                              signed, minimum).tolist()


def test_signed_bit_keeps_zero():
    assert quantize([-3.0, -0.0, 0.0, 1e-30, 2.0], 0.5, 1, True) == [-0.5, 0, 0, 0.5, 0.5]


def test_unsigned_bit_rounds_half_to_even():
    # 0.25 / 0.5 is half way: to the even 0
    assert quantize([-1.0, 0.25, 0.2500001, 0.74, 9.0], 0.5, 1, False) == [0, 0, 0.5, 0.5, 0.5]


@pytest.mark.parametrize("bits, low, high", [(2, -2, 1), (4, -8, 7)])
def test_signed_levels(bits, low, high):
    assert quantize([-100.0, 100.0, 1.0], 0.5, bits, True) == [low * 0.5, high * 0.5,
                                                              min(1.0, high * 0.5)]


@pytest.mark.parametrize("bits, high", [(2, 3), (4, 15)])
def test_unsigned_levels_start_at_the_minimum(bits, high):
    assert quantize([-1.0, -0.5, 100.0], 0.5, bits, False) == [-1.0, -0.5, -1.0 + high * 0.5]
    assert quantize([-1.0, 0.5], 0.5, bits, False, torch.tensor(0.0)) == [0.0, 0.5]


def test_scale_stops_at_the_smallest():
    smallest = torch.tensor(1e-5).item()
    assert quantize([3.0], -2.0, 1, True) == [smallest]
    assert quantize([3.0], 0.0, 1, False) == [smallest]


@pytest.mark.parametrize("bits, signed", [(1, True), (1, False), (2, True), (2, False),
                                          (4, True), (4, False)])
def test_training_and_evaluation_compute_the_same(bits, signed):
    torch.manual_seed(1)
    x = torch.randn(64, 7)
    scale = torch.tensor(0.3)
    trained = quantizers.quantize_activation(x.requires_grad_(), scale.requires_grad_(), bits,
                                             signed)
    with torch.no_grad():
        assert torch.equal(trained, quantizers.quantize_activation(x, scale, bits, signed))


def test_gradient_of_a_signed_bit():
    x = torch.tensor([-2.0, -0.4, 0.3, 0.6], requires_grad=True)
    scale = torch.tensor(0.5, requires_grad=True)
    upstream = torch.tensor([1.0, 2.0, 3.0, 4.0])
    quantizers.quantize_activation(x, scale, 1, True).backward(upstream)
    assert x.grad.tolist() == [0, 2, 3, 0]
    assert math.isclose(scale.grad.item(), (-1 - 2 + 3 + 4) / math.sqrt(4), rel_tol=1e-6)


def test_gradient_of_several_levels():
    """LSQ eq. 3: inside the range the rounding error, outside it the level."""
    x = torch.tensor([-9.0, 0.7, 9.0], requires_grad=True)
    scale = torch.tensor(0.5, requires_grad=True)
    quantizers.quantize_activation(x, scale, 2, True).backward(torch.ones(3))
    slopes = -2 + 1 + 1  # 0.7 / 0.5 = 1.4 lies above the largest level, 1
    assert x.grad.tolist() == [0, 0, 0]
    assert math.isclose(scale.grad.item(), slopes / math.sqrt(3 * 1), abs_tol=1e-6)
    y = torch.tensor([0.2], requires_grad=True)
    scale.grad = None
    quantizers.quantize_activation(y, scale, 2, True).backward(torch.ones(1))
    assert y.grad.tolist() == [1]
    assert math.isclose(scale.grad.item(), 0 - 0.4, rel_tol=1e-6)


def test_weights_are_two_values_and_their_gradient_passes():
    torch.manual_seed(2)
    weight = torch.randn(6, 5, requires_grad=True)
    binary = quantizers.binarize_weight(weight)
    expected = torch.sign(weight - weight.mean()) * weight.abs().mean()
    assert torch.allclose(binary, expected, rtol=1e-6)
    assert len(binary.unique()) == 2
    upstream = torch.randn(6, 5)
    binary.backward(upstream)
    assert torch.equal(weight.grad, upstream)


def test_embedding_rows_have_scales_of_their_own_and_one_mean():
    torch.manual_seed(3)
    table = BinaryEmbedding(9, 8, 1)
    ids = torch.tensor([[0, 3, 3, 8]])
    trained = table(ids)
    with torch.no_grad():
        assert torch.equal(trained, table(ids))
        assert torch.count_nonzero(trained[0, 0]) == 0  # padding
        mean = table.weight.mean()
        expected = torch.sign(table.weight[3] - mean) * table.weight[3].abs().mean()
        assert torch.allclose(trained[0, 1], expected, rtol=1e-6)


def test_linear_is_the_formula():
    torch.manual_seed(4)
    linear = BinaryLinear(12, 5, 1, 1)
    with torch.no_grad():
        linear.move.bias.normal_()
        linear.input_clip_val.fill_(0.7)
        x = torch.randn(3, 12)
        expected = (torch.sign(x + linear.move.bias) * 0.7) @ quantizers.binarize_weight(
            linear.weight).T + linear.bias
        assert torch.allclose(linear(x), expected, atol=1e-6)
        assert torch.equal(freeze(linear)(x), linear(x))


def test_a_weight_without_sign_is_not_frozen():
    linear = BinaryLinear(4, 1, 1, 1)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[-1.0, 0.0, 0.0, 1.0]]))
    with pytest.raises(ValueError, match="equals the mean"):
        freeze(linear)
    settle(linear)
    weight = linear.weight
    assert torch.equal(torch.sign(weight - weight.mean()),
                       torch.tensor([[-1.0, 1.0, 1.0, 1.0]]))
    x = torch.randn(3, 4)
    assert torch.equal(freeze(linear)(x), linear(x))


def test_equal_weights_do_not_settle():
    linear = BinaryLinear(1, 1, 1, 1)
    before = linear.weight.clone()
    settle(linear)
    assert torch.equal(linear.weight, before)
    x = torch.randn(3, 1)
    assert torch.equal(freeze(linear)(x), linear(x))  # the bias alone


def test_rows_of_zeros_stay_zeros_when_others_settle():
    table = BinaryEmbedding(4, 2, 1)
    with torch.no_grad():
        table.weight.copy_(torch.tensor([[0.0, 0.0], [1.0, -1.0], [0.5, 0.0], [0.0, -0.5]]))
    settle(table)
    assert torch.equal(table(torch.tensor([0])), torch.zeros(1, 2))
    assert not bool((table(torch.tensor([1, 2, 3])) == 0).any())
    freeze(table)


def test_one_signed_bit_starts_at_the_scale_of_least_error():
    torch.manual_seed(5)
    x = torch.randn(1000)
    best = quantizers.initial_scale(x, 1, True)
    errors = [float(((x - torch.sign(x) * best * factor)**2).sum()) for factor in (0.9, 1, 1.1)]
    assert errors[1] == min(errors)
