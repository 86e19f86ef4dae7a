# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is validated, and how: each pass and each phase of the compiler.

A subject stands in a pipeline: `prefix` leads a program to it. The IR that the prefix leaves goes on
by the passes `before`, and what the subject makes of it by the passes `after`; both end in the LLVM
dialect and are executed. Wherever that is possible, both are the reference lowering. Late passes that
the reference lowering has no way around are compared with what is theirs to replace:

- kernels, which read packed bits, with the reference lowering of what is not packed yet: `approach`
  leads from one to the other;
- a plan of the workspace and the C interface, with a call of the function itself, whose buffers are
  the heap's (`bare`);
- bnn-lower-checks, with the program whose checks are erased; each call's status is known to the
  generator;
- bnn-expand-math, with the functions of the C library;
- bnn-prepare-entry, with buffers that the generator writes itself;
- onnx-to-linalg, which is the only meaning that the dialect has here, with ONNX Runtime, which also
  says which calls onnx-insert-checks is to let pass.

The relations, from the strictest:

- SAME_TEXT: the pass changes nothing, or nothing but an attribute; there is nothing to execute;
- BYTES: every call has the same status, and its outputs the same bytes, where a NaN is a NaN: all
  passes promise that save those below (docs/Rationale.md: the reference lowering is the meaning, and
  one order of additions);
- REFINES: the same for each call that succeeds after the pass; what stands before it may not be
  called with anything else, because it checks nothing;
- REFEREE: what ONNX Runtime says, within rounding;
- CLOSE: floats within rounding: passes that replace floats by exact integers, statistics of weights
  summed in double, and functions of the C library. Where a sign lies within rounding of 0, one of a
  program's calls may differ.
"""
import dataclasses
import re
import subprocess

SAME_TEXT, BYTES, REFINES, REFEREE, CLOSE = "same text", "bytes", "refines", "referee", "close"


@dataclasses.dataclass
class Subject:
    """`source` is the kind of programs; `make_before` and `make_after` rewrite what is lowered, or
    `make_before` is True where the program has a text of its own for that."""
    name: str
    source: str
    prefix: list
    passes: list
    before: list
    after: list
    relation: str = BYTES
    bare: tuple = (False, False)
    make_before: object = None
    make_after: object = None
    approach: list = dataclasses.field(default_factory=list)
    statuses_of_referee: bool = False
    turns: int = 1  # how many programs it has where others have one: most leave some passes nothing to do


def name_of(text):
    """The name of a pass in the text of a pipeline."""
    return re.sub(r"^func\.func\(|[{)].*$", "", text)


def split_passes(text):
    """The passes of a module's pipeline."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "({") - (letter in ")}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


class Pipeline:
    """The passes of each phase, as the compiler says that they are."""

    PHASES = ["fold", "raise", "fuse", "pack", "bufferize", "tile", "llvm"]

    def __init__(self, bnn_opt, reference):
        option = f"=reference={str(reference).lower()}"
        said = subprocess.run([bnn_opt, "--dump-pass-pipeline", *(f"--bnn-phase-{p}{option}" for p in self.PHASES)],
                              input="", capture_output=True, text=True).stderr
        inner = re.search(r"^builtin\.module\((.*)\)$", said, re.MULTILINE)[1]
        self.phases, passes = {}, []
        for text in split_passes(inner):
            if name_of(text) != "bnn-mark-phase":
                passes.append(text)
                continue
            self.phases[re.search(r"phase=(\w+)", text)[1]] = passes
            passes = []
        assert list(self.phases) == self.PHASES, self.phases
        # Its options are not all in the text.
        self.phases["bufferize"] = [f"bnn-phase-bufferize{{reference={str(reference).lower()}}}"]

    def __call__(self, *phases):
        return [text for phase in phases for text in self.phases[phase]]


def until(passes, name):
    """Those in front of a pass, and those from it on."""
    at = [name_of(text) for text in passes].index(name)
    return passes[:at], passes[at:]


def without(passes, *names):
    return [text for text in passes if name_of(text) not in names]


ON_FUNCTIONS = "func.func({})"
BARE = ON_FUNCTIONS.format("llvm-request-c-wrappers")


