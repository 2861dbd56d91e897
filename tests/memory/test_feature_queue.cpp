// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// feature_queue against a std::deque of rows; its file format against truncation, damage and foreign bytes.
#include <Eigen/Core>
#include <contrastive/memory/feature_queue.hpp>
#include <cstdint>
#include <deque>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

using contrastive::feature_queue;
using row_index = contrastive::index_type;
using contrastive::matrix_view;
using contrastive::queue_columns;
using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Row r of a long stream of rows that are all different: its label and its parameters tell which it is.
template <class T>
std::vector<T> stream_row(row_index r, row_index dim) {
  std::vector<T> row;
  for (row_index c = 0; c < dim; ++c) row.push_back(static_cast<T>(r) + static_cast<T>(c) / 16);
  return row;
}
Rows stream_rows(row_index first, row_index count, row_index dim) {
  Rows rows(count, dim);
  for (row_index r = 0; r < count; ++r)
    for (row_index c = 0; c < dim; ++c) rows(r, c) = stream_row<float>(first + r, dim)[static_cast<std::size_t>(c)];
  return rows;
}
std::vector<int> stream_labels(row_index first, row_index count, int base = 1000) {
  std::vector<int> labels;
  for (row_index r = 0; r < count; ++r) labels.push_back(static_cast<int>(base + first + r));
  return labels;
}
std::vector<int> stream_ids(row_index first, row_index count) { return stream_labels(first, count, 5000); }

std::string saved(const feature_queue<float>& queue) {
  std::ostringstream out;
  queue.save(out);
  return out.str();
}
void load_from(feature_queue<float>& queue, const std::string& bytes) {
  std::istringstream in(bytes);
  queue.load(in);
}
std::string refusal(feature_queue<float>& queue, const std::string& bytes) {
  try {
    load_from(queue, bytes);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "nothing was refused";
}

// The queue holds exactly these rows of the stream, from the oldest on, with what belongs to them beside them.
void check_holds(const feature_queue<float>& queue, const std::deque<row_index>& expected) {
  REQUIRE(queue.size() == static_cast<row_index>(expected.size()));
  REQUIRE(queue.features().rows == queue.size());
  REQUIRE(queue.features().cols == queue.dim());
  CHECK(queue.full() == (queue.size() == queue.capacity()));
  for (row_index age = 0; age < queue.size(); ++age) {
    const row_index r = expected[static_cast<std::size_t>(age)], at = (queue.oldest() + age) % queue.capacity();
    const auto row = stream_row<float>(r, queue.dim());
    for (row_index c = 0; c < queue.dim(); ++c) CHECK(queue.features()(at, c) == row[static_cast<std::size_t>(c)]);
    if (queue.columns().labels) CHECK(queue.labels()[at] == 1000 + r);
    if (queue.columns().num_parameters > 0) CHECK(queue.parameters()(at, 0) == static_cast<float>(r) / 2);
    if (queue.columns().ids) CHECK(queue.ids()[at] == 5000 + r);
  }
}

// A queue with labels, parameters and ids, and which rows of the stream belong in it.
struct filled_queue {
  feature_queue<float> queue;
  std::deque<row_index> expected;
  row_index pushed = 0;

  filled_queue(row_index capacity, row_index dim) : queue(capacity, dim, {.labels = true, .num_parameters = 1, .ids = true}) {}
  void push(row_index count) {
    queue.push(stream_rows(pushed, count, queue.dim()), stream_labels(pushed, count), parameters(count),
               stream_ids(pushed, count));
    for (row_index r = 0; r < count; ++r) expected.push_back(pushed++);
    while (static_cast<row_index>(expected.size()) > queue.capacity()) expected.pop_front();
  }
  Rows parameters(row_index count) const {
    Rows theta(count, 1);
    for (row_index r = 0; r < count; ++r) theta(r, 0) = static_cast<float>(pushed + r) / 2;
    return theta;
  }
};

}  // namespace

TEST_CASE("feature_queue: no row is lost wherever a batch wraps") {
  for (const row_index capacity : {1, 2, 5, 8, 13})
    for (row_index batch = 0; batch <= 2 * capacity + 1; ++batch) {
      CAPTURE(capacity, batch);
      filled_queue filled(capacity, 3);
      for (int pushes = 0; pushes < 9; ++pushes) {
        filled.push(batch);
        check_holds(filled.queue, filled.expected);
      }
    }
}

