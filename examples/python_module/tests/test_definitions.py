# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""Every loss, with random parameters, against its formula in float64."""

import contrastive
import definitions
import numpy as np
import pytest
import torch
from agreement import assert_agrees, by_torch


def class_labels(rng, rows, classes):
    return rng.integers(0, classes, rows).astype(rng.choice([np.int64, np.int32, np.int8, np.uint16]))


def maybe(rng, value):
    return value if rng.random() < 0.6 else None


def random_problem(name, rng):
    """Embeddings and parameters of a loss, without the arrays that were not chosen."""
    n, d, m = int(rng.integers(2, 24)), int(rng.integers(2, 20)), 0
    similarity = ["cosine", "dot", "negative_squared_euclidean"][rng.integers(3)]
    spread = 1.0 if similarity == "cosine" else 0.4  # else logits grow with d, and so do what sums lose of them
    rows = lambda count: spread * rng.normal(size=(count, d))  # noqa: E731
    parameters = {
        "temperature": float(np.exp(rng.uniform(np.log(0.1), np.log(2)))),
        "similarity": similarity,
        "reduction": ["mean", "sum", "none"][rng.integers(3)],
    }
    classes = int(rng.integers(1, 6))
    ids = class_labels(rng, n, n)
    if name in ("info_nce", "weighted_info_nce"):
        embeddings = [rows(n), rows(n)]
        parameters["ids"] = maybe(rng, ids)
        if rng.random() < 0.6:
            parameters["negatives"] = ["shared", "per_anchor"][rng.integers(2)]
            parameters["in_batch_negatives"] = bool(rng.random() < 0.5)
            m = int(rng.integers(1, 9))
            embeddings.append(rows(m if parameters["negatives"] == "shared" else n * m))
            if parameters["ids"] is not None:
                parameters["negative_ids"] = class_labels(rng, len(embeddings[2]), n)
        if name == "weighted_info_nce":
            columns = m + (n if parameters.get("in_batch_negatives", True) else 0)
            parameters["weights"] = (rng.random((n, columns)) * (rng.random((n, columns)) < 0.8)).astype(np.float32)
            parameters["normalize"] = ["none", "mean_one"][rng.integers(2)]
        parameters["candidate_probabilities"] = maybe(rng, rng.uniform(0.01, 1, sum(map(len, embeddings[1:]))))
        anchors = n
    elif name in ("clip", "siglip"):
        embeddings, anchors = [rows(n), rows(n)], n
        parameters["ids"] = maybe(rng, ids)
        if name == "siglip":
            parameters["bias"] = float(rng.normal())
        else:
            parameters["candidate_probabilities"] = maybe(rng, rng.uniform(0.01, 1, n))
    elif name == "soft_targets":
        candidates = int(rng.integers(1, 30))
        embeddings, anchors = [rows(n), rows(candidates)], n
        targets = rng.random((n, candidates)) * (rng.random((n, 1)) < 0.9)
        parameters["targets"] = targets.astype(np.float32)
    elif name in ("nt_xent", "decoupled", "hard_negative"):
        views = 2 if name == "hard_negative" else int(rng.integers(2, 5))
        embeddings, anchors = [rows(n) for _ in range(views)], views * n
        parameters["ids"] = maybe(rng, ids)
        if name == "nt_xent":
            parameters["include_self"] = bool(rng.random() < 0.3)
        elif name == "decoupled":
            parameters["sigma"] = float(rng.uniform(0.2, 2)) if views == 2 and rng.random() < 0.5 else 0.0
        else:
            parameters["tau_plus"] = float(rng.choice([0, 0.1, 0.4]))
            parameters["beta"] = float(rng.choice([0, 1, 2.5]))
    elif name in ("sup_con", "sincere"):
        views = int(rng.integers(1, 4))
        embeddings, anchors = [rows(n) for _ in range(views)], views * n
        parameters["labels"] = class_labels(rng, n if rng.random() < 0.5 else views * n, classes)
        if name == "sup_con":
            parameters["pooling"] = ["mean_log", "log_sum"][rng.integers(2)]
        else:
            parameters["average"] = ["per_anchor", "per_pair"][rng.integers(2)]
    else:
        embeddings, anchors = [rows(n)], n
        if name == "d2d_ce" or rng.random() < 0.6:
            embeddings.append(rows(classes))
        parameters["labels"] = class_labels(rng, n, classes)
        if name == "d2d_ce":
            parameters["margin_positive"], parameters["margin_negative"] = (float(m) for m in rng.uniform(-1, 1, 2))
    weights = rng.uniform(0, 2, anchors).astype([np.float32, np.float64][rng.integers(2)])
    weights[rng.random(anchors) < 0.1] = 0
    parameters["anchor_weights"] = maybe(rng, weights)
    return embeddings, {key: value for key, value in parameters.items() if value is not None}


def as_tensor(value):
    if not isinstance(value, np.ndarray):
        return value
    return torch.from_numpy(value.astype(np.float64 if value.dtype.kind == "f" else np.int64))


@pytest.mark.parametrize("name", sorted(definitions.ALL))
@pytest.mark.parametrize("seed", range(40))
def test_a_loss_is_its_formula(name, seed):
    embeddings, parameters = random_problem(name, np.random.default_rng([seed, sorted(definitions.ALL).index(name)]))
    tensors = {key: as_tensor(value) for key, value in parameters.items() if key not in ("temperature", "bias", "reduction")}
    weights = tensors.pop("anchor_weights", None)

    def anchors(*z, temperature, bias):
        learned = {"bias": bias} if name == "siglip" else {}
        return definitions.ALL[name](*z, temperature=temperature, **learned, **tensors)

    def by_formula(*z, **learned):
        return definitions.reduced(*anchors(*z, **learned), loss.reduction, weights)

    loss = getattr(contrastive, name)(**parameters)
    assert_agrees(loss, embeddings, by_torch(by_formula), slack=20)  # of one class alone two large sums cancel

    ours = contrastive.value_and_gradient(loss, *embeddings)
    learned = {key: torch.tensor(getattr(loss, key, 0.0), dtype=torch.float64) for key in ("temperature", "bias")}
    losses, mass = anchors(*map(torch.from_numpy, embeddings), **learned)
    assert ours.valid_anchors == (mass > 0).sum()
    if loss.reduction == "none":
        np.testing.assert_allclose(ours.per_anchor, losses * (1 if weights is None else weights), rtol=1e-12, atol=1e-12)
    else:
        assert ours.per_anchor is None