def bare(passes):
    """The pipeline without the workspace's plan and the C interface: MLIR's own is asked for."""
    at = [name_of(text) for text in passes].index("bnn-lower-checks")
    return without(passes[:at], "bnn-plan-workspace", "bnn-emit-entry") + [BARE] + passes[at:]


def erase_checks(text):
    return re.sub(r"^ *bnn\.return_unless .*\n", "", text, flags=re.MULTILINE)


def registered(bnn_opt):
    """The passes and pipelines of this compiler that bnn-opt has."""
    said = subprocess.run([bnn_opt, "--help"], capture_output=True, text=True).stdout
    return set(re.findall(r"^ +--((?:bnn|onnx)-[\w-]+) ", said, re.MULTILINE))


def make_subjects(bnn_opt):
    """The table, made of the pipelines that the compiler runs."""
    ours, plain = Pipeline(bnn_opt, False), Pipeline(bnn_opt, True)
    return {subject.name: subject for subject in
            [*of_graphs(ours, plain), *of_tensors(ours, plain), *of_buffers(ours, plain), *of_entries(ours, plain)]}


def of_graphs(ours, plain):
    """Passes over the onnx dialect. The reference lowering of a graph is that of its linalg."""
    fold, checks, *_ = ours("fold")
    raising = ours("raise")[:1]
    to_linalg = without(ours("raise"), "bnn-raise")
    rest = to_linalg + plain("bufferize", "tile", "llvm")
    checked = [checks, "cse"]

    def subject(name, prefix, passes, before, after=None, **more):
        return Subject(name, "onnx", prefix, passes, before, before if after is None else after, **more)
    yield subject("onnx-fold", [], [fold], checked + rest, relation=CLOSE)
    yield subject("onnx-insert-checks", [fold], [checks], ["cse"] + rest, relation=REFINES, statuses_of_referee=True)
    yield subject("onnx-to-linalg", ours("fold"), to_linalg[:1], [], rest[1:], relation=REFEREE)
    yield subject("bnn-phase-fold", [], ["bnn-phase-fold"], checked + rest, rest, relation=CLOSE)
    yield subject("bnn-raise", ours("fold"), raising, rest, relation=CLOSE)
    yield subject("bnn-phase-raise", ours("fold"), ["bnn-phase-raise"], rest, plain("bufferize", "tile", "llvm"),
                  relation=CLOSE)
    whole = ours("fold", "raise", "fuse", "pack", "bufferize", "tile", "llvm")
    for name, turns in (("bnn-tile-products", 2), ("bnn-tile-transposes", 2),
                        ("bnn-vectorize-elementwise", 1)):
        prefix, following = until(whole, name)
        yield subject(name, prefix, following[:1], following[1:], turns=turns)
    recorded = [raising[0].replace("record-layers=false", "record-layers=true")]
    yield subject("bnn-require-binary", ours("fold") + recorded,
                  [ON_FUNCTIONS.format("bnn-require-binary{allow-float=*}")], rest, relation=SAME_TEXT)


def of_tensors(ours, plain):
    rest = plain("bufferize", "tile", "llvm")
    for name in ("bnn-fuse-elementwise", "bnn-fuse", "bnn-fold-thresholds", "bnn-sink-to-uses",
                 "bnn-update-in-place"):
        prefix, following = until(ours("fuse"), name)
        yield Subject(name, "fused", prefix, following[:1], rest, rest)
    yield Subject("canonicalize", "bnn", [], ["canonicalize"], rest, rest)
    yield Subject("cse", "bnn", [], ["cse"], rest, rest)
    yield Subject("bnn-phase-fuse", "fused", [], ["bnn-phase-fuse"], rest, rest)
    yield Subject("bnn-mark-phase", "bnn", [], ["bnn-mark-phase{phase=raise}"], rest, rest, SAME_TEXT,
                  make_after=lambda text: text.replace(", bnn.phase = #bnn.phase<done = raise>", ""))
    packed = ours("bufferize", "tile", "llvm")
    yield Subject("bnn-pack", "bnn", ours("fuse"), ours("pack"), rest, packed)
    yield Subject("bnn-phase-pack", "bnn", ours("fuse"), ["bnn-phase-pack"], rest, packed)
    # No program has a tensor of no elements that is known to be one.
    yield Subject("bnn-drop-empty-reshapes", "fused", ours("fuse"),
                  [ON_FUNCTIONS.format("bnn-drop-empty-reshapes")], rest, rest, SAME_TEXT)
    yield Subject("bnn-phase-bufferize", "bnn", ours("fuse"), ["bnn-phase-bufferize"], rest, plain("tile", "llvm"))
    yield Subject("bnn-prepare-entry", "bnn", [], ["bnn-prepare-entry"], rest, rest, make_before=True,
                  make_after=lambda text: text.replace("@main(", "@entry("))


