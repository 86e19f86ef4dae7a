# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A progress bar where somebody looks at it, and the curves that are left for later."""
import contextlib
import csv
import os
import sys


class Bar:
    """`with Bar("epoch 3", 235) as bar: bar.advance(loss)`: one line on a terminal, nothing
    where standard error is a file or a pipe. Not everything that takes long has a loss."""

    def __init__(self, title, total, stream=sys.stderr):
        self.title, self.total, self.stream = title, total, stream
        self.done = 0
        self.visible = stream.isatty()

    def __enter__(self):
        return self

    def advance(self, loss=None):
        self.done += 1
        if self.visible:
            filled = 30 * self.done // self.total
            note = "" if loss is None else f"loss {loss:.3f} "
            self.stream.write(f"\r{self.title} [{'#' * filled}{'.' * (30 - filled)}] "
                              f"{self.done}/{self.total} {note}")
            self.stream.flush()

    def __exit__(self, *exception):
        if self.visible:
            self.stream.write("\r\x1b[K")
            self.stream.flush()


def callback(title):
    """A function (done, total, ...) that advances a bar, from its first call on, and the context
    that ends the bar's line."""
    line = contextlib.ExitStack()
    bars = []

    def advance(_, total):
        if not bars:
            bars.append(line.enter_context(Bar(title, total)))
        bars[0].advance()
    return advance, line


COLUMNS = ("stage", "epoch", "learning_rate", "train_loss", "train_accuracy",
           "validation_accuracy", "seconds")


def write_csv(path, rows):
    """The curves: one row an epoch, a dict of COLUMNS each. Replaces the file as a whole."""
    with open(path + ".new", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(path + ".new", path)


def plot(path, rows):
    """The accuracies over all epochs as a PNG, stages side by side.
    Returns False, and writes nothing, where matplotlib is not installed."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    stages = list(dict.fromkeys(row["stage"] for row in rows))
    for stage in stages:
        at = [i for i, row in enumerate(rows, 1) if row["stage"] == stage]
        axes.plot(at, [100 * float(rows[i - 1]["validation_accuracy"]) for i in at], "o-",
                  markersize=3, label=f"{stage}, validation")
        axes.plot(at, [100 * float(rows[i - 1]["train_accuracy"]) for i in at], ":",
                  color=axes.lines[-1].get_color())
    axes.set_xlabel("epoch (dotted: training accuracy, with noise)")
    axes.set_ylabel("accuracy, %")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
    return True
