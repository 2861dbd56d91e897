# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""Arrays are read where they lie, whose ever they are; what does not fit is refused in words."""

import threading

import contrastive
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from contrastive import _core

rng = np.random.default_rng(1)
Z1, Z2 = rng.normal(size=(2, 10, 6))
LABELS = np.arange(10) // 2


def test_nothing_is_copied():
    tensor = torch.randn(8, 4)
    array = np.zeros((8, 4), dtype=np.float32)
    read_only = np.broadcast_to(np.ones(4), (8, 4))
    on_jax = jnp.ones((8, 4))
    assert _core._address_of(tensor) == tensor.data_ptr()
    assert _core._address_of(tensor.T[1:]) == tensor.T[1:].data_ptr()
    assert _core._address_of(array) == array.ctypes.data
    assert _core._address_of(array[::2, ::-1]) == array[::2, ::-1].ctypes.data
    assert _core._address_of(read_only) == read_only.ctypes.data
    assert _core._address_of(on_jax) == on_jax.unsafe_buffer_pointer()


@pytest.mark.parametrize("kind", ["transposed", "every other row", "backwards", "torch", "jax", "read only"])
def test_any_strides_and_any_library_give_the_same_bits(kind):
    wide = np.zeros((20, 6))
    wide[::2] = Z1
    read_only = Z1.copy()
    read_only.flags.writeable = False
    z1 = {
        "transposed": np.asfortranarray(Z1),
        "every other row": wide[::2],
        "backwards": np.ascontiguousarray(Z1[::-1, ::-1])[::-1, ::-1],
        "torch": torch.from_numpy(Z1).requires_grad_(),
        "jax": jnp.asarray(Z1),
        "read only": read_only,
    }[kind]
    loss = contrastive.nt_xent(temperature=0.3)
    ours, expected = (contrastive.value_and_gradient(loss, z, Z2) for z in (z1, Z1))
    assert ours.loss == expected.loss
    np.testing.assert_array_equal(ours.gradients, expected.gradients)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])
def test_labels_of_any_integers_at_any_stride(dtype):
    expected = contrastive.value(contrastive.sup_con(labels=LABELS), Z1)
    table = np.zeros((10, 3), dtype=dtype)
    table[:, 1] = LABELS
    assert contrastive.value(contrastive.sup_con(labels=table[:, 1]), Z1) == expected
    assert contrastive.value(contrastive.sup_con(labels=torch.from_numpy(LABELS)), Z1) == expected
    assert contrastive.value(contrastive.sup_con(labels=jnp.asarray(LABELS)), Z1) == expected


def test_a_loss_keeps_its_arrays():
    def made_here():
        return contrastive.sup_con(labels=LABELS.copy(), anchor_weights=np.linspace(0, 1, 10))

    kept = made_here()
    garbage = [np.full(10, 7) for _ in range(100)]
    again = contrastive.sup_con(labels=LABELS, anchor_weights=np.linspace(0, 1, 10))
    assert contrastive.value(kept, Z1) == contrastive.value(again, Z1) and len(garbage) == 100
    assert contrastive.value(kept.replace(temperature=0.2), Z1) == contrastive.value(again.replace(temperature=0.2), Z1)


def test_a_fixed_argument_has_no_gradient():
    r = contrastive.value_and_gradient(contrastive.info_nce(), Z1, contrastive.no_gradient(Z2))
    both = contrastive.value_and_gradient(contrastive.info_nce(), Z1, Z2)
    assert r.gradients[1] is None and abs(r.loss - both.loss) < 1e-14
    np.testing.assert_allclose(r.gradients[0], both.gradients[0], rtol=1e-12, atol=1e-14)


def test_an_evaluator_gives_the_same_bits_with_any_number_of_threads():
    expected = contrastive.value_and_gradient(contrastive.nt_xent(), Z1, Z2)
    for threads in (1, 2, 3):
        evaluate = contrastive.evaluator(threads=threads, memory_budget=0)
        for z in ((Z1, Z2), (Z1.astype(np.float32), Z2.astype(np.float32)), (Z1, Z2)):
            ours = evaluate.value_and_gradient(contrastive.nt_xent(), *z)
        assert ours.loss == expected.loss
        np.testing.assert_array_equal(ours.gradients, expected.gradients)


