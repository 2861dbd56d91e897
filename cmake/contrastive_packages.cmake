# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Finds a package or says how to install it; nothing is ever downloaded.

# contrastive_find_package(<name> [VERSION <version>] APT <Debian package>)
macro(contrastive_find_package name)
  cmake_parse_arguments(wanted "" "VERSION;APT" "" ${ARGN})
  find_package(${name} ${wanted_VERSION} CONFIG QUIET)
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "contrastive: ${name} ${wanted_VERSION} was not found. On Debian or Ubuntu: apt-get install ${wanted_APT}. "
                        "Elsewhere: point -D${name}_DIR or -DCMAKE_PREFIX_PATH to it.")
  endif()
endmacro()
