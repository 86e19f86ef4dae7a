//===- wordpiece.c - BERT's uncased WordPiece tokenisation ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bnn/wordpiece.h"
#include "wordpiece_unicode.h"

/* A longer word is unknown, however it could be cut. In characters. */
enum { MAX_WORD = 100 };

/* FNV-1a, which can be continued byte by byte. */
enum { HASH_FACTOR = 16777619 };
static const uint32_t hash_start = 2166136261u;

static uint32_t hash_byte(uint32_t hash, char byte) {
  return (hash ^ (uint8_t)byte) * HASH_FACTOR;
}

static int same_bytes(const char *a, const char *b, size_t length) {
  for (size_t i = 0; i < length; ++i)
    if (a[i] != b[i])
      return 0;
  return 1;
}

/* ---- The vocabulary ---- */

/* The number of lines; a last line may lack its end. */
static uint32_t count_lines(const char *text, size_t length) {
  uint32_t lines = 0;
  for (size_t i = 0; i < length; ++i)
    lines += text[i] == '\n';
  return lines + (length > 0 && text[length - 1] != '\n');
}

/* A power of two, at least twice as large as the number of lines. */
static uint32_t count_slots(uint32_t lines) {
  uint32_t slots = 2;
  while (slots < 2 * lines)
    slots *= 2;
  return slots;
}

static const size_t size_limit = (size_t)1 << 30;

size_t bnn_wordpiece_memory(const char *vocabulary, size_t length) {
  if (!vocabulary || length >= size_limit)
    return 0;
  uint32_t lines = count_lines(vocabulary, length);
  /* Up to 12 GiB, which a 32-bit size_t does not hold. No object has more bytes
   * than a ptrdiff_t counts. */
  uint64_t bytes =
      ((uint64_t)lines + 1 + count_slots(lines)) * sizeof(uint32_t);
  return bytes > PTRDIFF_MAX ? 0 : (size_t)bytes;
}

/* The token's text; lines[id + 1] is where the next one begins. */
static const char *token_text(const bnn_wordpiece *t, uint32_t id,
                              size_t *length) {
  const char *begin = t->vocabulary + t->lines[id],
             *end = t->vocabulary + t->lines[id + 1];
  while (end > begin && (end[-1] == '\n' || end[-1] == '\r'))
    --end;
  *length = (size_t)(end - begin);
  return begin;
}

/* The id of a token, which is `prefix_length` bytes "##" and `length` bytes
 * more, or -1. */
static int32_t find_token(const bnn_wordpiece *t, uint32_t hash,
                          size_t prefix_length, const char *text,
                          size_t length) {
  for (uint32_t slot = hash & t->slot_mask; t->slots[slot];
       slot = (slot + 1) & t->slot_mask) {
    uint32_t id = t->slots[slot] - 1;
    size_t token_length;
    const char *token = token_text(t, id, &token_length);
    if (token_length == prefix_length + length &&
        same_bytes(token, "##", prefix_length) &&
        same_bytes(token + prefix_length, text, length))
      return (int32_t)id;
  }
  return -1;
}

static uint32_t hash_bytes(const char *text, size_t length) {
  uint32_t hash = hash_start;
  for (size_t i = 0; i < length; ++i)
    hash = hash_byte(hash, text[i]);
  return hash;
}

static int32_t find_special(const bnn_wordpiece *t, const char *token) {
  size_t length = 0;
  while (token[length])
    ++length;
  return find_token(t, hash_bytes(token, length), 0, token, length);
}

int32_t bnn_wordpiece_open(bnn_wordpiece *t, const char *vocabulary,
                           size_t length, void *memory, size_t memory_size) {
  if (!t || !vocabulary || !memory)
    return BNN_WORDPIECE_NULL;
  size_t needed = bnn_wordpiece_memory(vocabulary, length);
  if (needed == 0)
    return BNN_WORDPIECE_SIZE;
  if (memory_size < needed || (uintptr_t)memory % sizeof(uint32_t))
    return BNN_WORDPIECE_MEMORY;
  uint32_t *lines = memory, count = count_lines(vocabulary, length),
           *slots = lines + count + 1, num_slots = count_slots(count);
  t->num_tokens = count;
  t->slot_mask = num_slots - 1;
  t->vocabulary = vocabulary;
  t->lines = lines;
  t->slots = slots;
  t->longest = 0;
  for (uint32_t i = 0; i < num_slots; ++i)
    slots[i] = 0;
  lines[0] = 0;
  uint32_t line = 0;
  for (size_t i = 0; i < length; ++i)
    if (vocabulary[i] == '\n')
      lines[++line] = (uint32_t)(i + 1);
  lines[count] = (uint32_t)length;
  for (uint32_t id = 0; id < count; ++id) {
    size_t token_length;
    const char *token = token_text(t, id, &token_length);
    uint32_t hash = hash_bytes(token, token_length);
    if (token_length == 0 || find_token(t, hash, 0, token, token_length) >= 0)
      return BNN_WORDPIECE_LINE;
    if (token_length > t->longest)
      t->longest = (uint32_t)token_length;
    uint32_t slot = hash & t->slot_mask;
    while (slots[slot])
      slot = (slot + 1) & t->slot_mask;
    slots[slot] = id + 1;
  }
  t->pad = find_special(t, "[PAD]");
  t->unknown = find_special(t, "[UNK]");
  t->first = find_special(t, "[CLS]");
  t->last = find_special(t, "[SEP]");
  t->mask = find_special(t, "[MASK]");
  return t->pad < 0 || t->unknown < 0 || t->first < 0 || t->last < 0
             ? BNN_WORDPIECE_SPECIAL
             : BNN_WORDPIECE_OK;
}

