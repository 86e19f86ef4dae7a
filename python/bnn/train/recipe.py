# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The whole run: vocabulary, teacher, students of fewer and fewer bits, export."""
import argparse
import dataclasses
import json
import math
import os
import sys
import time

import torch

from .. import nn, wordpiece
from . import batches, data, progress
from .bag import Pair, train_bag
from .loop import Settings, Stage, accuracy
from .losses import kurtosis


def _bits(text):
    parts = text.split(",") if text else []
    if any(part not in ("1", "2", "4", "8") for part in parts) or len(set(parts)) != len(parts):
        raise argparse.ArgumentTypeError(
            f"{text!r}: wanted are 1, 2, 4 and 8, each at most once, separated by commas")
    return tuple(map(int, parts))


def _option(default, help, **metadata):
    return dataclasses.field(default=default, metadata={"help": help, **metadata})


@dataclasses.dataclass
class Options:
    """Everything a run depends on; the command line's options by name."""
    data: str
    output: str
    family: str = _option("bipft", "the architecture", choices=nn.config.FAMILIES)
    hidden: int = _option(256, "hidden size")
    layers: int = _option(2, "layers")
    heads: int = _option(8, "attention heads")
    ffn: int = _option(1024, "size of the feed-forward layer")
    residual_rank: int = _option(1, "rank of BiPFT's residual estimators; 0: none")
    max_length: int = _option(64, "ids of a sentence at most")
    vocab_size: int = _option(3000, "size of the WordPiece vocabulary to train")
    vocab: str = _option("", "use this vocabulary instead", metavar="FILE")
    bits: _bits = _option((2, 1), "activation bits of the students, one after another: 1, 2 or 4 "
                          "with 1-bit weights, or 8 with 8-bit weights, which are exported as "
                          "QuantizeLinear and DequantizeLinear", metavar="K,K,...")
    weight_scales: str = _option("channel", "of 8-bit weights: a scale for each output, or one "
                                 "for the whole tensor", choices=nn.config.SCALES)
    activation_ranges: str = _option("learned", "where the ranges of 8-bit activations come from: "
                                     "learned, the moving extremes of the batches, or the "
                                     "percentile 99.99 of the first batch, which stays",
                                     choices=nn.config.RANGES)
    kurtosis: float = _option(0.0, "add a penalty to the loss of every stage that this run trains: "
                              "the squared distance of the kurtosis of each linear layer's "
                              "weights from this; 1.8 is that of uniform weights; 0: none",
                              metavar="K")
    kurtosis_weight: float = _option(0.0, "the weight of that penalty", metavar="L")
    teacher: str = _option("", "take the teacher (and vocabulary) of this earlier run",
                           metavar="DIR")
    teacher_epochs: int = _option(10, "epochs of the teacher")
    step_epochs: int = _option(4, "epochs of each student but the last")
    epochs: int = _option(20, "epochs of the last student")
    bag_epochs: int = _option(8, "epochs of a bag of words that teaches beside the teacher; "
                              "0: none")
    teacher_learning_rate: float = _option(1e-3, "the teacher's learning rate")
    learning_rate: float = _option(1e-3, "the students' learning rate")
    batch_size: int = _option(64, "sentences of a batch")
    dropout: float = _option(0.2, "the teacher's dropout")
    student_dropout: float = _option(0.0, "the students' dropout")
    drop: float = _option(0.1, "share of the words deleted, made unknown or exchanged while the "
                          "teacher learns")
    student_drop: float = _option(0.3, "the same for students, in their first epoch; it falls "
                                  "as they learn, and so does swapping")
    noise_left: float = _option(0.3, "the share of the students' noise that is left when they "
                                "have learnt")
    hidden_from: str = _option("previous", "whose hidden states a student follows: the "
                               "teacher's, or those of the previous student, who is nearer",
                               choices=("teacher", "previous"))
    swap: float = _option(0.05, "share of the words swapped with their neighbour")
    label_smoothing: float = _option(0.1, "label smoothing")
    label_weight: float = _option(0.2, "weight of the labels beside the teacher")
    hidden_weight: float = _option(1.0, "weight of the teacher's hidden states")
    temperature: float = _option(2.0, "temperature of the teacher's logits")
    weight_decay: float = _option(0.01, "weight decay of the teacher's matrices")
    seed: int = _option(0, "seed of weights, order and noise")
    threads: int = _option(1, "threads of torch")
    limit: int = _option(0, "use only the first so many sentences of each part (0: all)")


def say(message):
    print(message, flush=True)


def _load(model, weights, file):
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"{file}: made with other options (sizes, family, vocabulary): give "
                         "those, or another output folder") from error


