// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Says that C++20 is needed, and keeps apart what is compiled with different -m flags. An inline function exists once in a
// program, and the linker takes any of the copies that the translation units bring: one that was built with -mavx512f would
// then run on every processor. So all names of the library lie in an inline namespace that is named after the flags. A program
// does not see it, but a contrastive::evaluator of a file built with -mavx2 is another type than that of a file built without.
// What is not the library's it cannot keep apart: Eigen's own functions, and so the matrices of a result, share one name under
// all flags. A program of such mixed files uses value_and_gradient_into with views. Files without exceptions are kept apart
// from others likewise: what is an exception in the one ends the program in the other. So are files with plain vectors.
#pragma once

#if defined(_MSVC_LANG)  // __cplusplus of MSVC says 1997 unless /Zc:__cplusplus is given
#define CONTRASTIVE_CPLUSPLUS _MSVC_LANG
#else
#define CONTRASTIVE_CPLUSPLUS __cplusplus
#endif
#if CONTRASTIVE_CPLUSPLUS <= 201703L
#error "contrastive needs C++20: compile with -std=c++20"
// Nobody has this file: its absence ends the compilation here, before the hundreds of errors that C++20 is under C++17.
#include <contrastive/needs_cpp20>
#endif

// The CPU's kernels are written over the vector extension of g++ and clang. A compiler without it takes loops over arrays in
// its place, as do those two where a user defines this macro.
#if !defined(CONTRASTIVE_PLAIN_VECTORS) && !defined(__GNUC__) && !defined(__clang__)
#define CONTRASTIVE_PLAIN_VECTORS
#endif

#if defined(CONTRASTIVE_PLAIN_VECTORS)
#define CONTRASTIVE_FLAGS_VECTORS(name) name##_plain_vectors
#else
#define CONTRASTIVE_FLAGS_VECTORS(name) name
#endif
#if (defined(__FAST_MATH__) || defined(_M_FP_FAST)) && !defined(__cpp_exceptions)
#define CONTRASTIVE_FLAGS_MATH(name) name##_fast_math_no_exceptions
#elif defined(__FAST_MATH__) || defined(_M_FP_FAST)
#define CONTRASTIVE_FLAGS_MATH(name) name##_fast_math
#elif !defined(__cpp_exceptions)
#define CONTRASTIVE_FLAGS_MATH(name) name##_no_exceptions
#else
#define CONTRASTIVE_FLAGS_MATH(name) name
#endif
#define CONTRASTIVE_FLAGS_WITH_MATH(name) CONTRASTIVE_FLAGS_MATH(name)  // name is expanded first
#define CONTRASTIVE_FLAGS_OF(name) CONTRASTIVE_FLAGS_WITH_MATH(CONTRASTIVE_FLAGS_VECTORS(name))

#if defined(__AVX512F__)
#define CONTRASTIVE_FLAGS CONTRASTIVE_FLAGS_OF(built_for_avx512)
#elif defined(__AVX2__) && defined(__FMA__)
#define CONTRASTIVE_FLAGS CONTRASTIVE_FLAGS_OF(built_for_avx2_fma)
#elif defined(__AVX2__)
#define CONTRASTIVE_FLAGS CONTRASTIVE_FLAGS_OF(built_for_avx2)
#elif defined(__AVX__)
#define CONTRASTIVE_FLAGS CONTRASTIVE_FLAGS_OF(built_for_avx)
#elif defined(__SSE3__)
#define CONTRASTIVE_FLAGS CONTRASTIVE_FLAGS_OF(built_for_sse4)
#else
#define CONTRASTIVE_FLAGS CONTRASTIVE_FLAGS_OF(built_for_any)
#endif