const char *bnn_wordpiece_token(const bnn_wordpiece *t, int64_t id,
                                size_t *length) {
  if (length)
    *length = 0;
  if (!t || !length || id < 0 || id >= t->num_tokens)
    return 0;
  return token_text(t, (uint32_t)id, length);
}

/* ---- The text ---- */

/* Reads one character. U+FFFD stands for what is not UTF-8: the longest
 * beginning of a character, or one byte (Unicode, section 3.9, "maximal
 * subpart"). */
static uint32_t read_character(const uint8_t **at, const uint8_t *end) {
  uint8_t lead = *(*at)++;
  if (lead < 0x80)
    return lead;
  unsigned more;
  uint8_t low = 0x80, high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    more = 1;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    more = 2;
    /* Neither overlong forms nor surrogates. */
    if (lead == 0xE0)
      low = 0xA0;
    if (lead == 0xED)
      high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    more = 3;
    if (lead == 0xF0)
      low = 0x90;
    if (lead == 0xF4)
      high = 0x8F;
  } else {
    return 0xFFFD;
  }
  uint32_t character = lead & (0x3Fu >> more);
  for (; more; --more) {
    if (*at == end || **at < low || **at > high)
      return 0xFFFD;
    character = character << 6 | (*(*at)++ & 0x3Fu);
    low = 0x80;
    high = 0xBF;
  }
  return character;
}

static unsigned write_character(uint32_t c, char *out) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  unsigned bytes = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (unsigned i = bytes - 1; i > 0; --i, c >>= 6)
    out[i] = (char)(0x80 | (c & 0x3F));
  out[0] = (char)(0xF00u >> bytes | c);
  return bytes;
}

/* A word as it grows, and where its ids go. */
typedef struct encoder {
  const bnn_wordpiece *tokenizer;
  int64_t *ids;
  size_t count, capacity;
  uint32_t characters; /* of the word; stays at MAX_WORD + 1 */
  uint32_t bytes;
  char word[4 * MAX_WORD];
} encoder;

static void add_id(encoder *e, int64_t id) {
  if (e->count < e->capacity)
    e->ids[e->count++] = id;
}

/* The longest piece at `start` of the word: its id, or -1. *end receives where
 * it ends. */
static int32_t longest_piece(const encoder *e, uint32_t start, uint32_t *end) {
  size_t prefix_length = start ? 2 : 0;
  uint32_t hash = hash_bytes("##", prefix_length);
  int32_t found = -1;
  for (uint32_t i = start; i < e->bytes; ++i) {
    if (prefix_length + (i + 1 - start) > e->tokenizer->longest)
      break;
    hash = hash_byte(hash, e->word[i]);
    /* Pieces end where characters do. */
    if (i + 1 < e->bytes && ((uint8_t)e->word[i + 1] & 0xC0) == 0x80)
      continue;
    int32_t id = find_token(e->tokenizer, hash, prefix_length, e->word + start,
                            i + 1 - start);
    if (id >= 0) {
      found = id;
      *end = i + 1;
    }
  }
  return found;
}

/* Writes the ids of the word, and starts the next one. */
static void end_word(encoder *e) {
  size_t before = e->count;
  uint32_t at = 0;
  if (e->characters > MAX_WORD) {
    add_id(e, e->tokenizer->unknown);
  } else {
    while (at < e->bytes) {
      int32_t id = longest_piece(e, at, &at);
      if (id < 0) {
        /* The word is unknown as a whole. */
        e->count = before;
        add_id(e, e->tokenizer->unknown);
        break;
      }
      add_id(e, id);
    }
  }
  e->characters = e->bytes = 0;
}

static void add_character(encoder *e, uint32_t character) {
  if (e->characters <= MAX_WORD)
    ++e->characters;
  if (e->characters <= MAX_WORD)
    e->bytes += write_character(character, e->word + e->bytes);
}

size_t bnn_wordpiece_encode(const bnn_wordpiece *t, const char *text,
                            size_t length, int64_t *ids, size_t capacity) {
  if (!t || !text || !ids || capacity < 2)
    return 0;
  encoder e;
  e.tokenizer = t;
  e.ids = ids;
  e.count = 0;
  e.capacity = capacity - 1;
  e.characters = e.bytes = 0;
  add_id(&e, t->first);
  const uint8_t *at = (const uint8_t *)text, *end = at + length;
  while (at < end && e.count < e.capacity) {
    uint32_t folded[3];
    uint8_t kinds[3];
    unsigned count =
        bnn_wordpiece_fold(read_character(&at, end), folded, kinds);
    for (unsigned i = 0; i < count; ++i) {
      if (kinds[i] != BNN_WORDPIECE_LETTER)
        end_word(&e);
      if (kinds[i] != BNN_WORDPIECE_SPACE)
        add_character(&e, folded[i]);
      if (kinds[i] == BNN_WORDPIECE_ALONE)
        end_word(&e);
    }
  }
  end_word(&e);
  e.capacity = capacity;
  add_id(&e, t->last);
  return e.count;
}
