# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs passes over many programs at once, and executes many in one process of its own."""
import ctypes
import dataclasses
import os
import pickle
import re
import signal
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "python"), os.path.join(HERE, "..", "twins")]
from bnn._library import ModelInfo, Tensor  # noqa: E402

MARKER = "\n// -----\n"
TIMEOUT = 120
DTYPES = {1: np.float32, 2: np.int64, 3: np.int32, 4: np.uint8, 5: np.int8, 6: np.uint8, 7: np.float64,
          8: np.float16, 9: np.uint16}


class Tools:
    """The programs that compile, and what ONNX Runtime needs."""

    def __init__(self, options):
        self.work, self.cc, self.cpu, self.bnn_opt = options.work, options.cc, options.cpu, "bnn-opt"
        self.node, self.npm = options.node, options.npm
        os.makedirs(self.work, exist_ok=True)

    def path(self, name):
        return os.path.join(self.work, name)

    def opt(self, text, passes):
        with open(self.path("passes.mlir"), "w") as file:
            file.write(text)
        try:
            return subprocess.run(
                [self.bnn_opt, self.path("passes.mlir"), "--split-input-file", "--mlir-disable-threading",
                 f"--pass-pipeline=builtin.module({','.join(passes)})"],
                capture_output=True, text=True, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess([], -signal.SIGALRM, "", f"no end after {TIMEOUT} s")

    def run_passes(self, texts, passes):
        """For each program what the passes make of it, or None, and what they say."""
        if not texts:
            return []
        done = self.opt(MARKER.join(texts), passes)
        parts = re.split(r"^// -----$", done.stdout, flags=re.MULTILINE)
        if done.returncode in (0, 1) and len(parts) == len(texts) > 1:
            return [(part.strip() + "\n", "") if part.strip() else self.run_passes([text], passes)[0]
                    for text, part in zip(texts, parts)]
        if len(texts) == 1:
            if done.returncode == 0:
                return [(done.stdout.strip() + "\n", "")]
            errors = [line for line in done.stderr.splitlines() if "error:" in line] or done.stderr.splitlines()[:20]
            return [(None, f"exit code {done.returncode}: " + "; ".join(errors)[:1000])]
        # A crash: halves of the batch, until it is alone.
        half = len(texts) // 2
        return self.run_passes(texts[:half], passes) + self.run_passes(texts[half:], passes)

    def run(self, command, **options):
        done = subprocess.run(command, capture_output=True, text=True, **options)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
        return done.stdout

    def link(self, modules):
        """A shared library of modules in the LLVM dialect; the symbols of module i begin with m<i>_."""
        lines, resources = [], []
        for i, text in enumerate(modules):
            body, blobs = renamed(text, f"m{i}_")
            lines += body.splitlines()
            resources += blobs
        # One declaration of each function of the C library.
        declared = {line: None for line in lines if re.match(r"  llvm\.func .*[^{]$", line)}
        body = "\n".join([*declared, *(line for line in lines if line not in declared)])
        module = f"module {{\n{body}\n}}\n{resource_block(resources)}"
        ir = self.run(["mlir-translate", "--mlir-to-llvmir"], input=module)
        self.run(["llc", "-O0", "-filetype=obj", "-relocation-model=pic", "-fp-contract=off", f"-mcpu={self.cpu}",
                  "-o", self.path("programs.o")], input=ir)
        library = self.path("programs.so")
        self.run([self.cc, "-shared", self.path("programs.o"), "-o", library, "-lm"])
        return library


def without_attributes(text):
    """Without what only our own entry has a use for."""
    text = re.sub(r" \{bnn\.argument = #bnn\.argument<.*?>\}(?=[,)])", "", text)
    return re.sub(r"bnn\.workspace_size = \d+ : i64(, )?", "", text)


def resource_block(entries):
    if not entries:
        return ""
    return "{-#\n  dialect_resources: {\n    builtin: {\n" + ",\n".join(entries) + "\n    }\n  }\n#-}\n"


def renamed(text, prefix):
    """The body of a module and its resources, whose names get a prefix."""
    text, _, resources = text.partition("\n{-#")
    text = re.sub(r'dense_resource<("?)', rf"dense_resource<\1{prefix}", text)
    blobs = re.findall(r'^ +("?)([^":]+"?: "0x[0-9A-Fa-f]*")', resources, re.MULTILINE)
    lines = text.strip().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("module"))
    body = "\n".join(lines[:start] + lines[start + 1:-1])
    defined = set(re.findall(r"^  llvm\.mlir\.global[^@\n]*@([\w.$]+)", body, re.MULTILINE))
    defined |= set(re.findall(r"^  llvm\.func[^@\n]*@([\w.$]+)\(.*\{$", body, re.MULTILINE))
    body = re.sub(r"@([\w.$]+)", lambda match: "@" + (prefix if match[1] in defined else "") + match[1], body)
    return body, [quote + prefix + blob for quote, blob in blobs]


