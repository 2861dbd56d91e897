// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The embeddings as the engine uses them: read once, normalised or extended as the similarity asks, laid out in slabs
// (kernels/interface.hpp), and the chain rule from their gradient back to the caller's rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <contrastive/core/arguments.hpp>
#include <contrastive/cpu/aligned_buffer.hpp>
#include <contrastive/cpu/kernels/interface.hpp>
#include <contrastive/similarity.hpp>
#include <limits>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

template <class T>
class prepared_rows {
 public:
  /// Takes the sizes and the memory for them; throws std::bad_alloc. `outputs`: where the gradients go, one view an argument,
  /// or null. `order`: the caller's number of each of the first global rows, which fill whole arguments; null: all are his.
  void reserve(const kernel_table<T>& kernels, similarity kind, double temperature,
               const contrastive::detail::argument<T>* arguments, int count, index_type total, const matrix_view<T>* outputs,
               const index_type* order, index_type num_ordered) {
    const index_type width = kernels.width;
    root_ = std::sqrt(1 / temperature);
    kernels_ = &kernels, kind_ = kind, arguments_ = arguments, count_ = count, total_ = total, width_ = width;
    dim_ = arguments[0].cols;
    order_ = order, num_ordered_ = order == nullptr ? 0 : num_ordered;
    prepared_dim_ = contrastive::detail::prepared_dim(kind, dim_);
    num_slabs_ = (prepared_dim_ + width - 1) / width;
    rows_.reserve(num_slabs_ * slab_stride());
    norms_.reserve(total);
    centre_.reserve(dim_);
    plan_gradients(outputs);
  }

  /// Global row r as it came.
  void read_plain(index_type r, T* to) const {
    index_type row = callers(r);
    argument_of(row).read(row, 0, dim_, to);
  }
  /// Reads global row r into its slabs.
  void read(index_type r) {
    index_type row = callers(r);
    const auto& from = argument_of(row);
    T* to = slabs(r);
    for (index_type k = 0; k < num_slabs_ * width_; k += width_, to += slab_stride()) {
      const index_type count = std::clamp<index_type>(dim_ - k, 0, width_);
      if (count > 0) from.read(row, k, count, to);
      std::fill(to + count, to + width_, T(0));
    }
  }

  /// The point that distances are taken from: the mean of the rows, since |a - c| does not change when both move, and the
  /// squares that the dot product form subtracts from each other are smallest there.
  void find_centre() {
    std::fill_n(centre_.data(), dim_, 0.0);
    if (kind_ != similarity::negative_squared_euclidean) return;
    for (index_type r = 0; r < total_; ++r)
      along_row(slabs(r), dim_,
                [&](index_type k, const T& v) { centre_.data()[k] += static_cast<double>(v) / static_cast<double>(total_); });
  }

  /// Gives global row r the anchor's form, times √(1 / temperature): so products are logits, and x_ij is x_ji to the last bit.
  void shape(index_type r) {
    T* z = slabs(r);
    if (kind_ == similarity::negative_squared_euclidean)
      along_row(z, dim_, [&](index_type k, T& v) {
        v = static_cast<T>(contrastive::detail::sqrt_2 * (static_cast<double>(v) - centre_.data()[k]));
      });
    const double squares = kernels_->squares({z, slab_stride()}, num_slabs_);
    const double length = contrastive::detail::norm(
        squares, [&](auto visit) { along_row(z, dim_, [&](index_type, const T& v) { visit(static_cast<double>(v)); }); });
    norms_.data()[r] = length;
    const double inverse = kind_ == similarity::cosine ? contrastive::detail::inverse_norm(length) : 1;
    kernels_->scale({z, slab_stride()}, num_slabs_, inverse * root_);
    if (kind_ == similarity::negative_squared_euclidean) {
      norms_.data()[r] = length / contrastive::detail::sqrt_2;
      z[offset(0, dim_)] = static_cast<T>(-squares / 2 * root_ * root_);
      z[offset(0, dim_ + 1)] = T(1);
    }
  }

  /// Packs global rows [begin, end) into panels, in the candidate's form. What is past `end` in the last one is 0.
  void pack(index_type begin, index_type end, T* panels) const {
    for (T* panel = panels; begin < end; begin += width_, panel += panel_size()) {
      const index_type count = std::min(width_, end - begin);
      if (count == width_) {
        kernels_->pack(row(begin), slab_stride(), prepared_dim_, panel);
      } else {
        std::fill_n(panel, panel_size(), T(0));
        for (index_type c = 0; c < count; ++c)
          along_row(row(begin + c), prepared_dim_, [&](index_type k, const T& v) { panel[k * width_ + c] = v; });
      }
      // The candidate's form of a row has the last two coordinates swapped.
      if (kind_ == similarity::negative_squared_euclidean)
        std::swap_ranges(panel + dim_ * width_, panel + (dim_ + 1) * width_, panel + (dim_ + 1) * width_);
    }
  }

