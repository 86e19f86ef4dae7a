# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The sizes and the options of a binary transformer."""
import dataclasses
import json

FAMILIES = ("bipft", "bit")
SCALES = ("channel", "tensor")
RANGES = ("learned", "minmax", "percentile")
HEADS = ("classification", "question-answering", "pretraining")


@dataclasses.dataclass(frozen=True)
class Config:
    """What a model is made of. The defaults are BERT-base's, as both papers use.

    family           "bipft" (arXiv 2312.08937) or "bit" (arXiv 2205.13016)
    weight_bits      of every linear but the head: 1, 8, or 32 for real weights
    activation_bits  of those linears' inputs and inside attention: 1, 2, 4 or 32; or 8, with 8-bit
                     weights, and attention is real
    weight_scales    of 8-bit weights: one for each "channel" (output) or one for the "tensor"
    activation_ranges  where those of 8-bit inputs come from: "learned", "minmax" or
                     "percentile", see bytes.ByteQuantizer
    embedding_bits   of the word embedding: 1 or 32
    residual_rank    r of the residual estimators q_p, k_p, q_m, k_m; 0: none (BiPFT only)
    lora_rank        rank of the real-valued branches beside q, k, v and the attention's
                     output; 0: none (BiPFT only)
    head             "classification", "question-answering" (two logits a token) or
                     "pretraining" (words and next sentence; BiPFT only)

    Raises ValueError, with the option's name, for values that fit together in no model.
    """
    family: str = "bipft"
    vocab_size: int = 30522
    hidden_size: int = 768
    num_layers: int = 12
    num_heads: int = 12
    ffn_size: int = 3072
    max_positions: int = 512
    type_vocab_size: int = 2
    num_labels: int = 2
    weight_bits: int = 1
    activation_bits: int = 1
    embedding_bits: int = 1
    weight_scales: str = "channel"
    activation_ranges: str = "learned"
    residual_rank: int = 1
    lora_rank: int = 0
    head: str = "classification"
    dropout: float = 0.1

    def __post_init__(self):
        def require(condition, message):
            if not condition:
                raise ValueError(message)

        require(self.family in FAMILIES, f"family: {self.family!r} is none of {FAMILIES}")
        require(self.head in HEADS, f"head: {self.head!r} is none of {HEADS}")
        for name in ("vocab_size", "hidden_size", "num_layers", "num_heads", "ffn_size",
                     "max_positions", "type_vocab_size", "num_labels"):
            require(getattr(self, name) > 0, f"{name}: {getattr(self, name)} is not positive")
        require(self.hidden_size % self.num_heads == 0,
                f"num_heads: {self.num_heads} does not divide hidden_size {self.hidden_size}")
        require(self.weight_bits in (1, 8, 32),
                f"weight_bits: {self.weight_bits} is none of 1, 8, 32")
        require(self.embedding_bits in (1, 32),
                f"embedding_bits: {self.embedding_bits} is not 1 or 32")
        require(self.activation_bits in (1, 2, 4, 8, 32),
                f"activation_bits: {self.activation_bits} is none of 1, 2, 4, 8, 32")
        require((self.activation_bits == 8) == (self.weight_bits == 8),
                f"activation_bits: {self.activation_bits} does not go with {self.weight_bits}-bit "
                "weights: 8 bits are for both or neither")
        require(self.weight_scales in SCALES,
                f"weight_scales: {self.weight_scales!r} is none of {SCALES}")
        require(self.activation_ranges in RANGES,
                f"activation_ranges: {self.activation_ranges!r} is none of {RANGES}")
        require(self.residual_rank >= 0 and self.lora_rank >= 0,
                "residual_rank, lora_rank: a rank is not negative")
        require(0 <= self.dropout < 1, f"dropout: {self.dropout} is not in [0, 1)")
        if self.family == "bit":
            require(self.lora_rank == 0, "lora_rank: BiT has no real-valued branches")
            require(self.head != "pretraining", "head: BiT has no pre-training head")

    def replace(self, **changes):
        """The same model with some options changed."""
        return dataclasses.replace(self, **changes)

    def precise(self):
        """The full-precision twin: the same sizes with nothing binarised, so without the
        estimators of what binarisation loses."""
        return self.replace(weight_bits=32, activation_bits=32, embedding_bits=32,
                            residual_rank=0, lora_rank=0)

    def of_bytes(self):
        """The 8-bit twin: the same sizes, linears of bytes, and all else in full precision."""
        return self.precise().replace(weight_bits=8, activation_bits=8)

    def to_json(self):
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text):
        return cls(**json.loads(text))
