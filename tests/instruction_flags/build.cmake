# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Builds a program of two files, one of them for AVX-512, and fails where both define a name of the library: the linker
# would take one of the two for the whole program.
cmake_minimum_required(VERSION 3.22)

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# The names that an object offers to others and that stand for something of the library, as the linker knows them.
function(names_of_the_library object out)
  execute_process(COMMAND "${nm}" --extern-only --defined-only --format=posix "${object}" OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^ \n]*contrastive[^ \n]*" names "${text}")
  list(LENGTH names count)
  if(count LESS 20)
    message(FATAL_ERROR "${object} defines ${count} names of the library: ${names}. So few show nothing.")
  endif()
  set(${out} "${names}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${work}")
file(MAKE_DIRECTORY "${work}")
set(plain "${work}/plain.o")
set(avx512 "${work}/avx512.o")
run(${compile} -O2 -DENTRY=built_plainly -c "${source}/calls.cpp" -o "${plain}")
run(${compile} -O2 -march=x86-64-v4 -DENTRY=built_for_avx512 -c "${source}/calls.cpp" -o "${avx512}")
# First what is built for AVX-512: of two functions of one name the linker takes the first.
run(${compile} -O2 -pthread "${source}/main.cpp" "${avx512}" "${plain}" -o "${work}/two_files")

names_of_the_library("${plain}" plain_names)
names_of_the_library("${avx512}" avx512_names)
set(shared "")
foreach(name IN LISTS plain_names)
  if(name IN_LIST avx512_names)
    string(APPEND shared "\n  ${name}")
  endif()
endforeach()
if(shared)
  message(FATAL_ERROR "Built with different flags, yet under one name:${shared}")
endif()