TEST_CASE("feature_queue: batches of changing sizes keep the last rows in their order") {
  filled_queue filled(7, 2);
  for (const row_index batch : {3, 3, 3, 1, 0, 6, 7, 20, 2, 8, 5, 14}) {
    filled.push(batch);
    check_holds(filled.queue, filled.expected);
  }
}

TEST_CASE("feature_queue: a batch larger than the capacity keeps its last rows") {
  feature_queue<float> queue(4, 2);
  queue.push(stream_rows(0, 3, 2));
  queue.push(stream_rows(3, 11, 2));
  check_holds(queue, {10, 11, 12, 13});
}

TEST_CASE("feature_queue: rows that were not put in are never handed out") {
  feature_queue<float> queue(100, 2, {.labels = true, .num_parameters = 3});
  CHECK(queue.size() == 0);
  CHECK_FALSE(queue.full());
  CHECK(queue.features().rows == 0);
  CHECK(queue.labels().size() == 0);
  CHECK(queue.parameters().rows == 0);
  queue.push(stream_rows(0, 6, 2), stream_labels(0, 6), Rows(Rows::Ones(6, 3)));
  CHECK(queue.features().rows == 6);
  CHECK(queue.labels().size() == 6);
  CHECK(queue.parameters().rows == 6);
  queue.clear();
  CHECK(queue.features().rows == 0);
  CHECK(queue.labels().size() == 0);
}

TEST_CASE("feature_queue: until it is full rows stand in the order of their age") {
  feature_queue<float> queue(5, 2);
  queue.push(stream_rows(0, 2, 2));
  queue.push(stream_rows(2, 2, 2));
  CHECK(queue.oldest() == 0);
  for (row_index r = 0; r < 4; ++r) CHECK(queue.features()(r, 0) == static_cast<float>(r));
  queue.push(stream_rows(4, 2, 2));
  CHECK(queue.oldest() == 1);
  CHECK(queue.features()(0, 0) == 5.0f);
}

TEST_CASE("feature_queue: views of any strides are copied in") {
  Eigen::MatrixXf columns(3, 2);
  columns << 1, 2, 3, 4, 5, 6;
  feature_queue<float> queue(3, 2);
  queue.push(columns);
  for (row_index r = 0; r < 3; ++r)
    for (row_index c = 0; c < 2; ++c) CHECK(queue.features()(r, c) == columns(r, c));
  queue.push(matrix_view<const float>(columns.data() + 2, 2, 2, -1, 3));  // the last two rows, upside down
  CHECK(queue.features()(0, 0) == 5.0f);
  CHECK(queue.features()(1, 1) == 4.0f);
}

TEST_CASE("feature_queue: labels and parameters that are columns of a larger matrix are those that are put in") {
  Eigen::Matrix<int, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> meta(3, 2);
  meta << 10, 11, 20, 21, 30, 31;
  Rows theta(3, 4);
  theta << 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;
  feature_queue<float> queue(3, 2, {.labels = true, .num_parameters = 2});
  queue.push(stream_rows(0, 3, 2), meta.col(1), theta.middleCols(1, 2));
  for (row_index r = 0; r < 3; ++r) {
    CHECK(queue.labels()[r] == meta(r, 1));
    for (row_index c = 0; c < 2; ++c) CHECK(queue.parameters()(r, c) == theta(r, c + 1));
  }
  queue.push(stream_rows(3, 1, 2), std::vector<std::uint8_t>{200}, Eigen::MatrixXf(theta.block(2, 0, 1, 2)));  // temporaries
  CHECK(queue.labels()[0] == 200);
  CHECK(queue.parameters()(0, 1) == 9.0f);
  CHECK_THROWS_AS(queue.push(stream_rows(0, 3, 2), meta, theta.leftCols(2)), std::invalid_argument);
}

