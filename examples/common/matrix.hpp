// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The matrix of the examples: rows are samples.
#pragma once

#include <Eigen/Core>

namespace examples {

using index = Eigen::Index;

template <class T>
using row_major = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using matrix = row_major<float>;

}  // namespace examples
