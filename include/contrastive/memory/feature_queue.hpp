// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// feature_queue: the embeddings of earlier batches, first in first out, as negatives for later ones.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <contrastive/core/errors.hpp>
#include <contrastive/core/label_view.hpp>
#include <contrastive/core/matrix_view.hpp>
#include <contrastive/memory/checked_stream.hpp>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// What stands beside each row of a feature_queue.
struct queue_columns {
  bool labels = false;            ///< a label a row
  index_type num_parameters = 0;  ///< numbers a row, such as known degradation parameters
  bool ids = false;               ///< an id a row: a loss leaves out rows with the anchor's own (info_nce's negative_ids)
};

/// The last `capacity` rows that were pushed, with labels, parameters or ids beside them.
///
/// The rows that are in lie in (size(), dim) row-major memory without a gap; there are never more than were pushed. Until
/// the queue is full they stand in the order of their age; then a new row takes the place of the oldest, which is row
/// oldest(). features(), labels(), parameters() and ids() agree row for row. Their views are valid until the queue is next
/// changed. Rows are stored as they come: a loss with cosine similarity needs none of them normalised. T is float or double.
/// Throws std::invalid_argument where arguments do not fit, and std::runtime_error for a stream that can not be written or
/// is no saved queue of these settings; either way, and where memory runs out, the queue is as it was.
/// Source: He et al. 2020, "Momentum contrast for unsupervised visual representation learning", section 3.2.
///
///   contrastive::feature_queue<float> queue{4096, 128};
///   queue.push(keys);
///   auto r = contrastive::value_and_gradient(contrastive::info_nce{.in_batch_negatives = false}, q, k,
///                                            contrastive::no_gradient(queue.features()));
template <class T>
class feature_queue {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "contrastive: feature_queue<T> needs T = float or T = double");

 public:
  /// An empty queue of at most `capacity` rows of `dim` numbers; takes the memory of a full one.
  feature_queue(index_type capacity, index_type dim, const queue_columns& beside = {})
      : capacity_(capacity), dim_(dim), beside_(beside) {
    if (capacity <= 0) detail::refuse(name, "capacity", "at least 1 row", capacity);
    if (dim <= 0) detail::refuse(name, "dim", "at least 1 column", dim);
    if (beside.num_parameters < 0) detail::refuse(name, "num_parameters", "0 or more", beside.num_parameters);
    constexpr index_type most = std::numeric_limits<index_type>::max() / static_cast<index_type>(sizeof(double));
    if (capacity > most / std::max(dim, std::max<index_type>(beside.num_parameters, 1)))
      detail::refuse(name, "capacity", "a number of rows that memory can hold", capacity);
    reserve();
  }

  /// The number of rows that are in.
  index_type size() const { return static_cast<index_type>(features_.size()) / dim_; }
  /// The most rows that it holds.
  index_type capacity() const { return capacity_; }
  /// The numbers of a row.
  index_type dim() const { return dim_; }
  /// What stands beside a row.
  const queue_columns& columns() const { return beside_; }
  /// Does a further row take the place of the oldest?
  bool full() const { return size() == capacity_; }
  /// The row that a further push overwrites first; 0 until the queue is full.
  index_type oldest() const { return full() ? oldest_ : 0; }

  /// (size(), dim): the rows that are in.
  matrix_view<const T> features() const { return {features_.data(), size(), dim_}; }
  /// Their labels; none where the queue was made without.
  label_view labels() const { return {labels_.data(), static_cast<index_type>(labels_.size())}; }
  /// (size(), num_parameters): their parameters.
  matrix_view<const float> parameters() const { return {parameters_.data(), size(), beside_.num_parameters}; }
  /// Their ids; none where the queue was made without.
  label_view ids() const { return {ids_.data(), static_cast<index_type>(ids_.size())}; }

  /// Takes all rows out.
  void clear() {
    features_.clear();
    labels_.clear();
    parameters_.clear();
    ids_.clear();
    oldest_ = 0;
  }

  /// Puts in a batch: rows (n, dim), n labels, parameters (n, num_parameters) and n ids, each exactly if the queue was made
  /// with them. Of a batch with more rows than the capacity the last `capacity` stay. n = 0 changes nothing. Refuses NaN and
  /// infinity, which would spoil every loss until the row is overwritten, and views of the queue's own rows. Takes matrices,
  /// maps, refs, blocks, views and vectors as a loss does, and temporaries too: it copies.
  template <std::convertible_to<matrix_view<const T>> Rows = matrix_view<const T>,
            std::convertible_to<label_view> Labels = label_view,
            std::convertible_to<matrix_view<const float>> Parameters = matrix_view<const float>,
            std::convertible_to<label_view> Ids = label_view>
  void push(const Rows& rows, const Labels& labels = {}, const Parameters& parameters = {}, const Ids& ids = {}) {
    push_views(rows, labels, parameters, ids);
  }
  /// The same for a queue of rows and parameters alone.
  template <std::convertible_to<matrix_view<const T>> Rows = matrix_view<const T>,
            std::convertible_to<matrix_view<const float>> Parameters>
  void push(const Rows& rows, const Parameters& parameters) {
    push_views(rows, {}, parameters, {});
  }

  /// Writes the rows that are in, what stands beside them and their order; opened in binary mode, the same bytes everywhere.
  void save(std::ostream& stream) const {
    detail::checked_writer writer(stream, block * sizeof(std::int64_t));
    writer.write_bytes(magic.data(), magic.size());
    const std::array<std::int64_t, header_size> header = {
        version, sizeof(T), capacity_, dim_, beside_.labels, beside_.num_parameters, beside_.ids, size(), oldest()};
    writer.write(header.data(), header.size());
    write(writer, features_);
    write(writer, labels_);
    write(writer, parameters_);
    write(writer, ids_);
    writer.write_checksum();
    if (!stream.flush()) detail::fail<std::runtime_error>("contrastive: feature_queue: the stream can not be written");
  }

  /// Takes over what save wrote from a queue of the same T, capacity, dim and columns, order of overwriting included, and
  /// leaves the stream behind it. A stream that is truncated, damaged, of another kind or of other settings is refused, and the
  /// message says why. Needs the memory of a second queue while it reads.
  void load(std::istream& stream) {
    detail::checked_reader reader(stream, name);
    if (!stream) reader.fail("the stream can not be read");
    std::array<char, magic_size> mark{};
    reader.read_bytes(mark.data(), mark.size(), "mark of a saved queue");
    if (mark != magic) reader.fail("the stream holds no saved feature_queue");
    std::array<std::int64_t, header_size> header{};
    reader.read(header.data(), header.size(), "header");
    const auto [file_version, scalar, capacity, dim, labels, num_parameters, ids, rows, oldest_row] = header;
    if (file_version != version)
      reader.fail("format version " + detail::text(file_version) + ", this library reads version " + detail::text(version));
    const auto same = [&](const char* what, std::int64_t saved, std::int64_t own) {
      if (saved != own)
        reader.fail(std::string(what) + ": the saved queue has " + detail::text(saved) + ", this one " + detail::text(own));
    };
    same("bytes of a number", scalar, sizeof(T));
    same("capacity", capacity, capacity_);
    same("dim", dim, dim_);
    same("labels", labels, beside_.labels);
    same("num_parameters", num_parameters, beside_.num_parameters);
    same("ids", ids, beside_.ids);
    if (rows < 0 || rows > capacity || oldest_row < 0 || oldest_row >= capacity || (rows < capacity && oldest_row != 0))
      reader.fail("the bytes are damaged: " + detail::text(rows) + " rows, the oldest at " + detail::text(oldest_row));

    feature_queue loaded(capacity_, dim_, beside_);
    read(reader, loaded.features_, static_cast<index_type>(rows) * dim_, "rows");
    read(reader, loaded.labels_, beside_.labels ? static_cast<index_type>(rows) : 0, "labels");
    read(reader, loaded.parameters_, static_cast<index_type>(rows) * beside_.num_parameters, "parameters");
    read(reader, loaded.ids_, beside_.ids ? static_cast<index_type>(rows) : 0, "ids");
    reader.read_checksum();
    for (const T number : loaded.features_)
      if (!std::isfinite(number)) reader.fail("rows: expected finite numbers, as push takes them, got " + detail::text(number));
    for (const float number : loaded.parameters_)
      if (!std::isfinite(number))
        reader.fail("parameters: expected finite numbers, as push takes them, got " + detail::text(number));
    loaded.oldest_ = static_cast<index_type>(oldest_row);
    *this = std::move(loaded);
  }

 private:
  static constexpr const char* name = "feature_queue";
  // Saved: the mark, nine int64 (version … oldest), the rows, labels, parameters and ids, and the checksum of all before it.
  static constexpr std::size_t magic_size = 8, header_size = 9;
  static constexpr std::array<char, magic_size> magic = {'c', 't', 'r', 'q', 'u', 'e', 'u', 'e'};
  static constexpr std::int64_t version = 2;
  static constexpr std::size_t block = 16384;  // numbers a write or read: buffers stay small beside the queue

  void push_views(matrix_view<const T> rows, label_view labels, matrix_view<const float> parameters, label_view ids) {
    check(rows, labels, parameters, ids);
    const std::vector<std::int64_t> own_labels = copy_of(labels), own_ids = copy_of(ids);  // they may be views of the queue's
    reserve();
    if (rows.rows >= capacity_) clear();
    for (index_type r = std::max<index_type>(0, rows.rows - capacity_); r < rows.rows; ++r) {
      const index_type place = full() ? oldest_ : size();
      put(features_, place, rows, r);
      if (beside_.num_parameters > 0) put(parameters_, place, parameters, r);
      if (beside_.labels) put(labels_, place, own_labels[static_cast<std::size_t>(r)]);
      if (beside_.ids) put(ids_, place, own_ids[static_cast<std::size_t>(r)]);
      oldest_ = (place + 1) % capacity_;
    }
  }

  // A copy or a moved-from queue holds less memory than it may need; from here on a push can not fail half way.
  void reserve() {
    features_.reserve(static_cast<std::size_t>(capacity_ * dim_));
    parameters_.reserve(static_cast<std::size_t>(capacity_ * beside_.num_parameters));
    if (beside_.labels) labels_.reserve(static_cast<std::size_t>(capacity_));
    if (beside_.ids) ids_.reserve(static_cast<std::size_t>(capacity_));
  }

  static std::vector<std::int64_t> copy_of(const label_view& labels) {
    std::vector<std::int64_t> copy(static_cast<std::size_t>(labels.size()));
    for (index_type r = 0; r < labels.size(); ++r) copy[static_cast<std::size_t>(r)] = labels[r];
    return copy;
  }

  static std::string say(index_type rows, index_type cols) {
    return '(' + std::to_string(rows) + ", " + std::to_string(cols) + ")";
  }

  void check(const matrix_view<const T>& rows, const label_view& labels, const matrix_view<const float>& parameters,
             const label_view& ids) const {
    if (rows.cols != dim_ || rows.rows < 0)
      detail::refuse(name, "rows", "(n, " + std::to_string(dim_) + ")", say(rows.rows, rows.cols));
    const auto one_a_row = [&](const char* what, bool wanted, index_type came) {
      if (came != (wanted ? rows.rows : 0))
        detail::refuse(
            name, what,
            wanted ? std::to_string(rows.rows) + ' ' + what + ", one a row" : std::string("none: the queue was made without"),
            std::to_string(came) + ' ' + what);
    };
    one_a_row("labels", beside_.labels, labels.size());
    one_a_row("ids", beside_.ids, ids.size());
    const index_type num_parameters = beside_.num_parameters;
    if (num_parameters == 0 ? parameters.rows * parameters.cols != 0
                            : parameters.rows != rows.rows || parameters.cols != num_parameters)
      detail::refuse(name, "parameters",
                     num_parameters == 0 ? "none: the queue was made without" : say(rows.rows, num_parameters),
                     say(parameters.rows, parameters.cols));
    check_numbers("rows", rows, features_);
    if (num_parameters > 0) check_numbers("parameters", parameters, parameters_);
  }

  template <class Number>
  static void check_numbers(const char* which, const matrix_view<const Number>& from, const std::vector<Number>& own) {
    if (from.rows > 0 && from.data == nullptr) detail::refuse(name, which, "memory", "a null pointer");
    for (index_type r = 0; r < from.rows; ++r)
      for (index_type c = 0; c < from.cols; ++c) {
        const Number* at = &from(r, c);
        if (!std::less<>{}(at, own.data()) && std::less<>{}(at, own.data() + own.capacity()))
          detail::refuse(name, which, "memory outside the queue", "the queue's own");
        if (!std::isfinite(*at)) detail::refuse(name, std::string(which) + ", row " + std::to_string(r), "finite numbers", *at);
      }
  }

  template <class Number>
  static void put(std::vector<Number>& to, index_type place, const matrix_view<const Number>& from, index_type row) {
    for (index_type c = 0; c < from.cols; ++c) put(to, place * from.cols + c, from(row, c));
  }
  template <class Number>
  static void put(std::vector<Number>& to, index_type place, Number number) {
    if (place == static_cast<index_type>(to.size()))
      to.push_back(number);
    else
      to[static_cast<std::size_t>(place)] = number;
  }

  template <class Number>
  static void write(detail::checked_writer& writer, const std::vector<Number>& numbers) {
    for (std::size_t first = 0; first < numbers.size(); first += block)
      writer.write(numbers.data() + first, std::min(block, numbers.size() - first));
  }
  template <class Number>
  static void read(detail::checked_reader& reader, std::vector<Number>& numbers, index_type count, const char* part) {
    numbers.resize(static_cast<std::size_t>(count));
    for (std::size_t first = 0; first < numbers.size(); first += block)
      reader.read(numbers.data() + first, std::min(block, numbers.size() - first), part);
  }

  index_type capacity_, dim_;
  queue_columns beside_;
  std::vector<T> features_;           // (size, dim) row-major
  std::vector<std::int64_t> labels_;  // (size)
  std::vector<std::int64_t> ids_;     // (size)
  std::vector<float> parameters_;     // (size, num_parameters) row-major
  index_type oldest_ = 0;             // meant only while full
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
