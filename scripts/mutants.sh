#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Writes mistakes into a copy of the distributed evaluator, one after another, and demands that a test finds each; prints which one.
# All are compiled at once, and an environment variable says which of them is made. Arguments are names of mutants; without any, all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install_packages.sh g++ cmake ninja-build libeigen3-dev catch2 librapidcheck-dev nlohmann-json3-dev

copy=build/mutants/source
mkdir -p "$copy"
cp -r --preserve=timestamps CMakeLists.txt LICENSE cmake include tests "$copy"

names=()
# mutant <name> <header> <text> <text with the mistake, made where MUTANT is true>
mutant() {
  local file="$copy/include/contrastive/distributed/$2" content
  content=$(< "$file")
  [[ $content == *"$3"* ]] || { echo "$1: $2 does not say '$3' any more" >&2; exit 2; }
  printf '%s\n' "${content/"$3"/"${4//MUTANT/mutant_is(\"$1\")}"}" > "$file"
  names+=("$1")
}
# not_compared <member of what ranks ask for> <the call that compares it>
not_compared() { mutant "$1 is not compared" spread_rows.hpp "$2" "if (!MUTANT) $2"; }

content=$(< "$copy/include/contrastive/distributed/communicator.hpp")
printf '%s\n' "${content/'#include <concepts>'/'#include <cstdlib>
#include <cstring>
inline bool mutant_is(const char* name) {
  static const char* const chosen = std::getenv("MUTANT");
  return chosen != nullptr && std::strcmp(chosen, name) == 0;
}
#include <concepts>'}" > "$copy/include/contrastive/distributed/communicator.hpp"

# What trainers get.
mutant 'gradients times the number of ranks' ring.hpp 'static_cast<T>(scale)' 'static_cast<T>(MUTANT ? scale * call_.size() : scale)'
mutant 'gradients over the number of ranks' ring.hpp 'T>(mutant_is' 'T>(MUTANT ? scale / call_.size() : mutant_is'
mutant 'sum and mean are exchanged' evaluator.hpp 'scale_ == grad_scale::mean ?' '(scale_ == grad_scale::mean) != MUTANT ?'
mutant 'the gradient of what all ranks have is scaled' ring.hpp 'if (!where_[a].replicated) out_' 'if (!where_[a].replicated || MUTANT) out_'
mutant 'the gradient of what all ranks have is not added up' ring.hpp 'call_.size() == 1) return;
    matrix& g' 'call_.size() == 1 || MUTANT) return;
    matrix& g'
mutant 'the gradient of what all ranks have differs by a bit' ring.hpp 'call_.sum(resident_sums_[0], resident_sums_[1]);' \
  'call_.sum(resident_sums_[0], resident_sums_[1]);
    if (MUTANT && where_.rank == 1) resident_sums_[0][0] = std::nextafter(resident_sums_[0][0], T(1));'
mutant 'the loss differs by a bit' ring.hpp 'out_.loss = static_cast<T>(share_ * all.loss),' \
  'out_.loss = static_cast<T>(share_ * all.loss * (MUTANT && where_.rank == 1 ? 1.0000003 : 1)),'
mutant 'the second call gives other bits' ring.hpp '    if (finite_) return;
    const T nan' '    static thread_local int calls = 0;
    if (MUTANT && ++calls % 2 == 0)
      for (matrix& g : out_.gradients) g *= T(1.0000003);
    if (finite_) return;
    const T nan'
mutant 'the gradient of the temperature is of own anchors' ring.hpp 'temperature += of_ranks[r].temperature,' \
  'temperature += MUTANT && static_cast<int>(r) != where_.rank ? 0 : of_ranks[r].temperature,'
mutant 'the gradient of the temperature is without what anchors give' ring.hpp 'slopes{direct_ -' 'slopes{(MUTANT ? 0 : direct_) -'
mutant 'NaN stays on its rank' ring.hpp 'finite_ && of.finite != 0;' 'finite_ && (MUTANT || of.finite != 0);'

# What travels.
mutant 'a dropped last shift' ring.hpp '      call_.wait();
      if (step >= 2' '      call_.wait();
      if (MUTANT && step + 2 == plan_.steps()) std::fill(next.rows.begin(), next.rows.end(), T(0));
      if (step >= 2'
mutant 'a dropped last shift home' ring.hpp '      call_.wait();
    }
    call_.attempt' '      call_.wait();
      if (MUTANT && step + 1 == call_.size()) added_[1 - last].gradient.assign(added_[1 - last].gradient.size(), T(0));
    }
    call_.attempt'
