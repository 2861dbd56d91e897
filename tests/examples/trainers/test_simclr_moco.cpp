// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// simclr and moco, the whole programs, on small made pictures: each loss trains, a run that goes on is one that never stopped,
// Ctrl-C saves, and what is wrong is said in words.
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "examples/program.hpp"
#include "examples/temporary_folder.hpp"
#include "support/catch.hpp"

using namespace example_tests;

namespace {

const std::string simclr = CONTRASTIVE_TRAINERS_FOLDER "/simclr", moco = CONTRASTIVE_TRAINERS_FOLDER "/moco";

/// Two steps of 64 an epoch, networks of four channels.
std::string small(const temporary_folder& folder) {
  return "--data " + folder.path() + " --batch 64 --width 4 --threads 1 --supervised off ";
}

long lines_of(const std::string& path) {
  const std::string text = examples::read_file(path);
  return static_cast<long>(std::count(text.begin(), text.end(), '\n'));
}

void check_output(const std::string& folder, long rows) {
  for (const std::string name : {"metrics.csv", "neighbours.png", "embeddings.svg", "curves.svg", "checkpoint"}) {
    INFO(folder << "/" << name);
    REQUIRE(std::filesystem::exists(folder + "/" + name));
    CHECK(std::filesystem::file_size(folder + "/" + name) > 100);
  }
  CHECK(lines_of(folder + "/metrics.csv") == rows + 1);
}

}  // namespace

TEST_CASE("simclr and moco: train with each loss and leave a table, pictures and curves") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 140, 60);
  for (const auto& [program, name] : {std::pair{simclr, "simclr"}, std::pair{moco, "moco"}})
    for (const std::string loss :
         {"nt_xent", "info_nce", "sup_con", "conditional_contrastive", "weighted_info_nce", "clip", "siglip", "sincere"}) {
      const std::string to = folder / (std::string(name) + loss);
      const outcome out = run_program(program, small(folder) + "--epochs 1 --loss " + loss + " --output " + to);
      INFO(program << " " << loss << "\n" << out.output);
      REQUIRE(out.status == 0);
      CHECK(contains(out.output, "epoch 1/1  loss "));
      for (const char* epoch : {"epoch 0/1", "epoch 1/1"})
        CHECK(contains(out.output, epoch + std::string("  10 nearest neighbours ")));
      for (const char* words : {"  alignment ", "  uniformity -"}) CHECK(contains(out.output, words));
      for (const char* panel : {">loss<", ">accuracy by neighbours [%]<", ">alignment: ", ">uniformity: "})
        CHECK(contains(examples::read_file(to + "/curves.svg"), panel));
      for (const std::string& row : {std::string("raw pixels"), std::string("untrained encoder"), "trained by " + loss})
        CHECK(contains(out.output, row));
      check_output(to, 3);
    }
}

TEST_CASE("simclr: four views, SGD, and the same encoder with labels") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 140, 60);
  const outcome out = run_program(
      simclr, small(folder) + "--supervised on --views 4 --optimizer sgd --rotation 0 --epochs 2 --output " + (folder / "out"));
  INFO(out.output);
  REQUIRE(out.status == 0);
  CHECK(contains(out.output, "4 views"));
  CHECK(contains(out.output, "training with labels"));
  check_output(folder / "out", 4);
  CHECK(contains(examples::read_file(folder / "out/metrics.csv"), "trained with labels,64,"));
  CHECK(std::filesystem::exists(folder / "out/checkpoint-supervised"));
}

TEST_CASE("simclr: in chunks it trains, with labels too, and goes on from its checkpoint") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 140, 60);
  const std::string straight = folder / "straight", halves = folder / "halves",
                    common = small(folder) + "--chunk 16 --views 3 --loss conditional_contrastive --output ";
  const outcome out = run_program(simclr, common + straight + " --epochs 2 --supervised on");
  INFO(out.output);
  REQUIRE(out.status == 0);
  CHECK(contains(out.output, "3 views, chunks of 16, 1 threads"));
  check_output(straight, 4);
  REQUIRE(run_program(simclr, common + halves + " --epochs 1").status == 0);
  REQUIRE(run_program(simclr, common + halves + " --epochs 2 --supervised on").status == 0);
  CHECK(examples::read_file(straight + "/metrics.csv") == examples::read_file(halves + "/metrics.csv"));
  CHECK(contains(run_program(simclr, common + halves + " --epochs 2 --chunk 32").output, "chunk 16 (now 32)"));
  for (const char* bad : {"1", "48"}) {
    const outcome refused = run_program(simclr, common + halves + " --chunk " + bad);
    CHECK(refused.status == 1);
    CHECK(contains(refused.output, std::string("--chunk ") + bad + ": 0, or 2 and more that divide --batch 64"));
  }
}