def of_buffers(ours, plain):
    unpacked = ours("fuse", "bufferize")
    packing = ours("pack", "bufferize")
    rest = plain("tile", "llvm")
    whole = plain("bufferize") + rest
    yield Subject("bnn-instrument", "bnn", unpacked, ["bnn-instrument"], rest, rest)
    # The scratch memory of the reference lowering is within the functions now.
    outlined = rest[:1] + ["bnn-hoist-scratch"] + rest[1:]
    yield Subject("bnn-outline-kernels", "bnn", unpacked, ["bnn-outline-kernels"], rest, outlined)
    yield Subject("bnn-lower-reference", "bnn", ours("fuse"), ["bnn-lower-reference"],
                  packing + ours("tile", "llvm"), rest[1:], approach=ours("bufferize"))
    outlining, lowering = until(ours("tile"), "bnn-lower-kernels")
    yield Subject("bnn-lower-kernels", "bnn", ours("fuse"), lowering[:1], whole, lowering[1:] + ours("llvm"),
                  approach=packing + outlining)
    yield Subject("bnn-phase-tile", "bnn", ours("fuse"), ["bnn-phase-tile"], whole, ours("llvm"), approach=packing)
    scratch, hoisting = until(ours("tile"), "bnn-hoist-scratch")
    reducing, following = until(ours("tile"), "bnn-reduce-divisions")
    yield Subject("bnn-reduce-divisions", "bnn", ours("fuse") + packing + reducing, following[:1],
                  bare(following[1:] + ours("llvm")), following[1:] + ours("llvm"), REFINES, (True, False), turns=2)
    tabulating, following = until(ours("tile"), "bnn-tabulate-bytes")
    yield Subject("bnn-tabulate-bytes", "stepped", ours("fuse") + packing + tabulating, following[:1],
                  bare(following[1:] + ours("llvm")), following[1:] + ours("llvm"), REFINES, (True, False))
    yield Subject("bnn-hoist-scratch", "scratch", ours("fuse") + packing + scratch, hoisting[:1],
                  bare(hoisting[1:] + ours("llvm")), hoisting[1:] + ours("llvm"), REFINES, (True, False))


def of_entries(ours, plain):
    whole = plain("bufferize", "tile", "llvm")
    for name in ("bnn-plan-workspace", "bnn-emit-entry"):
        prefix, following = until(whole, name)
        yield Subject(name, "bnn", prefix, following[:1], bare(following[1:]), following[1:], REFINES, (True, False))
    prefix, following = until(whole, "bnn-lower-checks")
    yield Subject("bnn-lower-checks", "checked", prefix, following[:1], following, following[1:], REFINES,
                  make_before=erase_checks)
    math = ours("fuse", "pack", "bufferize", "tile", "llvm")
    prefix, following = until(math, "bnn-expand-math")
    library = ["convert-math-to-llvm", "convert-math-to-libm"]
    yield Subject("bnn-expand-math", "functions", prefix, following[:1], library + following[1:], following[1:], CLOSE)
    prefix = ours("fuse", "pack", "bufferize", "tile")
    yield Subject("bnn-check-bounds", "bnn", prefix, ["bnn-check-bounds"], [], [], SAME_TEXT)
    yield Subject("bnn-phase-llvm", "bnn", prefix, ["bnn-phase-llvm"], bare(ours("llvm")), [], REFINES, (True, False))
