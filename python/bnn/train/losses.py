# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a student learns from: the labels, the teacher's logits, the teacher's hidden states."""
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
