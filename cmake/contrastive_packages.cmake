# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Finds a package or says how to install it; nothing is ever downloaded.

# contrastive_find_package(<name> [VERSION <the least that will do>] APT <Debian package>)
macro(contrastive_find_package name)
  cmake_parse_arguments(wanted "" "VERSION;APT" "" ${ARGN})
  # The version is compared here: Eigen 5 says of itself that it does not do where 3.4 is asked for.
  find_package(${name} CONFIG QUIET)
  if(NOT ${name}_FOUND OR (wanted_VERSION AND ${name}_VERSION VERSION_LESS wanted_VERSION))
    message(FATAL_ERROR "contrastive: ${name} ${wanted_VERSION} was not found. On Debian or Ubuntu: apt-get install ${wanted_APT}. "
                        "Elsewhere: point -D${name}_DIR or -DCMAKE_PREFIX_PATH to it.")
  endif()
endmacro()
