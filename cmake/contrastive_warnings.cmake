# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# The warnings that the project's own code is compiled with; each is an error.

set(contrastive_warning_flags -Wall -Wextra -Wconversion -Wshadow -Werror)

function(contrastive_warnings target)
  target_compile_options(${target} PRIVATE ${contrastive_warning_flags})
endfunction()
