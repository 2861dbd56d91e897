// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The one file of benchmark_losses that compiles the engine, with the flags that are measured.
#include <contrastive/separate_engine.hpp>
