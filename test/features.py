# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the machine that runs the tests has, as lit's features, and what is skipped without it."""
import glob
import os
import platform
import re
import shutil
import subprocess
import sys

from e2e.ways import WAYS

# What lit says where a feature is absent.
ABSENT = {
    "models": "no model fixtures at {models} (BNN_MODELS names another place)",
    "avx512": "this CPU has no AVX-512",
    "avx512vpopcntdq": "this CPU has no AVX-512 VPOPCNTDQ",
    "amx": "this CPU has no AMX, or its system gives none",
    "x86-64-v3": "this CPU is older than x86-64-v3",
    "qemu-aarch64": "no qemu-aarch64 or no cross compiler for it",
    "qemu-arm": "no qemu-arm or no cross compiler for it",
    "qemu-x86-64": "no qemu-x86_64",
    "qemu-system-arm": "no qemu-system-arm, or no clang-19 and ld.lld",
    "torch": "no torch for Python",
    "ort": "no ONNX Runtime (tools/dev setup installs it)",
    "onnx-node-tests": "no ONNX node tests (package libonnx-testdata)",
    "onnx-node-tests-27": "no node tests of opset 27 (beside the checkout, in shared/onnx-nodes)",
    "clang-tidy": "no clang-tidy-19",
    "libfuzzer": "no libFuzzer (package libclang-rt-19-dev)",
    "clang-tsan": "no clang-19 with the sanitizers' libraries (package libclang-rt-19-dev)",
}


def cpu_flags():
    try:
        with open("/proc/cpuinfo") as file:
            return set(re.findall(r"\w+", file.read()))
    except OSError:
        return set()


def has_tiles(flags):
    """Whether the system gives a process the registers of AMX on request: to another than this one."""
    request = "import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(158, 0x1023, 18) != 0)"
    return "amx_int8" in flags and platform.system() == "Linux" and not subprocess.run(
        [sys.executable, "-c", request], check=False).returncode


def has_torch(python):
    command = [python, "-c", "import importlib.util as util, sys; sys.exit(not util.find_spec('torch'))"]
    return subprocess.run(command).returncode == 0


def find(config, models, npm, node_tests, newer_node_tests):
    """The features of this machine; `config` has the programs that CMake found."""
    flags = cpu_flags()
    has = {
        "models": os.path.exists(os.path.join(models, "manifest.json")),
        "avx512": {"avx512f", "avx512dq", "avx512cd", "avx512bw", "avx512vl"} <= flags,
        "avx512vpopcntdq": "avx512_vpopcntdq" in flags,
        "amx": has_tiles(flags),
        "x86-64-v3": "avx2" in flags and "fma" in flags,
        "qemu-aarch64": config.aarch64_cc.startswith("/") and config.qemu_aarch64.startswith("/"),
        "qemu-arm": config.arm_cc.startswith("/") and config.qemu_arm.startswith("/"),
        "qemu-x86-64": config.qemu_x86_64.startswith("/"),
        "qemu-system-arm": all(shutil.which(name) for name in ("qemu-system-arm", "clang-19", "ld.lld-19")),
        "torch": has_torch(config.python),
        "ort": config.node.startswith("/") and os.path.isdir(os.path.join(npm, "onnxruntime-node")),
        "onnx-node-tests": os.path.isdir(node_tests),
        "onnx-node-tests-27": os.path.isfile(newer_node_tests),
        "clang-tidy": shutil.which("clang-tidy-19") is not None,
        "clang-tsan": bool(glob.glob(os.path.join(config.llvm_tools_dir, "..", "lib", "clang", "*", "lib", "linux",
                                                  f"libclang_rt.tsan-{platform.machine()}.a"))),
        "asan": config.asan,
        "libfuzzer": config.libfuzzer,
    }
    return {feature for feature, present in has.items() if present}


def needs(source, suffixes):
    """For each test of the folder, the features that it names."""
    for path in glob.glob(f"{source}/**/*", recursive=True):
        if os.path.splitext(path)[1] not in suffixes:
            continue
        with open(path, encoding="utf-8") as file:
            lines = re.findall(r"REQUIRES: *(.*)", file.read())
        own = {name.strip() for line in lines for name in line.split(",")}
        if path.endswith(".family"):
            yield from (own | {feature} for _, feature in WAYS.values())
        else:
            yield own


def notes(features, source, suffixes, models):
    """A line for each absent feature, with the number of tests that do not run for want of it."""
    tests = list(needs(source, suffixes))
    for feature, reason in ABSENT.items():
        count = sum(feature in names for names in tests)
        if feature not in features and count:
            yield f"{reason.format(models=models)}: {count} test(s) will not run"
