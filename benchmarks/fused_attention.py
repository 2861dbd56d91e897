# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""The losses as PyTorch does them best: by calls of its fused attention, in memory N d, without autograd.

attention(q, k, v) gives o_i = Σ_j e^(x_ij - l_i) v_j and l_i = log Σ_j e^x_ij (log_sum), x = q kᵀ / τ, in one pass of 2 N M d
multiply-adds. With v = k that is the loss, and what anchors get from their own rows of the softmax. What they get from the rows
of others, Σ_i e^(x_ij - l_i) q_i, is a second call, with q and k exchanged and v_i = e^(c - l_i) q_i, whose result is
multiplied by e^(l_j - c) with the l of that call.

Rows are normalised here, and gradients are those of the raw rows. They lose their part along the row, so terms along it, such
as that of an anchor with itself, are left out. Each function takes the arguments of the library's loss and gives the loss and
the gradients of those arguments that have one; clip also that of 1/τ. Inputs of 16 bits are multiplied as such; all else is
float.
"""

import math

import torch


def attention(q, k, v, temperature):
    """Of rows (N, d), or (heads, N, d); on a GPU of 16 bits."""
    shape = (1, -1, *q.shape[-2:])
    keys = (1, -1, *k.shape[-2:])
    aten = torch.ops.aten
    fused = aten._scaled_dot_product_flash_attention if q.is_cuda else aten._scaled_dot_product_flash_attention_for_cpu
    o, log_sum = fused(q.view(shape), k.view(keys), v.view(keys), scale=1 / temperature)[:2]
    return o.view(q.shape), log_sum.reshape(*q.shape[:-1], 1)


def normalised(*rows):
    """All rows below one another: their norms and unit rows in float."""
    stacked = torch.cat(rows).float()
    norms = torch.linalg.vector_norm(stacked, dim=-1, keepdim=True)
    return norms, stacked / norms


def through_norm(gradient, unit, norms, scale):
    """From unit rows to raw ones, in place: the part across the row, divided by its length."""
    along = (gradient * unit).sum(-1, keepdim=True)
    return gradient.addcmul_(along, unit, value=-1).mul_(scale / norms)


def nt_xent(z1, z2, temperature=0.5):
    half, n = len(z1), 2 * len(z1)
    norms, unit = normalised(z1, z2)
    z = unit.to(z1.dtype)
    shift = math.log(n)  # within 1/τ of every log_sum
    own, log_all = attention(z, z, z, temperature)
    others_share = torch.log1p(-torch.exp(1 / temperature - log_all))  # log of the share of the logits of other rows
    log_sum = log_all + others_share
    others, _ = attention(z, z, (unit * torch.exp(shift - log_sum)).to(z.dtype), temperature)
    gradient = own * torch.exp(-others_share)
    gradient.addcmul_(others, torch.exp(log_all - shift))
    gradient[:half].sub_(unit[half:], alpha=2)
    gradient[half:].sub_(unit[:half], alpha=2)
    loss = log_sum.mean() - (unit[:half] * unit[half:]).sum() / (half * temperature)
    return loss, through_norm(gradient, unit, norms, 1 / (n * temperature)).split(half)


def info_nce(queries, keys, temperature=0.1):
    n = len(queries)
    norms, unit = normalised(queries, keys)
    q, k = unit.to(queries.dtype).split(n)
    shift = math.log(n)
    to_queries, log_sum = attention(q, k, k, temperature)
    to_keys, log_keys = attention(k, q, (unit[:n] * torch.exp(shift - log_sum)).to(q.dtype), temperature)
    gradient = torch.cat([to_queries - unit[n:], to_keys * torch.exp(log_keys - shift) - unit[:n]])
    loss = log_sum.mean() - (unit[:n] * unit[n:]).sum() / (n * temperature)
    return loss, through_norm(gradient, unit, norms, 1 / (n * temperature)).split(n)


def clip(queries, keys, temperature=0.07):
    """Each call does both directions, as two heads; the second needs the sums of the other direction from the first."""
    n = len(queries)
    norms, unit = normalised(queries, keys)
    norms, unit = norms.view(2, n, 1), unit.view(2, n, -1)
    partners = unit.flip(0)
    z, z_partners = unit.to(queries.dtype), partners.to(queries.dtype)
    shift = math.log(n)
    own, log_sum = attention(z, z_partners, z_partners, temperature)
    others, _ = attention(z, z_partners, (partners * torch.exp(shift - log_sum.flip(0))).to(z.dtype), temperature)
    positives = (unit[0] * unit[1]).sum() / n
    by_scale = (unit * own).sum() / (2 * n) - positives
    gradient = torch.addcmul(own.float(), others, torch.exp(log_sum - shift)).sub_(partners, alpha=2)
    loss = log_sum.mean() - positives / temperature
    return loss, (*through_norm(gradient, unit, norms, 1 / (2 * n * temperature)), by_scale)


def info_nce_queue(queries, keys, queue, temperature=0.1):
    """Each query with its key against a queue without a gradient: one call."""
    n = len(queries)
    norms, unit = normalised(queries, keys)
    k = normalised(queue)[1].to(queue.dtype)
    positives = (unit[:n] * unit[n:]).sum(1, keepdim=True) / temperature
    to_queries, log_queue = attention(unit[:n].to(k.dtype), k, k, temperature)
    log_sum = torch.logaddexp(log_queue, positives)
    miss = -torch.expm1(positives - log_sum)  # the queue's share of the softmax
    gradient = torch.cat([miss * (to_queries - unit[n:]), -miss * unit[:n]])
    return (log_sum - positives).mean(), through_norm(gradient, unit, norms, 1 / (n * temperature)).split(n)
