# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""Compares a loss of the module, in float64 and float32, with a function of torch or JAX in float64 on the same numbers."""

import contrastive
import jax
import numpy as np
import torch

jax.config.update("jax_enable_x64", True)

# Of the largest number in what is compared, and where that is smaller, of SMALL: what cancels is zero but for rounding.
TOLERANCE = {np.float64: 1e-14, np.float32: 2e-6}
SMALL = 0.05


def by_torch(function):
    """Value and gradients of function(*embeddings, temperature=, bias=) by torch's autograd."""

    def differentiate(embeddings, temperature, bias):
        leaves = [torch.tensor(z, dtype=torch.float64, requires_grad=True) for z in (*embeddings, temperature, bias)]
        loss = function(*leaves[:-2], temperature=leaves[-2], bias=leaves[-1])
        gradients = torch.autograd.grad(loss, leaves, allow_unused=True)
        return loss.item(), [None if g is None else g.numpy() for g in gradients]

    return differentiate


def by_jax(function):
    """The same by JAX."""

    def differentiate(embeddings, temperature, bias):
        def of_all(z, temperature, bias):
            return function(*z, temperature=temperature, bias=bias)

        z = [np.asarray(e, dtype=np.float64) for e in embeddings]
        loss, (by_z, by_temperature, by_bias) = jax.jit(jax.value_and_grad(of_all, argnums=(0, 1, 2)))(z, temperature, bias)
        return float(loss), [np.asarray(g) for g in (*by_z, by_temperature, by_bias)]

    return differentiate


def assert_close(name, ours, theirs, tolerance):
    ours, theirs = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    assert ours.shape == theirs.shape, name
    off = np.abs(ours - theirs).max() / max(np.abs(theirs).max(), SMALL)
    assert off <= tolerance, f"{name} is {off:.1e} off: {ours} and {theirs}"  # NaN fails too


def assert_agrees(loss, embeddings, differentiate, slack=1):
    """`differentiate` must give what the module gives: the value, and the gradient by each embedding, temperature and bias."""
    for scalar, tolerance in ((scalar, slack * tolerance) for scalar, tolerance in TOLERANCE.items()):
        rows = [np.asarray(z, dtype=scalar) for z in embeddings]
        ours = contrastive.value_and_gradient(loss, *rows)
        value, (*by_rows, by_temperature, by_bias) = differentiate(rows, loss.temperature, getattr(loss, "bias", 0.0))
        kind = f"{loss!r} in {scalar.__name__}: "
        assert_close(kind + "value", ours.loss, value, tolerance)
        assert contrastive.value(loss, *rows) == ours.loss
        for a, (our_gradient, gradient) in enumerate(zip(ours.gradients, by_rows, strict=True)):
            assert our_gradient.dtype == scalar
            assert_close(f"{kind}gradient {a}", our_gradient, gradient, tolerance)
        if by_temperature is not None:
            assert_close(kind + "gradient by temperature", ours.temperature_gradient, by_temperature, tolerance)
        if hasattr(loss, "bias") and by_bias is not None:
            assert_close(kind + "gradient by bias", ours.bias_gradient, by_bias, tolerance)
