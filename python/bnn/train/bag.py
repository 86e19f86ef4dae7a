# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A bag of words and of pairs of words: no transformer, but on short sentences a good second
teacher, as it errs elsewhere."""
import random

import torch
from torch import nn

from . import batches

BUCKETS = 1 << 14  # pairs of neighbours share these rows by a hash


class Bag(nn.Module):
    """Logits [B, L] of ids and mask, integers [B, S]: the mean of a row for each piece and for
    each pair of neighbours."""

    def __init__(self, vocabulary, labels):
        super().__init__()
        self.vocabulary = vocabulary
        self.rows = nn.Embedding(vocabulary + BUCKETS, labels)
        self.bias = nn.Parameter(torch.zeros(labels))
        nn.init.zeros_(self.rows.weight)

    def forward(self, ids, mask):
        pairs = self.vocabulary + (ids[:, :-1] * 7919 + ids[:, 1:]) % BUCKETS
        present = torch.cat([mask, mask[:, 1:]], dim=1).unsqueeze(-1)
        rows = self.rows(torch.cat([ids, pairs], dim=1)) * present
        return rows.sum(1) / present.sum(1).sqrt() + self.bias


def train_bag(train, vocabulary, labels, epochs, drop, seed, unknown):
    """-> a Bag of `train` (batches.Encoded), with words dropped as noise."""
    bag = Bag(vocabulary, labels)
    optimizer = torch.optim.Adam(bag.parameters(), lr=1e-2, foreach=True)
    total = epochs * -(-len(train) // 128)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / total)
    for epoch in range(epochs):
        noise = random.Random(seed * 1000 + epoch)
        for indices in batches.shuffled(train, 128, seed * 1000 + epoch):
            ids, mask, target = batches.collate(train, indices, noise, drop, 0, unknown)
            loss = nn.functional.cross_entropy(bag(ids, mask), target, label_smoothing=0.1)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
    return bag.eval()


class Pair(nn.Module):
    """The transformer's hidden states, and logits that stand for the mean of the probabilities
    that the transformer and the bag give."""

    def __init__(self, transformer, bag):
        super().__init__()
        self.transformer = transformer
        self.bag = bag

    def forward(self, ids, mask):
        return self.forward_with_states(ids, mask)[0]

    def forward_with_states(self, ids, mask):
        logits, states = self.transformer.forward_with_states(ids, mask)
        both = (nn.functional.softmax(logits, -1)
                + nn.functional.softmax(self.bag(ids, mask), -1)) / 2
        return both.log(), states