TEST_CASE("moco: four views, a queue that is smaller than the batch") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 140, 60);
  const outcome out = run_program(
      moco, small(folder) + "--loss sup_con --views 4 --queue 40 --momentum 0.9 --epochs 2 --output " + (folder / "out"));
  INFO(out.output);
  REQUIRE(out.status == 0);
  CHECK(contains(out.output, "4 views, queue of 40, momentum 0.9"));
  check_output(folder / "out", 3);
}

TEST_CASE("simclr and moco: one epoch and then one more are two") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 140, 60);
  for (const auto& [program, loss] : {std::pair{simclr, "conditional_contrastive"}, std::pair{moco, "weighted_info_nce"}}) {
    const std::string straight = folder / "straight", halves = folder / "halves",
                      common = small(folder) + "--loss " + loss + " --output ";
    REQUIRE(run_program(program, common + straight + " --fresh --epochs 2").status == 0);
    REQUIRE(run_program(program, common + halves + " --fresh --epochs 1").status == 0);
    for (const char* name : {"/curves.svg", "/embeddings.svg"})
      CHECK(examples::read_file(straight + name) != examples::read_file(halves + name));
    const outcome second = run_program(program, common + halves + " --epochs 2");
    INFO(second.output);
    REQUIRE(second.status == 0);
    CHECK(contains(second.output, "going on from " + halves + "/checkpoint: 1 of 2 epochs done"));
    for (const char* name : {"/metrics.csv", "/curves.svg", "/embeddings.svg"})
      CHECK(examples::read_file(straight + name) == examples::read_file(halves + name));
  }
}

#if defined(CONTRASTIVE_MPIRUN)
TEST_CASE("simclr and moco: two processes train together, and go on from their checkpoint") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 140, 60);
  const std::string together =
      "env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 "
      "PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe OMPI_MCA_mpi_yield_when_idle=1 " CONTRASTIVE_MPIRUN " -n 2 ";
  const std::pair<std::string, const char*> runs[] = {{simclr, "nt_xent"},
                                                      {simclr, "conditional_contrastive"},
                                                      {simclr, "sup_con"},
                                                      {moco, "info_nce"},
                                                      {moco, "weighted_info_nce"}};
  for (const auto& [program, loss] : runs) {
    const std::string straight = folder / "straight", halves = folder / "halves",
                      common = small(folder) + "--loss " + loss + " --output ";
    const outcome out = run_program(together + program, common + straight + " --fresh --epochs 2");
    INFO(program << " " << loss << "\n" << out.output);
    REQUIRE(out.status == 0);
    check_output(straight, 3);
    if (program == simclr) CHECK(contains(out.output, "2 views, 2 processes of 1 threads"));
    CHECK(out.output.find("accuracy on the") == out.output.rfind("accuracy on the"));  // one of them speaks
    REQUIRE(run_program(together + program, common + halves + " --fresh --epochs 1").status == 0);
    const outcome second = run_program(together + program, common + halves + " --epochs 2");
    INFO(second.output);
    REQUIRE(second.status == 0);
    CHECK(contains(second.output, "going on from " + halves + "/checkpoint: 1 of 2 epochs done"));
    for (const char* name : {"/metrics.csv", "/curves.svg", "/embeddings.svg"})
      CHECK(examples::read_file(straight + name) == examples::read_file(halves + name));
    const outcome alone = run_program(program, common + halves + " --epochs 3");
    CHECK(contains(alone.output, "processes 2"));
    CHECK(alone.status == 1);
  }
  const outcome odd = run_program(together + simclr, small(folder) + "--batch 65 --output " + (folder / "odd"));
  CHECK(odd.status != 0);
  CHECK(contains(odd.output, "--batch 65: two pictures or more for each of 2 processes, as many for each"));
}
#endif

TEST_CASE("simclr and moco: stopped by a signal they save, and the same command goes on to the same end") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 140, 60);
  for (const auto& [program, name] : {std::pair{simclr, "simclr"}, std::pair{moco, "moco"}}) {
    const std::string common = small(folder) + "--epochs 30 --output ", stopped = folder / (std::string(name) + "-stopped"),
                      straight = folder / (std::string(name) + "-straight"), state = stopped + "/checkpoint";
    const std::string script = program + " " + common + stopped + " > " + (folder / "log") + " 2>&1 & while [ ! -e " + state +
                               " ]; do sleep 0.01; done; kill -INT $!; wait $!";
    const int status = std::system(script.c_str());
    const std::string log = examples::read_file(folder / "log");
    INFO(log);
    REQUIRE(WEXITSTATUS(status) == 130);
    CHECK(contains(log, "stopped; the same command goes on from " + state));
    CHECK_FALSE(std::filesystem::exists(stopped + "/metrics.csv"));
    REQUIRE(run_program(program, common + stopped).status == 0);
    REQUIRE(run_program(program, common + straight).status == 0);
    CHECK(examples::read_file(stopped + "/metrics.csv") == examples::read_file(straight + "/metrics.csv"));
  }
}

