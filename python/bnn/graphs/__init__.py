# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the tools that turn one ONNX file into another share: reading models and calibration data,
running the model on them, and writing the result. Needs onnx."""
