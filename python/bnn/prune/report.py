# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What goes of a model, layer by layer, and what that costs: made of a record, as text, JSON or a
page."""
import json
import os
import pathlib

import numpy as np

from bnn import compiler
from bnn.prune import page
from bnn.prune.errors import PruneError

FORMATS = ("text", "json", "html")


def format_of(path):
    """The format that a file's name asks for, as bnn-opt --report-file has it."""
    return {".htm": "html", ".html": "html", ".json": "json"}.get(
        pathlib.Path(path).suffix, "text")


def make(record, model):
    """The report of a record, a dict: what `--report=json` writes. `model` is the path of the model
    or its name.

    Raises a PruneError where the record is of no finished run, or of a version that did not note
    all that a report has.
    """
    try:
        layers = _layers(record)
        gone = [unit for layer in layers for unit in layer["units"] if not unit["stays"]]
        found = {"model": os.path.basename(os.fspath(model)), "length": record["length"],
                 "budget": {name: record[name] for name in ("keep_flops", "keep_latency")
                            if name in record},
                 "rounds": len(record["rounds"]), "trajectory_weight": record["trajectory_weight"], "macs": record["macs"], "layers": layers,
                 "refused": record["refused"],
                 "expected": {name: sum(unit[name] for unit in gone)
                              for name in ("trajectory", "divergence")},
                 "reached": record["reached"]}
        if "time" in record:
            found["time"] = {name: record["time"][name] for name in (
                "measured", "cpu", "triple", "shapes", "unit", "whole", "after")}
        return found
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise PruneError(f"the record has not all that a report tells ({error!r}): prune with the "
                         "calibration data again, which goes on from it") from None


def _layers(record):
    gone, scores = set(record["gone"]), {}
    for number, one in enumerate(record["rounds"], 1):
        # Of each unit the last: what is gone is not scored any more.
        scores.update({int(unit): (number, *pair) for unit, pair in one["scores"].items()})
    saved = _saved(record)
    found, first = [], 0
    for layer in record["layers"]:
        units = []
        for index, channels in enumerate(layer["units"], first):
            number, trajectory, divergence = scores[index]
            units.append({"channels": channels, "stays": index not in gone, "round": number,
                          "trajectory": trajectory, "divergence": divergence})
        first += len(units)
        kept = sum(unit["stays"] for unit in units)
        one = {"name": layer["name"], "kind": layer["kind"], "numbers": layer["numbers"],
               "channels": layer["channels"],
               "kept": sum(len(unit["channels"]) for unit in units if unit["stays"]),
               "macs": {"before": layer["macs"] * len(units), "after": layer["macs"] * kept},
               **{name: sum(unit[name] for unit in units if not unit["stays"])
                  for name in ("trajectory", "divergence")},
               "units": units}
        if saved:
            one["time_saved"] = saved[layer["name"]](kept, len(units))
        found.append(one)
    return found


def _saved(record):
    """{layer's name: a function of the number of units that stay and of all that gives the share of
    the whole model's time that is saved, by the tables}."""
    found = {}
    for table in record.get("time", {}).get("tables", ()):
        def saved(kept, total, table=table):
            times = np.interp(kept, [*table["units"], total], [*table["times"], 1.0])
            return float(1 - times) / len(table["layers"])
        found.update(dict.fromkeys(table["layers"], saved))
    return found


def write(report, kind, path=None):
    """Writes a report as "text", "json" or "html": replaces the file `path` by it as a whole, or
    prints it."""
    if kind == "html":
        text = page.write(report)
    else:
        text = json.dumps(report, indent=1, ensure_ascii=False) if kind == "json" else as_text(
            report)
    if path is None:
        print(text)
    else:
        compiler._replace_files({pathlib.Path(path): f"{text}\n".encode()})


def _table(rows, left):
    """Lines of columns as wide as what is in them; the first `left` are text, others numbers."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  " + "  ".join(cell.ljust(width) if i < left else cell.rjust(width)
                             for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
            for row in rows]


def as_text(report):
    """The report for a terminal."""
    has_time = "time" in report
    heads = ["layer", "kind", "numbers", "kept", "multiplications", "trajectory", "divergence"]
    rows = [heads + ["time saved"] * has_time]
    for layer in report["layers"]:
        rows.append([page.plain(layer["name"]), layer["kind"], layer["numbers"],
                     f"{layer['kept']} of {layer['channels']}",
                     f"{layer['macs']['after']} of {layer['macs']['before']}",
                     f"{layer['trajectory']:.3g}", f"{layer['divergence']:.3g}",
                     *([f"{100 * layer['time_saved']:.1f} %"] if has_time else [])])
    lines = [f"{page.plain(report['model'])}: {page.sentence(report)}", "",
             "What is left, and the scores of what goes:", *_table(rows, 3), "",
             *page.costs(report)]
    if report["refused"]:
        lines += ["", "As it was:", *(
            f"  {page.plain(one['name'])}: {page.plain(one['reason'])}"
            for one in report["refused"])]
    for layer in report["layers"]:
        rows = [["unit", "", "trajectory", "divergence"]] + [
            [page.name_of(layer, i), page.fate(unit), f"{unit['trajectory']:.3g}",
             f"{unit['divergence']:.3g}"] for i, unit in enumerate(layer["units"])]
        lines += ["", f"{page.plain(layer['name'])}:", *_table(rows, 2)]
    return "\n".join(lines)
