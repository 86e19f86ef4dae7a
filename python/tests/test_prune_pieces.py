# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""bnn.prune: runs that begin in the middle of a model say what whole runs say."""
import os
import sys
import warnings

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
from onnx import parser  # noqa: E402

from bnn.graphs import files  # noqa: E402
from bnn.prune import chain, work  # noqa: E402
from bnn.prune.__main__ import main  # noqa: E402
from bnn.prune.pieces import Pieces  # noqa: E402
from bnn.prune.scoring import Scoring  # noqa: E402
from test_prune import OPTIONS, Encoder, texts  # noqa: E402


class OnePiece(Pieces):
    """All of a model at once."""

    def __init__(self, model, masks):
        super().__init__(model, masks)
        while self.count > 1:
            self.merge(0)


def scored(proto, data, threads=1):
    """A Scoring of two rounds."""
    proto, layers = files.load(proto)
    task = work.Work(proto, layers, work.sizes_of_data(proto, data, 8))
    scoring = Scoring(task, data, {**OPTIONS, "batch": 8, "group": 8}, None, lambda _: None,
                      threads)
    scoring.run(0.6, None, 2)
    return scoring


@pytest.mark.parametrize("kind, layers, shapes", [
    ("float", 2, "fused"), ("bits", 1, "concat"), ("unsigned", 1, "zero"), ("dynamic", 1, "zero"),
    ("qat", 1, "zero")])
