# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One stage of training: a model, perhaps a teacher, some epochs; resumable after each."""
import copy
import dataclasses
import math
import random
import time

import torch

from .. import nn
from . import batches
from .losses import distillation, kurtosis_penalty
from .progress import Bar


@dataclasses.dataclass
class Settings:
    """The hyper-parameters of a stage; `python -m bnn.train --help` says what they mean."""
    epochs: int
    learning_rate: float
    batch_size: int = 64
    warmup: float = 0.05
    weight_decay: float = 0.01
    label_smoothing: float = 0.1
    drop: float = 0.1
    swap: float = 0.05
    noise_left: float = 1.0
    label_weight: float = 0.5
    temperature: float = 2.0
    hidden_weight: float = 1.0
    clip: float = 1.0
    kurtosis: float = 0.0
    kurtosis_weight: float = 0.0


@torch.no_grad()
def accuracy(model, part, batch_size=256):
    """The share of `part` (batches.Encoded) whose largest logit is the label's."""
    model.eval()
    right = 0
    for indices in batches.in_order(part, batch_size):
        ids, mask, labels = batches.collate(part, indices)
        right += int((model(ids, mask).argmax(-1) == labels).sum())
    return right / len(part)


def _rate(step, total, settings):
    """Linear warm-up, then half a cosine to 0."""
    warmup = max(1, int(total * settings.warmup))
    if step < warmup:
        return settings.learning_rate * (step + 1) / warmup
    return settings.learning_rate * 0.5 * (
        1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))


def _parameter_groups(model, weight_decay):
    decayed, others = [], []
    for parameter in model.parameters():
        (decayed if parameter.dim() > 1 else others).append(parameter)
    return [{"params": decayed, "weight_decay": weight_decay},
            {"params": others, "weight_decay": 0.0}]


class Stage:
    """Trains `model` on `train`, keeping the weights of the epoch that does best on
    `validation`. With `teachers` it distils: the first gives the logits, the last (a model of the
    same hidden size and layers) the hidden states."""

    def __init__(self, name, model, teachers, train, validation, settings, seed, unknown):
        self.name, self.model, self.teachers = name, model, teachers
        self.train, self.validation = train, validation
        self.settings, self.seed, self.unknown = settings, seed, unknown
        self.matrices = [module.weight for module in nn.linear.linears(model)]
        self.optimizer = torch.optim.AdamW(_parameter_groups(model, settings.weight_decay),
                                           lr=settings.learning_rate, betas=(0.9, 0.98),
                                           eps=1e-8, foreach=True)
        self.epoch = 0
        self.best = -1.0
        self.best_weights = None

    def state(self):
        """What a checkpoint keeps. The noise and the order of an epoch depend on the seed and
        the epoch alone; dropout's generator is part of the state."""
        return {"epoch": self.epoch, "best": self.best, "best_weights": self.best_weights,
                "model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(),
                "random": torch.get_rng_state()}

    def restore(self, state):
        self.epoch, self.best = state["epoch"], state["best"]
        self.best_weights = state["best_weights"]
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])

    def _loss(self, ids, mask, labels):
        s = self.settings
        logits, states = self.model.forward_with_states(ids, mask)
        loss = torch.nn.functional.cross_entropy(logits, labels,
                                                 label_smoothing=s.label_smoothing)
        if self.teachers:
            with torch.no_grad():
                taught = [teacher.forward_with_states(ids, mask) for teacher in self.teachers]
            teacher_logits, teacher_states = taught[0][0], taught[-1][1]
            loss = s.label_weight * loss + distillation(
                logits, states, teacher_logits, teacher_states, s.temperature, s.hidden_weight)
        if s.kurtosis_weight:
            loss = loss + s.kurtosis_weight * kurtosis_penalty(self.matrices, s.kurtosis)
        return loss, int((logits.argmax(-1) == labels).sum())

    def run_epoch(self):
        """-> a row of progress.COLUMNS"""
        s = self.settings
        started = time.monotonic()
        self.model.train()
        for teacher in self.teachers:
            teacher.eval()
        key = self.seed * 1000 + self.epoch
        order = batches.shuffled(self.train, s.batch_size, key)
        noise = random.Random(key)
        fading = 1 - (1 - s.noise_left) * self.epoch / s.epochs
        total, right, seen = 0.0, 0, 0
        with Bar(f"{self.name} epoch {self.epoch + 1}/{s.epochs}", len(order)) as bar:
            for number, indices in enumerate(order):
                rate = _rate(self.epoch * len(order) + number, s.epochs * len(order), s)
                for group in self.optimizer.param_groups:
                    group["lr"] = rate
                ids, mask, labels = batches.collate(self.train, indices, noise, fading * s.drop,
                                                    fading * s.swap, self.unknown)
                loss, hits = self._loss(ids, mask, labels)
                self.optimizer.zero_grad(set_to_none=True)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), s.clip)
                self.optimizer.step()
                total += float(loss.detach()) * len(indices)
                right += hits
                seen += len(indices)
                bar.advance(total / seen)
        self.epoch += 1
        score = accuracy(self.model, self.validation)
        if score >= self.best:
            self.best = score
            self.best_weights = copy.deepcopy(self.model.state_dict())
        return {"stage": self.name, "epoch": self.epoch, "learning_rate": f"{rate:.3g}",
                "train_loss": f"{total / seen:.4f}", "train_accuracy": f"{right / seen:.4f}",
                "validation_accuracy": f"{score:.4f}",
                "seconds": f"{time.monotonic() - started:.1f}"}