TEST_CASE("feature_queue: double rows and labels of 64 bits") {
  const std::vector<double> rows = {0.1, 0.2, 0.3, 0.4};
  const std::vector<std::int64_t> labels = {std::int64_t{1} << 40, -3};
  feature_queue<double> queue(2, 2, {.labels = true});
  queue.push(matrix_view<const double>(rows.data(), 2, 2), labels);
  CHECK(queue.features()(1, 0) == 0.3);
  CHECK(queue.labels()[0] == std::int64_t{1} << 40);
  CHECK(queue.labels()[1] == -3);
}

TEST_CASE("feature_queue: what does not fit is refused and nothing is put in") {
  filled_queue filled(5, 2);
  filled.push(7);
  auto& queue = filled.queue;
  const Rows rows = stream_rows(0, 2, 2), theta = Rows::Ones(2, 1);
  const std::vector<int> labels = {1, 2}, ids = {3, 4}, one = {1};
  CHECK_THROWS_AS(queue.push(stream_rows(0, 2, 3), labels, theta, ids), std::invalid_argument);
  CHECK_THROWS_AS(queue.push(rows), std::invalid_argument);
  CHECK_THROWS_AS(queue.push(rows, labels), std::invalid_argument);
  CHECK_THROWS_AS(queue.push(rows, theta), std::invalid_argument);
  CHECK_THROWS_AS(queue.push(rows, labels, theta), std::invalid_argument);
  CHECK_THROWS_AS(queue.push(rows, one, theta, ids), std::invalid_argument);
  CHECK_THROWS_AS(queue.push(rows, labels, theta, one), std::invalid_argument);
  CHECK_THROWS_AS(queue.push(rows, labels, Rows(Rows::Ones(2, 2)), ids), std::invalid_argument);
  CHECK_THROWS_AS(queue.push(matrix_view<const float>(nullptr, 2, 2), labels, theta, ids), std::invalid_argument);
  check_holds(queue, filled.expected);
  feature_queue<float> plain(5, 2);
  CHECK_THROWS_AS(plain.push(rows, labels), std::invalid_argument);
  CHECK_THROWS_AS(plain.push(rows, theta), std::invalid_argument);
  CHECK_THROWS_AS(plain.push(rows, {}, {}, ids), std::invalid_argument);
  CHECK(plain.size() == 0);
  CHECK_THROWS_AS(feature_queue<float>(0, 2), std::invalid_argument);
  CHECK_THROWS_AS(feature_queue<float>(2, 0), std::invalid_argument);
  CHECK_THROWS_AS(feature_queue<float>(2, 2, {.num_parameters = -1}), std::invalid_argument);
  CHECK_THROWS_AS(feature_queue<float>(std::numeric_limits<row_index>::max() / 2, 1024), std::invalid_argument);
}

TEST_CASE("feature_queue: a refusal names the argument, what was expected and what came") {
  feature_queue<float> queue(5, 2, {.labels = true});
  const std::vector<int> labels = {1};
  try {
    queue.push(stream_rows(0, 2, 2), labels);
    FAIL("one label for two rows");
  } catch (const std::invalid_argument& e) {
    CHECK(std::string(e.what()) == "contrastive: feature_queue: labels: expected 2 labels, one a row, got 1 labels");
  }
  feature_queue<float> with_ids(5, 2, {.ids = true});
  try {
    with_ids.push(stream_rows(0, 2, 2), {}, {}, labels);
    FAIL("one id for two rows");
  } catch (const std::invalid_argument& e) {
    CHECK(std::string(e.what()) == "contrastive: feature_queue: ids: expected 2 ids, one a row, got 1 ids");
  }
}

TEST_CASE("feature_queue: NaN and infinity are refused by their row") {
  feature_queue<float> queue(5, 2);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Rows rows = stream_rows(0, 3, 2);
    rows(2, 1) = bad;
    try {
      queue.push(rows);
      FAIL("a row that is not finite");
    } catch (const std::invalid_argument& e) {
      CHECK(std::string(e.what()).find("rows, row 2: expected finite numbers") != std::string::npos);
    }
    CHECK(queue.size() == 0);
  }
}

