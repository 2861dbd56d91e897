# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""The losses beside the libraries that Python has, on random problems: values and gradients, also by the temperature."""

import importlib.util
import os

import contrastive
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
import torch.nn.functional as F
from agreement import assert_agrees, by_jax, by_torch
from info_nce import InfoNCE
from lightly.loss import DCLLoss, DCLWLoss, NTXentLoss
from pytorch_metric_learning import distances, losses

seeds = pytest.mark.parametrize("seed", range(8))
few_seeds = pytest.mark.parametrize("seed", range(3))  # JAX compiles each operation for each shape
temperatures = pytest.mark.parametrize("temperature", [0.07, 0.5])


def open_clip(name):
    """A loss of open_clip from its file alone: importing the package asks for what its models need."""
    folder = importlib.util.find_spec("open_clip").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("open_clip_loss", os.path.join(folder, "loss.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)()


def random_rows(seed, *counts):
    """Matrices of so many rows; where a count is None, of the same random number."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(3, 40)), int(rng.integers(2, 40))
    return rng, n, [rng.normal(size=(n if count is None else count, d)) for count in counts]


# ---- lightly


@seeds
@temperatures
def test_nt_xent_is_that_of_lightly(seed, temperature):
    _, _, views = random_rows(seed, None, None)
    assert_agrees(
        contrastive.nt_xent(temperature=temperature),
        views,
        by_torch(lambda z1, z2, temperature, bias: NTXentLoss(temperature)(z1, z2)),
    )


@seeds
def test_info_nce_against_a_queue_is_lightlys_memory_bank(seed):
    _, _, (q, k, queue) = random_rows(seed, None, None, 17)

    def with_memory_bank(q, k, queue, temperature, bias):
        loss = NTXentLoss(temperature, memory_bank_size=(17, q.shape[1]))
        loss.memory_bank.forward = lambda rows, update: (rows, F.normalize(queue, dim=1).T)  # else its rows are random
        return loss(q, k)

    assert_agrees(contrastive.info_nce(temperature=0.1, in_batch_negatives=False), [q, k, queue], by_torch(with_memory_bank))


@seeds
@temperatures
def test_decoupled_is_that_of_lightly(seed, temperature):
    _, _, views = random_rows(seed, None, None)
    assert_agrees(
        contrastive.decoupled(temperature=temperature),
        views,
        by_torch(lambda z1, z2, temperature, bias: DCLLoss(temperature)(z1, z2)),
    )


@seeds
@pytest.mark.filterwarnings("ignore:To copy construct from a tensor")
def test_decoupled_with_sigma_is_that_of_lightly(seed):
    _, _, views = random_rows(seed, None, None)
    assert_agrees(
        contrastive.decoupled(temperature=0.2, sigma=0.4),
        views,
        by_torch(lambda z1, z2, temperature, bias: DCLWLoss(temperature, sigma=0.4)(z1, z2)),
    )


# ---- pytorch-metric-learning

DISTANCES = {
    "cosine": distances.CosineSimilarity(),
    "dot": distances.DotProductSimilarity(normalize_embeddings=False),
    "negative_squared_euclidean": distances.LpDistance(normalize_embeddings=False, power=2),
}


def random_classes(rng, n):
    """Classes of two to five rows; of three rows one is alone."""
    return rng.permutation(np.arange(n) % max(2, n // 3))


@seeds
@pytest.mark.parametrize("similarity", DISTANCES)
def test_sup_con_is_that_of_pytorch_metric_learning(seed, similarity):
    rng, n, (z,) = random_rows(seed, None)
    z, labels = z * (1 if similarity == "cosine" else 0.3), random_classes(rng, n)
    assert_agrees(
        contrastive.sup_con(temperature=0.2, similarity=similarity, labels=labels),
        [z],
        by_torch(
            lambda z, temperature, bias: losses.SupConLoss(temperature, distance=DISTANCES[similarity])(
                z, torch.as_tensor(labels)
            )
        ),
    )


@seeds
@pytest.mark.parametrize("similarity", DISTANCES)
def test_sincere_a_pair_is_the_nt_xent_of_pytorch_metric_learning(seed, similarity):
    rng, n, (z,) = random_rows(seed, None)
    z, labels = z * (1 if similarity == "cosine" else 0.3), random_classes(rng, n)
    assert_agrees(
        contrastive.sincere(temperature=0.2, similarity=similarity, labels=labels, average="per_pair"),
        [z],
        by_torch(
            lambda z, temperature, bias: losses.NTXentLoss(temperature, distance=DISTANCES[similarity])(
                z, torch.as_tensor(labels)
            )
        ),
    )


@seeds
def test_nt_xent_is_that_of_pytorch_metric_learning(seed):
    _, n, views = random_rows(seed, None, None)
    labels = torch.arange(n).repeat(2)
    assert_agrees(
        contrastive.nt_xent(temperature=0.3),
        views,
        by_torch(lambda z1, z2, temperature, bias: losses.NTXentLoss(temperature)(torch.cat([z1, z2]), labels)),
    )


# ---- info-nce-pytorch


@seeds
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_info_nce_in_the_batch_is_info_nce_pytorch(seed, reduction):
    _, _, rows = random_rows(seed, None, None)
    assert_agrees(
        contrastive.info_nce(temperature=0.1, reduction=reduction),
        rows,
        by_torch(lambda q, k, temperature, bias: InfoNCE(temperature, reduction)(q, k)),
    )


@seeds
def test_info_nce_against_shared_negatives_is_info_nce_pytorch(seed):
    _, _, rows = random_rows(seed, None, None, 21)
    assert_agrees(
        contrastive.info_nce(temperature=0.1, in_batch_negatives=False),
        rows,
        by_torch(lambda q, k, negatives, temperature, bias: InfoNCE(temperature)(q, k, negatives)),
    )


@seeds
def test_info_nce_against_each_querys_own_negatives_is_info_nce_pytorch(seed):
    rng, n, (q, k) = random_rows(seed, None, None)

    def paired(q, k, own, temperature, bias):
        return InfoNCE(temperature, negative_mode="paired")(q, k, own.view(n, 5, -1))

    loss = contrastive.info_nce(temperature=0.1, in_batch_negatives=False, negatives="per_anchor")
    assert_agrees(loss, [q, k, rng.normal(size=(5 * n, q.shape[1]))], by_torch(paired))


@seeds
def test_info_nce_without_a_reduction_is_info_nce_pytorch(seed):
    _, _, (q, k) = random_rows(seed, None, None)
    ours = contrastive.value_and_gradient(contrastive.info_nce(temperature=0.1, reduction="none"), q, k)
    theirs = InfoNCE(0.1, "none")(torch.from_numpy(q), torch.from_numpy(k))
    np.testing.assert_allclose(ours.per_anchor, theirs, rtol=1e-12, atol=1e-13)


# ---- open_clip


@seeds
@temperatures
def test_clip_is_that_of_open_clip(seed, temperature):
    _, _, rows = random_rows(seed, None, None)

    def of_features(a, b, temperature, bias):
        return open_clip("ClipLoss")(F.normalize(a, dim=1), F.normalize(b, dim=1), 1 / temperature)

    assert_agrees(contrastive.clip(temperature=temperature), rows, by_torch(of_features))


@seeds
@pytest.mark.parametrize("bias", [-10.0, 0.5])
def test_siglip_is_that_of_open_clip(seed, bias):
    _, _, rows = random_rows(seed, None, None)

    def of_features(a, b, temperature, bias):
        return open_clip("SigLipLoss")(F.normalize(a, dim=1), F.normalize(b, dim=1), 1 / temperature, bias)

    assert_agrees(contrastive.siglip(temperature=0.1, bias=bias), rows, by_torch(of_features))


# ---- optax


def cosines(a, b):
    return optax.cosine_similarity(a[:, None], b[None], epsilon=1e-12)


@few_seeds
def test_nt_xent_is_that_of_optax(seed):
    _, n, views = random_rows(seed, None, None)
    labels = jnp.tile(jnp.arange(n), 2)
    assert_agrees(
        contrastive.nt_xent(temperature=0.3),
        views,
        by_jax(lambda z1, z2, temperature, bias: optax.losses.ntxent(jnp.concatenate([z1, z2]), labels, temperature)),
    )


@few_seeds
def test_sincere_a_pair_is_the_ntxent_of_optax(seed):
    rng, n, (z,) = random_rows(seed, None)
    labels = random_classes(rng, n)
    assert_agrees(
        contrastive.sincere(temperature=0.3, labels=labels, average="per_pair"),
        [z],
        by_jax(lambda z, temperature, bias: optax.losses.ntxent(z, jnp.asarray(labels), temperature)),
    )


@few_seeds
def test_soft_targets_is_optaxs_cross_entropy(seed):
    rng, n, (q, k) = random_rows(seed, None, 19)
    targets = rng.dirichlet(np.ones(19), size=n).astype(np.float32)
    targets /= targets.sum(1, keepdims=True)

    def cross_entropy(q, k, temperature, bias):
        return optax.softmax_cross_entropy(cosines(q, k) / temperature, targets.astype(np.float64)).mean()

    assert_agrees(contrastive.soft_targets(temperature=0.2, targets=targets), [q, k], by_jax(cross_entropy))


@few_seeds
def test_info_nce_is_optaxs_cross_entropy_with_integer_labels(seed):
    _, n, rows = random_rows(seed, None, None)

    def cross_entropy(q, k, temperature, bias):
        return optax.softmax_cross_entropy_with_integer_labels(cosines(q, k) / temperature, jnp.arange(n)).mean()

    assert_agrees(contrastive.info_nce(temperature=0.2), rows, by_jax(cross_entropy))


@few_seeds
def test_siglip_is_optaxs_sigmoid_cross_entropy(seed):
    _, n, rows = random_rows(seed, None, None)

    def cross_entropy(a, b, temperature, bias):
        return optax.sigmoid_binary_cross_entropy(cosines(a, b) / temperature + bias, jnp.eye(n)).sum() / n

    assert_agrees(contrastive.siglip(temperature=0.2, bias=-3.0), rows, by_jax(cross_entropy))
