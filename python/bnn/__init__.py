# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Binary transformers, from a PyTorch model to code for a CPU.

    artifact = bnn.compile("model.onnx")
    session = bnn.Session(artifact)
    outputs = session.run({"input_ids": ids, ...})

Compiling needs the compiler's library (`tools/dev build`, or BNN_PREFIX), running it needs numpy
besides. `bnn.wordpiece` makes ids of text; `bnn.nn` and `bnn.train` need torch.
"""
from bnn.compiler import Artifact, CompileError, Diagnostic, compile, report
from bnn.session import LoadError, RunError, Session, TensorInfo

__all__ = ["Artifact", "CompileError", "Diagnostic", "LoadError", "RunError", "Session",
           "TensorInfo", "compile", "report"]
