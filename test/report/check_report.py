#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks a report against itself, the model and the object: check_report.py MODEL.onnx WORK
linears=BINARY/ALL attentions=BINARY/ALL embeddings=BINARY/ALL [float=PATTERN]...

Compiles the model once, with the report as JSON and as HTML. `float` patterns (fnmatch) are the
only names that may have stayed float among linears.
"""
import fnmatch
import json
import math
import os
import re
import subprocess
import sys
import xml.dom.minidom

import onnx

FIELDS = {"name": str, "op": str, "kind": str, "shape": dict, "became": str, "reason": str,
          "bytes_before": int, "bytes_after": int, "binary_ops": int, "byte_ops": int, "float_ops": int,
          "share": (int, float)}
SHAPES = {"linear": {"in", "out", "rows"}, "attention": {"heads", "head_size", "tokens"},
          "embedding": {"vocabulary", "size"}, "product": {"in", "out", "rows"}}
OPS = {"linear": {"MatMul", "Gemm"}, "attention": {"Softmax", "MatMul"}, "embedding": {"Gather"},
       "product": {"MatMul", "Gemm"}}


def check_noise(layer):
    """Of a matrix that stayed f32: the error of rounding is uniform, so that the peak says how much
    is left."""
    has_weights = layer["became"] == "float" and layer["kind"] in ("linear", "embedding")
    # A low-rank term is a part of its attention.
    expect(("noise" in layer) == (has_weights and "low-rank" not in layer["reason"]), f"noise of {layer}")
    if "noise" in layer:
        noise = layer["noise"]
        expect(abs(52.9 - 20 * math.log10(noise["peak_over_rms"]) - noise["sqnr_per_tensor"]) < 1.5, f"{noise}")
        expect(noise["sqnr_per_channel"] >= noise["sqnr_per_tensor"] - 0.5, f"{noise}")
        expect(1 <= noise["kurtosis"] and sum(noise["histogram"]) == layer["bytes_before"] // 4, f"{noise}")


def expect(condition, what):
    if not condition:
        raise SystemExit(f"wrong: {what}")


def check_layers(report, model):
    nodes = {node.name or node.output[0]: node for node in model.graph.node}
    for layer in report["layers"]:
        expect(set(layer) - {"noise"} == set(FIELDS), f"fields of {layer}")
        check_noise(layer)
        for field, kind in FIELDS.items():
            expect(isinstance(layer[field], kind), f"{field} of {layer}")
        expect(set(layer["shape"]) == SHAPES[layer["kind"]], f"shape of {layer}")
        expect(layer["op"] in OPS[layer["kind"]], f"operator of {layer}")
        expect(nodes[layer["name"]].op_type == layer["op"], f"node of {layer}")
        shape = layer["shape"]
        expect(re.fullmatch(r"float|f32x1|1xf32|([124])x([124])", layer["became"]), f"became of {layer}")
        few = layer["became"] != "float" and "f32" not in layer["became"]
        expect(few == (layer["reason"] == ""), f"reason of {layer}")
        if layer["kind"] == "product":
            expect(layer["became"] == "float" and layer["bytes_before"] == 0, f"a product: {layer}")
        if layer["kind"] == "linear":
            macs = shape["rows"] * shape["in"] * shape["out"]
            expect((layer["binary_ops"], layer["float_ops"]) == ((macs, 0) if few else (0, macs)),
                   f"operations of {layer}")
            expect(layer["bytes_before"] == 4 * shape["in"] * shape["out"], f"bytes of {layer}")
        if layer["kind"] == "attention":
            expect(layer["binary_ops" if few else "float_ops"] >=
                   2 * shape["heads"] * shape["head_size"] * shape["tokens"] ** 2, f"operations of {layer}")
        if layer["kind"] == "embedding":
            expect(layer["bytes_before"] == 4 * shape["vocabulary"] * shape["size"], f"bytes of {layer}")
        if few and layer["kind"] != "attention":
            weights = layer["bytes_before"] // 32
            expect(weights <= layer["bytes_after"] < layer["bytes_before"], f"packed bytes of {layer}")
        elif layer["became"] in ("float", "f32x1"):
            expect(layer["bytes_before"] == layer["bytes_after"], f"bytes of {layer}")


def check_totals(report):
    totals, layers = report["totals"], report["layers"]
    for field in ("bytes_before", "bytes_after", "binary_ops", "byte_ops", "float_ops"):
        expect(totals[field] == sum(layer[field] for layer in layers), f"total {field}")
    all_ops = totals["binary_ops"] + totals["byte_ops"] + totals["float_ops"]
    expect(abs(totals["binary_share"] - totals["binary_ops"] / all_ops) < 1e-9, "binary_share")
    expect(abs(sum(layer["share"] for layer in layers) - 1) < 1e-9, "shares")


def check_object(report, path):
    expect(report["object"]["bytes"] == os.path.getsize(path), "size of the object")
    listed = subprocess.run(["llvm-readelf", "--sections", "--wide", path], check=True,
                            capture_output=True, text=True).stdout
    sizes = sorted(int(size, 16) for size in re.findall(
        r"^ +\[ *\d+\] \S+ +[A-Z0-9_]+ +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) ", listed, re.MULTILINE))
    expect([size for size in sizes if size] ==
           sorted(section["bytes"] for section in report["object"]["sections"]), "sections")


def check_workspace(report):
    workspace = report["workspace"]
    expect(workspace["bytes"] == max(t["offset"] + t["bytes"] for t in workspace["tensors"]), "workspace")
    expect(all(tensor["name"] for tensor in workspace["tensors"]), "names of tensors")
    for i, a in enumerate(workspace["tensors"]):
        for b in workspace["tensors"][:i]:
            together = a["first"] <= b["last"] and b["first"] <= a["last"]
            share = a["offset"] < b["offset"] + b["bytes"] and b["offset"] < a["offset"] + a["bytes"]
            expect(not (together and share), f"tensors that live at once share bytes: {a} {b}")


def check_html(report, path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    expect(not re.search(r"\b(src|href)\s*=|url\(|@import|<link|<iframe", text), "the page reads something else")
    expect(re.findall(r"https?://[^\s\"']*", text) == ["http://www.w3.org/1999/xhtml"], "addresses in the page")
    page = xml.dom.minidom.parseString(re.sub("^<!DOCTYPE html>", "", text).encode())
    rows = [row for table in page.getElementsByTagName("table") if table.getAttribute("id") == "layers"
            for row in table.getElementsByTagName("tbody")[0].getElementsByTagName("tr")]
    expect([row.firstChild.getAttribute("data-v") for row in rows] ==
           [layer["name"] for layer in report["layers"]], "rows of the page")
    for row, layer in zip(rows, report["layers"]):
        pill = row.getElementsByTagName("b")[0]
        expect(pill.firstChild.data == layer["became"], f"became in the page: {layer}")
        bars = [bar for bar in row.getElementsByTagName("div") if bar.getAttribute("class") == "bar"]
        expect(len(bars) == (layer["bytes_before"] > 0) + (layer["binary_ops"] + layer["float_ops"] > 0),
               f"bars in the page: {layer}")
        for part in row.getElementsByTagName("i"):
            width = re.search(r"width:([\d.]+)%", part.getAttribute("style"))
            expect(width and 0 <= float(width.group(1)) <= 100, f"width of a bar: {layer}")
    maps = [svg for svg in page.getElementsByTagName("svg") if svg.getAttribute("viewBox")]
    expect([len(svg.getElementsByTagName("rect")) for svg in maps] == [len(report["workspace"]["tensors"])],
           "map of the workspace")
    histograms = len(page.getElementsByTagName("svg")) - len(maps)
    expect(histograms == sum("noise" in layer for layer in report["layers"]), "histograms")


def main():
    model, work, *claims = sys.argv[1:]
    os.makedirs(work, exist_ok=True)
    compiled, page = os.path.join(work, "model.o"), os.path.join(work, "report.html")
    flags = ["--mtriple=x86_64-linux-gnu", "--mcpu=x86-64-v3", "-O0"]
    result = subprocess.run(["bnn-opt", model, "-o", compiled, "--report=json", *flags], check=True,
                            stdout=subprocess.PIPE)
    report = json.loads(result.stdout)
    subprocess.run(["bnn-opt", model, f"--report-file={page}", *flags], check=True)
    loaded = onnx.load(model, load_external_data=False)
    expect(report["file"] == model, "file")
    expect(report["opset"] in [entry.version for entry in loaded.opset_import], "opset")
    expect(report["target"].startswith("x86_64") and report["target"].endswith(" x86-64-v3"), "target")
    expect(0 < report["nodes"]["folded"] < report["nodes"]["imported"] <= len(loaded.graph.node), "nodes")
    check_layers(report, loaded)
    check_totals(report)
    check_object(report, compiled)
    check_workspace(report)
    check_html(report, page)
    patterns = [claim[len("float="):] for claim in claims if claim.startswith("float=")]
    for claim in claims:
        kind, _, value = claim.partition("=")
        if kind != "float":
            count = report["totals"][kind]
            expect(f"{count['binary']}/{count['all']}" == value, f"{claim}: {count}")
    for layer in report["layers"]:
        if layer["kind"] == "linear":
            allowed = any(fnmatch.fnmatch(layer["name"], pattern) for pattern in patterns)
            expect((layer["became"] == "float") == allowed, f"what became of {layer}")
    print(report["summary"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
