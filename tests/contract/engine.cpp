// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The one file that compiles the engine of a program whose files define CONTRASTIVE_SEPARATE_ENGINE.
#include <contrastive/separate_engine.hpp>
