#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Looks for code that tells bnn ops apart by their class: op_dispatch.py SOURCE_FOLDER

Passes ask an op's interfaces, so that a new op needs no change of theirs. In passes/ and in
dialects/BNN, but for BNNOps.*, no file may
- test or find by class: isa, dyn_cast and their variants, getDefiningOp, getParentOfType, getOps,
  IsaPred, a Case of a TypeSwitch, hasOneOf of a bnn op class;
- walk ops of a class: walk([&](MatmulOp op) ...);
- name an op in a string: "bnn.matmul".
What is left is no dispatch: creating an op, a pattern on one (OpRewritePattern, OpConversionPattern
and what derives from them), an external model of one, a function that lowers one, and cast, which
tests nothing.
"""
import pathlib
import re
import sys

TESTS = ("isa|isa_and_nonnull|isa_and_present|dyn_cast|dyn_cast_or_null|dyn_cast_if_present|"
         "getDefiningOp|getParentOfType|getOps|IsaPred|Case")
TEMPLATE = re.compile(rf"\b({TESTS})\s*<([^<>;()]*)>")
LAMBDA = re.compile(r"\b(walk|Case)\s*(?:<[^>]*>)?\(\s*\[[^\]]*\]\(\s*(?:const\s+)?([\w:]+)\s")
NAME = re.compile(r'"bnn\.(\w+)"')


def without_comments(text):
    """The text with comments blanked, line by line."""
    return re.sub(r"//[^\n]*", "", text)


def classes(source, dialect):
    """The op classes of a dialect's ODS files and the mnemonics of its ops."""
    text = "".join(path.read_text() for path in sorted((source / "dialects" / dialect).glob("*.td")))
    return dict(re.findall(r'^def (\w+Op)\s*:\s*\w+<"(\w+)"', text, re.M))


def main():
    source = pathlib.Path(sys.argv[1])
    ops = classes(source, "BNN")
    if len(ops) < 5:
        sys.exit(f"only {len(ops)} bnn ops found")
    onnx = set(re.findall(r"^def ONNX_(\w+Op)\b", "".join(
        path.read_text() for path in (source / "dialects" / "ONNX").glob("*.td")), re.M))
    mistakes = []
    files = [path for folder in ("passes", "dialects/BNN")
             for path in sorted((source / folder).rglob("*"))
             if path.suffix in (".cpp", ".h") and path.stem != "BNNOps"]
    for path in files:
        text = without_comments(path.read_text())
        # In such a file the name of an op of both dialects is onnx's.
        shadowed = onnx if re.search(r"namespace (mlir::)?bnn::onnx\b", text) else set()

        def is_bnn(name):
            *qualifier, base = name.strip().split("::")
            if qualifier and qualifier[-1] != "bnn":
                return False
            return base in ops and (qualifier or base not in shadowed)

        found = [(match.start(), name) for match in TEMPLATE.finditer(text)
                 for name in match[2].split(",") if is_bnn(name)]
        found += [(match.start(), match[2]) for match in LAMBDA.finditer(text) if is_bnn(match[2])]
        found += [(match.start(), match[0]) for match in NAME.finditer(text)
                  if match[1] in ops.values()]
        for start, name in found:
            line = text.count("\n", 0, start) + 1
            mistakes.append(f"{path.relative_to(source)}:{line}: dispatches on {name.strip()}")
    if mistakes:
        sys.exit("\n".join(mistakes))
    print(f"{len(files)} files, {len(ops)} ops")


if __name__ == "__main__":
    main()
