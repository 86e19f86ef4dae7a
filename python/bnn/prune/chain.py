# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A masked model on calibration data, compiled in pieces, so that a run can begin where the first
mask that is another one counts."""
import dataclasses
import json
import pathlib
import tempfile
import warnings

import numpy as np
import onnx
from onnx import numpy_helper

from bnn import compiler, session
from bnn.graphs.calibration import Data, name_open_dims, sizes_of
from bnn.graphs.errors import ModelError
from bnn.graphs.graph import Graph
from bnn.prune.pieces import Pieces


class _Differs(Exception):
    """A piece computes something in another way than the whole model does."""


@dataclasses.dataclass
class Kept:
    """What is known of each call before a piece: {tensor: array} of what is read from there on."""
    piece: int
    calls: list


def _value_of(info):
    """A ValueInfoProto of a TensorInfo."""
    # numpy has no bfloat16.
    kind = onnx.TensorProto.BFLOAT16 if info.dtype == np.uint16 else \
        numpy_helper.from_array(np.empty(0, info.dtype)).data_type
    return onnx.helper.make_tensor_value_info(info.name, kind, info.shape)


class Chain:
    """A masked model, cut into pieces that are compiled once each, and the calls of it. `masks` are
    its inputs that switch channels off, in order, a list of names for each layer. `became` are the
    kinds of numbers that linears of the whole model are of, {name: "1x1"}, as the compiler's report
    has them.

    Where the compiler refuses a piece, because a size is passed on that no caller could know, say,
    or makes other numbers of a linear in it, that piece is one with the next, and `refusal` is the
    first reason. `opt_level` is LLVM's: of few calls it is not worth its time to optimise the code.

    Each thread has scratch memory of its own for all pieces.
    """

    def __init__(self, model, masks, became, data, batch, opt_level):
        self._names = [name for some in masks for name in some]
        inputs = [value for value in Graph(model).inputs if value.name not in self._names]
        name_open_dims(inputs)
        self.sets = [Data(arrays, inputs, batch) for arrays in data]
        self.calls = sum(one.calls for one in self.sets)
        self._pieces, self._sizes = Pieces(model, masks), sizes_of(self.sets)
        self._became, self._opt_level = became, opt_level
        #: Why pieces are larger than layers, or None.
        self.refusal = None
        self._sessions, infos = [], {}
        while len(self._sessions) < self._pieces.count:
            self._add_piece(infos)
        session.share_workspace(self._sessions)
        #: {result: its numpy dtype}, in the model's order.
        self.types = {value.name: infos[value.name].dtype for value in model.graph.output}
        self._reads = [self._pieces.read(piece) for piece in range(self._pieces.count)]
        #: {tensor: the last piece that reads it}.
        self._last = {name: piece for piece, some in enumerate(self._reads) for name in some}

    def _add_piece(self, infos):
        """Compiles the next piece, and notes what it gives in `infos`."""
        piece = len(self._sessions)
        known = {name: _value_of(info) for name, info in infos.items()}
        while True:
            try:
                found = self._compile(piece, known)
                break
            except (_Differs, compiler.CompileError) as error:
                if self._pieces.count == 1:
                    raise
                if piece + 1 == self._pieces.count:
                    # What is in front of it gave something that nothing can be made of.
                    piece -= 1
                    self._sessions.pop()
                self._pieces.merge(piece)
                self.refusal = self.refusal or str(error)
        self._sessions.append(found)
        infos.update((info.name, info) for info in found.outputs())

    def _compile(self, piece, known):
        part = self._pieces.model(piece, known, self._pieces.crossing()[piece])
        used = {dim.dim_param for value in part.graph.input
                for dim in value.type.tensor_type.shape.dim}
        with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="bnn-") as folder:
            # Whoever compiles the result hears them.
            warnings.simplefilter("ignore")
            path = pathlib.Path(folder) / "model.onnx"
            path.write_bytes(part.SerializeToString())
            # The compiler has the weights once more: no copy of them stays here meanwhile.
            del part
            artifact, report = compiler._compile(path, {
                "opt_level": self._opt_level, "report": True, "max_dims": {
                    name: size for name, size in self._sizes.items() if name in used}})
        if self._pieces.count > 1:
            self._check(json.loads(report)["layers"])
        return session.Session(artifact)

    def _check(self, layers):
        """Raises a _Differs where linears of a piece are of other numbers than in the whole."""
        for layer in layers:
            expected = self._became.get(layer["name"], layer["became"])
            if layer["became"] != expected:
                raise _Differs(f"'{layer['name']}' would be {layer['became']} in place of {expected}")

    def piece_of(self, masks):
        """The number of the first piece that some masks have a part in."""
        return min(map(self._pieces.of, masks))

    def start(self):
        """What is known of each call at first."""
        return Kept(0, [{} for _ in range(self.calls)])

    def advance(self, kept, others, piece, wanted):
        """Goes on to a piece, with the values `others` of the masks, and keeps what is read from
        there on, and the results that are `wanted`. `kept` is changed, call by call: there is room
        for what is known of all calls in one place of the model only."""
        for number, values in enumerate(self._run(kept, others, piece)):
            kept.calls[number] = {
                name: array for name, array in values.items()
                if name in wanted or self._last.get(name, -1) >= piece}
        kept.piece = piece

    def run(self, others, kept=None):
        """The results of one call after the other, with the values `others` of the masks. From a
        piece on where something is `kept`: of results of earlier pieces only what is kept."""
        for values in self._run(kept or self.start(), others, self._pieces.count):
            yield {name: values[name] for name in self.types if name in values}

    def _run(self, kept, others, end):
        """{tensor: array} of one call after the other, before piece `end`: what earlier pieces give
        that is still read, and all results."""
        number = 0
        for one in self.sets:
            for call, feeds in enumerate(one.feeds()):
                values = dict(kept.calls[number])
                try:
                    for piece in range(kept.piece, end):
                        given = {**values, **feeds, **others}
                        values.update(self._sessions[piece].run(
                            {name: given[name] for name in self._reads[piece]}))
                        values = {name: array for name, array in values.items()
                                  if name in self.types or self._last[name] > piece}
                except (TypeError, ValueError, session.RunError) as error:
                    raise ModelError(f"calibration data: call {call + 1} of {one.calls}: "
                                     f"{error}") from None
                number += 1
                yield values
