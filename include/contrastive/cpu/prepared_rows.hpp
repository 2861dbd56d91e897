// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The embeddings as the engine uses them: read once, normalised or extended as the similarity asks, laid out in slabs and
// panels (kernels/interface.hpp), and the chain rule from their gradient back to the caller's rows.
#pragma once

#include <algorithm>
#include <contrastive/core/arguments.hpp>
#include <contrastive/cpu/aligned_buffer.hpp>
#include <contrastive/similarity.hpp>
#include <limits>

namespace contrastive::cpu {

template <class T>
class prepared_rows {
 public:
  /// Takes the sizes and the memory for them; throws std::bad_alloc.
  void reserve(similarity kind, const contrastive::detail::argument<T>* arguments, int count, index total, index num_panel_rows, index width,
               bool gradients) {
    kind_ = kind, arguments_ = arguments, count_ = count, total_ = total, width_ = width;
    dim_ = arguments[0].rows.cols;
    prepared_dim_ = contrastive::detail::prepared_dim(kind, dim_);
    num_slabs_ = (prepared_dim_ + width - 1) / width;
    num_panels_ = (num_panel_rows + width - 1) / width;
    rows_.reserve(num_slabs_ * slab_stride());
    panels_.reserve(num_panels_ * panel_size());
    norms_.reserve(total);
    centre_.reserve(dim_);
    if (gradients) gradient_.reserve(num_slabs_ * slab_stride());
  }

  /// The point that distances are taken from: the mean of the rows, since |a - c| does not change when both move, and the
  /// squares that the dot product form subtracts from each other are smallest there.
  void find_centre() {
    std::fill_n(centre_.data(), dim_, 0.0);
    if (kind_ != similarity::negative_squared_euclidean) return;
    for (int a = 0; a < count_; ++a)
      for (index r = 0; r < arguments_[a].rows.rows; ++r)
        for (index k = 0; k < dim_; ++k) centre_.data()[k] += static_cast<double>(arguments_[a].rows(r, k)) / static_cast<double>(total_);
  }

  /// Fills the slabs for rows [begin, end).
  void prepare(index begin, index end) {
    index first = 0;
    for (int a = 0; a < count_; first += arguments_[a].rows.rows, ++a) {
      const auto& rows = arguments_[a].rows;
      for (index r = std::max(begin, first); r < std::min(end, first + rows.rows); ++r)
        prepare_row(&rows.data[(r - first) * rows.row_stride], rows.col_stride, r);
    }
  }

  /// Fills panel p with candidates from global row `first` + p · width on, up to `end`, in the candidate's form times scale.
  void pack_panel(index p, index first, index end, double scale) {
    T* panel = panels_.data() + p * panel_size();
    const index begin = first + p * width_;
    const T factor = static_cast<T>(scale);
    for (index c = 0; c < width_; ++c)
      for (index k = 0; k < prepared_dim_; ++k) panel[k * width_ + c] = begin + c < end ? factor * at(begin + c, candidate_coordinate(k)) : T(0);
  }

  void clear_gradient(index begin, index end) {
    for (index s = 0; s < num_slabs_; ++s)
      std::fill(gradient_.data() + s * slab_stride() + begin * width_, gradient_.data() + s * slab_stride() + end * width_, T(0));
  }

  /// Writes dL/dz of global row r, from H_r = Σ dL/dx · (anchor's form of the partner), x = s / temperature.
  void write_gradient(index r, double temperature, T* out, index stride) const {
    switch (kind_) {
      case similarity::cosine: {  // dL/du = H / τ, and u = z / |z|: the part along u is lost
        double along = 0;
        for (index k = 0; k < dim_; ++k) along += static_cast<double>(slope(r, k)) * static_cast<double>(at(r, k));
        const double scale = contrastive::detail::inverse_norm(norm(r)) / temperature;
        for (index k = 0; k < dim_; ++k)
          out[k * stride] = static_cast<T>(scale * (static_cast<double>(slope(r, k)) - along * static_cast<double>(at(r, k))));
        return;
      }
      case similarity::dot:
        for (index k = 0; k < dim_; ++k) out[k * stride] = static_cast<T>(static_cast<double>(slope(r, k)) / temperature);
        return;
      case similarity::negative_squared_euclidean: {  // Σ dL/ds · 2 (c - z); the last coordinate holds Σ dL/dx
        const double scale = contrastive::detail::sqrt_2 / temperature, total = static_cast<double>(slope(r, dim_ + 1));
        for (index k = 0; k < dim_; ++k)
          out[k * stride] = static_cast<T>(scale * (static_cast<double>(slope(r, k)) - total * static_cast<double>(at(r, k))));
        return;
      }
    }
  }

