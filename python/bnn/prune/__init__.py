# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pruning without training: attention heads and FFN neurons go that the later layers and the
result miss least, as an ordinary ONNX file (`python -m bnn.prune --help`). Needs onnx."""
import os

from bnn.graphs.errors import as_error, require_onnx
from bnn.prune.errors import PruneError

__all__ = ["PruneError", "prune"]


def _check_options(keep_flops, rounds, length, group, seed, batch):
    if not 0 < keep_flops <= 1:
        raise PruneError(f"the share of multiplications to keep, {keep_flops:g}, is not above 0 "
                         "and at most 1")
    if rounds < 1:
        raise PruneError(f"nothing goes in {rounds} rounds")
    if length is not None and not length >= 1:
        raise PruneError(f"a length of {length:g} holds no token")
    if group is not None and group < 1:
        raise PruneError(f"a group of {group} holds no neuron")
    if seed < 0:
        raise PruneError(f"the seed {seed} is negative")
    if batch < 1:
        raise PruneError(f"a batch of {batch} holds no sample")


def prune(model, calibration=None, *, keep_flops=None, apply=None, rounds=8, length=None,
          group=None, seed=0, batch=8, logits=None, mask=None, output=None, record=None,
          progress=None):
    """Cuts attention heads and FFN neurons out of a model and returns it as an onnx.ModelProto,
    which `bnn.compile` and ONNX Runtime take.

    model: the path of an ONNX file, or its bytes, or an onnx.ModelProto: in f32, of 8-bit
        integers, or binary.
    calibration: unlabelled inputs that the model is run on: {input: array}, or the path of an
        .npz of such arrays; or a list of those, of texts of different lengths, say. The first axis
        counts samples. Where all arrays have an axis more than the inputs, each sample is a call.
    keep_flops: the share of the multiplications of what can be cut that stays, above 0 and at
        most 1, by OPTIN's formula (arXiv 2403.17921).
    apply: in place of the two, the path of a record: the same model is cut as it says.
    rounds: in how many steps units go; what is left is scored anew in each.
    length: how many tokens the formula counts for; the mean of the data where not given.
    group: how many neurons go or stay together: 32 where the second linear reads bits, 16
        elsewhere.
    seed: draws the tokens whose states are compared.
    batch: how many samples a call of the model takes, where that is open.
    logits: the output whose divergence counts; the first in f32 where not given.
    mask: the input that is 0 where a token is padding; the one whose name ends in "mask" where
        not given.
    output: where to write the result as well: all of it, or on failure nothing.
    record: where to write what was found and chosen, as JSON. A record of the same model, data
        and options that is there already is gone on from, also one of an interrupted run.
    progress: is called with (units scored, units to score, those of every round) after each unit.

    Raises a `PruneError` where model, data and options do not fit, a `CompileError` where the
    compiler refuses the model, and an OSError where a file cannot be read or written.
    """
    if (apply is None) == (calibration is None) or (apply is None) != (keep_flops is not None):
        raise PruneError("a model is pruned with calibration data and a share to keep, or by a "
                         "record that is applied")
    _check_options(1 if keep_flops is None else keep_flops, rounds, length, group, seed,
                   batch)
    given = list(calibration) if isinstance(calibration, (list, tuple)) else [calibration]
    if not given:
        raise PruneError("there is no calibration data")
    require_onnx("pruning")
    # They need onnx, which the rest of the package does without.
    from bnn.graphs import calibration as data, files
    from bnn.prune import record as records, work
    with as_error(PruneError):
        for path in (output, record):
            if path is not None:
                files.check_output(path, [model, apply, *given])
        if output is not None and record is not None and os.path.realpath(output) == \
                os.path.realpath(record):
            raise PruneError(f"{os.fspath(output)}: the model and the record would go to the same "
                             "file")
        before = None
        if apply is not None:
            before = records.read(apply)
        elif record is not None and os.path.exists(record):
            before = records.read(record)
        arrays = [] if apply is not None else [data.load(one) for one in given]
        proto, layers = files.load(model, output)
        if apply is not None:
            if before.get("model") != records.digest_of_model(proto):
                raise PruneError(f"{os.fspath(apply)} is the record of another model")
            task = work.Work(proto, layers, work.sizes_of_record(before))
            result = task.cut(*work.of_record(before, task.layers))
            found = before
        else:
            task = work.Work(proto, layers, work.sizes_of_data(proto, arrays, batch))
            options = {"group": group, "seed": seed, "batch": batch, "logits": logits,
                       "mask": mask}
            scoring = work.Scoring(task, arrays, options, before,
                                   lambda one: record is not None and records.write(record, one))
            result = task.cut(*scoring.run(keep_flops, length, rounds, progress))
            work.check(result, arrays, batch)
            found = scoring.record
    if output is not None:
        files.write(output, result)
    if record is not None:
        records.write(record, found)
    return result
