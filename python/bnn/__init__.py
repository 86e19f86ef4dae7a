# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Binary transformers, from a PyTorch model to code for a CPU.

    artifact = bnn.compile("model.onnx")
    session = bnn.Session(artifact)
    outputs = session.run({"input_ids": ids, ...})

Compiling needs the compiler's library (`tools/dev build`, or BNN_PREFIX), running it needs numpy
besides. `bnn.wordpiece` makes ids of text; `bnn.prune` and `bnn.quantize` need onnx, `bnn.nn` and
`bnn.train` torch.
"""
from bnn.compiler import Artifact, CompileError, Diagnostic, compile, estimate, report
from bnn.session import LoadError, RunError, Session, TensorInfo
# A function takes the name of the package that it is from: after these lines, `bnn.quantize` is
# what one calls, and `from bnn.quantize import ...` still finds the package.
from bnn.prune import PruneError, prune
from bnn.quantize import QuantizeError, quantize

__all__ = ["Artifact", "CompileError", "Diagnostic", "LoadError", "PruneError",
           "QuantizeError", "RunError", "Session", "TensorInfo", "compile", "estimate", "prune",
           "quantize", "report"]