TEST_CASE("simclr and moco: missing data, foreign and damaged checkpoints and bad options are refused in words") {
  const temporary_folder folder;
  for (const std::string& program : {simclr, moco}) {
    const std::string out_folder = folder / ("out" + std::to_string(program.size())),
                      common = small(folder) + "--epochs 1 --output " + out_folder;
    outcome out = run_program(program, common + " --data " + (folder / "nowhere"));
    CHECK(out.status == 1);
    CHECK(contains(out.output, "apt-get install dataset-fashion-mnist"));
    const std::pair<const char*, const char*> packages[] = {
        {"emoji", "apt-get install fonts-noto-color-emoji"},
        {"openclipart", "apt-get install openclipart-png"},
        {"cifar10", "name the folder of its six .bin files with --data DIR"}};
    for (const auto& [dataset, words] : packages) {
      out = run_program(program, common + " --data " + (folder / "nowhere") + " --dataset " + dataset);
      CHECK(out.status == 1);
      CHECK(contains(out.output, words));
    }

    write_picture_files(folder.path(), 140, 60);
    REQUIRE(run_program(program, common).status == 0);
    out = run_program(program, common + " --temperature 0.3");
    CHECK(out.status == 1);
    CHECK(contains(out.output, "a checkpoint of a run with other settings: temperature 0.1 (now 0.3)"));
    std::string bytes = examples::read_file(out_folder + "/checkpoint");
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
    examples::write_file_atomically(out_folder + "/checkpoint", bytes);
    out = run_program(program, common);
    CHECK(out.status == 1);
    CHECK(contains(out.output, "damaged checkpoint"));
    CHECK(examples::read_file(out_folder + "/checkpoint") == bytes);

    const std::pair<const char*, const char*> bad[] = {{"--views 3 --loss clip", "clip takes two views"},
                                                       {"--batch 1000", "--batch 1000 is more than the 140 training pictures"},
                                                       {"--smallest-crop 2", "--largest-crop"}};
    for (const auto& [options, words] : bad) {
      out = run_program(program, common + " --fresh " + options);
      INFO(out.output);
      CHECK(out.status == 1);
      CHECK(contains(out.output, words));
    }
    for (const std::string wrong :
         {"--loss none", "--dataset none", "--epochs -1", "--views 1", "--temperature 0", "--flip 2", "--nothing"}) {
      out = run_program(program, wrong);
      INFO(out.output);
      CHECK((out.status != 0 && out.status != 1));
      CHECK(contains(out.output, wrong.substr(0, wrong.find(' '))));
    }
    // Started anew once, so that its threads sleep while they wait: libgomp says at each start what it was told.
    out = run_program(program, "--help", "env -u OMP_WAIT_POLICY OMP_DISPLAY_ENV=true");
    INFO(out.output);
    CHECK(out.status == 0);
    std::size_t starts = 0;
    for (std::size_t at = 0; (at = out.output.find("DISPLAY ENVIRONMENT BEGIN", at)) != std::string::npos; ++at) ++starts;
    CHECK(starts == 2);
    for (const char* name : {"train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"}) std::filesystem::remove(folder / name);
  }
  CHECK(contains(run_program(moco, small(folder) + "--key-groups 40 --output " + (folder / "x")).output, "--key-groups 40"));
}

TEST_CASE("simclr and moco: pictures in colour, from made files of CIFAR-10") {
  const temporary_folder folder;
  for (const std::string name :
       {"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"}) {
    std::string bytes;
    for (int i = 0; i < 20; ++i) {
      examples::random_stream random{name.size() + static_cast<std::size_t>(name.back()), {static_cast<std::uint64_t>(i)}};
      bytes += static_cast<char>(i % 10);
      // The class is where a coloured bar lies.
      for (int p = 0; p < 3072; ++p)
        bytes +=
            static_cast<char>((p % 1024 / 96 == i % 10 && p / 1024 == i % 3 ? 150 : 0) + static_cast<int>(random.below(100)));
    }
    examples::write_file_atomically(folder / (name + ".bin"), bytes);
  }
  for (const auto& [program, to] : {std::pair{simclr, folder / "s"}, std::pair{moco, folder / "m"}}) {
    const outcome out = run_program(program, small(folder) + "--dataset cifar10 --batch 32 --epochs 1 --output " + to);
    INFO(out.output);
    REQUIRE(out.status == 0);
    CHECK(contains(out.output, "CIFAR-10: 100 training and 20 test pictures of 32 x 32, 10 classes"));
    check_output(to, 3);
    CHECK(contains(examples::read_file(to + "/metrics.csv"), "raw pixels,3072,"));
  }
}
