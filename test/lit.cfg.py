# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# How lit finds and runs the tests of this folder; what the machine has is in features.py.
import glob
import os
import platform
import sys
import threading

source = os.path.join(config.bnn_source_dir, "test")
sys.dont_write_bytecode = True
sys.path.insert(0, source)
import features  # noqa: E402
from e2e.ways import FamilyFormat  # noqa: E402

config.name = "bnn-mlir"
config.test_format = FamilyFormat(execute_external=False)
config.suffixes = [".mlir", ".test", ".family"]
# A test that hangs fails, and says which it is; to end it with its children, lit asks psutil.
if lit_config.maxIndividualTestTimeIsSupported[0] and not lit_config.maxIndividualTestTime:
    lit_config.maxIndividualTestTime = 1500


class DaemonTimer(threading.Timer):
    """lit does not cancel a test's timer where a command of the test is not there, and would wait
    for it before it ends."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.daemon = True


threading.Timer = DaemonTimer
# The longest start first, or a core would wait at the end: where no run has left its times yet, lit
# takes them from .lit_test_times.txt beside this file.
config.excludes = ["Inputs", "CMakeLists.txt", "regressions"]
config.test_source_root = source
config.test_exec_root = os.path.join(config.bnn_build_dir, "test")

config.environment["PATH"] = os.pathsep.join([
    # What check-bnn-static has built. Other runs of lit could meet old ones.
    *([os.path.join(config.bnn_build_dir, "static")] if "static_tools" in lit_config.params else []),
    os.path.join(config.bnn_build_dir, "bin"),
    config.llvm_tools_dir,
    os.environ.get("PATH", ""),
])
if config.asan:
    # The commands of the documents say `cc`.
    config.environment["PATH"] = os.path.dirname(config.cc) + os.pathsep + config.environment["PATH"]
# Most processes live for less than a second, a tenth of it for pages that malloc touches first: let
# it have large ones.
config.environment["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1"
# The tests' own Python modules are read in place; leave nothing beside them.
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
if config.asan:
    # MLIR's uniquer keeps what it made until the process ends. LLVM's packages are not instrumented:
    # they do not say which part of a container or of an allocator's slab is in use.
    config.environment["ASAN_OPTIONS"] = "detect_leaks=0:detect_container_overflow=0:allow_user_poisoning=0"
    config.environment["UBSAN_OPTIONS"] = "print_stacktrace=1"


def substitute(name, value):
    """%name in a test; only as a whole word, so that %cc is not read into %ccache."""
    config.substitutions.append((f"%{name}\\b", value))


# The model fixtures lie beside the checkout and are read in place.
models = os.environ.get("BNN_MODELS") or os.path.normpath(
    os.path.join(config.bnn_source_dir, "..", "shared", "models"))
# `tools/dev setup` installs ONNX Runtime in its own build folder.
npm = os.path.join(config.bnn_source_dir, "build", "npm", "node_modules")
# Debian's package libonnx-testdata.
node_tests = "/usr/share/libonnx-testdata/data/node"

# Those of opset 27 lie beside the checkout, packed.
newer_node_tests = os.path.normpath(
    os.path.join(config.bnn_source_dir, "..", "shared", "onnx-nodes", "opset27.tar.xz"))

substitute("python", config.python)
substitute("source", config.bnn_source_dir)
substitute("build", config.bnn_build_dir)
substitute("cxx", config.cxx)
substitute("llvm_include", config.llvm_include)
substitute("models", models)
substitute("own_models", os.path.join(source, "models"))
substitute("e2e", os.path.join(source, "e2e"))
substitute("generator", os.path.join(source, "generator"))
substitute("guard", os.path.join(source, "guard"))
substitute("cc", config.cc)
substitute("aarch64_cc", config.aarch64_cc)
substitute("arm_cc", config.arm_cc)
substitute("qemu_aarch64", config.qemu_aarch64)
substitute("qemu_arm", config.qemu_arm)
substitute("qemu_x86_64", config.qemu_x86_64)
substitute("npm", npm)
substitute("onnx_node_tests", node_tests)
substitute("newer_node_tests", newer_node_tests)
ort_libraries = glob.glob(os.path.join(npm, "onnxruntime-node", "bin", "napi-v*", "linux",
                                       {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), ""),
                                       "libonnxruntime.so*"))
substitute("ort_library", ort_libraries[0] if ort_libraries else "none")
substitute("soak_seconds", os.environ.get("BNN_SOAK_SECONDS", "5"))
substitute("runtime_include", os.path.join(config.bnn_source_dir, "include"))
substitute("build_lib", os.path.join(config.bnn_build_dir, "lib"))

config.available_features.update(features.find(config, models, npm, node_tests, newer_node_tests))
for note in features.notes(config.available_features, source, config.suffixes, models):
    lit_config.note(note)