  void clear_gradient(index_type r) {
    if (T* h = gradient(r)) std::fill_n(h, num_slabs_ * width_, T(0));
  }
  void scale_gradient(index_type r, double scale) {
    if (T* h = gradient(r)) kernels_->scale({h, width_}, num_slabs_, scale);
  }
  /// Calls visit(offset, count, out, out_stride) for each run of the global rows [begin, end) whose H is wanted.
  template <class Visit>
  void for_each_gradient(index_type begin, index_type end, Visit visit) const {
    for (const destination& to : destinations_) {
      const index_type first = std::max(begin, to.begin), last = std::min(end, to.end);
      if (first < last && to.sums != nullptr)
        visit(first - begin, last - first, to.sums + (first - to.begin) * to.stride, to.stride);
    }
  }
  /// H of global row r, null where it is not wanted.
  T* gradient(index_type r) const {
    T* h = nullptr;
    for_each_gradient(r, r + 1, [&](index_type, index_type, T* out, index_type) { h = out; });
    return h;
  }
  bool wants_gradient(index_type begin, index_type end) const {
    bool wanted = false;
    for_each_gradient(begin, end, [&](index_type, index_type, T*, index_type) { wanted = true; });
    return wanted;
  }

  /// Writes dL/dz of global row r, from H_r = Σ dL/dx · (row of the partner). What is summed in the caller's memory stays where
  /// it is until `move_rows`.
  void write_gradient(index_type r) {
    for (std::size_t a = 0; a < destinations_.size(); ++a) {
      const destination& from = destinations_[a];
      if (r < from.begin || r >= from.end || from.sums == nullptr) continue;
      T* h = from.sums + (r - from.begin) * from.stride;
      const pieces<T> sums{h, width_};
      const pieces<const T> sums_read{h, width_}, u{row(r), slab_stride()};
      double in_direction = 0;
      if (kind_ == similarity::cosine)  // taken out twice: the first time leaves what rounding adds to it
        in_direction = static_cast<double>(kernels_->remove_direction(sums, u, num_slabs_));
      // Of distances the last coordinate of H holds Σ dL/dx.
      const double slopes = kind_ == similarity::negative_squared_euclidean ? static_cast<double>(h[dim_ + 1]) : 0;
      const auto rule = contrastive::detail::chain_rule_of(kind_, norm(r), in_direction, slopes);
      const double scale = root_ * rule.scale;
      const T along = static_cast<T>(rule.along);
      kernels_->combine(sums, sums_read, u, num_slabs_, static_cast<T>(scale), along);
      if (from.out == nullptr) return;
      const index_type row = callers(r);
      std::size_t b = 0;
      while (row >= destinations_[b].end) ++b;
      const destination& to = destinations_[b];
      T* out = to.out->data + (row - to.begin) * to.out->row_stride;
      for (index_type k = 0; k < dim_; ++k) out[k * to.out->col_stride] = h[k];
    }
  }

  /// Are rows in another order than the caller's summed in his memory?
  bool moves_rows() const { return moves_rows_; }
  /// One slab of those: to where he wants it.
  void move_rows(index_type slab) {
    for (index_type r = 0; r < num_ordered_; ++r)
      if (of_cycle_.data()[r] == first_of_cycle) {
        T* const carried = gradient(r) + slab * width_;
        for (index_type to = order_[r]; to != r; to = order_[to])
          std::swap_ranges(carried, carried + width_, gradient(to) + slab * width_);
      }
  }

  /// Bounds of all s_ij of these anchors and candidates, from the norms alone.
  void similarity_bounds(index_type anchor_begin, index_type anchor_end, index_type candidate_begin, index_type candidate_end,
                         double& low, double& high) const {
    if (kind_ == similarity::cosine) {
      low = -1, high = 1;
      return;
    }
    double a = 0, c = 0;
    for (index_type r = anchor_begin; r < anchor_end; ++r) a = std::max(a, norm(r));
    for (index_type r = candidate_begin; r < candidate_end; ++r) c = std::max(c, norm(r));
    if (kind_ == similarity::dot) {
      low = -a * c, high = a * c;
    } else {
      low = -(a + c) * (a + c), high = 0;
    }
  }

  /// False where a row holds NaN or infinity.
  bool finite() const {
    for (index_type r = 0; r < total_; ++r)
      if (!(norm(r) <= std::numeric_limits<double>::max())) return false;
    return true;
  }

