#!/bin/sh
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What bnn-reduce is to keep: exit code 1 is "interesting".
if bnn-opt "$1" | grep -q math.ctpop; then exit 1; fi
