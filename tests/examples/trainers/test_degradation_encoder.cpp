// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The whole program, on small made pictures: it trains all three networks, goes on from its checkpoints as if it had never
// stopped, and says in words what is wrong.
#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "common/picture.hpp"
#include "examples/program.hpp"
#include "examples/temporary_folder.hpp"
#include "support/catch.hpp"

using namespace example_tests;

namespace {

const std::string program = CONTRASTIVE_TRAINERS_FOLDER "/degradation_encoder";

outcome run(const std::string& arguments) { return run_program(program, arguments); }

/// Discs and stripes of random colours under `folder`/train and `folder`/test.
void write_pictures(const temporary_folder& folder) {
  std::uint64_t number = 0;
  for (const auto& [name, count] : {std::pair{"train", 3}, std::pair{"test", 2}}) {
    std::filesystem::create_directory(folder / name);
    for (int i = 0; i < count; ++i) {
      examples::random_stream random{++number};
      examples::picture image = examples::filled(3, 64, 72, 0);
      for (int shape = 0; shape < 30; ++shape) {
        const float y0 = random.uniform(0, 64), x0 = random.uniform(0, 72), radius = random.uniform(3, 14);
        for (int c = 0; c < 3; ++c) {
          const auto value = static_cast<std::uint8_t>(random.below(256));
          for (int y = 0; y < 64; ++y)
            for (int x = 0; x < 72; ++x)
              if (std::hypot(static_cast<float>(y) - y0, static_cast<float>(x) - x0) < radius && (shape % 3 > 0 || x % 4 < 2))
                image.at(c, y, x) = value;
        }
      }
      examples::write_png((folder / name) + "/" + std::to_string(i) + ".png", image);
    }
  }
}

std::string small_run(const temporary_folder& folder, const std::string& epochs = "1", const std::string& steps = "3") {
  return "--data " + (folder / "train") + " --test-data " + (folder / "test") + " --threads 1 --encoder-epochs " + epochs +
         " --epochs " + epochs + " --steps " + steps +
         " --batch 2 --encoder-batch 4 --queue 10 --channels 4 --blocks 1 --patch 12 --probe-patches 40 --output ";
}

std::ptrdiff_t lines(const std::string& path) {
  const std::string text = examples::read_file(path);
  return std::count(text.begin(), text.end(), '\n');
}

}  // namespace

TEST_CASE("degradation_encoder: trains and leaves tables, strips, codes and curves") {
  const temporary_folder folder;
  write_pictures(folder);
  const std::string to = folder / "out";
  const outcome out = run(small_run(folder, "2") + to);
  INFO(out.output);
  REQUIRE(out.status == 0);
  for (const char* words : {"encoder  epoch 2/2", "upsampler with code  epoch 2/2", "upsampler without code  epoch 2/2",
                            "2 photographs under 24 degradations", "untrained encoder", "blur 2.8 x 0.8"})
    CHECK(contains(out.output, words));
  for (const std::string name : {"strips.png", "codes.svg", "curves.svg"})
    CHECK(std::filesystem::file_size(to + "/" + name) > 1000);
  CHECK(lines(to + "/codes.csv") == 1 + 3);
  CHECK(lines(to + "/metrics.csv") == 1 + 1 + 4 + 3 + 2 + 2);  // all, blurs, noises, JPEG or none, pictures
  const examples::picture strips = examples::read_picture(to + "/strips.png");
  CHECK((strips.height > 2 * 2 * 64 && strips.width > 5 * 2 * 64));  // two rows of five windows, enlarged
}

TEST_CASE("degradation_encoder: stopped by a signal it saves, and the same command goes on to the same end") {
  const temporary_folder folder;
  write_pictures(folder);
  const std::string common = small_run(folder, "2", "40"), straight = folder / "straight", stopped = folder / "stopped";
  REQUIRE(run(common + straight).status == 0);
  // Once in the encoder's training and once in an upsampler's, as soon as its checkpoint is there.
  for (const char* stage : {"encoder", "with-code"}) {
    const std::string script = program + " " + common + stopped + " > " + (folder / "log") + " 2>&1 & while [ ! -e " + stopped +
                               "/checkpoint-" + stage + " ]; do sleep 0.01; done; kill -INT $!; wait $!";
    const int status = std::system(script.c_str());
    const std::string log = examples::read_file(folder / "log");
    INFO(log);
    REQUIRE(WEXITSTATUS(status) == 130);
    CHECK(contains(log, "stopped; the same command goes on from " + stopped + "/checkpoint-" + stage));
    CHECK_FALSE(std::filesystem::exists(stopped + "/metrics.csv"));
  }
  const outcome out = run(common + stopped);
  INFO(out.output);
  REQUIRE(out.status == 0);
  CHECK(contains(out.output, "encoder: going on from " + stopped + "/checkpoint-encoder: 2 of 2 epochs done"));
  for (const std::string name : {"/metrics.csv", "/codes.csv", "/strips.png", "/codes.svg", "/curves.svg"})
    CHECK(examples::read_file(straight + name) == examples::read_file(stopped + name));
}

TEST_CASE("degradation_encoder: missing pictures, foreign and damaged checkpoints, bad options are refused in words") {
  const temporary_folder folder;
  write_pictures(folder);
  const std::string to = folder / "out", common = small_run(folder) + to;
  outcome out = run(common + " --data " + (folder / "none"));
  CHECK(out.status == 1);
  CHECK(contains(out.output, "degradation_encoder: " + (folder / "none")));
  out = run(common + " --patch 100");
  CHECK(out.status == 1);
  CHECK(contains(out.output, "0: 64 x 72 pixels are too few for patches, which take 216 x 216"));
  examples::write_file_atomically((folder / "test") + "/broken.jpg", "no picture");
  out = run(common);
  CHECK(out.status == 1);
  CHECK(contains(out.output, "broken.jpg"));
  std::filesystem::remove((folder / "test") + "/broken.jpg");

  REQUIRE(run(common).status == 0);
  out = run(common + " --queue 11");
  CHECK(out.status == 1);
  CHECK(contains(out.output, "queue 10 (now 11)"));
  const std::string checkpoint = to + "/checkpoint-without-code";
  std::string bytes = examples::read_file(checkpoint);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
  examples::write_file_atomically(checkpoint, bytes);
  out = run(common);
  CHECK(out.status == 1);
  CHECK(contains(out.output, checkpoint + ": damaged checkpoint"));
  CHECK(run(common + " --fresh").status == 0);

  for (const std::string bad : {"--patch 1", "--epochs -1", "--momentum 2", "--temperature 0", "--nothing"}) {
    out = run(bad);
    INFO(out.output);
    CHECK(out.status != 0);
    CHECK(contains(out.output, bad.substr(0, bad.find(' '))));
  }
  CHECK(run("--help").status == 0);
}
