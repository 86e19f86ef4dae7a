# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Labelled texts: CLINC150's file, WordNet's noun glosses, or tab-separated lines."""
import dataclasses
import json
import os
import random
import re


@dataclasses.dataclass
class Dataset:
    """Three parts of (text, label index) pairs, and the labels' names by index."""
    name: str
    train: list
    validation: list
    test: list
    labels: list


def load(path):
    """Reads a data set by what `path` is.

    *.json: CLINC150's data_full.json (Larson et al. 2019) or a file laid out alike: an object
    whose `train`, `val` and `test` are lists of [text, label]; other keys (the out-of-scope
    parts) are left alone.
    data.noun: WordNet's (see wndb(5)); the label is the lexicographer file, the text the gloss
    up to the first `; "`; equal glosses once; a tenth for testing, another for validation
    (random split, seed 0).

    Raises ValueError naming the file and what is wrong with it.
    """
    if os.path.basename(path) == "data.noun":
        return _load_wordnet(path)
    return _load_json(path)


def _load_json(path):
    with open(path, encoding="utf-8") as file:
        try:
            parts = json.load(file)
        except ValueError as error:
            raise ValueError(f"{path}: not JSON: {error}") from error
    missing = [key for key in ("train", "val", "test")
               if not isinstance(parts, dict) or key not in parts]
    if missing:
        raise ValueError(f"{path}: no part named {', '.join(missing)}; wanted is an object of "
                         "lists of [text, label] pairs, as CLINC150's data_full.json")
    for key in ("train", "val", "test"):
        for item in parts[key]:
            if not (isinstance(item, list) and len(item) == 2
                    and all(isinstance(part, str) for part in item)):
                raise ValueError(f"{path}: part {key}: not a [text, label] pair: {item!r}")
    labels = sorted({label for _, label in parts["train"]})
    index = {label: i for i, label in enumerate(labels)}
    unknown = sorted({label for key in ("val", "test") for _, label in parts[key]} - set(index))
    if unknown:
        raise ValueError(f"{path}: labels that no training text has: {', '.join(unknown)}")

    def pairs(key):
        return [(text, index[label]) for text, label in parts[key]]
    return Dataset("clinc150", pairs("train"), pairs("val"), pairs("test"), labels)


# lexnames(5): the noun files are numbers 3 to 28
WORDNET_FIRST = 3
WORDNET_LABELS = ["Tops", "act", "animal", "artifact", "attribute", "body", "cognition",
                  "communication", "event", "feeling", "food", "group", "location", "motive",
                  "object", "person", "phenomenon", "plant", "possession", "process", "quantity",
                  "relation", "shape", "state", "substance", "time"]


def _load_wordnet(path):
    pairs = {}
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("  "):  # the licence
                continue
            fields, bar, gloss = line.partition(" | ")
            words = fields.split()
            if not bar or len(words) < 2 or not re.fullmatch(r"\d\d", words[1]):
                raise ValueError(f"{path}:{number}: not a line of WordNet's data.noun")
            pairs.setdefault(gloss.split('; "')[0].strip(), int(words[1]) - WORDNET_FIRST)
    items = sorted(pairs.items())
    random.Random(0).shuffle(items)
    tenth = len(items) // 10
    return Dataset("wordnet", items[2 * tenth:], items[tenth:2 * tenth], items[:tenth],
                   WORDNET_LABELS)
