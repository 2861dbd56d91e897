# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Installs headers, licence, the compiled engine if it is wanted, and what CMake's find_package and pkg-config read; and makes a
# Debian package of the same.
include(CMakePackageConfigHelpers)

if(CONTRASTIVE_COMPILED)
  set(for_machine "${CMAKE_INSTALL_LIBDIR}")
  set(for_any_machine "")
  install(TARGETS contrastive contrastive_compiled EXPORT contrastive-targets)
else()
  set(for_machine "${CMAKE_INSTALL_DATADIR}")
  set(for_any_machine ARCH_INDEPENDENT)
  install(TARGETS contrastive EXPORT contrastive-targets)
endif()
install(DIRECTORY include/contrastive DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp" PATTERN "*.inc" PATTERN "*.cuh")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

set(config_dir "${for_machine}/cmake/contrastive")
install(EXPORT contrastive-targets NAMESPACE contrastive:: DESTINATION "${config_dir}")
configure_package_config_file(cmake/contrastive-config.cmake.in contrastive-config.cmake INSTALL_DESTINATION "${config_dir}")
# Before 1.0 a minor version may change what a program relies on: 0.2 does not satisfy a wish for 0.1.
write_basic_package_version_file(contrastive-config-version.cmake COMPATIBILITY SameMinorVersion ${for_any_machine})
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/contrastive-config.cmake" "${CMAKE_CURRENT_BINARY_DIR}/contrastive-config-version.cmake"
              cmake/contrastive-torch.cmake cmake/contrastive-mpi.cmake cmake/contrastive-nccl.cmake
        DESTINATION "${config_dir}")

# The .pc files name folders from where they lie, so that an installation can be moved, as an unpacked package is.
file(RELATIVE_PATH pc_prefix "${CMAKE_INSTALL_PREFIX}/${for_machine}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
file(RELATIVE_PATH pc_includedir "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
file(RELATIVE_PATH pc_libdir "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_LIBDIR}")
set(pc_names contrastive)
if(CONTRASTIVE_COMPILED)
  list(APPEND pc_names contrastive-compiled)
endif()
foreach(name IN LISTS pc_names)
  configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${name}.pc" DESTINATION "${for_machine}/pkgconfig")
endforeach()

# cpack --config <build>/CPackConfig.cmake
if(PROJECT_IS_TOP_LEVEL)
  set(CPACK_GENERATOR DEB)
  set(CPACK_PACKAGE_NAME libcontrastive-dev)
  set(CPACK_PACKAGE_CONTACT "The contrastive authors")
  set(CPACK_RESOURCE_FILE_LICENSE "${CMAKE_CURRENT_SOURCE_DIR}/LICENSE")
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "libeigen3-dev (>= 3.4)")
  if(NOT CONTRASTIVE_COMPILED)
    set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE all)
  endif()
  set(CPACK_STRIP_FILES OFF)
  include(CPack)
endif()
