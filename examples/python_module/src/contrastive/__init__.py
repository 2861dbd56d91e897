# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""Contrastive losses and their exact gradients, of NumPy, torch and JAX arrays in the CPU's memory.

>>> contrastive.value_and_gradient(contrastive.nt_xent(temperature=0.5), z1, z2)
"""

from contrastive._core import (
    clip,
    conditional_contrastive,
    d2d_ce,
    decoupled,
    evaluator,
    hard_negative,
    info_nce,
    no_gradient,
    nt_xent,
    result,
    siglip,
    sincere,
    soft_targets,
    sup_con,
    value,
    value_and_gradient,
    weighted_info_nce,
)

__all__ = [
    "clip",
    "conditional_contrastive",
    "d2d_ce",
    "decoupled",
    "evaluator",
    "hard_negative",
    "info_nce",
    "no_gradient",
    "nt_xent",
    "result",
    "siglip",
    "sincere",
    "soft_targets",
    "sup_con",
    "value",
    "value_and_gradient",
    "weighted_info_nce",
]
