#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a hand-scheduled block of a binary product for AArch64's NEON: what ours has to beat.

8 outputs x 4 rows, 128 bits of each at a time. For a row: eight exclusive ors and eight counts of
bytes; a tree of seven pairwise additions makes two bytes of each output's sixteen; one pairwise
addition adds them to the row's eight counters of 16 bits. So the 32 sums stay in four registers,
12 loads serve 32 products, and nothing is broadcast: three operations for 128 bits. Additions of a
row, counts of the next and exclusive ors of the one after that follow each other in groups, for cores
that run in order, with the loads of the next 128 bits among them.

  void neon_block(const uint8_t *rows, size_t stride, const uint8_t *weights, size_t blocks,
                  uint16_t *counts);

`rows` are four, `stride` bytes apart, of 16 bytes a block; `weights` 8 x 16 bytes a block; `counts`
[row][output] is what differs. Two blocks behind the last are read. K is less than 65536.
"""
SUMS, WEIGHTS, ROWS = range(0, 4), range(4, 12), range(12, 16)
SETS = range(16, 24), range(24, 32)


def differ(to, row, output):
    return f"eor v{to}.16b, v{ROWS[row]}.16b, v{WEIGHTS[output]}.16b"


def load_weight(output):
    return f"ldr q{WEIGHTS[output]}, [x2, #{16 * output}]"


def load_row(row):
    return f"ldr q{ROWS[row]}, [x{5 + row}], #16"


def phase(row):
    """The additions of a row, the counts of the next, and the exclusive ors of the one after that, which
    take the registers that the additions leave."""
    a, b, ahead = SETS[row % 2], SETS[1 - row % 2], (row + 2) % 4

    def add(i, j):
        return f"addp v{a[i]}.16b, v{a[i]}.16b, v{a[j]}.16b"

    # By what they take until they are done: a core that runs in order waits where a shorter one follows.
    lines = [add(0, 1), add(2, 3), add(4, 5), add(6, 7), add(0, 2), load_row((row + 1) % 4), add(4, 6)]
    # After its last row a weight makes room for the next one: half of them here, before the row ahead.
    lines += [load_weight(i) for i in range(4, 8)] if ahead == 0 else []
    lines += [add(0, 4), *[f"cnt v{i}.16b, v{i}.16b" for i in b], f"uadalp v{SUMS[row]}.8h, v{a[0]}.16b"]
    lines += [differ(a[i], ahead, i) for i in range(8)]
    if ahead == 3:
        lines += [load_weight(i) for i in range(4)]
    return lines + (["add x2, x2, #128"] if ahead == 0 else [])


def main():
    body = [line for row in range(4) for line in phase(row)]
    start = ["mov x5, x0", "add x6, x5, x1", "add x7, x6, x1", "add x8, x7, x1"]
    # v8 to v15 belong to the caller, as far as their lower halves.
    saved = [f"stp d{8 + 2 * i}, d{9 + 2 * i}, [sp, #{16 * i}]" for i in range(4)]
    lines = ["sub sp, sp, #64", *saved, *start, *[f"movi v{i}.16b, #0" for i in SUMS],
             *[load_weight(i) for i in range(8)], "add x2, x2, #128", *[load_row(i) for i in range(4)],
             *[differ(SETS[0][i], 0, i) for i in range(8)], load_row(0),
             *[f"cnt v{i}.16b, v{i}.16b" for i in SETS[0]], *[differ(SETS[1][i], 1, i) for i in range(8)]]
    print("\t.text\n\t.globl neon_block\n\t.type neon_block, %function\nneon_block:")
    print("".join(f"\t{line}\n" for line in lines), end="")
    print(".Lblock:")
    print("".join(f"\t{line}\n" for line in ["subs x3, x3, #1", *body, "b.ne .Lblock"]), end="")
    stores = [f"str q{i}, [x4, #{16 * i}]" for i in SUMS]
    restored = [line.replace("stp", "ldp") for line in saved]
    print("".join(f"\t{line}\n" for line in [*stores, *restored, "add sp, sp, #64", "ret"]), end="")
    print("\t.size neon_block, .-neon_block\n\t.section .note.GNU-stack,\"\",%progbits")


if __name__ == "__main__":
    main()
