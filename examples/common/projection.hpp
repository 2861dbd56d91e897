// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Rows of many coordinates laid out in the plane, without looking at labels: principal components and t-SNE.
#pragma once

#include <functional>

#include "common/matrix.hpp"
#include "common/nearest_neighbours.hpp"
#include "common/thread_team.hpp"

namespace examples {

/// The first two principal components, (rows, 2).
matrix principal_components(const matrix& rows);

struct t_sne_options {
  double perplexity = 30;
  int iterations = 300;
  int exaggerated_iterations = 90;
  double exaggeration = 12;
};

/// t-SNE (van der Maaten & Hinton 2008) of unit rows, (rows, 2): attraction between the 3 · perplexity nearest neighbours,
/// repulsion between all pairs, exact; started from the principal components, so that the same rows give the same picture.
/// `progress`, where given, is called with the iterations done.
matrix t_sne(thread_team& team, const matrix& unit_rows, const t_sne_options& how = {},
             const std::function<void(int)>& progress = {});

}  // namespace examples
