# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From an ONNX model to an object file and a C header."""
import ctypes
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import tempfile
import warnings

from bnn import _library

_SEVERITIES = {1: "error", 2: "warning", 3: "remark", 4: "note"}


@dataclasses.dataclass(frozen=True)
class Diagnostic:
    """Something that the compiler said about a model.

    `severity` is "error", "warning" or "remark"; `file` and `node` are "", `line` and `column`
    0, where it is about none; `notes` are the messages that belong to it.
    """
    severity: str
    message: str
    file: str = ""
    node: str = ""
    line: int = 0
    column: int = 0
    notes: tuple = ()

    def __str__(self):
        where = f"{self.file}: " if self.file else ""
        notes = "".join(f"\n  note: {note}" for note in self.notes)
        return f"{where}{self.severity}: {self.message}{notes}"


class CompileError(Exception):
    """The compiler refused a model. `diagnostics` is the list of all that it said."""

    def __init__(self, diagnostics):
        self.diagnostics = list(diagnostics)
        errors = [d for d in self.diagnostics if d.severity == "error"]
        super().__init__("\n".join(map(str, errors or self.diagnostics))
                         or "the compiler failed and did not say why")


@dataclasses.dataclass(frozen=True)
class Artifact:
    """A compiled model: `object`, the bytes of an object file; `header`, the text of the C header
    that goes with it; `prefix`, what its C symbols begin with; what it was compiled for; and
    what the compiler said, errors excepted."""
    object: bytes = dataclasses.field(repr=False)
    header: str = dataclasses.field(repr=False)
    prefix: str
    target: str
    mcpu: str
    diagnostics: tuple = ()

    def save(self, path):
        """Writes the object to `path`, and the header beside it, as bnn-opt does: both, or on
        failure (an OSError) neither. Returns the path."""
        path, header = _places(path)
        _replace_files({path: self.object, header: self.header.encode()})
        return path


def _replace_files(contents):
    """Replaces each file by its bytes, as a whole: all of them, or on failure (an OSError) none."""
    parts = []
    try:
        for path, content in contents.items():
            # The last moment at which nothing has changed.
            if path.is_dir():
                raise IsADirectoryError(f"{path} is a folder")
            handle, part = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
            parts.append((part, path))
            with open(handle, "wb") as file:
                file.write(content)
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(part, 0o666 & ~umask)
        for part, path in parts:
            os.replace(part, path)
    except BaseException:
        for part, _ in parts:
            pathlib.Path(part).unlink(missing_ok=True)
        raise


def _is_same(path, other):
    """Whether two paths are one file, however they are spelt, or would be if it were there."""
    try:
        return os.path.samefile(path, other)
    except OSError:
        return os.path.realpath(path) == os.path.realpath(other)


def _places(path, model=None):
    """Where an object and its header go. Raises an OSError where they would replace each other
    or the model."""
    path = pathlib.Path(path)
    places = path, path.with_suffix(".h")
    if _is_same(*places):
        raise FileExistsError(f"{path}: the object and its header would go to the same file")
    if isinstance(model, (str, os.PathLike)):
        for place in places:
            if _is_same(place, model):
                raise FileExistsError(f"{place} would replace the model")
    return places


def _dims(shape):
    return "x".join("?" if size in (None, -1) else str(size) for size in shape)


def _arguments(*, target=None, mcpu=None, mattr=None, strategy=None, prefix=None,
               input_shapes=None, max_dims=None, opt_level=3, reference=False, report=False,
               prune=None, require_binary=False, require_quantized=False, allow_float=()):
    """The options as bnn-opt takes them on its command line."""
    values = {"mtriple": target, "mcpu": mcpu, "mattr": mattr, "strategy": strategy,
              "prefix": prefix, "prune": None if prune is None else os.fspath(prune)}
    flags = {"reference": reference, "report=json": report, "require-binary": require_binary,
             "require-quantized": require_quantized}
    return [*(f"--{name}={value}" for name, value in values.items() if value is not None),
            *(f"--{name}" for name, is_set in flags.items() if is_set),
            *(f"--input-shape={name}:{_dims(shape)}"
              for name, shape in (input_shapes or {}).items()),
            *(f"--max-dim={name}:{size}" for name, size in (max_dims or {}).items()),
            *(f"--allow-float={pattern}" for pattern in allow_float), f"-O{opt_level}"]


def _diagnostics(library, handle):
    """What bnn_compilation_diagnostic says, as a list; notes with what they belong to."""
    found = []
    index = 0
    while pointer := library.bnn_compilation_diagnostic(handle, index):
        index += 1
        said = pointer.contents
        message = said.message.decode(errors="replace")
        if said.severity == 4 and found:
            found[-1] = dataclasses.replace(found[-1], notes=found[-1].notes + (message,))
            continue
        found.append(Diagnostic(_SEVERITIES[said.severity], message, os.fsdecode(said.file),
                                said.node.decode(errors="replace"), said.line, said.column))
    return found


class _ModelFile:
    """A path to a model, which may be given as its bytes or as an onnx.ModelProto instead."""

    def __init__(self, model):
        self.folder = None
        if hasattr(model, "SerializeToString"):
            model = model.SerializeToString()
        if isinstance(model, (bytes, bytearray, memoryview)):
            self.folder = tempfile.TemporaryDirectory(prefix="bnn-")
            self.path = os.path.join(self.folder.name, "model.onnx")
            with open(self.path, "wb") as file:
                file.write(model)
        else:
            self.path = os.fspath(model)

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        if self.folder:
            self.folder.cleanup()


