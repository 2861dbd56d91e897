# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""The twelve losses by their formulas, pair by pair on whole matrices, for torch's float64 and its autograd.

Each function takes embeddings and a loss's parameters by their names, and returns (l, mass): the loss of each anchor, and how
much it counts in the mean. `reduced` makes one number of them.
"""

import math

import torch
import torch.nn.functional as F

NO_LOGIT = -1e300  # of a pair that is in no sum: finite, so that its gradient is 0 and not NaN


def similarities(a, c, similarity):
    if similarity == "cosine":
        return F.normalize(a, dim=1) @ F.normalize(c, dim=1).T
    if similarity == "dot":
        return a @ c.T
    return -((a[:, None] - c[None]) ** 2).sum(2)


def log_sum(x, weights):
    """log Σ_j w_ij e^x_ij of each row."""
    weights = weights.to(x.dtype)
    counted = weights > 0
    return torch.logsumexp(torch.where(counted, x + torch.where(counted, weights, 1).log(), NO_LOGIT), dim=1)


def mean_of(x, positives):
    """The mean of x_ij over the positives of each row, 0 without one."""
    return torch.where(positives, x, 0).sum(1) / positives.sum(1).clamp(min=1)


def of_valid(losses, valid):
    return torch.where(valid, losses, 0), valid.to(losses.dtype)


def reduced(losses, mass, reduction, anchor_weights):
    weights = torch.ones_like(mass) if anchor_weights is None else anchor_weights
    total = (weights * losses).sum()
    return total / (weights * mass).sum().clamp(min=1e-300) if reduction == "mean" else total


def other_id(ids, other_ids, like):
    """Where a candidate does not have the anchor's id."""
    return torch.ones_like(like, dtype=torch.bool) if ids is None else ids[:, None] != other_ids[None]


# ---- queries and keys


def weighted_info_nce(
    q,
    k,
    further=None,
    *,
    temperature,
    similarity,
    in_batch_negatives=True,
    negatives="shared",
    normalize="none",
    weights=None,
    ids=None,
    negative_ids=None,
    candidate_probabilities=None,
):
    n = len(q)
    x = similarities(q, k, similarity) / temperature
    others = ~torch.eye(n, dtype=torch.bool)
    takes_part = others & other_id(ids, ids, x) & in_batch_negatives
    log_q = torch.zeros(n if further is None else n + len(further), dtype=x.dtype)
    if candidate_probabilities is not None:
        log_q = candidate_probabilities.log()
    x = x - log_q[:n]
    if further is not None:
        far = similarities(q, further, similarity) / temperature - log_q[n:]
        far_takes_part = other_id(ids, negative_ids, far)
        if negatives == "per_anchor":  # of the rows i K … i K + K - 1
            own = torch.arange(n)
            far, far_takes_part = (m.view(n, n, -1)[own, own] for m in (far, far_takes_part))
        x, takes_part = torch.cat([x, far], 1), torch.cat([takes_part, far_takes_part], 1)
    w = takes_part.to(x.dtype)
    if weights is not None:
        given = weights if in_batch_negatives else torch.cat([torch.zeros(n, n, dtype=x.dtype), weights], 1)
        w = torch.where(takes_part, given, 0)
        if normalize == "mean_one":
            mean = w.sum(1, keepdim=True) / takes_part.sum(1, keepdim=True).clamp(min=1)
            w = torch.where(mean > 0, w / mean.clamp(min=1e-300), w)
    positive = F.pad(torch.eye(n, dtype=x.dtype), (0, x.shape[1] - n))
    return of_valid(log_sum(x, w + positive) - x[:, :n].diagonal(), torch.ones(n, dtype=torch.bool))


info_nce = weighted_info_nce  # with weights of one


def clip(a, b, **parameters):
    (one_way, mass), (other_way, _) = info_nce(a, b, **parameters), info_nce(b, a, **parameters)
    return (one_way + other_way) / 2, mass


def siglip(a, b, *, temperature, similarity, bias, ids=None):
    x = similarities(a, b, similarity) / temperature + bias
    match = torch.eye(len(a), dtype=torch.bool)
    takes_part = match | other_id(ids, ids, x)
    losses = torch.where(takes_part, torch.logaddexp(torch.where(match, -x, x), torch.zeros_like(x)), 0).sum(1)
    return of_valid(losses, torch.ones(len(a), dtype=torch.bool))


def soft_targets(q, k, *, temperature, similarity, targets):
    x = similarities(q, k, similarity) / temperature
    losses = targets.sum(1) * torch.logsumexp(x, dim=1) - (targets * x).sum(1)
    return of_valid(losses, targets.sum(1) > 0)


# ---- views of samples