@dataclasses.dataclass
class Execution:
    """One module and its calls: lists of (array, the shape that the module is told), or None.
    `outputs` are the outcomes of calls that succeeded, whose shapes a bare one needs."""
    calls: list
    bare: bool = False
    workspace: int = 0
    outputs: list = None


@dataclasses.dataclass
class Outcome:
    status: object
    outputs: list = dataclasses.field(default_factory=list)


class Entry:
    """A module by its C interface."""

    def __init__(self, library, prefix):
        describe = library[prefix + "model_describe"]
        describe.restype = ctypes.POINTER(ModelInfo)
        self.info = describe(1).contents

    def call(self, arrays, _):
        info = self.info
        outputs, keep = [], []
        for i in range(info.num_outputs):
            tensor = info.outputs[i]
            shape = [tensor.dims[axis].max for axis in range(tensor.rank)]
            size = int(np.prod(shape, dtype=np.int64)) * np.dtype(DTYPES[tensor.element_type]).itemsize
            outputs.append(np.full(max(8, size), 0x5a, np.uint8))
        tensors = (Tensor * max(1, len(arrays)))(*(as_tensor(array, shape, keep) for array, shape in arrays))
        results = (Tensor * len(outputs))(*(Tensor(a.ctypes.data) for a in outputs))
        memory = np.full(info.workspace_size + 64, 0xa5, np.uint8)
        at = -memory.ctypes.data % 64
        status = info.run(tensors, results, memory.ctypes.data + at, None)
        if status:
            return Outcome(status)
        found = []
        for i, data in enumerate(outputs):
            tensor = info.outputs[i]
            shape = tuple(results[i].shape[axis] for axis in range(tensor.rank))
            array = data.view(DTYPES[tensor.element_type])
            found.append(array[:int(np.prod(shape, dtype=np.int64))].reshape(shape).copy())
        return Outcome(status, found)


class Bare:
    """A module by the C interface that MLIR gives its function @main."""

    def __init__(self, library, prefix, workspace):
        self.function = library[prefix + "_mlir_ciface_main"]
        self.function.restype = ctypes.c_int32
        self.workspace = workspace

    def call(self, arrays, outputs):
        results = [np.full(like.nbytes, 0x5a, np.uint8).view(like.dtype).reshape(like.shape) for like in outputs]
        memory = np.full(self.workspace + 64, 0xa5, np.uint8)
        at = -memory.ctypes.data % 64
        buffers = [*(array for array, _ in arrays), *results, memory[at:at + self.workspace]]
        descriptors = [descriptor(buffer) for buffer in buffers]
        status = self.function(*(ctypes.c_void_p(d.ctypes.data) for d in descriptors))
        return Outcome(status, results if status == 0 else [])


def as_tensor(array, shape, keep):
    array = np.ascontiguousarray(array)
    keep.append(array)
    return Tensor(array.ctypes.data, (ctypes.c_int64 * 8)(*shape))


def descriptor(array):
    """MLIR's: allocated and aligned pointers, offset, sizes, strides in elements."""
    strides = [stride // array.itemsize for stride in array.strides]
    return np.array([array.ctypes.data, array.ctypes.data, 0, *array.shape, *strides], np.int64)


def run_all(path, executions, start, write):
    library = ctypes.CDLL(path)
    for i, execution in list(enumerate(executions))[start:]:
        if execution is None:
            write(i, [])
            continue
        runner = Bare(library, f"m{i}_", execution.workspace) if execution.bare else Entry(library, f"m{i}_")
        outcomes = []
        for j, arrays in enumerate(execution.calls):
            write(i, None)
            outcomes.append(Outcome(None) if arrays is None else
                            runner.call(arrays, execution.outputs and execution.outputs[j].outputs))
        write(i, outcomes)


def execute(path, executions):
    """The outcomes of each execution's calls, in a child process: a list, or what killed it."""
    found = [None] * len(executions)
    start = 0
    while start < len(executions):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            with os.fdopen(writer, "wb") as file:
                signal.alarm(TIMEOUT)

                def write(index, outcomes):
                    pickle.dump((index, outcomes), file)
                    file.flush()
                code = 1
                try:
                    run_all(path, executions, start, write)
                    code = 0
                finally:
                    os._exit(code)
        os.close(writer)
        at = start
        with os.fdopen(reader, "rb") as file:
            while True:
                try:
                    index, outcomes = pickle.load(file)
                except (EOFError, pickle.UnpicklingError):
                    break
                at = index
                if outcomes is not None:
                    found[index] = outcomes
                    at = index + 1
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if at < len(executions):
            found[at] = f"execution ends with {signal.Signals(-code).name if code < 0 else code}"
        start = at + 1 if at < len(executions) else at
    return found