TEST_CASE("feature_queue: its own rows are refused, its own labels are right") {
  filled_queue filled(4, 2);
  filled.push(4);
  filled.push(2);
  CHECK_THROWS_AS(filled.queue.push(filled.queue.features(), stream_labels(0, 4), Rows(Rows::Ones(4, 1)), stream_ids(0, 4)),
                  std::invalid_argument);
  check_holds(filled.queue, filled.expected);
  filled.queue.push(stream_rows(6, 4, 2), filled.queue.labels(), Rows(Rows::Ones(4, 1)), filled.queue.ids());
  const std::vector<int> stood = {1004, 1005, 1002, 1003};
  for (row_index r = 0; r < 4; ++r) {
    CHECK(filled.queue.labels()[r] == stood[static_cast<std::size_t>(r)]);
    CHECK(filled.queue.ids()[r] == 4000 + stood[static_cast<std::size_t>(r)]);
  }
}

TEST_CASE("feature_queue: a copy and a queue that was moved from go on as queues") {
  filled_queue filled(5, 2);
  filled.push(8);
  filled_queue copy = filled;
  copy.push(3);
  check_holds(copy.queue, copy.expected);
  check_holds(filled.queue, filled.expected);
  const feature_queue<float> taken = std::move(filled.queue);
  check_holds(taken, filled.expected);
  CHECK(filled.queue.size() == 0);
  CHECK(filled.queue.features().rows == 0);
  filled.expected.clear();
  for (const row_index batch : {3, 4, 4}) {
    filled.push(batch);
    check_holds(filled.queue, filled.expected);
  }
}

TEST_CASE("feature_queue: saved with a checkpoint it goes on as if nothing had happened") {
  for (const row_index before : {0, 3, 7, 12}) {
    CAPTURE(before);
    filled_queue filled(7, 3);
    filled.push(before);
    filled_queue resumed(7, 3);
    resumed.push(5);
    load_from(resumed.queue, saved(filled.queue));
    check_holds(resumed.queue, filled.expected);
    resumed.expected = filled.expected;
    resumed.pushed = filled.pushed;
    resumed.push(4);
    filled.push(4);
    check_holds(resumed.queue, filled.expected);
    CHECK(saved(resumed.queue) == saved(filled.queue));
  }
}

TEST_CASE("feature_queue: a queue larger than a block of the stream survives it") {
  filled_queue filled(3000, 11);
  filled.push(4100);
  filled_queue loaded(3000, 11);
  load_from(loaded.queue, saved(filled.queue));
  check_holds(loaded.queue, filled.expected);
}

TEST_CASE("feature_queue: the saved bytes are those of the format") {
  feature_queue<float> queue(3, 1);
  queue.push(Rows(Rows::Constant(1, 1, 1.0f)));
  const std::string bytes = saved(queue);
  REQUIRE(bytes.size() == 8 + 9 * 8 + 4 + 8);
  CHECK(bytes.substr(0, 8) == "ctrqueue");
  // version, bytes of a number, capacity, dim, labels, parameters, ids, rows, oldest, little-endian
  const std::vector<int> header = {2, 4, 3, 1, 0, 0, 0, 1, 0};
  for (std::size_t field = 0; field < header.size(); ++field) {
    CHECK(static_cast<int>(bytes[8 + 8 * field]) == header[field]);
    for (std::size_t b = 1; b < 8; ++b) CHECK(bytes[8 + 8 * field + b] == 0);
  }
  CHECK(bytes.substr(80, 4) == std::string("\x00\x00\x80\x3f", 4));  // 1.0f
}

TEST_CASE("feature_queue: load leaves the stream behind the queue") {
  filled_queue filled(3, 2);
  filled.push(4);
  std::stringstream stream;
  stream << "step 17\n";
  filled.queue.save(stream);
  filled.queue.save(stream);
  stream << "end";
  std::string line, rest;
  std::getline(stream, line);
  filled_queue first(3, 2), second(3, 2);
  first.queue.load(stream);
  second.queue.load(stream);
  stream >> rest;
  CHECK(rest == "end");
  check_holds(second.queue, filled.expected);
}

TEST_CASE("feature_queue: a file truncated at any byte is refused and the queue stays as it was") {
  filled_queue filled(4, 2);
  filled.push(6);
  const std::string bytes = saved(filled.queue);
  filled_queue other(4, 2);
  other.push(3);
  for (std::size_t kept = 0; kept < bytes.size(); ++kept) {
    CAPTURE(kept);
    CHECK(refusal(other.queue, bytes.substr(0, kept)).find("the stream ends after " + std::to_string(kept) + " bytes") !=
          std::string::npos);
    check_holds(other.queue, other.expected);
  }
}