def _run_stage(stage, checkpoint, rows, options):
    """Runs or resumes a stage; -> the rows with this stage's appended."""
    if os.path.exists(checkpoint):
        saved = torch.load(checkpoint)
        if saved["stage"] == stage.name:
            _load(stage.model, saved["state"]["model"], checkpoint)
            stage.restore(saved["state"])
            rows = saved["rows"]
            say(f"{stage.name}: continuing after epoch {stage.epoch}")
    while stage.epoch < stage.settings.epochs:
        row = stage.run_epoch()
        rows.append(row)
        say(" ".join(f"{key} {value}" for key, value in row.items()))
        torch.save({"stage": stage.name, "state": stage.state(), "rows": rows},
                   checkpoint + ".new")
        os.replace(checkpoint + ".new", checkpoint)
        progress.write_csv(os.path.join(options.output, "curves.csv"), rows)
    stage.model.load_state_dict(stage.best_weights)
    return rows


@torch.no_grad()
def _mean_kurtosis(model):
    """Of the linear layers' weights, the latent ones where they have few bits."""
    found = [float(kurtosis(module.weight)) for module in nn.linear.linears(model)]
    return sum(found) / len(found)


def _save_model(path, model, rows, record):
    torch.save({"weights": model.state_dict(), "rows": rows, "record": record}, path + ".new")
    os.replace(path + ".new", path)


def _transfer(student, source):
    """Copies every parameter that both models have. The estimators start at random, small;
    scales are set by calibration."""
    own = student.state_dict()
    own.update({key: value for key, value in source.state_dict().items() if key in own})
    student.load_state_dict(own)


def _tokenizer(options, dataset):
    """The run's vocabulary: the given one, the teacher's, the one of an interrupted run, or a
    new one of the training sentences; saved in the output folder."""
    path = os.path.join(options.output, "vocab.txt")
    source = options.vocab or (os.path.join(options.teacher, "vocab.txt") if options.teacher
                               else path if os.path.exists(path) else "")
    tokenizer = wordpiece.Tokenizer.load(source) if source else wordpiece.Tokenizer(
        wordpiece.train([text for text, _ in dataset.train], options.vocab_size))
    tokenizer.save(path)
    return tokenizer


def _check_kurtosis(kurtosis, weight):
    """Both or neither: one of them alone would do nothing."""
    if not (weight >= 0 and math.isfinite(weight)):
        raise ValueError(f"--kurtosis-weight: {weight:g} is not 0 or more")
    if kurtosis and not (kurtosis >= 1 and math.isfinite(kurtosis)):
        raise ValueError(f"--kurtosis: {kurtosis:g} is no kurtosis: the least that numbers can "
                         "have is 1, and 1.8 is that of uniform ones")
    if kurtosis and not weight:
        raise ValueError(f"--kurtosis: {kurtosis:g} has no weight: give --kurtosis-weight as well")
    if weight and not kurtosis:
        raise ValueError(f"--kurtosis-weight: {weight:g} has nothing to weigh: give --kurtosis as "
                         "well, 1.8 for uniform weights")


def _check_bytes(options):
    """Options of 8-bit stages are for runs that have one, and onnx writes what ends with one:
    said now rather than when all is trained."""
    if options.bits[-1:] == (8,):
        try:
            import onnx  # noqa: F401
        except ImportError as error:
            raise ValueError("--bits: a model of 8 bits is exported by the package onnx (Debian: "
                             "python3-onnx), which is not installed") from error
    if 8 in options.bits:
        return
    for name, default in (("weight_scales", "channel"), ("activation_ranges", "learned")):
        value = getattr(options, name)
        if value != default:
            raise ValueError(f"--{name.replace('_', '-')}: {value} is for 8 bits, and --bits "
                             "has no 8")


def _stages(options, config):
    """(name, Config) of the teacher and of every student."""
    yield "teacher", config.precise().replace(dropout=options.dropout)
    for bits in options.bits:
        if bits == 8:
            yield "8-32-8", config.of_bytes()
        else:
            yield f"1-1-{bits}", config.replace(activation_bits=bits)


