# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""The library as a Conan package, built from this tree: conan create . --build=missing"""

import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import load


class Contrastive(ConanFile):
    name = "contrastive"
    description = "Contrastive losses and their exact gradients"
    license = "Apache-2.0"
    topics = ("contrastive learning", "machine learning", "header-only")
    settings = "os", "arch", "compiler", "build_type"
    # The engine in a static library, or the headers alone. Conan copies both dictionaries.
    options = {"compiled": [True, False]}  # noqa: RUF012
    default_options = {"compiled": True}  # noqa: RUF012
    exports_sources = "CMakeLists.txt", "LICENSE", "cmake/*", "include/*"

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, "include/contrastive/core/version.hpp"))
        self.version = ".".join(re.findall(r"define CONTRASTIVE_VERSION_\w+ (\d+)", header))

    def configure(self):
        self.package_type = "static-library" if self.options.compiled else "header-library"

    def requirements(self):
        self.requires("eigen/[>=3.4 <6]", transitive_headers=True)

    def package_id(self):
        if not self.info.options.compiled:
            self.info.settings.clear()

    def validate(self):
        check_min_cppstd(self, 20)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["CONTRASTIVE_COMPILED"] = bool(self.options.compiled)
        for part in ("BUILD_TESTS", "BUILD_EXAMPLES", "BUILD_BENCHMARKS", "CUDA", "TORCH"):
            toolchain.cache_variables[f"CONTRASTIVE_{part}"] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()

    def package_info(self):
        # CMake finds the installed contrastive-config.cmake, as it does without Conan; what follows is for other build systems.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.set_property("pkg_config_name", "contrastive-compiled" if self.options.compiled else "contrastive")
        if self.options.compiled:
            self.cpp_info.builddirs = ["lib/cmake/contrastive"]
            self.cpp_info.libs = ["contrastive"]
            self.cpp_info.defines = ["CONTRASTIVE_SEPARATE_ENGINE"]
        else:
            self.cpp_info.builddirs = ["share/cmake/contrastive"]
            self.cpp_info.bindirs = self.cpp_info.libdirs = []
        if self.settings.get_safe("os") in ("Linux", "FreeBSD"):
            self.cpp_info.system_libs = ["pthread"]
