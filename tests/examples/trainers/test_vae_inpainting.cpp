// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The whole program on small made pictures: its files and rows, going on to the same numbers, and what it refuses.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "examples/program.hpp"
#include "examples/temporary_folder.hpp"
#include "support/catch.hpp"

using namespace example_tests;

namespace {

const std::string binary = CONTRASTIVE_TRAINERS_FOLDER "/vae_inpainting";

outcome run(const std::string& arguments) { return run_program(binary, arguments); }

std::string small_run(const temporary_folder& folder) {
  return "--data " + folder.path() +
         " --threads 1 --batch 50 --samples 2 --fine 4 --coarse 8 --features 16 --latent 4 --pretext-epochs 1 ";
}

}  // namespace

TEST_CASE("vae_inpainting: trains every model and leaves tables, pictures and curves") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 300, 100);
  const std::string to = folder / "out";
  const outcome out = run(small_run(folder) + "--epochs 1 --contrast 2 --seeds 2 --output " + to);
  INFO(out.output);
  REQUIRE(out.status == 0);
  const std::string table = examples::read_file(to + "/metrics.csv");
  INFO(table);
  for (const char* row : {"\nplain,", "\nencoder from inpainting,", "\nencoder from patches,", "\njoint loss,", "\nfused,",
                          "\nfused with nt_xent,"})
    CHECK(contains(table, row));
  CHECK(std::count(table.begin(), table.end(), '\n') == 7);
  const std::string pretext = examples::read_file(to + "/pretext.csv");
  for (const char* row : {"\nmean picture,", "\ninpainting,", "\npatch position,"}) CHECK(contains(pretext, row));
  for (const std::string name : {"reconstructions.png", "samples.png", "completions.png", "curves.svg"}) {
    CHECK(contains(out.output, to + "/" + name));
    CHECK(std::filesystem::file_size(to + "/" + name) > 500);
  }
}

TEST_CASE("vae_inpainting: stopped after an epoch it goes on to the same table") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 300, 100);
  const std::string common = small_run(folder) + "--models plain,fused,patches --contrast 1 --output ";
  REQUIRE(run(common + (folder / "straight") + " --epochs 2").status == 0);
  REQUIRE(run(common + (folder / "halves") + " --epochs 1").status == 0);
  CHECK(examples::read_file(folder / "straight/metrics.csv") != examples::read_file(folder / "halves/metrics.csv"));
  const outcome second = run(common + (folder / "halves") + " --epochs 2");
  INFO(second.output);
  REQUIRE(second.status == 0);
  CHECK(contains(second.output, "fused: going on from " + (folder / "halves/checkpoint-fused-1")));
  for (const char* name : {"metrics.csv", "pretext.csv"})
    CHECK(examples::read_file(folder / (std::string("straight/") + name)) ==
          examples::read_file(folder / (std::string("halves/") + name)));
}

TEST_CASE("vae_inpainting: a signal saves and leaves, and the same command goes on to the same table") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 300, 100);
  const std::string common = small_run(folder) + "--models init --epochs 30 --output ";
  const std::string stopped = folder / "stopped", script = binary + " " + common + stopped + " > " + (folder / "log") +
                                                           " 2>&1 & while [ ! -e " + stopped +
                                                           "/checkpoint-init-1 ]; do sleep 0.01; done; kill -INT $!; wait $!";
  const int status = std::system(script.c_str());
  const std::string log = examples::read_file(folder / "log");
  INFO(log);
  REQUIRE(WEXITSTATUS(status) == 130);
  CHECK(contains(log, "stopped; the same command goes on from " + stopped + "/checkpoint-init-1"));
  REQUIRE(run(common + stopped).status == 0);
  REQUIRE(run(common + (folder / "straight")).status == 0);
  CHECK(examples::read_file(stopped + "/metrics.csv") == examples::read_file(folder / "straight/metrics.csv"));
}

TEST_CASE("vae_inpainting: missing data, checkpoints of other settings and bad options are refused in words") {
  const temporary_folder folder;
  const std::string to = " --output " + (folder / "out");
  outcome out = run(small_run(folder) + to);
  CHECK(out.status == 1);
  CHECK(contains(out.output, "apt-get install dataset-fashion-mnist"));

  write_picture_files(folder.path(), 100, 50);
  const std::string common = small_run(folder) + "--models joint --epochs 1" + to;
  REQUIRE(run(common).status == 0);
  out = run(common + " --lambda 0.25");
  CHECK(out.status == 1);
  CHECK(contains(out.output, (folder / "out/checkpoint-joint-1") + ": a checkpoint of a run with other settings"));
  CHECK(contains(out.output, "lambda"));
  CHECK(run(common + " --lambda 0.25 --fresh").status == 0);
  out = run(common + " --batch 101");
  CHECK(out.status == 1);
  CHECK(contains(out.output, "--batch 101 is more than the 100 training pictures"));

  for (const std::string bad :
       {"--models vae", "--lambda -1", "--contrast x", "--seeds 0", "--samples 0", "--latent 0", "--nothing"}) {
    out = run(bad);
    INFO(out.output);
    CHECK(out.status != 0);
    CHECK(contains(out.output, bad.substr(0, bad.find(' '))));
  }
  out = run("--help");
  CHECK(out.status == 0);
  CHECK(contains(out.output, "--pretext-epochs"));
}
