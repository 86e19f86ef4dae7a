# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""bnn-prune, or python -m bnn.prune: a model to one with fewer heads and neurons."""
import argparse
import os
import pathlib
import sys
import tempfile
import warnings

from bnn.compiler import CompileError
from bnn.prune import PruneError, prune
from bnn.prune.score import HEADS, TRAJECTORY
from bnn.train.progress import callback


def _parser():
    parser = argparse.ArgumentParser(
        prog="bnn-prune", description="Cuts attention heads and FFN neurons out of a trained ONNX "
        "model, those that its later layers and its result miss least: by forward runs on "
        "unlabelled inputs, without training. The result is an ordinary ONNX file, for bnn-opt "
        "and for ONNX Runtime.")
    parser.add_argument("model", metavar="MODEL.onnx",
                        help="the model, in f32, of 8-bit integers, or binary")
    parser.add_argument("--calibration", metavar="DATA.npz", action="append",
                        help="arrays named like the model's inputs, whose first axis counts "
                        "samples; may be repeated, for other lengths")
    parser.add_argument("--keep-flops", type=float, metavar="SHARE",
                        help="how much of the multiplications of what can be cut stays, above 0 "
                        "and at most 1")
    parser.add_argument("--keep-latency", type=float, metavar="SHARE",
                        help="in place of --keep-flops, how much of the whole model's time the "
                        "pruned one may take, above 0 and at most 1: measured on this machine, or "
                        "with --mcpu estimated")
    parser.add_argument("--mcpu", metavar="CPU",
                        help="the CPU that the time of --keep-latency is estimated for, as by "
                        "bnn-opt --estimate")
    parser.add_argument("--mtriple", metavar="TRIPLE",
                        help="the triple of --mcpu (default: what the CPU's name says)")
    parser.add_argument("--apply", metavar="RECORD.json",
                        help="cut the same model as this record of an earlier run says, without "
                        "data")
    parser.add_argument("-o", dest="output", metavar="FILE",
                        help="where the result goes; with a report it may be left out")
    parser.add_argument("--report", choices=("text", "json", "html"),
                        help="say what goes, layer by layer, and what it costs, in place of the "
                        "summary")
    parser.add_argument("--report-file", metavar="FILE",
                        help="where the report goes (default: standard output); without --report "
                        "the file's name gives the format")
    parser.add_argument("--record", metavar="FILE.json",
                        help="where the record goes, of scores and what stays; one that is there "
                        "is gone on from (default: FILE of -o, ending in .json)")
    parser.add_argument("--rounds", type=int, default=8, metavar="N",
                        help="in how many steps units go; what is left is scored anew in each "
                        "(default: 8)")
    parser.add_argument("--length", type=float, metavar="N",
                        help="how many tokens to count multiplications for, or to take time for "
                        "(default: the mean of the data)")
    parser.add_argument("--group", type=int, metavar="N",
                        help="how many neurons go or stay together (default: 32 where bits are "
                        "multiplied, 16 elsewhere)")
    parser.add_argument("--trajectory", type=float, default=TRAJECTORY, metavar="WEIGHT",
                        help="how many times what a unit does to later layers counts beside what it "
                        f"does to the result (default: {TRAJECTORY:g})")
    parser.add_argument("--heads", type=float, default=HEADS, metavar="FACTOR",
                        help="how many times its score a head counts beside neurons (default: "
                        f"{HEADS:g})")
    parser.add_argument("--equal-layers", action="store_true",
                        help="let all layers keep as many heads, and as many neurons, so that they "
                        "share the code that the compiler makes")
    parser.add_argument("--leave", choices=("mean", "sign"), default="mean",
                        help="what a unit of bits leaves in its place: what it is on average over "
                        "the data, or the sign of its shift (default: mean)")
    parser.add_argument("--refit", action="store_true",
                        help="fit what is left to what the whole model gives, by least squares: "
                        "biases, factors of what is left in f32 or of the outputs of bits, and "
                        "the weights of a linear in f32 that gives the result")
    parser.add_argument("--seed", type=int, default=0, metavar="N",
                        help="draws the tokens whose states are compared (default: 0)")
    parser.add_argument("--batch", type=int, default=8, metavar="N",
                        help="how many samples to run at a time (default: 8)")
    parser.add_argument("--threads", type=int, metavar="N",
                        help="how many units to score at a time (default: as many as there are "
                        "cores); the result does not depend on it")
    parser.add_argument("--logits", metavar="OUTPUT",
                        help="the output whose divergence counts (default: the first in f32)")
    parser.add_argument("--mask", metavar="INPUT",
                        help="the input that is 0 where a token is padding (default: the one whose "
                        "name ends in 'mask')")
    return parser


