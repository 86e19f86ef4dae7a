# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a student learns from: the labels, the teacher's logits, the teacher's hidden states; and
what keeps weights flat."""
import torch
from torch.nn import functional as F


def distillation(logits, states, teacher_logits, teacher_states, temperature, hidden_weight):
    """BiT section 3.3: the divergence of the logits [B, L] from the teacher's, softened by
    `temperature` (Hinton et al. 2015: times its square), plus `hidden_weight` times the squared
    distance of the hidden states, lists of [B, S, H] (LayerNorm's outputs, so of unit size),
    averaged over the layers. -> []"""
    loss = F.kl_div(F.log_softmax(logits / temperature, dim=-1),
                    F.log_softmax(teacher_logits / temperature, dim=-1),
                    reduction="batchmean", log_target=True) * temperature**2
    if hidden_weight:
        pairs = list(zip(states, teacher_states))
        distance = sum(F.mse_loss(ours, theirs) for ours, theirs in pairs)
        loss = loss + hidden_weight * distance / len(pairs)
    return loss


def kurtosis(weight):
    """E[((W - mean) / deviation)^4] of a whole tensor -> []: 1.8 of uniform numbers, 3 of normal
    ones. Moments are the population's, as in the compiler's report; of a constant it is 0."""
    offset = weight - weight.mean()
    variance = offset.square().mean()
    # A square of f32 that may be a divisor.
    return offset.pow(4).mean() / variance.square().clamp_min(torch.finfo(weight.dtype).tiny)


def kurtosis_penalty(weights, target):
    """KURE (arXiv 2002.07686): the mean over `weights`, a tensor a layer, of the squared distance
    of its kurtosis from `target`; 1.8 makes them uniform. -> []"""
    return torch.stack([(kurtosis(weight) - target).square() for weight in weights]).mean()
