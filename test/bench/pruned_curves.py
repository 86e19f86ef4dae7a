#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The table and the plot of docs/pruning.md: accuracy over the share of multiplications that stays.

    pruned_curves.py FILE.csv --page PAGE             writes the table
    pruned_curves.py FILE.csv --page PAGE --check     whether it is what would be written
    pruned_curves.py FILE.csv --plot FILE.svg         draws the curves; wants matplotlib

FILE.csv is what pruned_accuracy.py --csv counts. Means are over the draws of the texts.
"""
import argparse
import collections
import csv
import pathlib
import re
import sys

BEGIN, END = "<!-- table: accuracy -->\n", "<!-- end of accuracy -->\n"
WAYS = {"bnn-prune": "`bnn-prune`", "alike": "`--trajectory=1 --heads=1`", "refit": "and `--refit`",
        "random": "random order", "magnitude": "magnitude"}


def read(path):
    """{model: {(way, share): [percent of each draw]}}, in the file's order."""
    found = {}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            of = found.setdefault(row["model"], collections.defaultdict(list))
            of[row["way"], float(row["share"])].append(float(row["right"]))
    # Of one of which nothing is known but the whole there is nothing to show.
    return {model: of for model, of in found.items() if len(of) > 1}


def mean(values):
    return sum(values) / len(values)


def cell(values):
    """The mean of the draws, and their range."""
    if not values:
        return ""
    spread = f" ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else ", one draw"
    return f"{mean(values):.2f}{spread}"


def shares_of(found):
    """The budgets of a table, the largest first."""
    return sorted({share for of in found.values() for way, share in of if way in WAYS},
                  reverse=True)


def table(found):
    """Rows of Markdown: of each model and way the mean at each budget, and the least and the most of
    the draws where they are several."""
    shares = shares_of(found)
    lines = ["| model, of the whole | units chosen by | " + " | ".join(
        f"{share:g}" for share in shares) + " |", "| --- " * (2 + len(shares)) + "|"]
    for model, of in found.items():
        [whole] = of["whole", 1.0]
        first = f"{model}: {whole:.2f}"
        for way, name in WAYS.items():
            cells = [of.get((way, share)) for share in shares]
            if not any(cells):
                continue
            lines.append(f"| {first} | {name} | " + " | ".join(
                cell(one) for one in cells) + " |")
            first = ""
    # Neighbouring empty cells share a bar.
    return "".join(re.sub(r"\|  (?=\|)", "| ", line) + "\n" for line in lines)


def draw(found, path):
    """Accuracy over the share that stays, a panel for each model: the mean, and from the least to
    the most of the draws. Raises an ImportError where matplotlib is missing."""
    import matplotlib
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bnn", "font.size": 8})
    from matplotlib import pyplot
    columns = min(4, len(found))
    rows = -(-len(found) // columns)
    figure, axes = pyplot.subplots(rows, columns, figsize=(2.6 * columns, 2.1 * rows + 0.3),
                                   sharex=True, sharey=True, squeeze=False)
    lines = {}
    for axis, (model, of) in zip(axes.ravel(), found.items()):
        for way, colour in zip(WAYS, ("C0", "C4", "C3", "C1", "C2")):
            given = {share: values for (one, share), values in of.items() if one == way}
            if not given:
                continue
            given[1.0] = of["whole", 1.0]
            xs = sorted(given)
            [lines[way]] = axis.plot(xs, [mean(given[x]) for x in xs], color=colour, marker=".")
            axis.fill_between(xs, [min(given[x]) for x in xs], [max(given[x]) for x in xs],
                              color=colour, alpha=0.2, linewidth=0)
        axis.set_title(model)
        axis.set_ylim(0, 100)
        axis.grid(alpha=0.3)
    for axis in axes.ravel()[len(found):]:
        axis.set_visible(False)
    axes[0, 0].invert_xaxis()
    names = {"alike": "--trajectory=1 --heads=1", "refit": "--refit"}
    figure.legend(lines.values(), [names.get(way, way) for way in lines], loc="upper center",
                  ncols=len(lines), frameon=False)
    figure.supxlabel("share of the multiplications that stays")
    figure.supylabel("right, %")
    figure.tight_layout(rect=(0, 0, 1, 0.95))
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", metavar="FILE.csv", help="what pruned_accuracy.py counted")
    parser.add_argument("--page", type=pathlib.Path, help="the page whose table it is")
    parser.add_argument("--check", action="store_true", help="compare the page, do not write it")
    parser.add_argument("--plot", metavar="FILE", help="where the curves go, as SVG or PNG")
    options = parser.parse_args()
    if options.check and not options.page:
        parser.error("--check compares a page: name it with --page")
    found = read(options.csv)
    if options.plot:
        draw(found, options.plot)
    if not options.page:
        print(table(found), end="")
        return 0
    before, rest = options.page.read_text(encoding="utf-8").split(BEGIN)
    old, after = rest.split(END)
    if not options.check:
        options.page.write_text(before + BEGIN + table(found) + END + after, encoding="utf-8")
    elif old != table(found):
        print(f"{options.page}: the table is not that of {options.csv}: {sys.argv[0]} writes it\n"
              + table(found))
        return 1
    else:
        print(f"{len(found)} models")
    return 0


if __name__ == "__main__":
    sys.exit(main())
