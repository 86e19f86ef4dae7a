# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pruning without training: attention heads and FFN neurons go that the later layers and the
result miss least, as an ordinary ONNX file (`python -m bnn.prune --help`). Needs onnx."""
import inspect
import math
import os

from bnn.graphs.errors import as_error, require_onnx
from bnn.prune.errors import PruneError
from bnn.prune.score import HEADS, TRAJECTORY

__all__ = ["PruneError", "prune"]


def _check_budget(keep_flops, keep_latency, mcpu, mtriple):
    if keep_flops is not None and keep_latency is not None:
        raise PruneError("a budget is of multiplications or of time: give one of keep_flops and "
                         "keep_latency")
    for what, share in (("multiplications", keep_flops), ("time", keep_latency)):
        if share is not None and not 0 < share <= 1:
            raise PruneError(f"the share of {what} to keep, {share:g}, is not above 0 and at most "
                             "1")
    if keep_latency is None and not mcpu is mtriple is None:
        raise PruneError("mcpu and mtriple say for which CPU time is estimated: they go with "
                         "keep_latency")
    if mcpu is None and mtriple is not None:
        raise PruneError(f"mtriple, {mtriple}, goes with the name of a CPU, mcpu")
    if mcpu is not None and (not mcpu or "," in mcpu):
        raise PruneError(f"time is estimated for one CPU, and mcpu is '{mcpu}'")


def _check_options(rounds, length, group, trajectory, heads, leave, seed, batch, threads):
    if rounds < 1:
        raise PruneError(f"nothing goes in {rounds} rounds")
    if length is not None and not length >= 1:
        raise PruneError(f"a length of {length:g} holds no token")
    if group is not None and group < 1:
        raise PruneError(f"a group of {group} holds no neuron")
    if not 0 <= trajectory < math.inf:
        raise PruneError("the trajectory counts a finite number of times, 0 or more, not "
                         f"{trajectory:g}")
    if not 0 < heads < math.inf:
        raise PruneError(f"a head counts a finite number of times, more than 0, not {heads:g}")
    if leave not in ("mean", "sign"):
        raise PruneError("a unit leaves its mean or the sign of its shift, 'mean' or 'sign', and "
                         f"not '{leave}'")
    if seed < 0:
        raise PruneError(f"the seed {seed} is negative")
    if batch < 1:
        raise PruneError(f"a batch of {batch} holds no sample")
    if threads is not None and threads < 1:
        raise PruneError(f"nothing is scored in {threads} threads")


def _check_apply(**given):
    """Raises a PruneError where something is said of scores, and a record has them."""
    defaults = inspect.signature(prune).parameters
    said = [name for name, value in given.items() if value != defaults[name].default]
    if said:
        raise PruneError(f"{', '.join(said)}: a record that is applied says already what goes; "
                         "leave it out")


def prune(model, calibration=None, *, keep_flops=None, keep_latency=None, mcpu=None, mtriple=None,
          apply=None, rounds=8, length=None, group=None, trajectory=TRAJECTORY,
          heads=HEADS, equal_layers=False, leave="mean", refit=False, seed=0, batch=8,
          threads=None, logits=None, mask=None, output=None, record=None, progress=None):
    """Cuts attention heads and FFN neurons out of a model and returns it as an onnx.ModelProto,
    which `bnn.compile` and ONNX Runtime take.

    model: the path of an ONNX file, or its bytes, or an onnx.ModelProto: in f32, of 8-bit
        integers, or binary.
    calibration: unlabelled inputs that the model is run on: {input: array}, or the path of an
        .npz of such arrays; or a list of those, of texts of different lengths, say. The first axis
        counts samples. Where all arrays have an axis more than the inputs, each sample is a call.
    keep_flops: the share of the multiplications of what can be cut that stays, above 0 and at
        most 1, by OPTIN's formula (arXiv 2403.17921).
    keep_latency: in place of it, the share of the whole model's time that the pruned one may take.
        Time is that of one sample of `length` tokens: of the compiled models on this machine, in
        one thread, or estimated by `bnn.estimate` where `mcpu` names a CPU.
    mcpu, mtriple: the CPU that time is estimated for, and its triple where the name leaves it
        open.
    apply: in place of data and share, the path of a record: the same model is cut as it says.
    rounds: in how many steps units go; what is left is scored anew in each.
    length: how many tokens multiplications are counted for and time is taken for; the mean of
        the data where not given.
    group: how many neurons go or stay together: 32 where the second linear reads bits, 16
        elsewhere.
    trajectory: how many times its share of all trajectories counts, in a unit's score, beside its
        share of all divergences.
    heads: how many times its score a head counts beside neurons.
    equal_layers: whether all layers keep as many heads, and as many neurons, so that the compiler
        has one kernel for them.
    leave: what a unit of bits leaves in its place: "mean", what it is on average over the data, or
        "sign", what it is where its layer gives 0, the sign of its shift.
    refit: whether what is left is fitted to what the whole model gives, by least squares: biases;
        in f32 a factor for each head and neuron, of bits one for each output of what reads them;
        last the weights of a linear in f32 that gives the result.
    seed: draws the tokens whose states are compared.
    batch: how many samples a call of the model takes, where that is open.
    threads: how many units are scored at a time; as many as there are cores where not given. The
        result does not depend on it.
    logits: the output whose divergence counts; the first in f32 where not given.
    mask: the input that is 0 where a token is padding; the one whose name ends in "mask" where
        not given.
    output: where to write the result as well: all of it, or on failure nothing.
    record: where to write what was found and chosen, as JSON. A record of the same model, data
        and options that is there already is gone on from, also one of an interrupted run.
    progress: is called with (what is done, what there is to do) after each unit that is scored, in
        every round, and after each model that is timed.

    Raises a `PruneError` where model, data and options do not fit, a `CompileError` where the
    compiler refuses the model, and an OSError where a file cannot be read or written.
    """
    _check_budget(keep_flops, keep_latency, mcpu, mtriple)
    share = keep_flops if keep_latency is None else keep_latency
    if (apply is None) == (calibration is None) or (apply is None) != (share is not None):
        raise PruneError("a model is pruned with calibration data and a share to keep, or by a "
                         "record that is applied")
    if apply is not None:
        _check_apply(rounds=rounds, length=length, group=group, trajectory=trajectory,
                     heads=heads, equal_layers=equal_layers, leave=leave, refit=refit, seed=seed,
                     batch=batch, threads=threads, logits=logits, mask=mask)
    _check_options(rounds, length, group, trajectory, heads, leave, seed, batch, threads)
    given = list(calibration) if isinstance(calibration, (list, tuple)) else [calibration]
    if not given:
        raise PruneError("there is no calibration data")
    require_onnx("pruning")
    # They need onnx, which the rest of the package does without.
    from bnn.graphs import calibration as data, files
    from bnn.prune import clocks, record as records, work
    from bnn.prune.refit import Refit
    from bnn.prune.scoring import Scoring
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
                       "mask": mask, "leave": leave}
            scoring = Scoring(task, arrays, options, before,
                              lambda one: record is not None and records.write(record, one),
                              threads)
            clock = None if keep_latency is None else clocks.maker(mcpu, mtriple)
            removed, biases = scoring.run(share, length, rounds, progress, clock, equal_layers,
                                          trajectory, heads)
            result = task.cut(*(Refit(scoring).cut(removed) if refit else (removed, biases)))
            scoring.compare(result)
            found = {**scoring.record, "refit": refit, "files": records.digests_of_files(model, proto),
                     "edits": task.edits}
    if output is not None:
        files.write(output, result)
    if record is not None:
        records.write(record, found)
    return result
