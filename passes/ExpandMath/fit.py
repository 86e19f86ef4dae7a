#!/usr/bin/python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fits the polynomials of the bnn-expand-math pass and prints their f32 bits.

    /usr/bin/python3 passes/ExpandMath/fit.py

Each polynomial is a weighted minimax fit in float64 (Lawson's iteration on
Chebyshev nodes). Coefficients are then rounded to f32 one by one, the most
significant first, and the rest fitted again around what was fixed, so that the
rounding of one is absorbed by the next.
"""
import math

import numpy as np


F = np.float32


def nodes(lo, hi, count=4000):
    k = np.arange(count)
    return 0.5 * (lo + hi) + 0.5 * (hi - lo) * np.cos(np.pi * (k + 0.5) / count)


def minimax(basis, target, weight, rounds=60):
    """Coefficients c that nearly minimise max |weight * (basis @ c - target)|."""
    lawson = np.ones(len(target))
    best, best_err = None, np.inf
    for _ in range(rounds):
        w = np.sqrt(lawson) * weight
        c = np.linalg.lstsq(basis * w[:, None], target * w, rcond=None)[0]
        err = np.abs(weight * (basis @ c - target))
        if err.max() < best_err:
            best, best_err = c, err.max()
        lawson *= err / err.max() + 1e-12
        lawson /= lawson.sum()
    return best, best_err


def fit(name, x, powers, target, weight, exact=()):
    """Fits sum c_p x^p and prints it; `exact` holds (power, value) kept as is."""
    rest = target - sum(v * x**p for p, v in exact)
    powers = list(powers)
    out = {}
    while powers:
        basis = np.stack([x**p for p in powers], axis=1)
        c, err = minimax(basis, rest, weight)
        p = powers.pop(0)
        out[p] = float(F(c[0]))
        rest = rest - out[p] * x**p
    err = np.abs(weight * rest).max()
    print(f"{name}: max weighted error {err:.3e} ({err * 2**24:.3f} x 2^-24)")
    for p, v in out.items():
        print(f"  x^{p}: {v!r:>26}  0x{int(F(v).view(np.uint32)):08X}")
    return out


def main():
    # exp on [-ln2/2, ln2/2] after the reduction: 1 + x + x^2 q(x).
    half = math.log(2) / 2 * 1.0002
    x = nodes(-half, half)
    fit("exp", x, [2, 3, 4, 5, 6], np.exp(x), np.exp(-x), exact=((0, 1.0), (1, 1.0)))
    # the same, where 1 ulp is enough (inside erf and tanh).
    fit("exp5", x, [1, 2, 3, 4, 5], np.exp(x), np.exp(-x), exact=((0, 1.0),))

    # log(1 + x) = x - x^2 / 2 + x^3 q(x) on [sqrt(1/2) - 1, sqrt(2) - 1].
    x = nodes(math.sqrt(0.5) - 1, math.sqrt(2) - 1)
    fit("log", x, range(3, 12), np.log1p(x), 1 / np.abs(np.log1p(x)),
        exact=((1, 1.0), (2, -0.5)))

    # erf(x) = x + x q(x^2) on [0, 0.9375].
    x = nodes(1e-3, 0.9375)
    ref = np.array([math.erf(v) for v in x])
    fit("erf near", x, [1, 3, 5, 7, 9, 11], ref - x, 1 / ref)

    # erf(x) = 1 - exp(q(x)) on [0.9375, 4]; an error of q counts erfc(x) times.
    x = nodes(0.9375, 4.0)
    ec = np.array([math.erfc(v) for v in x])
    fit("erf far", x, range(1, 8), np.log(ec), ec)

    # tanh(x) = x + x^3 q(x^2) on [0, 0.625].
    x = nodes(1e-3, 0.625)
    fit("tanh near", x, [3, 5, 7, 9, 11], np.tanh(x), 1 / np.tanh(x), exact=((1, 1.0),))

    ln2hi = float(F(np.uint32(0x3F317200).view(F)))
    print("ln2 high", ln2hi, "low", float(F(math.log(2) - ln2hi)),
          f"0x{int(F(math.log(2) - ln2hi).view(np.uint32)):08X}")


if __name__ == "__main__":
    main()
