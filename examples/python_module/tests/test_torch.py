# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""torch_loss: backward gives what torch's own operations give."""

import contrastive
import definitions
import pytest
import torch
from contrastive.torch import torch_loss


def leaves(*shapes, dtype=torch.float64):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(shape, generator=generator, dtype=dtype).requires_grad_() for shape in shapes]


def test_gradients_reach_what_is_behind_the_embeddings():
    x1, x2, weight = leaves((12, 6), (12, 6), (6, 5))
    losses, _ = definitions.nt_xent(x1 @ weight, x2 @ weight, temperature=0.3, similarity="cosine")
    expected = torch.autograd.grad(3 * losses.mean(), [x1, x2, weight])
    loss = torch_loss(contrastive.nt_xent(temperature=0.3), x1 @ weight, x2 @ weight)
    assert loss.dtype == torch.float64
    torch.testing.assert_close(torch.autograd.grad(3 * loss, [x1, x2, weight]), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("evaluator", [None, contrastive.evaluator(threads=1)])
def test_a_learned_temperature_and_bias_get_their_gradients(evaluator):
    a, b = leaves((9, 4), (9, 4))
    scale = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    bias = torch.tensor(-1.0, dtype=torch.float64, requires_grad=True)
    losses, _ = definitions.siglip(a, b, temperature=torch.exp(-scale), bias=bias, similarity="cosine")
    expected = torch.autograd.grad(losses.mean(), [a, b, scale, bias])
    loss = torch_loss(contrastive.siglip(), a, b, temperature=torch.exp(-scale), bias=bias, evaluator=evaluator)
    torch.testing.assert_close(torch.autograd.grad(loss, [a, b, scale, bias]), expected, rtol=1e-12, atol=1e-13)


def test_a_queue_that_requires_no_gradient_gets_none():
    (q,) = leaves((8, 4), dtype=torch.float32)
    k, queue = (tensor.detach() for tensor in leaves((8, 4), (20, 4), dtype=torch.float32))
    loss = torch_loss(contrastive.info_nce(in_batch_negatives=False), q, k, queue)
    loss.backward()
    assert loss.dtype == q.grad.dtype == torch.float32 and q.grad.abs().sum() > 0 and k.grad is None and queue.grad is None


def test_autograds_own_check_passes():
    z1, z2 = leaves((5, 3), (5, 3))
    assert torch.autograd.gradcheck(lambda *z: torch_loss(contrastive.hard_negative(), *z), (z1, z2))


def test_second_derivatives_and_losses_an_anchor_are_refused():
    z1, z2 = leaves((5, 3), (5, 3))
    with pytest.raises(RuntimeError, match="there are no second derivatives"):
        torch.autograd.grad(torch_loss(contrastive.nt_xent(), z1, z2), z1, create_graph=True)
    with pytest.raises(ValueError, match="torch_loss: expected reduction 'mean' or 'sum', got 'none'"):
        torch_loss(contrastive.nt_xent(reduction="none"), z1, z2)
