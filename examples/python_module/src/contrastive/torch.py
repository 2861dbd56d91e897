# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""The losses as differentiable functions of torch's tensors in the CPU's memory."""

import torch

from contrastive._core import no_gradient, value_and_gradient


class _Loss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, differentiate, loss, temperature, bias, *embeddings):
        wanted = ctx.needs_input_grad[4:]
        rows = [z if wants else no_gradient(z) for z, wants in zip(embeddings, wanted, strict=True)]
        result = differentiate(loss, *rows)
        ctx.gradients = [result.temperature_gradient, result.bias_gradient, *result.gradients]
        return embeddings[0].new_tensor(result.loss)

    @staticmethod
    def backward(ctx, upstream):
        if torch.is_grad_enabled():
            raise RuntimeError("contrastive: torch_loss: expected no create_graph, got it: there are no second derivatives")
        wanted = zip(ctx.gradients, ctx.needs_input_grad[2:], strict=True)
        return None, None, *(upstream * torch.as_tensor(g, dtype=upstream.dtype) if wants else None for g, wants in wanted)


def torch_loss(loss, *embeddings, temperature=None, bias=None, evaluator=None):
    """The loss of tensors (rows, d) as a scalar tensor whose backward() gives each of them its gradient.

    `temperature` and `bias`, scalar tensors, take the place of the loss's own and get their gradients. An `evaluator` keeps its
    memory and its threads from call to call.

    >>> torch_loss(contrastive.nt_xent(temperature=0.5), encoder(x1), encoder(x2)).backward()
    """
    if loss.reduction == "none":
        raise ValueError(
            "contrastive: torch_loss: expected reduction 'mean' or 'sum', got 'none'; anchor_weights weigh the losses"
        )
    learned = {"temperature": temperature, "bias": bias}
    loss = loss.replace(**{name: tensor.item() for name, tensor in learned.items() if tensor is not None})
    differentiate = value_and_gradient if evaluator is None else evaluator.value_and_gradient
    return _Loss.apply(differentiate, loss, temperature, bias, *embeddings)
