"""Compares what the compiler says that it made of each layer with what the generator knows."""
import collections
import re

from harness import Failure, run_command

OPS = {"linear": "bnn.matmul", "attention": "bnn.attention", "embedding": "bnn.embedding"}


def check(tools, model, layers):
    """Raises Failure where they differ. The number of binary layers of each kind."""
    ir = run_command([tools.bnn_opt, model, "--compile-to=raise", "--mlir-elide-elementsattrs-if-larger=8", "-o", "-"])
    found = collections.Counter(re.findall(r"= (bnn\.(?:matmul|attention|embedding)) ", ir))
    for kind, op in OPS.items():
        known = sum(layer.kind == kind and layer.became != "float" for layer in layers)
        if found[op] != known:
            raise Failure(f"{found[op]} {op}, but {known} binary layers of the kind {kind}")