def _time(found):
    """What a record says of time, in a line."""
    shapes = ", ".join(f"{name} {'x'.join(map(str, shape))}"
                       for name, shape in found["shapes"].items())
    how = "measured on" if found["measured"] else "estimated for"
    return (f"time {how} {found['cpu']} at {shapes}: {100 * found['after']:.1f} % of "
            f"{found['whole']} {found['unit']}")


def _summary(found):
    """A record in a few lines."""
    first = 0
    for layer in found["layers"]:
        kept = sum(len(unit) for i, unit in enumerate(layer["units"], first)
                   if i not in found["gone"])
        first += len(layer["units"])
        print(f"{layer['name']}: {kept} of {layer['channels']} {layer['kind']}")
    for one in found["refused"]:
        print(f"{one['name']}: as it was: {one['reason']}")
    before, after = found["macs"]["before"], found["macs"]["after"]
    print(f"multiplications at {found['length']:.4g} tokens: {after} of {before}, "
          f"{100 * after / before:.1f} %")
    if "time" in found:
        print(_time(found["time"]))


def _check_report(path, read, written):
    """Raises an OSError or a PruneError where a report cannot go to `path`."""
    from bnn.graphs import files
    files.check_output(path, read)
    for what, other in written.items():
        if other is not None and os.path.realpath(path) == os.path.realpath(other):
            raise PruneError(f"{path}: the {what} and the report would go to the same file")


def _run(options, folder):
    """Does what the options ask for. A record that nobody asked for goes to `folder`."""
    kind, path = options.pop("report"), options.pop("report_file")
    model, calibration = options.pop("model"), options.pop("calibration")
    if options["output"] is None and kind is None and path is None:
        raise PruneError("nothing is asked for: name a file with -o, or a report with --report")
    if options["record"] is None and options["apply"] is None:
        options["record"] = os.path.join(folder, "record.json")
    if path is not None:
        _check_report(path, [model, options["apply"], *(calibration or ())],
                      {"model": options["output"], "record": options["record"]})
    advance, line = callback("units")
    with line:
        prune(model, calibration, progress=advance, **options)
    from bnn.prune import record, report
    found = record.read(options["record"] or options["apply"])
    if kind is not None or path is not None:
        report.write(report.make(found, model), kind or report.format_of(path), path)
    if kind is None or path is not None:
        _summary(found)


def _warn(message, *_):
    """A warning in place of Python's two lines."""
    print(f"bnn-prune: warning: {message}", file=sys.stderr)


def main(arguments=None):
    options = vars(_parser().parse_args(arguments))
    if options["record"] is None and options["apply"] is None and options["output"] is not None:
        options["record"] = pathlib.Path(options["output"]).with_suffix(".json")
    path = options["record"]
    try:
        with tempfile.TemporaryDirectory(prefix="bnn-") as folder, warnings.catch_warnings():
            warnings.showwarning = _warn
            _run(options, folder)
    except (CompileError, ImportError, OSError, PruneError) as error:
        print(f"bnn-prune: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        kept = path is not None and os.path.exists(path)
        print("bnn-prune: interrupted; " + (
            f"{path} has the scores so far, and the same command goes on from there" if kept
            else "nothing is written"), file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
