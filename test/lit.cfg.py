# How lit finds and runs the tests of this folder.
import glob
import os
import platform
import re
import subprocess

import lit.formats

source = os.path.join(config.bnn_source_dir, "test")

config.name = "bnn-mlir"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "CMakeLists.txt"]
config.test_source_root = source
config.test_exec_root = os.path.join(config.bnn_build_dir, "test")

config.environment["PATH"] = os.pathsep.join([
    os.path.join(config.bnn_build_dir, "bin"),
    config.llvm_tools_dir,
    os.environ.get("PATH", ""),
])
# The tests' own Python modules are read in place; leave nothing beside them.
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
if config.asan:
    config.available_features.add("asan")
    # MLIR's uniquer keeps what it made until the process ends.
    config.environment["ASAN_OPTIONS"] = "detect_leaks=0"


def substitute(name, value):
    """%name in a test; only as a whole word, so that %cc is not read into %ccache."""
    config.substitutions.append((f"%{name}\\b", value))


# The model fixtures lie beside the checkout and are read in place.
models = os.environ.get("BNN_MODELS") or os.path.normpath(
    os.path.join(config.bnn_source_dir, "..", "shared", "models"))
# `tools/dev setup` installs ONNX Runtime in its own build folder.
npm = os.path.join(config.bnn_source_dir, "build", "npm", "node_modules")

substitute("python", config.python)
substitute("source", config.bnn_source_dir)
substitute("build", config.bnn_build_dir)
substitute("cxx", config.cxx)
substitute("llvm_include", config.llvm_include)
substitute("models", models)
substitute("own_models", os.path.join(source, "models"))
substitute("e2e", os.path.join(source, "e2e"))
substitute("generator", os.path.join(source, "generator"))
substitute("cc", config.cc)
substitute("aarch64_cc", config.aarch64_cc)
substitute("arm_cc", config.arm_cc)
substitute("qemu_aarch64", config.qemu_aarch64)
substitute("qemu_arm", config.qemu_arm)
substitute("qemu_x86_64", config.qemu_x86_64)
substitute("npm", npm)
ort_libraries = glob.glob(os.path.join(npm, "onnxruntime-node", "bin", "napi-v*", "linux",
                                       {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), ""),
                                       "libonnxruntime.so*"))
substitute("ort_library", ort_libraries[0] if ort_libraries else "none")
substitute("runtime_include", os.path.join(config.bnn_source_dir, "include"))
substitute("build_lib", os.path.join(config.bnn_build_dir, "lib"))


def cpu_flags():
    try:
        with open("/proc/cpuinfo") as file:
            return set(re.findall(r"\w+", file.read()))
    except OSError:
        return set()


flags = cpu_flags()
if "avx512_vpopcntdq" in flags:
    config.available_features.add("avx512vpopcntdq")
if "avx2" in flags and "fma" in flags:
    config.available_features.add("x86-64-v3")
if config.aarch64_cc.startswith("/") and config.qemu_aarch64.startswith("/"):
    config.available_features.add("qemu-aarch64")
if config.arm_cc.startswith("/") and config.qemu_arm.startswith("/"):
    config.available_features.add("qemu-arm")
if config.qemu_x86_64.startswith("/"):
    config.available_features.add("qemu-x86-64")
if config.node.startswith("/") and os.path.isdir(os.path.join(npm, "onnxruntime-node")):
    config.available_features.add("ort")
if subprocess.run([config.python, "-c", "import importlib.util as util, sys; "
                   "sys.exit(not util.find_spec('torch'))"]).returncode == 0:
    config.available_features.add("torch")
if os.path.exists(os.path.join(models, "manifest.json")):
    config.available_features.add("models")


def announce(feature, what):
    """Says how many tests will not run for want of `feature`."""
    if feature in config.available_features:
        return
    tests = [path for suffix in config.suffixes
             for path in glob.glob(f"{source}/**/*{suffix}", recursive=True)
             if re.search(rf"REQUIRES:.*\b{feature}\b", open(path).read())]
    if tests:
        lit_config.note(f"{what}: {len(tests)} test(s) will not run")


announce("models", f"no model fixtures at {models} (BNN_MODELS names another place)")
announce("avx512vpopcntdq", "this CPU has no AVX-512 VPOPCNTDQ")
announce("x86-64-v3", "this CPU is older than x86-64-v3")
announce("qemu-aarch64", "no qemu-aarch64 or no cross compiler for it")
announce("qemu-x86-64", "no qemu-x86_64")
announce("torch", "no torch for Python")
announce("ort", "no ONNX Runtime (tools/dev setup installs it)")
