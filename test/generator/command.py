# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the commands that draw models have in common: options, and how they end."""
import argparse
import os
import shutil
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def make_parser(description, noun="model"):
    """A parser of the options that all of them take, of what they draw `--count` of."""
    parser = argparse.ArgumentParser(description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help=f"the first {noun} (default 1)")
    parser.add_argument("--count", type=int, default=1, help=f"{noun}s (default 1)")
    parser.add_argument("--expect-models", type=int, help="fail unless so many passed or failed")
    parser.add_argument("--npm", default=os.path.join(HERE, "../../build/npm/node_modules"),
                        help="the folder with onnxruntime-node")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--work", help="keep all files here")
    return parser


def add_model_options(parser):
    """What those take besides that draw whole models, with options of their own."""
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE",
                        help="in place of what is drawn")
    parser.add_argument("--list", action="store_true", help="print the options only")
    parser.add_argument("--bnn-opt", default="bnn-opt")
    parser.add_argument("--bnn-run", default="bnn-run")


def make_work(tools):
    """The folder for all files: that of --work, or one that `finish` takes away."""
    work = tools.work or tempfile.mkdtemp()
    os.makedirs(work, exist_ok=True)
    return work


def finish(tools, work, count, failures):
    """The exit code of a run that looked at `count` of them."""
    if not tools.work:
        shutil.rmtree(work)
    if tools.expect_models not in (None, count):
        print(f"expected {tools.expect_models}, not {count}")
        return 1
    return 1 if failures else 0