  /// Bounds of all s_ij of these anchors and candidates, from the norms alone.
  void similarity_bounds(index anchor_begin, index anchor_end, index candidate_begin, index candidate_end, double& low, double& high) const {
    if (kind_ == similarity::cosine) {
      low = -1, high = 1;
      return;
    }
    double a = 0, c = 0;
    for (index r = anchor_begin; r < anchor_end; ++r) a = std::max(a, norm(r));
    for (index r = candidate_begin; r < candidate_end; ++r) c = std::max(c, norm(r));
    if (kind_ == similarity::dot) {
      low = -a * c, high = a * c;
    } else {
      low = -(a + c) * (a + c), high = 0;
    }
  }

  /// False where a row holds NaN or infinity.
  bool finite() const {
    for (index r = 0; r < total_; ++r)
      if (!(norm(r) <= std::numeric_limits<double>::max())) return false;
    return true;
  }

  const T* row(index r) const { return rows_.data() + r * width_; }
  T* gradient(index r) const { return gradient_.data() + r * width_; }
  const T* panel(index p) const { return panels_.data() + p * panel_size(); }
  index slab_stride() const { return total_ * width_; }
  index num_slabs() const { return num_slabs_; }
  index num_panels() const { return num_panels_; }
  index prepared_dim() const { return prepared_dim_; }

  /// Coordinates whose plain product enters the similarity of a listed pair; `rest` has what is missing.
  index plain_dim() const { return dim_; }
  T rest(index a, index c) const { return kind_ == similarity::negative_squared_euclidean ? at(a, dim_) + at(c, dim_) : T(0); }

 private:
  index panel_size() const { return prepared_dim_ * width_; }
  double norm(index r) const { return norms_.data()[r]; }
  index offset(index r, index k) const { return (k / width_) * slab_stride() + r * width_ + k % width_; }
  T at(index r, index k) const { return rows_.data()[offset(r, k)]; }
  T slope(index r, index k) const { return gradient_.data()[offset(r, k)]; }
  /// The candidate's form of a row is the anchor's with the last two coordinates swapped.
  index candidate_coordinate(index k) const { return k < dim_ ? k : 2 * dim_ + 1 - k; }

  void prepare_row(const T* z, index stride, index r) {
    T* rows = rows_.data();
    const double length = contrastive::detail::norm(z, dim_, stride);
    norms_.data()[r] = length;
    switch (kind_) {
      case similarity::cosine: {
        const double scale = contrastive::detail::inverse_norm(length);
        for (index k = 0; k < dim_; ++k) rows[offset(r, k)] = static_cast<T>(static_cast<double>(z[k * stride]) * scale);
        break;
      }
      case similarity::dot:
        for (index k = 0; k < dim_; ++k) rows[offset(r, k)] = z[k * stride];
        break;
      case similarity::negative_squared_euclidean: {
        double squares = 0;
        for (index k = 0; k < dim_; ++k) {
          const T v = static_cast<T>(contrastive::detail::sqrt_2 * (static_cast<double>(z[k * stride]) - centre_.data()[k]));
          rows[offset(r, k)] = v;
          squares += static_cast<double>(v) * static_cast<double>(v) / 2;
        }
        norms_.data()[r] = std::sqrt(squares);
        rows[offset(r, dim_)] = static_cast<T>(-squares);
        rows[offset(r, dim_ + 1)] = T(1);
        break;
      }
    }
    for (index k = prepared_dim_; k < num_slabs_ * width_; ++k) rows[offset(r, k)] = T(0);
  }

  similarity kind_ = similarity::cosine;
  const contrastive::detail::argument<T>* arguments_ = nullptr;
  int count_ = 0;
  index total_ = 0, width_ = 1, dim_ = 0, prepared_dim_ = 0, num_slabs_ = 0, num_panels_ = 0;
  aligned_buffer<T> rows_;      // (total, prepared_dim) slabs
  aligned_buffer<T> gradient_;  // the same
  aligned_buffer<T> panels_;    // (tiled candidates, prepared_dim) panels
  aligned_buffer<double> norms_, centre_;
};

}  // namespace contrastive::cpu
