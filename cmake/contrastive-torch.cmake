# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# contrastive::torch for <contrastive/adapters/*.hpp>, once Torch and contrastive::contrastive are there: here and in an installed
# package.
if(NOT TARGET contrastive::torch)
  add_library(contrastive_torch INTERFACE IMPORTED GLOBAL)
  add_library(contrastive::torch ALIAS contrastive_torch)
  separate_arguments(contrastive_torch_flags NATIVE_COMMAND "${TORCH_CXX_FLAGS}")
  # libtorch 1.13 names ivalue's types before it has them, which clang refuses in C++20.
  # g++ 14 takes the vector<bool> and the counters in libtorch's Function::apply for an overflow, whoever calls it.
  set(contrastive_torch_gnu_14 "$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<VERSION_GREATER_EQUAL:$<CXX_COMPILER_VERSION>,14>>")
  target_compile_options(
    contrastive_torch INTERFACE ${contrastive_torch_flags}
                                "$<$<COMPILE_LANG_AND_ID:CXX,Clang,AppleClang>:SHELL:-include ATen/core/ivalue.h>"
                                "$<${contrastive_torch_gnu_14}:-Wno-array-bounds;-Wno-stringop-overflow>")
  target_link_libraries(contrastive_torch INTERFACE contrastive::contrastive ${TORCH_LIBRARIES})
endif()