mutant 'a stale buffer' ring.hpp '      if (step + 1 < plan_.steps()) shift(now,' '      if (MUTANT && step > 0) std::copy_n(next.rows.begin(), std::min(next.rows.size(), now.rows.size()), now.rows.begin());
      if (step + 1 < plan_.steps()) shift(now,'
mutant 'a gradient begins with what the one before left' ring.hpp 'return to.gradient.assign(rows * dim(), T(0));' \
  'return MUTANT ? to.gradient.resize(rows * dim()) : to.gradient.assign(rows * dim(), T(0));'
mutant 'sums do not come home' ring.hpp 'if (part != cpu::call_part::gradients)
      return add(b.sums,' 'if (MUTANT && part != cpu::call_part::gradients) return;
    if (part != cpu::call_part::gradients)
      return add(b.sums,'
mutant 'gradients do not come home' ring.hpp 'const T* from = b.gradient.data();' 'if (MUTANT) return;
    const T* from = b.gradient.data();'
mutant 'slopes of the second stage do not come home' ring.hpp 'i < from.theta_slopes.size();' 'i < from.theta_slopes.size() && !MUTANT;'
mutant 'sums of all laps come home to the first' ring.hpp 'own_columns_ : own_, plan_.block_begin(lap_), part)' \
  'own_columns_ : own_, MUTANT ? 0 : plan_.block_begin(lap_), part)'
mutant 'labels that did not travel' joint_call.hpp 'for (int step = 0; step + 1 < size(); ++step) {
      const int here' 'for (int step = 0; step + 1 < size() && !MUTANT; ++step) {
      const int here'
mutant 'labels of one rank did not travel' joint_call.hpp 'step + 1 < size() && !mutant_is' 'step + 1 + MUTANT < size() && !mutant_is'
mutant 'a block is waited for before the present one is computed' ring.hpp '      call_.attempt([&] {
        if (step == 0)' '      if (MUTANT) call_.wait();
      call_.attempt([&] {
        if (step == 0)'
mutant 'a block travels twice' ring.hpp 'call_.attempt([&] { load_own(travellers_[0], part); });' 'call_.attempt([&] { load_own(travellers_[0], part); });
    if (MUTANT) shift(travellers_[0], call_.source(0), travellers_[1], call_.source(1), part, true), call_.wait();'
mutant 'blocks are ten times as large' ring.hpp 'b.rows.reserve(most * dim());' 'b.rows.reserve(most * dim() * (MUTANT ? 10 : 1));'

# Which pairs.
mutant 'anchors have the numbers of their rank' ring.hpp 'f.first_anchor = a.number' 'f.first_anchor = MUTANT ? a.local : a.number'
mutant 'candidates have the numbers of their rank' ring.hpp 'f.first_candidate = c.number' 'f.first_candidate = MUTANT ? c.local : c.number'
mutant 'ranks on either side of the ring count their pairs twice' ring.hpp 'halved = plan_.symmetric()' 'halved = !MUTANT && plan_.symmetric()'
mutant 'the sum over the batch is of own anchors' ring.hpp 'all.merge(of_ranks[r]);' 'if (!MUTANT || static_cast<int>(r) == where_.rank) all.merge(of_ranks[r]);'
mutant 'valid anchors are those of a rank' ring.hpp 'all.valid_anchors += of.valid_anchors;' 'all.valid_anchors += MUTANT ? 0 : of.valid_anchors;'

# What is refused.
mutant 'gradients are written by a rank that has failed' evaluator.hpp 'call.rethrow();
    if (!want.into) return result_;' 'if (!MUTANT || !want.into) call.rethrow();
    if (!want.into) return result_;'
mutant 'parameters are not compared' ring.hpp 'std::memcmp(&first, &other, sizeof first) != 0)' '!MUTANT && std::memcmp(&first, &other, sizeof first) != 0)'
not_compared loss 'refuse_difference(p.who, "loss", names);'
not_compared scalar 'same("bytes of a number", &asked::scalar_bytes);'
not_compared temperature 'same("temperature", &asked::temperature);'
not_compared bias 'same("bias", &asked::bias);'
not_compared similarity 'same("similarity (its number)", &asked::similarity);'
not_compared reduction 'same("reduction (its number)", &asked::reduction);'
not_compared arrangement 'same("arrangement (its number)", &asked::arrangement);'
not_compared 'whether gradients are wanted' 'same("gradients wanted (0 or 1)", &asked::with_gradients);'
not_compared grad_scale 'same("grad_scale (its number)", &asked::scale);'
not_compared 'the number of arguments' 'same("embedding arguments", &asked::arguments);'
not_compared 'the number of lists' 'same("lists of rows", &asked::lists);'
not_compared replicated 'refuse_difference(p.who, name + " replicated (0 or 1)", replicated);'
not_compared 'whether a gradient is wanted' 'refuse_difference(p.who, name + " with a gradient (0 or 1)", wanted);'

cmake -S "$copy" -B build/mutants/build -G Ninja -D CMAKE_BUILD_TYPE=Release -D CONTRASTIVE_TESTS=core -D CONTRASTIVE_CUDA=OFF -D CONTRASTIVE_TORCH=OFF \
  -D CONTRASTIVE_BUILD_EXAMPLES=OFF -D CONTRASTIVE_BUILD_BENCHMARKS=OFF > /dev/null
cmake --build build/mutants/build --target test_distributed test_allocation

# run <name>: what the tests say, up to the first that fails; a rank that waits for ever is found, too.
run() {
  for program in distributed/test_distributed test_allocation; do
    MUTANT=$1 timeout 120 "build/mutants/build/tests/$program" --abort 'distributed: *' || return
  done
}
run none > build/mutants/none.txt || { cat build/mutants/none.txt; exit 2; }

survivors=0
(($# == 0)) || names=("$@")
for name in "${names[@]}"; do
  if output=$(run "$name" 2>&1); then
    found=NOTHING
    survivors=$((survivors + 1))
  else
    found=$(awk '/^---/ { ++lines; next } lines == 1 { sub(/^ +/, " "); text = text $0 } END { print text }' <<< "$output")
  fi
  printf '%-62s %s\n' "$name:" "${found:-it ends the program, or waits for ever}"
done
exit "$((survivors > 0))"