def _compile(model, options):
    """(the artifact, the report's text or None)."""
    library = _library.library()
    arguments = [os.fsencode(argument) for argument in _arguments(**options)]
    with _ModelFile(model) as path:
        _library.trim()
        handle = library.bnn_compile(os.fsencode(path), len(arguments),
                                     (ctypes.c_char_p * len(arguments))(*arguments))
    if not handle:
        raise MemoryError("no memory to compile in")
    try:
        diagnostics = _diagnostics(library, handle)
        if not library.bnn_compilation_succeeded(handle):
            raise CompileError(diagnostics)
        size = ctypes.c_size_t()
        code = library.bnn_compilation_object(handle, ctypes.byref(size))
        artifact = Artifact(ctypes.string_at(code, size.value),
                            library.bnn_compilation_header(handle).decode(),
                            library.bnn_compilation_prefix(handle).decode(),
                            library.bnn_compilation_triple(handle).decode(),
                            library.bnn_compilation_cpu(handle).decode(), tuple(diagnostics))
        report_text = library.bnn_compilation_report(handle)
    finally:
        library.bnn_compilation_free(handle)
        _library.trim()
    for diagnostic in diagnostics:
        if diagnostic.severity == "warning":
            warnings.warn(str(diagnostic), stacklevel=3)
    return artifact, report_text


def compile(model, *, target=None, mcpu=None, output=None, mattr=None, strategy=None, prefix=None,
            input_shapes=None, max_dims=None, opt_level=3, reference=False, require_binary=False,
            require_quantized=False, allow_float=(), prune=None):
    """Compiles an ONNX model and returns an `Artifact`, which a `Session` runs.

    model: the path of an ONNX file, or its bytes, or an onnx.ModelProto.
    target, mcpu, mattr: the triple, CPU and features to compile for, as bnn-opt's --mtriple,
        --mcpu and --mattr. Nothing means this machine; a `target` alone means the oldest
        supported CPU of it.
    output: where to write the object as well, and beside it the header.
    prefix: what the C symbols begin with; from the file's name when not given.
    input_shapes: {input: shape}, which become static; None in a shape keeps a dimension.
    max_dims: {symbol: size}, the declared maxima of symbolic dimensions.
    opt_level: 0 to 3, LLVM's.
    require_binary, allow_float: refuse a model whose linears are not all binary, those excepted
        whose names match a pattern; require_quantized accepts 8-bit integers as well.
    prune: the path of a record of `bnn.prune`, by which the model is cut; it is of this model.
    reference, strategy: the reference lowering, or a kernel strategy by name.

    Raises a `CompileError` with the compiler's diagnostics, and an OSError where `output` cannot
    be written; warns, with Python's warnings, of what the compiler warns of. Other threads run
    meanwhile.
    """
    if output is not None:
        _places(output, model)
    artifact, _ = _compile(model, dict(
        target=target, mcpu=mcpu, mattr=mattr, strategy=strategy, prefix=prefix,
        input_shapes=input_shapes, max_dims=max_dims, opt_level=opt_level, reference=reference,
        require_binary=require_binary, require_quantized=require_quantized,
        allow_float=allow_float, prune=prune))
    if output is not None:
        artifact.save(output)
    return artifact


def report(model, **options):
    """What becomes of each layer of a model: the dict that `bnn-opt --report=json` writes, whose
    fields docs/what-becomes-binary.md describes. `model` and `options` are those of `compile`,
    `output` excepted, and so are the errors.
    """
    _, text = _compile(model, {**options, "report": True})
    return json.loads(text)


# As in "model.onnx:0:0: error: cannot read the model" and "bnn-opt: error: ...".
_SAID = re.compile(r"(?P<file>.*?)(?P<place>:\d+:\d+)?: (?P<severity>error|warning|remark|note): "
                   r"(?P<message>.*)")


def _read_diagnostics(text):
    """What bnn-opt wrote to its standard error, as a list."""
    found = []
    for line in text.splitlines():
        said = _SAID.fullmatch(line)
        if not said:
            found.append(Diagnostic("error", line))
        elif said["severity"] == "note" and found:
            found[-1] = dataclasses.replace(found[-1],
                                            notes=found[-1].notes + (said["message"],))
        else:
            found.append(Diagnostic(said["severity"], said["message"],
                                    said["file"] if said["place"] else ""))
    return found


def estimate(model, cpus, **options):
    """What a run of a model would cost on CPUs that need not be here, by LLVM's models of them.

    cpus: the name of a CPU, or a list of names; "native" is this machine's.
    model, options: those of `compile`, `output` and `mcpu` excepted. Every shape must be fixed,
        by `input_shapes` where the model leaves one open.

    Returns the list that `bnn-opt --estimate` writes as JSON, a dict for each CPU: "cpu", "triple",
    the "cycles" and the "ms" of all, and of each of its "operations". docs/profiling.md says what
    the numbers leave out. Raises a `CompileError`, also where LLVM has no model of a CPU.
    """
    names = [cpus] if isinstance(cpus, str) else list(cpus)
    with _ModelFile(model) as path:
        done = subprocess.run(
            [_library.tool("bnn-opt"), os.path.abspath(path), *_arguments(**options),
             f"--estimate={','.join(names)}", "--estimate-format=json"],
            capture_output=True, text=True, errors="replace", check=False)
    diagnostics = _read_diagnostics(done.stderr)
    if done.returncode:
        raise CompileError(diagnostics)
    for diagnostic in diagnostics:
        if diagnostic.severity == "warning":
            warnings.warn(str(diagnostic), stacklevel=2)
    return json.loads(done.stdout)
