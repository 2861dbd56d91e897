// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The engine and the library's losses, compiled once for files that define CONTRASTIVE_SEPARATE_ENGINE: contrastive::compiled,
// and targets with -m flags of their own.
#include <contrastive/separate_engine.hpp>
