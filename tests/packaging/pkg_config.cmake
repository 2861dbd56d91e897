# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Installs the library into an empty folder, and builds a program with what pkg-config says of it: with the compiled engine, and with
# the headers alone.

include("${CMAKE_CURRENT_LIST_DIR}/steps.cmake")
step("${CMAKE_COMMAND}" --install "${build}" --prefix "${work}/prefix")
file(GLOB_RECURSE pc_file "${work}/prefix/contrastive.pc")
get_filename_component(pc_folder "${pc_file}" DIRECTORY)
set(ENV{PKG_CONFIG_PATH} "${pc_folder}")

# flags_of(<package> <option>... <out>)
function(flags_of package out)
  execute_process(
    COMMAND "${pkg_config}" ${ARGN} "${package}" OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  set(${out} ${flags} PARENT_SCOPE)
endfunction()

separate_arguments(compile UNIX_COMMAND "${CMAKE_CXX_COMPILER} ${CMAKE_CXX_FLAGS}")
set(program "${root}/examples/cmake_project/main.cpp")
flags_of(contrastive-compiled cflags --cflags)
flags_of(contrastive-compiled libs --libs)
step(${compile} -std=c++20 ${cflags} "${program}" ${libs} -o "${work}/with_the_engine")
step("${work}/with_the_engine")
flags_of(contrastive cflags --cflags)
step(${compile} -std=c++20 -fsyntax-only ${cflags} "${program}")