def stacked_views(views, similarity, ids):
    """Similarities of all rows, and where a pair is of one sample, where it is of other samples with other ids."""
    z, sample = torch.cat(views), torch.arange(len(views[0])).repeat(len(views))
    s = similarities(z, z, similarity)
    row_ids = None if ids is None else ids.repeat(len(views))
    same = sample[:, None] == sample[None]
    return s, same, ~same & other_id(row_ids, row_ids, s)


def nt_xent(*views, temperature, similarity, include_self=False, ids=None):
    s, same, others = stacked_views(views, similarity, ids)
    itself = torch.eye(len(s), dtype=torch.bool)
    positives = same & ~itself
    x = s / temperature
    candidates = others | positives | (itself & include_self)
    return of_valid(log_sum(x, candidates) - mean_of(x, positives), positives.any(1))


def decoupled(*views, temperature, similarity, sigma=0, ids=None):
    s, same, others = stacked_views(views, similarity, ids)
    positives = same & ~torch.eye(len(s), dtype=torch.bool)
    n, w = len(views[0]), 1
    if sigma > 0:
        pair = mean_of(s, positives).detach()
        w = 2 - n * torch.exp(pair / sigma - torch.logsumexp(pair[:n] / sigma, dim=0))
    x = s / temperature
    return of_valid(log_sum(x, others) - w * mean_of(x, positives), others.any(1))


def hard_negative(z1, z2, *, temperature, similarity, tau_plus=0.1, beta=1.0, ids=None):
    s, same, others = stacked_views((z1, z2), similarity, ids)
    positives = same & ~torch.eye(len(s), dtype=torch.bool)
    x, m = s / temperature, 2 * len(z1) - 2
    positive = mean_of(x, positives)
    h = m * torch.exp(log_sum((1 + beta) * x, others) - log_sum(beta * x, others))
    g = torch.maximum((h - tau_plus * m * positive.exp()) / (1 - tau_plus), m * torch.exp(-1 / temperature))
    return of_valid(torch.log(positive.exp() + g) - positive, others.any(1))


# ---- classes


def labels_of_rows(labels, rows):
    return labels if len(labels) == rows else labels.repeat(rows // len(labels))


def sup_con(*views, temperature, similarity, labels, pooling="mean_log"):
    z = torch.cat(views)
    x, y = similarities(z, z, similarity) / temperature, labels_of_rows(labels, len(z))
    itself = torch.eye(len(z), dtype=torch.bool)
    positives = (y[:, None] == y[None]) & ~itself
    pooled = mean_of(x, positives)
    if pooling == "log_sum":
        pooled = log_sum(x, positives) - positives.sum(1).clamp(min=1).to(x.dtype).log()
    return of_valid(log_sum(x, ~itself) - pooled, positives.any(1))


def sincere(*views, temperature, similarity, labels, average="per_anchor"):
    z = torch.cat(views)
    x, y = similarities(z, z, similarity) / temperature, labels_of_rows(labels, len(z))
    same = y[:, None] == y[None]
    positives = same & ~torch.eye(len(z), dtype=torch.bool)
    pairs = torch.logaddexp(x, log_sum(x, ~same)[:, None]) - x
    total, count = torch.where(positives, pairs, 0).sum(1), positives.sum(1)
    if average == "per_pair":
        return total, count.to(x.dtype)
    return of_valid(total / count.clamp(min=1), count > 0)


def conditional_contrastive(h, proxies=None, *, temperature, similarity, labels):
    x = similarities(h, h, similarity) / temperature
    candidates = ~torch.eye(len(h), dtype=torch.bool)
    positives = (labels[:, None] == labels[None]) & candidates
    if proxies is not None:
        own = labels[:, None] == torch.arange(len(proxies))[None]
        x = torch.cat([x, similarities(h, proxies, similarity) / temperature], 1)
        candidates, positives = torch.cat([candidates, own], 1), torch.cat([positives, own], 1)
    return of_valid(log_sum(x, candidates) - log_sum(x, positives), positives.any(1))


def d2d_ce(h, proxies, *, temperature, similarity, labels, margin_positive=0.98, margin_negative=0.02):
    others = labels[:, None] != labels[None]
    negatives = ((similarities(h, h, similarity) - margin_negative) / temperature).clamp(min=0)
    to_own_proxy = similarities(h, proxies, similarity)[torch.arange(len(h)), labels]
    positive = ((to_own_proxy - margin_positive) / temperature).clamp(max=0)
    losses = torch.logaddexp(positive, log_sum(negatives, others)) - positive
    return of_valid(losses, torch.ones(len(h), dtype=torch.bool))


ALL = {
    function.__name__: function
    for function in (
        clip,
        conditional_contrastive,
        d2d_ce,
        decoupled,
        hard_negative,
        nt_xent,
        siglip,
        sincere,
        soft_targets,
        sup_con,
        weighted_info_nce,
    )
} | {"info_nce": info_nce}
assert len(ALL) == 12 and math.isfinite(NO_LOGIT)