def test_other_threads_run_during_a_call():
    """Else no call could meet another one of the same evaluator, which is refused."""
    evaluate, stop, many = contrastive.evaluator(threads=1), threading.Event(), np.ones((512, 32), dtype=np.float32)
    refused = []

    def call(rows):
        try:
            evaluate.value(contrastive.nt_xent(), rows, rows)
        except RuntimeError as error:
            refused.append(str(error))

    def call_until_stopped():
        while not stop.is_set():
            call(many)

    other = threading.Thread(target=call_until_stopped)
    other.start()
    for _ in range(100_000):
        call(many[:2])
        if refused:
            break
    stop.set()
    other.join()
    assert refused and "expected one call at a time, got one in the middle of another" in refused[0]


def test_parameters_can_be_read_and_replaced():
    loss = contrastive.weighted_info_nce(temperature=np.float32(0.25), normalize="mean_one")
    assert (loss.temperature, loss.normalize, loss.similarity, loss.ids) == (0.25, "mean_one", "cosine", None)
    assert repr(loss.replace(negatives="per_anchor")) == (
        "weighted_info_nce(temperature=0.25, similarity='cosine', reduction='mean', in_batch_negatives=True, "
        "negatives='per_anchor', normalize='mean_one')"
    )
    assert "temperature: float = 0.5" in contrastive.nt_xent.__init__.__doc__


WITH_NAN = Z1.copy()
WITH_NAN[3, 2] = np.nan
MATRIX = "argument 1: expected a matrix, one row a sample"


@pytest.mark.parametrize(
    ("error", "words", "parameters", "embeddings"),
    [
        (ValueError, "temperature: expected a positive finite number, got 0", {"temperature": 0}, (Z1, Z2)),
        (ValueError, "argument 2: expected 10 rows as in argument 1, got 9 rows", {}, (Z1, Z2[1:])),
        (ValueError, "ids: expected 10 ids, one a sample, got 4 ids", {"ids": LABELS[:4]}, (Z1, Z2)),
        (ValueError, "embedding arguments: expected at least 1, got 0", {}, ()),
        (ValueError, "argument 1, row 3: expected finite numbers, got nan", {}, (WITH_NAN, Z2)),
        (ValueError, f"{MATRIX}, got 1 dimensions", {}, (Z1[0], Z2)),
        (ValueError, "similarity: expected one of 'cosine', 'dot', .*, got 'l2'", {"similarity": "l2"}, (Z1, Z2)),
        (ValueError, "ids: expected a vector, one number a row, got 2 dim", {"ids": LABELS[None]}, (Z1, Z2)),
        (ValueError, "ids: expected a number a row, got none", {"ids": LABELS[:0]}, (Z1, Z2)),
        (TypeError, "argument 1: expected float32 or float64, got int64", {}, (Z1.astype(int), Z2)),
        (TypeError, "argument 1: expected float32 or float64, got bfloat16", {}, (torch.ones(2, 2).bfloat16(), Z2)),
        (TypeError, "argument 2: expected float64 as in argument 1, got float32", {}, (Z1, Z2.astype("float32"))),
        (TypeError, f"{MATRIX}: .*, got list", {}, ([[1.0]], Z2)),
        (TypeError, "ids: expected integers, got float64", {"ids": Z1[0]}, (Z1, Z2)),
        (TypeError, "anchor_weights: expected float32 or float64, got int64", {"anchor_weights": LABELS}, (Z1, Z2)),
        (TypeError, "temperature: expected a number, got str", {"temperature": "warm"}, (Z1, Z2)),
        (TypeError, "include_self: expected True or False, got int", {"include_self": 1}, (Z1, Z2)),
        (TypeError, "expected parameters among temperature, .*, got 'tau'", {"tau": 1}, (Z1, Z2)),
    ],
)
def test_what_does_not_fit_is_refused_in_words(error, words, parameters, embeddings):
    with pytest.raises(error, match="contrastive: nt_xent: " + words):
        contrastive.evaluator(check_finite=True).value(contrastive.nt_xent(**parameters), *embeddings)


def test_other_things_are_refused_too():
    with pytest.raises(TypeError, match="soft_targets: targets: expected float32, got float64"):
        contrastive.soft_targets(targets=Z1)
    with pytest.raises(TypeError, match="incompatible function arguments"):
        contrastive.value("nt_xent", Z1, Z2)
