// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Keeps apart what is compiled with different -m flags. An inline function exists once in a program, and the linker takes
// any of the copies that the translation units bring: one that was built with -mavx512f would then run on every processor.
// So all names of the library lie in an inline namespace that is named after the flags. A program does not see it, but a
// contrastive::evaluator of a file built with -mavx2 is another type than that of a file built without. What is not the
// library's it cannot keep apart: Eigen's own functions, and so the matrices of a result, share one name under all flags. A
// program of such mixed files uses value_and_gradient_into with views.
#pragma once

#if defined(__FAST_MATH__)
#define CONTRASTIVE_MATH_FLAGS(name) name##_fast_math
#else
#define CONTRASTIVE_MATH_FLAGS(name) name
#endif

#if defined(__AVX512F__)
#define CONTRASTIVE_FLAGS CONTRASTIVE_MATH_FLAGS(built_for_avx512)
#elif defined(__AVX2__) && defined(__FMA__)
#define CONTRASTIVE_FLAGS CONTRASTIVE_MATH_FLAGS(built_for_avx2_fma)
#elif defined(__AVX2__)
#define CONTRASTIVE_FLAGS CONTRASTIVE_MATH_FLAGS(built_for_avx2)
#elif defined(__AVX__)
#define CONTRASTIVE_FLAGS CONTRASTIVE_MATH_FLAGS(built_for_avx)
#elif defined(__SSE3__)
#define CONTRASTIVE_FLAGS CONTRASTIVE_MATH_FLAGS(built_for_sse4)
#else
#define CONTRASTIVE_FLAGS CONTRASTIVE_MATH_FLAGS(built_for_any)
#endif