def run(options):
    """Trains as `options` say; see the module's --help for the files it leaves."""
    for name in ("teacher_epochs", "step_epochs", "epochs", "batch_size", "threads"):
        if getattr(options, name) < 1:
            raise ValueError(f"--{name.replace('_', '-')}: {getattr(options, name)} is not positive")
    _check_kurtosis(options.kurtosis, options.kurtosis_weight)
    _check_bytes(options)
    torch.set_num_threads(options.threads)
    os.makedirs(options.output, exist_ok=True)
    started = time.monotonic()

    def path(name):
        return os.path.join(options.output, name)

    dataset = data.load(options.data)
    if options.limit:
        dataset = dataclasses.replace(dataset, train=dataset.train[:options.limit],
                                      validation=dataset.validation[:options.limit],
                                      test=dataset.test[:options.limit])
    tokenizer = _tokenizer(options, dataset)
    with open(path("labels.txt"), "w", encoding="utf-8") as file:
        file.writelines(label + "\n" for label in dataset.labels)
    train, validation, test = (batches.Encoded(part, tokenizer, options.max_length)
                               for part in (dataset.train, dataset.validation, dataset.test))
    config = nn.Config(family=options.family, vocab_size=len(tokenizer.vocab),
                       hidden_size=options.hidden, num_layers=options.layers,
                       num_heads=options.heads, ffn_size=options.ffn,
                       max_positions=options.max_length, num_labels=len(dataset.labels),
                       residual_rank=options.residual_rank if options.family == "bipft" else 0,
                       weight_scales=options.weight_scales,
                       activation_ranges=options.activation_ranges,
                       dropout=options.student_dropout)
    say(f"{dataset.name}: {len(train)} sentences to train on, {len(validation)} to validate, "
        f"{len(test)} to test; {len(dataset.labels)} labels; {len(tokenizer.vocab)} pieces")

    common = dict(batch_size=options.batch_size, label_smoothing=options.label_smoothing,
                  swap=options.swap, label_weight=options.label_weight,
                  temperature=options.temperature, hidden_weight=options.hidden_weight,
                  kurtosis=options.kurtosis, kurtosis_weight=options.kurtosis_weight)
    unknown = tokenizer.id(wordpiece.UNK)
    stages = list(_stages(options, config))
    rows, records, teacher, previous = [], [], None, None
    for number, (name, stage_config) in enumerate(stages):
        # by stage, so that a run that is continued draws what an uninterrupted one draws
        torch.manual_seed(options.seed * 10 + number)
        model = nn.build(stage_config)
        teachers = [teacher] if teacher else []
        if options.hidden_from == "previous" and number > 1:
            teachers.append(previous)
        is_teacher, is_last = number == 0, number == len(stages) - 1
        file = path(f"{name}.pt")
        if is_teacher and options.teacher:
            file = os.path.join(options.teacher, "teacher.pt")
            if not os.path.exists(file):
                raise ValueError(f"{options.teacher}: no teacher.pt: not a finished teacher's run")
        if os.path.exists(file):
            saved = torch.load(file)
            _load(model, saved["weights"], file)
            rows, record = saved["rows"], saved["record"]
        else:
            if previous is not None:
                _transfer(model, previous)
                sample = batches.shuffled(train, 256, options.seed)[0]
                nn.calibrate(model, *batches.collate(train, sample)[:2])
            settings = Settings(
                epochs=(options.teacher_epochs if is_teacher else
                        options.epochs if is_last else options.step_epochs),
                learning_rate=(options.teacher_learning_rate if is_teacher
                               else options.learning_rate),
                weight_decay=options.weight_decay if is_teacher else 0.0,
                drop=options.drop if is_teacher else options.student_drop,
                noise_left=1.0 if is_teacher else options.noise_left, **common)
            stage = Stage(name, model, teachers, train, validation, settings,
                          options.seed * 10 + number, unknown)
            rows = _run_stage(stage, path("checkpoint.pt"), rows, options)
            nn.settle(model)
            record = {"stage": name, "validation": accuracy(model, validation),
                      "test": accuracy(model, test), "kurtosis": _mean_kurtosis(model)}
            _save_model(file, model, rows, record)
        say(f"{name}: validation {100 * record['validation']:.2f} %, "
            f"test {100 * record['test']:.2f} %")
        records.append(record)
        if is_teacher:
            teacher = model
            if options.bag_epochs:
                bag = train_bag(train, len(tokenizer.vocab), len(dataset.labels),
                                options.bag_epochs, options.drop, options.seed, unknown)
                teacher = Pair(model, bag)
                say(f"bag of words: validation {100 * accuracy(bag, validation):.2f} %, with the "
                    f"teacher {100 * accuracy(teacher, validation):.2f} %")
        previous = model

    previous.eval()
    torch.save(previous.state_dict(), path("model.pt"))
    with open(path("config.json"), "w", encoding="utf-8") as file:
        file.write(previous.config.to_json())
    # A batch of one: what a program on a device runs.
    nn.export_onnx(previous, path("model.onnx"), batch=1,
                   compact=previous.config.weight_bits == 1)
    progress.write_csv(path("curves.csv"), rows)
    if not progress.plot(path("curves.png"), rows):
        say("curves.png: not drawn: matplotlib is not installed")
    with open(path("result.json"), "w", encoding="utf-8") as file:
        json.dump({"options": dataclasses.asdict(options), "stages": records,
                   "seconds_of_this_call": round(time.monotonic() - started),
                   "torch": torch.__version__, "python": sys.version.split()[0]}, file, indent=2)
        file.write("\n")
