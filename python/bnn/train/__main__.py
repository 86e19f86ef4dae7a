# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""python -m bnn.train: a text classifier, from labelled sentences to bits."""
import argparse
import dataclasses
import sys

from .recipe import Options, run


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m bnn.train", formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        description="Trains a full-precision teacher, then its student of 8 bits or of 1, "
        "distilled step by step to fewer bits. Interrupted, the same command goes on where the last "
        "finished epoch left it. DIR receives vocab.txt, labels.txt, config.json, model.pt, "
        "model.onnx, curves.csv, curves.png and result.json.")
    parser.add_argument("--data", required=True, help="CLINC150's data_full.json, or WordNet's "
                        "data.noun (Debian: wordnet-base, /usr/share/wordnet/data.noun)")
    parser.add_argument("--output", required=True, metavar="DIR", help="where results go")
    for field in dataclasses.fields(Options):
        if field.name in ("data", "output"):
            continue
        name = "--" + field.name.replace("_", "-")
        parser.add_argument(name, type=field.type, default=field.default,
                            choices=field.metadata.get("choices"), help=field.metadata["help"],
                            metavar=field.metadata.get("metavar"))
    return parser


def main(arguments=None):
    options = _parser().parse_args(arguments)
    try:
        run(Options(**vars(options)))
    except (OSError, ValueError) as error:
        print(f"bnn.train: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"bnn.train: interrupted; the same command continues {options.output}",
              file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