  const T* row(index_type r) const { return rows_.data() + r * width_; }
  const T* slab(index_type r, index_type s) const { return row(r) + s * slab_stride(); }
  index_type slab_stride() const { return total_ * width_; }
  index_type num_slabs() const { return num_slabs_; }
  index_type prepared_dim() const { return prepared_dim_; }
  index_type panel_size() const { return prepared_dim_ * width_; }

  /// Coordinates whose plain product enters the similarity of a listed pair; `rest` has what is missing.
  index_type plain_dim() const { return dim_; }
  T rest(index_type a, index_type c) const {
    return kind_ == similarity::negative_squared_euclidean ? at(a, dim_) + at(c, dim_) : T(0);
  }

  double norm(index_type r) const { return norms_.data()[r]; }

 private:
  /// The caller's number of global row r.
  index_type callers(index_type r) const { return r < num_ordered_ ? order_[r] : r; }
  /// The argument of a global row, which becomes the row there.
  const contrastive::detail::argument<T>& argument_of(index_type& row) const {
    int a = 0;
    for (; row >= arguments_[a].rows; ++a) row -= arguments_[a].rows;
    return arguments_[a];
  }
  T* slabs(index_type r) { return rows_.data() + r * width_; }
  index_type offset(index_type r, index_type k) const { return (k / width_) * slab_stride() + r * width_ + k % width_; }
  T at(index_type r, index_type k) const { return rows_.data()[offset(r, k)]; }
  /// visit(k, element k) for k in [0, dim) of a row of slabs.
  template <class Element, class Visit>
  void along_row(Element* slabs, index_type dim, Visit visit) const {
    for (index_type k = 0; k < dim; slabs += slab_stride())
      for (index_type end = std::min(dim, k + width_), here = 0; k < end; ++k, ++here) visit(k, slabs[here]);
  }

  /// Where H of the rows of one argument is summed: in the caller's memory if that is laid out so, else in our own.
  struct destination {
    index_type begin, end;  // global rows
    T* sums;                // row-major, num_slabs · width numbers a row; null: not wanted
    index_type stride;
    const matrix_view<T>* out;  // where to copy it in the end, or null
  };
  void plan_gradients(const matrix_view<T>* outputs) {
    destinations_.clear();
    if (outputs == nullptr) return;
    const index_type line = num_slabs_ * width_;
    const auto in_place = [&](const matrix_view<T>& out) {
      return out.col_stride == 1 && line == dim_ && out.row_stride >= line;
    };
    index_type first = 0, own = 0;
    moves_rows_ = num_ordered_ > 0 && arguments_[0].needs_gradient;
    for (int a = 0; a < count_ && first < num_ordered_; first += arguments_[a++].rows)
      moves_rows_ = moves_rows_ && in_place(outputs[a]);
    if (moves_rows_) find_cycles();
    first = 0;
    for (int a = 0; a < count_; first += arguments_[a++].rows) {
      const bool wanted = arguments_[a].needs_gradient,
                 place = wanted && in_place(outputs[a]) && (first >= num_ordered_ || moves_rows_);
      destinations_.push_back({first, first + arguments_[a].rows, place ? outputs[a].data : nullptr,
                               place ? outputs[a].row_stride : line, wanted && !place ? &outputs[a] : nullptr});
      if (wanted && !place) own += arguments_[a].rows * line;
    }
    own_sums_.reserve(own);
    own = 0;
    for (destination& to : destinations_)
      if (to.out != nullptr) to.sums = own_sums_.data() + own, own += (to.end - to.begin) * line;
  }
  static constexpr unsigned char first_of_cycle = 2;
  /// Says of each row whether it is the first of its cycle r, order[r], order[order[r]], …
  void find_cycles() {
    of_cycle_.reserve(num_ordered_);
    unsigned char* const of = of_cycle_.data();
    std::fill_n(of, num_ordered_, static_cast<unsigned char>(0));
    for (index_type r = 0; r < num_ordered_; ++r) {
      if (of[r] != 0) continue;
      of[r] = first_of_cycle;
      for (index_type next = order_[r]; next != r; next = order_[next]) of[next] = 1;
    }
  }

  const kernel_table<T>* kernels_ = nullptr;
  similarity kind_ = similarity::cosine;
  const contrastive::detail::argument<T>* arguments_ = nullptr;
  int count_ = 0;
  double root_ = 1;
  const index_type* order_ = nullptr;  // (num_ordered): the caller's numbers
  index_type num_ordered_ = 0;
  bool moves_rows_ = false;
  aligned_buffer<unsigned char> of_cycle_;  // (num_ordered)
  index_type total_ = 0, width_ = 1, dim_ = 0, prepared_dim_ = 0, num_slabs_ = 0;
  aligned_buffer<T> rows_;                 // (total, prepared_dim) slabs
  std::vector<destination> destinations_;  // one an argument
  aligned_buffer<T> own_sums_;
  aligned_buffer<double> norms_, centre_;
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