TEST_CASE("feature_queue: a file damaged at any byte is refused and the queue stays as it was") {
  filled_queue filled(4, 2);
  filled.push(6);
  const std::string bytes = saved(filled.queue);
  filled_queue other(4, 2);
  other.push(3);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    CAPTURE(at);
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    CHECK(refusal(other.queue, damaged).rfind("contrastive: feature_queue: ", 0) == 0);
    check_holds(other.queue, other.expected);
  }
}

TEST_CASE("feature_queue: NaN and infinity in a file are refused, as push refuses them, though the checksum is right") {
  filled_queue filled(4, 2);
  filled.push(3);
  const std::string bytes = saved(filled.queue);
  constexpr std::size_t rows = 8 + 9 * 8, parameters = rows + 3 * (2 * 4 + 8), checksum = 8;
  REQUIRE(bytes.size() == parameters + 3 * (4 + 8) + checksum);
  const auto with = [&](std::size_t at, const std::string& number) {
    std::string changed = bytes.substr(0, bytes.size() - checksum);
    changed.replace(at, number.size(), number);
    std::uint64_t sum = 0xCBF29CE484222325u;  // FNV-1a
    for (const char byte : changed) sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
    for (std::size_t b = 0; b < checksum; ++b) changed += static_cast<char>(static_cast<unsigned char>(sum >> (8 * b)));
    return changed;
  };
  CHECK(refusal(filled.queue, with(rows, std::string("\0\0\x80\x3f", 4))) == "nothing was refused");
  filled_queue other(4, 2);
  other.push(2);
  CHECK(refusal(other.queue, with(rows + 4, std::string("\0\0\xc0\x7f", 4))) ==
        "contrastive: feature_queue: rows: expected finite numbers, as push takes them, got nan");
  CHECK(refusal(other.queue, with(parameters, std::string("\0\0\x80\x7f", 4))) ==
        "contrastive: feature_queue: parameters: expected finite numbers, as push takes them, got inf");
  check_holds(other.queue, other.expected);
}

TEST_CASE("feature_queue: a foreign file and other settings are refused in words") {
  filled_queue filled(4, 2);
  filled.push(3);
  const std::string bytes = saved(filled.queue);
  CHECK(refusal(filled.queue, "PNG, or anything else that is long enough") ==
        "contrastive: feature_queue: the stream holds no saved feature_queue");
  const queue_columns all{.labels = true, .num_parameters = 1, .ids = true};
  feature_queue<float> larger(5, 2, all), wider(4, 3, all), plain(4, 2, {.num_parameters = 1, .ids = true}),
      bare(4, 2, {.labels = true, .ids = true}), unknown(4, 2, {.labels = true, .num_parameters = 1});
  CHECK(refusal(larger, bytes) == "contrastive: feature_queue: capacity: the saved queue has 4, this one 5");
  CHECK(refusal(wider, bytes) == "contrastive: feature_queue: dim: the saved queue has 2, this one 3");
  CHECK(refusal(plain, bytes) == "contrastive: feature_queue: labels: the saved queue has 1, this one 0");
  CHECK(refusal(bare, bytes) == "contrastive: feature_queue: num_parameters: the saved queue has 1, this one 0");
  CHECK(refusal(unknown, bytes) == "contrastive: feature_queue: ids: the saved queue has 1, this one 0");
  CHECK(larger.size() == 0);
  feature_queue<double> doubles(4, 2, all);
  std::istringstream in(bytes);
  CHECK_THROWS_WITH(doubles.load(in), "contrastive: feature_queue: bytes of a number: the saved queue has 4, this one 8");
  check_holds(filled.queue, filled.expected);
}

TEST_CASE("feature_queue: a stream that can not be used is an error") {
  feature_queue<float> queue(4, 2);
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  CHECK_THROWS_AS(queue.save(out), std::runtime_error);
  std::istringstream in;
  in.setstate(std::ios::failbit);
  CHECK_THROWS_WITH(queue.load(in), "contrastive: feature_queue: the stream can not be read");
}