def test_runs_from_the_middle_are_the_same(kind, layers, shapes, monkeypatch):
    """To the bit, in calls of several shapes, of every family, in any number of threads."""
    proto, data = Encoder(kind, layers, shapes).model(), [texts(10), texts(3, 6)]
    runs = []
    run = chain.session.Session.run
    monkeypatch.setattr(chain.session.Session, "run",
                        lambda self, feeds: (runs.append(self), run(self, feeds))[1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scoring = scored(proto, data, threads=2)
    sessions = scoring.chain._sessions
    assert len(sessions) == 1 + len(scoring.work.layers) == 1 + 2 * layers
    # Each unit is run behind its layer's mask only: the last piece for all of them.
    of_piece = [runs.count(one) for one in sessions]
    assert of_piece == sorted(set(of_piece))
    rounds = scoring.record["rounds"]
    units = sum(len(one["scores"]) for one in rounds)
    # Three calls; in each round once more without units, and once to go on; the scorer's own run.
    assert of_piece[0] == 3 * (1 + 2 * 2) and of_piece[-1] == 3 * (units + 1 + 2)
    monkeypatch.setattr(chain, "Pieces", OnePiece)
    whole = scored(proto, data)
    assert len(whole.chain._sessions) == 1
    assert whole.record == scoring.record and any(
        pair[1] > 0 for pair in rounds[1]["scores"].values())


GRAPH = """<ir_version: 8, opset_import: ["" : 13]>
    g (float[n, 4] x, int64[n] ids, float[4] keep, float[4] keep_1) => (float y, int64 many)
    <float[9, 4] table = {0,0,0,0,0,0,0,0,0, 0,0,0,0,0,0,0,0,0, 0,0,0,0,0,0,0,0,0, 0,0,0,0,0,0,0,0,0},
     float[4, 4] w = {1,1,1,1, 1,1,1,1, 1,1,1,1, 1,1,1,1}, float half = {0.5}, int64 none = {0}> {
    row = Gather(table, ids)
    token = Greater(ids, none)
    shade = Cast<to = 1>(token)
    shape = Shape(row)
    v = Sign(w)
    a = MatMul(x, v)
    a_n = Mul(a, half)
    b = Relu(a)
    b_s = Div(b, half)
    b_r = Round(b_s)
    b_m = Mul(b_r, half)
    b_k = Mul(b_m, keep)
    c = MatMul(b_k, v)
    d = Add(c, row)
    d_k = Mul(d, keep_1)
    e = Reshape(d_k, shape)
    f = Add(e, a_n)
    g = Sub(f, b)
    y = ReduceSum(g)
    cut = Mul(shade, half)
    all = ReduceSum(cut)
    many = Cast<to = 7>(all)
    z = Mul(b_k, b_m)
    q = ReduceSum(z)
}"""


def test_what_belongs_to_which_piece():
    model = parser.parse_model(GRAPH)
    pieces = Pieces(model, [["keep"], ["keep_1"]])
    assert pieces.count == 3
    assert [pieces.of(name) for name in ("a", "b_m", "keep", "c", "e", "many")] == [0, 0, 1, 1, 2,
                                                                                   0]
    # What rounding gives is made again of what it rounds, a product's own scale is not.
    assert pieces.crossing() == [["a_n", "b", "many", "row"], ["d"], ["y"]]
    assert [sorted(pieces.read(i)) for i in range(3)] == [
        ["ids", "x"], ["b", "keep", "row"], ["a_n", "b", "d", "keep_1", "row"]]
    middle = pieces.model(1, {name: onnx.helper.make_tensor_value_info(name, 1, ["n", 4])
                              for name in ("b", "row")}, ["d"])
    onnx.checker.check_model(pieces.model(0, {}, []))
    assert [node.output[0] for node in middle.graph.node] == [
        "v", "b_s", "b_r", "b_m", "b_k", "c", "d", "z", "q"]
    assert [value.name for value in middle.graph.initializer] == ["w", "half"]
    pieces.merge(1)
    assert pieces.count == 2 and pieces.crossing() == [["a_n", "b", "many", "row"], ["y"]]
    assert pieces.of("keep_1") == pieces.of("keep") == 1


@pytest.fixture(scope="module")
def scoring():
    """One of a single call."""
    return scored(Encoder("float", 1).model(), [texts(8)])


def test_what_is_kept(scoring):
    """At one place of the model only, and of results those that are asked for."""
    kept, feeds = scoring.chain.start(), scoring.masks.feeds({})
    [whole] = scoring.chain.run(feeds)
    inputs = {"ids", "mask", *scoring.chain._names}
    for number, layer in enumerate(scoring.work.layers, 1):
        wanted = {"l0_o"} if number == 2 else set()
        scoring.chain.advance(kept, feeds, number, wanted)
        assert scoring.chain.piece_of(scoring.masks.inputs(layer)) == kept.piece == number
        read = set().union(*scoring.chain._reads[number:]) - inputs
        assert set(kept.calls[0]) - wanted <= read and wanted <= set(kept.calls[0])
        [found] = scoring.chain.run(feeds, kept)
        assert set(found) == {"logits", "l0_down", *(["l0_o"] if number == 1 else wanted)}
        for name, array in found.items():
            np.testing.assert_array_equal(array, whole[name])


def test_a_piece_that_cannot_be_compiled(tmp_path, capsys, monkeypatch):
    """It is one with the next, which is said: of a size that is two others' product no caller
    could know how large it is."""
    made = []

    class Spy(chain.Chain):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(self)
    monkeypatch.setattr(sys.modules[Scoring.__module__], "Chain", Spy)
    onnx.save(Encoder("float", 1, "flat").model(), tmp_path / "m.onnx")
    np.savez(tmp_path / "data.npz", **texts(8))
    assert main([str(tmp_path / "m.onnx"), "--calibration", str(tmp_path / "data.npz"),
                 "--keep-flops=0.9", "--rounds=1", "-o", str(tmp_path / "a.onnx")]) == 0
    assert [len(one._sessions) for one in made] == [2]
    said = capsys.readouterr().err
    assert said.startswith("bnn-prune: warning: units are scored by longer runs, as the model cannot "
                           "be compiled in parts as small as its layers: ")
    assert "'l0_x_flat' has the dimension batch*length" in said and said.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == ["a.json", "a.onnx", "data.npz", "m.onnx"]


def test_a_piece_of_other_numbers(scoring):
    """A linear that is something else in a piece is no reason to go on with it."""
    names = [scoring.masks.inputs(layer) for layer in scoring.work.layers]
    other = chain.Chain(scoring.masks.model(), names, {"l0_up_p": "1x1"}, [texts(8)], 8, 0)
    assert len(other._sessions) == 1 and scoring.chain.refusal is None
    assert other.refusal == "'l0_up_p' would be float in place of 1x1"
