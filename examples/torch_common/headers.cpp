// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Nothing: the file that the precompiled header of libtorch belongs to.
