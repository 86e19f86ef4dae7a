# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""bnn-quantize, or python -m bnn.quantize: a model in f32 to one of 8-bit integers."""
import argparse
import sys

from bnn.compiler import CompileError
from bnn.quantize import METHODS, QuantizeError, quantize
from bnn.train.progress import callback


def _parser():
    parser = argparse.ArgumentParser(
        prog="bnn-quantize", description="Quantises the linear layers of an ONNX model to 8 bits: "
        "weights to s8, activations to u8 by the values that they have on the calibration data. "
        "The result is a QDQ file, for bnn-opt and for ONNX Runtime.")
    parser.add_argument("model", metavar="MODEL.onnx", help="the model, in f32")
    parser.add_argument("--calibration", metavar="DATA.npz", required=True, action="append",
                        help="arrays named like the model's inputs, whose first axis counts "
                        "samples; may be repeated, for other lengths")
    parser.add_argument("-o", dest="output", metavar="FILE", required=True,
                        help="where the result goes")
    parser.add_argument("--method", choices=METHODS, default="minmax",
                        help="how ranges come from values (default: minmax)")
    parser.add_argument("--percentile", type=float, default=99.99, metavar="P",
                        help="with --method=percentile, how many values are inside, in percent "
                        "(default: 99.99)")
    parser.add_argument("--per-channel", action=argparse.BooleanOptionalAction, default=True,
                        help="a scale for each output of a layer, or one for all of them")
    parser.add_argument("--attention", action="store_true",
                        help="quantise products of two activations too")
    parser.add_argument("--keep-float", action="append", default=[], metavar="PATTERN",
                        help="leave nodes in f32 whose name matches: * any characters, ? any one, "
                        "[abc] one of those; may be repeated")
    parser.add_argument("--batch", type=int, default=8, metavar="N",
                        help="how many samples to run at a time (default: 8)")
    return parser


def main(arguments=None):
    options = vars(_parser().parse_args(arguments))
    advance, line = callback("calibration")
    try:
        with line:
            quantize(options.pop("model"), options.pop("calibration"), progress=advance, **options)
    except (CompileError, ImportError, OSError, QuantizeError) as error:
        print(f"bnn-quantize: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bnn-quantize: interrupted; nothing is written", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
