# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Installs the library into an empty folder, and builds and runs a program that asks for its components compiled and mpi.

include("${CMAKE_CURRENT_LIST_DIR}/steps.cmake")
step("${CMAKE_COMMAND}" --install "${build}" --prefix "${work}/prefix")
file(WRITE "${work}/source/CMakeLists.txt" "cmake_minimum_required(VERSION 3.22)
project(uses_ranks LANGUAGES CXX)
find_package(contrastive 0.1 REQUIRED COMPONENTS compiled mpi)
add_executable(uses_ranks main.cpp)
target_link_libraries(uses_ranks PRIVATE contrastive::compiled contrastive::mpi)
")
file(WRITE "${work}/source/main.cpp" "#include <contrastive/contrastive.hpp>
#include <contrastive/distributed/mpi.hpp>
int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  bool right = false;
  {
    contrastive::distributed::mpi_communicator ranks{MPI_COMM_WORLD};
    const Eigen::MatrixXf z = Eigen::MatrixXf::Identity(4, 3);
    contrastive::distributed::evaluator<float> evaluate{ranks, contrastive::distributed::grad_scale::mean};
    right = evaluate.value(contrastive::nt_xent{}, z, z) > 0;
  }
  MPI_Finalize();
  return right ? 0 : 1;
}
")
step("${CMAKE_COMMAND}" -S "${work}/source" -B "${work}/consumer" ${consumer_options} "-DCMAKE_PREFIX_PATH=${work}/prefix")
step("${CMAKE_COMMAND}" --build "${work}/consumer")
step("${work}/consumer/uses_ranks")
