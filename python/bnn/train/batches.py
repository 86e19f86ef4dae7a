# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Batches of sentences of about one length, and noise for training."""
import random

import torch

PAD = 0


class Encoded:
    """A part of a data set as ids: `ids[i]` a list that starts with [CLS] and ends with [SEP],
    `labels[i]` an int; `words` every id between those two, as often as it occurs."""

    def __init__(self, pairs, tokenizer, max_length):
        self.ids = [tokenizer.encode(text, max_length) for text, _ in pairs]
        self.labels = [label for _, label in pairs]
        self.words = [word for row in self.ids for word in row[1:-1]]

    def __len__(self):
        return len(self.ids)


def pad(rows):
    """Lists of ids -> (ids, mask), integers [B, S], S the longest's length."""
    length = max(len(row) for row in rows)
    ids = torch.full((len(rows), length), PAD, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, :len(row)] = torch.tensor(row)
    return ids, (ids != PAD).long()


def shuffled(part, batch_size, seed):
    """Lists of indices for one epoch: random batches of sentences of similar length, so that
    little is padded, in random order. Depends on `seed` alone."""
    rng = random.Random(seed)
    order = sorted(range(len(part)), key=lambda i: len(part.ids[i]) + rng.random() * 2)
    batches = [order[i:i + batch_size] for i in range(0, len(order), batch_size)]
    rng.shuffle(batches)
    return batches


def in_order(part, batch_size):
    """All indices once, by length, for evaluation."""
    order = sorted(range(len(part)), key=lambda i: len(part.ids[i]))
    return [order[i:i + batch_size] for i in range(0, len(order), batch_size)]


def add_noise(row, rng, drop, swap, unknown, words):
    """A copy of one sentence: each word is, with probability `drop`, deleted, or replaced by
    the id `unknown`, or by one of the list `words`, all three equally likely; with probability
    `swap` it changes places with the next. [CLS] and [SEP] stay; never all words go."""
    noisy = []
    for word in row[1:-1]:
        draw = rng.random() * 3
        if draw >= 3 * drop:
            noisy.append(word)
        elif draw >= 2 * drop:
            noisy.append(unknown)
        elif draw >= drop:
            noisy.append(rng.choice(words))
    if all(word == unknown for word in noisy):
        noisy = row[1:-1]
    i = 0
    while i + 1 < len(noisy):
        if rng.random() < swap:
            noisy[i], noisy[i + 1] = noisy[i + 1], noisy[i]
            i += 1
        i += 1
    return [row[0]] + noisy + [row[-1]]


def collate(part, indices, rng=None, drop=0.0, swap=0.0, unknown=1):
    """-> ids, mask [B, S], labels [B]; with `rng`, noise is added."""
    rows = [part.ids[i] for i in indices]
    if rng is not None and (drop or swap):
        rows = [add_noise(row, rng, drop, swap, unknown, part.words) for row in rows]
    ids, mask = pad(rows)
    return ids, mask, torch.tensor([part.labels[i] for i in indices])
