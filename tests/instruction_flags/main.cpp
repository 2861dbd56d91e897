// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A program with calls.cpp in two ways; with an argument it calls the plainly built one alone.
#include <cmath>
#include <cstdio>

void built_plainly(double* results);
void built_for_avx512(double* results);

int main(int argc, char**) {
  double plain[8] = {}, wide[8] = {};
  built_plainly(plain);
  for (const double number : plain)
    if (!(std::fabs(number) > 0)) return std::printf("the plainly built file gives %g\n", number), 1;
  if (argc > 1) return 0;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq") ||
      !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512cd"))
    return std::puts("this processor has no AVX-512: the other file is not run"), 0;
  built_for_avx512(wide);
  for (int i = 0; i < 8; ++i) {
    std::printf("%.12g and %.12g\n", plain[i], wide[i]);
    if (!(std::fabs(plain[i] - wide[i]) <= 1e-6 * std::fabs(plain[i]))) return std::puts("they differ"), 1;
  }
}
