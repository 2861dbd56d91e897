// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The one file of the trainers that compiles the engine: the others define CONTRASTIVE_SEPARATE_ENGINE.
#include <contrastive/separate_engine.hpp>
