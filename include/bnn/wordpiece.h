/* Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef BNN_WORDPIECE_H
#define BNN_WORDPIECE_H

/* BERT's uncased WordPiece tokenisation: UTF-8 in, token ids out. It gives the
 * ids that python/bnn/wordpiece.py gives, which says what the rules are.
 *
 * The functions are in libbnn_runtime.a: they allocate nothing, keep no state
 * and read no file. The vocabulary is the text of a vocabulary file, one token
 * a line, the line's number from 0 the token's id; a program may hold it as a
 * constant, or map the file. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What bnn_wordpiece_open returns. */
typedef enum bnn_wordpiece_status {
  BNN_WORDPIECE_OK = 0,
  BNN_WORDPIECE_NULL = 1,   /* a pointer is null */
  BNN_WORDPIECE_MEMORY = 2, /* the memory is too small or misaligned */
  BNN_WORDPIECE_SIZE = 3,   /* the vocabulary is too large: see below */
  BNN_WORDPIECE_LINE = 4,   /* a line is empty, or there twice */
  BNN_WORDPIECE_SPECIAL = 5 /* [PAD], [UNK], [CLS] or [SEP] is missing */
} bnn_wordpiece_status;

/* An opened vocabulary. The first six members are for its user to read, the
 * others for the functions below. Copies are as good as the original. */
typedef struct bnn_wordpiece {
  uint32_t num_tokens;
  int32_t pad, unknown, mask; /* ids; mask is -1 where there is no [MASK] */
  int32_t first, last;        /* [CLS] and [SEP] */
  uint32_t longest, slot_mask;
  const char *vocabulary;
  const uint32_t *lines, *slots;
} bnn_wordpiece;

/* The bytes of memory that bnn_wordpiece_open needs for a vocabulary of
 * `length` bytes: 12 to 20 a token. 0 where the vocabulary is null or too
 * large: it has 1 GiB or more, or needs more memory than an object can have,
 * which is 2 GiB on a 32-bit target. */
size_t bnn_wordpiece_memory(const char *vocabulary, size_t length);

/* Opens a vocabulary: fills in *tokenizer, and an index in `memory`, which is
 * aligned to 4 bytes. Both the vocabulary and the memory stay the caller's and
 * must outlive the tokenizer. Returns a bnn_wordpiece_status. Afterwards any
 * number of threads may use the tokenizer. */
int32_t bnn_wordpiece_open(bnn_wordpiece *tokenizer, const char *vocabulary,
                           size_t length, void *memory, size_t memory_size);

/* Writes the ids of a text of `length` bytes: [CLS], its pieces, [SEP]; no more
 * than `capacity`, which cuts the pieces. Returns how many ids it wrote: at
 * least 2, or 0 where `capacity` is below 2 or a pointer is null. What is not
 * UTF-8 in the text is dropped, and so are NULs. Takes time in proportion to
 * the text's length at most, and less than 1 KiB of stack. */
size_t bnn_wordpiece_encode(const bnn_wordpiece *tokenizer, const char *text,
                            size_t length, int64_t *ids, size_t capacity);

/* The token of an id, *length bytes in the vocabulary, not terminated. NULL,
 * and a length of 0, where there is no such id. */
const char *bnn_wordpiece_token(const bnn_wordpiece *tokenizer, int64_t id,
                                size_t *length);

#ifdef __cplusplus
}
#endif

#endif /* BNN_WORDPIECE_H */
