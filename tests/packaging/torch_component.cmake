# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Installs the library into an empty folder, and builds and runs a program that asks for its component torch.

include("${CMAKE_CURRENT_LIST_DIR}/steps.cmake")
step("${CMAKE_COMMAND}" --install "${build}" --prefix "${work}/prefix")
file(WRITE "${work}/source/CMakeLists.txt" "cmake_minimum_required(VERSION 3.22)
project(uses_torch_loss LANGUAGES CXX)
find_package(contrastive 0.1 REQUIRED COMPONENTS torch)
add_executable(uses_torch_loss main.cpp)
target_link_libraries(uses_torch_loss PRIVATE contrastive::torch)
")
file(WRITE "${work}/source/main.cpp" "#include <contrastive/adapters/torch.hpp>
int main() {
  const torch::Tensor z = torch::ones({4, 3}).requires_grad_(true);
  return contrastive::torch_loss(contrastive::nt_xent{}, z, z).requires_grad() ? 0 : 1;
}
")
step("${CMAKE_COMMAND}" -S "${work}/source" -B "${work}/consumer" ${consumer_options} "-DCMAKE_PREFIX_PATH=${work}/prefix" "-DTorch_DIR=${Torch_DIR}")
step("${CMAKE_COMMAND}" --build "${work}/consumer")
step("${work}/consumer/uses_torch_loss")
