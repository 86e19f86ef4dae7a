# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""BERT's uncased WordPiece tokenisation: a vocabulary from sentences, ids from text.

The text is cleaned, lower-cased and freed of accents, then cut at white space, at punctuation and
around CJK characters, as BERT's BasicTokenizer does (Devlin et al., arXiv 1810.04805, appendix A,
and its authors' tokenization.py). A word is then cut, from the left, into the longest pieces that
the vocabulary holds; a piece that continues a word begins with "##". `runtime/wordpiece.c` does
the same in C.

Everything before the pieces works on one character at a time. So a capital sigma becomes the same
letter wherever it stands, as in the `tokenizers` library, and marks are not put into canonical
order, which matters only for spacing marks of a few scripts. The characters' properties are those
of this Python's `unicodedata`; the C tables were made with Unicode 14, that of Python 3.11.
"""
import collections
import heapq
import unicodedata

import numpy as np

PAD, UNK, CLS, SEP, MASK = SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

# A longer word is [UNK], however it could be cut. In characters, after normalisation.
MAX_WORD = 100

# The blocks that BERT calls CJK: ideographs, neither kana nor hangul.
_CJK = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
        (0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))


def _is_punctuation(character):
    # BERT counts the ASCII symbols in: $, +, <, =, >, ^, `, |, ~.
    return (unicodedata.category(character).startswith("P")
            or character < "\x80" and character.isprintable() and not character.isalnum()
            and character != " ")


def normalize_character(character):
    """What a character becomes in normalised text: "" where it is dropped, " " for white space,
    a letter or more, and between spaces where it is a word of its own."""
    category = unicodedata.category(character)
    if character in "\t\n\r" or category in ("Zs", "Zl", "Zp"):
        return " "
    # Controls, formats, private use and lone surrogates; U+FFFD stands for bytes that were no
    # text.
    if category in ("Cc", "Cf", "Co", "Cs") or character == "\ufffd":
        return ""
    folded = "".join(c for c in unicodedata.normalize("NFD", character.lower())
                     if unicodedata.category(c) != "Mn")
    if character >= "\u3400" and any(first <= ord(character) <= last for first, last in _CJK):
        return f" {folded} "
    return "".join(f" {c} " if _is_punctuation(c) else c for c in folded)


class _Normalization(dict):
    """A table for str.translate, filled as characters turn up."""

    def __missing__(self, code):
        self[code] = normalize_character(chr(code))
        return self[code]


_normalization = _Normalization()


def words(text):
    """The normalised words of a text, a list of str.

    `text` is a str, or bytes in UTF-8, of which malformed parts are dropped. A special token's
    name in it is ordinary text: nobody types their way to a [MASK].
    """
    if isinstance(text, (bytes, bytearray)):
        text = text.decode("utf-8", "replace")
    return text.translate(_normalization).split()


def _merge(symbols, pair, merged):
    result, i = [], 0
    while i < len(symbols):
        if tuple(symbols[i:i + 2]) == pair:
            result.append(merged)
            i += 2
        else:
            result.append(symbols[i])
            i += 1
    return result


def train(sentences, size):
    """A vocabulary of at most `size` tokens, a list of str: the special tokens, the characters of
    the sentences, then pieces, made by joining the most frequent pair of neighbours again and
    again (Sennrich et al., arXiv 1508.07909, as the `tokenizers` library's WordPieceTrainer).

    `sentences` is an iterable of str. The same sentences give the same vocabulary. Where there are
    more characters than `size` allows, the rarest are left out. Fails with a ValueError where
    `size` leaves no room for a single character.

    No library in Debian trains WordPiece: sentencepiece marks the starts of words in place of
    their continuations.
    """
    if size <= len(SPECIAL):
        raise ValueError(f"a vocabulary of {size} tokens has no room beside the "
                         f"{len(SPECIAL)} special ones")
    counts = collections.Counter()
    for sentence in sentences:
        counts.update(word for word in words(sentence) if len(word) <= MAX_WORD)
    split = [([word[0]] + ["##" + c for c in word[1:]], count)
             for word, count in sorted(counts.items())]
    alphabet = collections.Counter()
    for symbols, count in split:
        for symbol in symbols:
            alphabet[symbol] += count
    kept = sorted(alphabet, key=lambda symbol: (-alphabet[symbol], symbol))[:size - len(SPECIAL)]
    vocabulary = list(SPECIAL) + sorted(kept)
    known = set(vocabulary)

    # How often each pair occurs, and in which words.
    pairs, places = collections.Counter(), collections.defaultdict(set)

    def count_pairs(index, sign):
        symbols, count = split[index]
        for pair in zip(symbols, symbols[1:]):
            pairs[pair] += sign * count
            if sign > 0:
                places[pair].add(index)

    for index, (symbols, _) in enumerate(split):
        if known.issuperset(symbols):
            count_pairs(index, 1)
    # The heap may hold a pair's old counts; only the present one is looked at.
    heap = [(-count, pair) for pair, count in pairs.items()]
    heapq.heapify(heap)
    while heap and len(vocabulary) < size:
        count, pair = heapq.heappop(heap)
        if -count != pairs[pair] or count == 0:
            continue
        merged = pair[0] + pair[1][2:]
        # Two pairs may spell the same piece.
        if merged not in known:
            known.add(merged)
            vocabulary.append(merged)
        changed = set()
        for index in sorted(places.pop(pair)):
            symbols, times = split[index]
            changed.update(zip(symbols, symbols[1:]))
            count_pairs(index, -1)
            split[index] = _merge(symbols, pair, merged), times
            count_pairs(index, 1)
            changed.update(zip(split[index][0], split[index][0][1:]))
        for other in changed:
            if pairs[other] > 0:
                heapq.heappush(heap, (-pairs[other], other))
    return vocabulary


class Tokenizer:
    """Text to ids. `vocab` is a list of tokens; a token's index is its id.

    Fails with a ValueError where [PAD], [UNK], [CLS] or [SEP] is missing, or a token is there
    twice, empty, or holds a line break, which a vocabulary file could not say.
    """

    def __init__(self, vocab):
        self.vocab = list(vocab)
        self._ids = {}
        for index, token in enumerate(self.vocab):
            if not token or "\n" in token or "\r" in token:
                raise ValueError(f"token {index} of the vocabulary, {token!r}, is empty or holds "
                                 "a line break")
            if self._ids.setdefault(token, index) != index:
                raise ValueError(f"the vocabulary has {token!r} twice, as {self._ids[token]} and "
                                 f"{index}")
        missing = [token for token in (PAD, UNK, CLS, SEP) if token not in self._ids]
        if missing:
            raise ValueError(f"the vocabulary lacks {', '.join(missing)}")
        self._longest = max(map(len, self.vocab))

    @classmethod
    def load(cls, path):
        """Reads a vocabulary file: UTF-8, one token a line, the line's number from 0 its id."""
        with open(path, encoding="utf-8", newline="\n") as file:
            text = file.read()
        # str.splitlines would cut at more than line feeds.
        return cls([line.rstrip("\r") for line in text.removesuffix("\n").split("\n")])

    def save(self, path):
        """Writes the vocabulary file that `load` and the C tokeniser read."""
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(token + "\n" for token in self.vocab)

    def __len__(self):
        return len(self.vocab)

    def id(self, token):
        """The id of a token; a KeyError where the vocabulary lacks it."""
        return self._ids[token]

    def _pieces(self, word):
        unknown = [self._ids[UNK]]
        if len(word) > MAX_WORD:
            return unknown
        ids, start = [], 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(min(len(word), start + self._longest), start, -1):
                index = self._ids.get(prefix + word[start:end])
                if index is not None:
                    break
            else:
                return unknown
            ids.append(index)
            start = end
        return ids

    def encode(self, text, max_length=None):
        """The ids of a text, a list of int: [CLS], its pieces, [SEP].

        `text` as in `words`. With `max_length` (at least 2) the pieces are cut so that no more
        than that many ids come back.
        """
        if max_length is not None and max_length < 2:
            raise ValueError(f"max_length is {max_length}, and [CLS] and [SEP] alone are 2")
        room = float("inf") if max_length is None else max_length - 2
        ids = []
        for word in words(text):
            if len(ids) >= room:
                break
            ids += self._pieces(word)
        if max_length is not None:
            ids = ids[:max_length - 2]
        return [self._ids[CLS], *ids, self._ids[SEP]]

    def encode_batch(self, texts, max_length=None):
        """What a BERT model wants of several texts: a dict of three int64 arrays of the shape
        [len(texts), longest]. `input_ids` are padded with [PAD], `attention_mask` is 1 where
        there is a token and 0 at the padding, `token_type_ids` are 0.
        """
        rows = [self.encode(text, max_length) for text in texts]
        shape = len(rows), max(map(len, rows), default=0)
        ids = np.full(shape, self._ids[PAD], np.int64)
        mask = np.zeros(shape, np.int64)
        for row, encoded in enumerate(rows):
            ids[row, :len(encoded)] = encoded
            mask[row, :len(encoded)] = 1
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}

    def tokens(self, ids):
        """The tokens that ids stand for, a list of str."""
        return [self.vocab[index] for index in ids]
