# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""include/bnn/compiler.h and include/bnn/types.h through ctypes: where the library is, its
structs and its functions. Calls through ctypes release the interpreter's lock."""
import ctypes
import functools
import os
import pathlib
import shutil
from ctypes import POINTER, Structure, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, \
    c_void_p

ABI_VERSION = 1
API_VERSION = 2
MAX_RANK = 8
NAME = "libbnn_compiler.so"


class Diagnostic(Structure):
    _fields_ = [("severity", c_int32), ("line", c_uint32), ("column", c_uint32),
                ("message", c_char_p), ("file", c_char_p), ("node", c_char_p)]


class Tensor(Structure):
    _fields_ = [("data", c_void_p), ("shape", c_int64 * MAX_RANK)]


class Dim(Structure):
    _fields_ = [("name", c_char_p), ("max", c_int64)]


class TensorInfo(Structure):
    _fields_ = [("name", c_char_p), ("dims", POINTER(Dim)), ("rank", c_int32),
                ("element_type", c_int32)]


RunFunction = ctypes.CFUNCTYPE(c_int32, POINTER(Tensor), POINTER(Tensor), c_void_p, c_void_p)


class ModelInfo(Structure):
    _fields_ = [("abi_version", c_uint32), ("num_inputs", c_uint32), ("num_outputs", c_uint32),
                ("reserved", c_uint32), ("name", c_char_p), ("inputs", POINTER(TensorInfo)),
                ("outputs", POINTER(TensorInfo)), ("workspace_size", c_size_t),
                ("workspace_alignment", c_size_t), ("required_cpu_features", c_uint64),
                ("target_triple", c_char_p), ("target_cpu", c_char_p), ("run", RunFunction)]


_FUNCTIONS = {
    "bnn_compiler_api_version": (c_uint32, []),
    "bnn_compile": (c_void_p, [c_char_p, c_size_t, POINTER(c_char_p)]),
    "bnn_compilation_succeeded": (c_int32, [c_void_p]),
    "bnn_compilation_object": (c_void_p, [c_void_p, POINTER(c_size_t)]),
    "bnn_compilation_header": (c_char_p, [c_void_p]),
    "bnn_compilation_report": (c_char_p, [c_void_p]),
    "bnn_compilation_triple": (c_char_p, [c_void_p]),
    "bnn_compilation_cpu": (c_char_p, [c_void_p]),
    "bnn_compilation_prefix": (c_char_p, [c_void_p]),
    "bnn_compilation_diagnostic": (POINTER(Diagnostic), [c_void_p, c_size_t]),
    "bnn_compilation_free": (None, [c_void_p]),
    "bnn_load_object": (c_void_p, [c_char_p, c_size_t, c_char_p, POINTER(c_void_p)]),
    "bnn_load_file": (c_void_p, [c_char_p, c_char_p, POINTER(c_void_p)]),
    "bnn_loaded_model_info": (POINTER(ModelInfo), [c_void_p]),
    "bnn_loaded_model_free": (None, [c_void_p]),
    "bnn_free_string": (None, [c_void_p]),
    "bnn_status_string": (c_char_p, [c_int32]),
}


def _candidates():
    """Where the library may be, best first: BNN_PREFIX (an installation or a build folder); the
    build folder of the checkout that this package lies in, or was installed from; beside the
    bnn-opt on the PATH."""
    prefix = os.environ.get("BNN_PREFIX")
    if prefix:
        # What is asked for by name is not replaced by another one.
        return [path / NAME for path in sorted(pathlib.Path(prefix).glob("lib*"))
                ] + sorted(pathlib.Path(prefix).glob(f"lib/*/{NAME}"))
    found = [pathlib.Path(__file__).resolve().parents[2] / "build" / "lib" / NAME]
    try:
        from bnn._checkout import BUILD
        found.append(pathlib.Path(BUILD) / "lib" / NAME)
    except ImportError:
        pass
    tool = shutil.which("bnn-opt")
    if tool:
        home = pathlib.Path(tool).resolve().parents[1]
        found += [home / "lib" / NAME, *sorted(home.glob(f"lib/*/{NAME}"))]
    return found


@functools.cache
def _path():
    """Where the library is. Fails with an ImportError that says where it was looked for."""
    candidates = _candidates()
    for path in candidates:
        if path.is_file():
            return path
    raise ImportError(
        f"the compiler, {NAME}, is not built, or not where it is looked for: "
        f"{', '.join(map(str, candidates)) or os.environ['BNN_PREFIX']}. Build it with "
        "tools/dev build, or set BNN_PREFIX to where it is installed")


def tool(name):
    """The path of a program that is built or installed with the library. Fails with an ImportError
    that says where it was looked for."""
    places = [folder / "bin" / name for folder in _path().resolve().parents[1:3]]
    for place in places:
        if place.is_file():
            return place
    raise ImportError(f"{name} is not beside the compiler's library, at "
                      f"{' or '.join(map(str, places))}: build or install all of it")


@functools.cache
def library():
    """The loaded library. Fails with an ImportError that says where it was looked for."""
    path = _path()
    loaded = ctypes.CDLL(str(path))
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    version = loaded.bnn_compiler_api_version()
    if version != API_VERSION:
        raise ImportError(f"{path} has version {version} of its interface and this package wants "
                          f"{API_VERSION}: build both from the same sources")
    return loaded


@functools.cache
def _malloc_trim():
    """glibc's function of that name; None with another C library."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None


def trim():
    """Gives back to the system what is free of this process's memory: after a large model has been
    compiled glibc keeps about its size for itself."""
    function = _malloc_trim()
    if function:
        function(0)
