// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The whole program, on small made pictures: it trains in every way, goes on as if it had never stopped, and says in words what
// is wrong.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "examples/program.hpp"
#include "examples/temporary_folder.hpp"
#include "support/catch.hpp"

using namespace example_tests;

namespace {

outcome run(const std::string& arguments) { return run_program(CONTRASTIVE_TRAINERS_FOLDER "/contragan", arguments); }

std::string small_run(const temporary_folder& folder) {
  return "--data " + folder.path() + " --batch 16 --width 4 --dimensions 8 --measured 50 --classifier-epochs 1 --threads 1 ";
}

}  // namespace

TEST_CASE("contragan: trains in every way and leaves table, pictures and curves") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 64, 40);
  const std::string classifier = " --classifier " + (folder / "judge");
  int number = 0;
  for (const std::string how :
       {"", "--adversarial bce --projection off --contrast-batch real", "--proxies off --average 0", "--contrast nt_xent",
        "--contrast nt_xent --contrast-batch real", "--contrast none", "--deviation off", "--contrast d2d_ce",
        "--generator-contrast off", "--contrast nt_xent --generator-contrast off"}) {
    const std::string to = folder / ("out" + std::to_string(number++));
    const outcome out = run(small_run(folder) + "--epochs 1 --class 3 --output " + to + classifier + " " + how);
    INFO(how << '\n' << out.output);
    REQUIRE(out.status == 0);
    CHECK(contains(out.output, "going on from " + (folder / "judge")) == (number > 1));
    const std::string metrics = examples::read_file(to + "/metrics.csv");
    CHECK(std::count(metrics.begin(), metrics.end(), '\n') == 4);
    CHECK(contains(metrics, "pictures,class accuracy [%],Frechet distance,precision [%],recall [%],variety [% of real]\n"));
    for (const char* row : {"real,", "before training", "after 1 epoch"}) CHECK(contains(metrics, row));
    for (const std::string name :
         {"samples_0000.png", "samples_0001.png", "single_class.png", "all_classes.png", "curves.svg", "checkpoint"})
      CHECK(std::filesystem::file_size(to + "/" + name) > 100);
    CHECK(contains(examples::read_file(to + "/curves.svg"), "contrast D") == !contains(how, "none"));
  }
}

TEST_CASE("contragan: runs of several seeds share one classifier") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 64, 40);
  const std::string common = small_run(folder) + "--epochs 0 --classifier " + (folder / "judge");
  REQUIRE(run(common + " --seed 1 --output " + (folder / "one")).status == 0);
  const outcome second = run(common + " --seed 2 --output " + (folder / "two"));
  INFO(second.output);
  REQUIRE(second.status == 0);
  CHECK(contains(second.output, "going on from " + (folder / "judge")));
}

TEST_CASE("contragan: one epoch and then two more are three, with a classifier that was there before and without") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 64, 40);
  for (const std::string contrast : {"2c", "nt_xent"}) {
    const std::string straight = folder / (contrast + "-straight"), parts = folder / (contrast + "-parts");
    const std::string common = small_run(folder) + "--contrast " + contrast + " --output ";
    REQUIRE(run(common + straight + " --epochs 3").status == 0);
    REQUIRE(run(common + parts + " --epochs 1").status == 0);
    const outcome second = run(common + parts + " --epochs 3");
    INFO(second.output);
    REQUIRE(second.status == 0);
    CHECK(contains(second.output, "going on from " + parts + "/checkpoint: 1 of 3 epochs done"));
    CHECK(examples::read_file(straight + "/metrics.csv") == examples::read_file(parts + "/metrics.csv"));
    CHECK(examples::read_file(straight + "/all_classes.png") == examples::read_file(parts + "/all_classes.png"));
  }
}

TEST_CASE("contragan: stopped by a signal it saves, and the same command goes on to the same end") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 64, 40);
  const std::string common =
      small_run(folder) + "--epochs 40 --sample-every 20 --classifier " + (folder / "judge") + " --output ";
  const std::string stopped = folder / "stopped", script = std::string(CONTRASTIVE_TRAINERS_FOLDER "/contragan ") + common +
                                                           stopped + " > " + (folder / "log") + " 2>&1 & while [ ! -e " +
                                                           stopped +
                                                           "/checkpoint ]; do sleep 0.01; done; kill -INT $!; wait $!";
  const int status = std::system(script.c_str());
  const std::string log = examples::read_file(folder / "log");
  INFO(log);
  REQUIRE(WEXITSTATUS(status) == 130);
  CHECK(contains(log, "stopped; the same command goes on from " + stopped + "/checkpoint"));
  REQUIRE(run(common + stopped).status == 0);
  REQUIRE(run(common + (folder / "straight")).status == 0);
  CHECK(examples::read_file(stopped + "/metrics.csv") == examples::read_file((folder / "straight") + "/metrics.csv"));
}

TEST_CASE("contragan: missing data, foreign checkpoints and bad options are refused in words") {
  const temporary_folder folder;
  outcome out = run(small_run(folder) + "--output " + (folder / "out"));
  CHECK(out.status == 1);
  CHECK(contains(out.output, "apt-get install dataset-fashion-mnist"));

  write_picture_files(folder.path(), 64, 40);
  const std::string common = small_run(folder) + "--epochs 1 --output " + (folder / "out");
  REQUIRE(run(common).status == 0);
  out = run(common + " --lambda 0.2");
  INFO(out.output);
  CHECK(out.status == 1);
  CHECK(
      contains(out.output, (folder / "out") + "/checkpoint: a checkpoint of a run with other settings: lambda 0.5 (now 0.2)"));
  CHECK(run(common + " --lambda 0.2 --fresh").status == 0);
  out = run(small_run(folder) + "--batch 100 --fresh --output " + (folder / "out"));
  CHECK(out.status == 1);
  CHECK(contains(out.output, "the batch is larger than the data"));

  for (const std::string bad :
       {"--contrast other", "--proxies maybe", "--class 10", "--batch 1", "--adversarial least-squares", "--nothing"}) {
    out = run(bad);
    INFO(out.output);
    CHECK(out.status != 0);
    CHECK(contains(out.output, bad.substr(0, bad.find(' '))));
  }
  CHECK(contains(run("--help").output, "--contrast-batch"));
}
