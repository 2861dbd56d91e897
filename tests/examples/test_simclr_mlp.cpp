// The whole program, on small made pictures: it trains, goes on from a checkpoint as if it had never stopped, and says
// in words what is wrong.
#include <sys/wait.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>

#include "examples/program.hpp"
#include "examples/temporary_folder.hpp"
#include "support/catch.hpp"

using namespace example_tests;

namespace {

outcome run(const std::string& arguments) { return run_program(SIMCLR_MLP_BINARY, arguments); }

std::string small_run(const temporary_folder& folder) { return "--data " + folder.path() + " --batch 64 --threads 2 "; }

}  // namespace

TEST_CASE("simclr_mlp: trains with each loss and leaves a table, two pictures and curves") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 300, 100);
  for (const std::string loss : {"nt_xent", "decoupled", "hard_negative", "info_nce", "weighted_info_nce", "clip", "siglip",
                                 "sup_con", "sincere", "conditional_contrastive"}) {
    const std::string to = folder / loss;
    const outcome out = run(small_run(folder) + "--epochs 2 --loss " + loss + " --output " + to);
    INFO(out.output);
    REQUIRE(out.status == 0);
    CHECK(contains(out.output, "epoch 2/2  loss "));
    for (const char* row : {"raw pixels", "untrained encoder", "trained encoder"}) CHECK(contains(out.output, row));
    for (const char* words : {"epoch 0/2  alignment ", "epoch 1/2  alignment ", "epoch 2/2  alignment ", "  uniformity -"})
      CHECK(contains(out.output, words));
    for (const std::string name : {"metrics.csv", "neighbours.png", "embeddings.svg", "curves.svg"}) {
      CHECK(contains(out.output, to + "/" + name));
      CHECK(std::filesystem::file_size(to + "/" + name) > 100);
    }
    CHECK(std::distance(std::filesystem::directory_iterator(to), std::filesystem::directory_iterator()) == 4);
  }
}

TEST_CASE("simclr_mlp: two epochs and then two more are four, bit for bit, whatever the number of threads") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 300, 100);
  for (const std::string loss : {"nt_xent", "conditional_contrastive"}) {
    const std::string straight = folder / (loss + "-straight"), halves = folder / (loss + "-halves");
    const std::string common = small_run(folder) + "--loss " + loss + " --output ";
    REQUIRE(run(common + straight + " --checkpoint " + straight + "/state --epochs 4").status == 0);
    REQUIRE(run(common + halves + " --checkpoint " + halves + "/state --epochs 2 --threads 1").status == 0);
    CHECK(examples::read_file(straight + "/state") != examples::read_file(halves + "/state"));
    const outcome second = run(common + halves + " --checkpoint " + halves + "/state --epochs 4 --threads 3");
    INFO(second.output);
    REQUIRE(second.status == 0);
    CHECK(contains(second.output, "going on from " + halves + "/state: 2 epochs done, 4 wanted"));
    CHECK(examples::read_file(straight + "/state") == examples::read_file(halves + "/state"));
    for (const char* name : {"/metrics.csv", "/curves.svg"})
      CHECK(examples::read_file(straight + name) == examples::read_file(halves + name));
  }
}

TEST_CASE("simclr_mlp: goes on from a checkpoint that has no curves, which then begin there") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 300, 100);
  const std::string state = folder / "state",
                    common = small_run(folder) + "--output " + (folder / "out") + " --checkpoint " + state + " --epochs ";
  REQUIRE(run(common + "1").status == 0);
  std::string bytes = examples::read_file(state);
  int curves = 0;
  for (std::size_t at = bytes.find("curve "); at != std::string::npos; at = bytes.find("curve ", at + 1), ++curves)
    bytes[at] = 'x';
  REQUIRE(curves == 3);
  const auto crc = static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size() - 4));
  for (std::size_t b = 0; b < 4; ++b) bytes[bytes.size() - 4 + b] = static_cast<char>(crc >> (8 * b) & 255);
  examples::write_file_atomically(state, bytes);
  const outcome out = run(common + "2");
  INFO(out.output);
  REQUIRE(out.status == 0);
  CHECK_FALSE(contains(out.output, "epoch 1/2  alignment"));
  CHECK(contains(out.output, "epoch 2/2  alignment"));
  const std::string svg = examples::read_file(folder / "out/curves.svg");
  CHECK(contains(svg, ">uniformity: "));
  CHECK_FALSE(contains(svg, "nan"));
}

TEST_CASE("simclr_mlp: in chunks it trains, goes on from its checkpoint, and chunks that do not fit are refused") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 300, 100);
  const std::string common = small_run(folder) + "--output " + (folder / "out") + " --chunk 16 --checkpoint ";
  const std::string straight = folder / "straight", halves = folder / "halves";
  const outcome out = run(common + straight + " --epochs 2");
  INFO(out.output);
  REQUIRE(out.status == 0);
  CHECK(contains(out.output, "nt_xent, chunks of 16, 2 threads"));
  REQUIRE(run(common + halves + " --epochs 1").status == 0);
  REQUIRE(run(common + halves + " --epochs 2 --threads 3").status == 0);
  CHECK(examples::read_file(straight) == examples::read_file(halves));
  const outcome other = run(common + halves + " --epochs 2 --chunk 32");
  CHECK(other.status == 1);
  CHECK(contains(other.output, "chunk 16 (now 32)"));
  for (const char* bad : {"1", "48"}) {
    const outcome refused = run(common + halves + " --chunk " + bad);
    CHECK(refused.status == 1);
    CHECK(contains(refused.output, std::string("--chunk ") + bad + ": 0, or 2 and more that divide --batch 64"));
  }
}

TEST_CASE("simclr_mlp: stopped by a signal it saves, and the same command goes on to the same end") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 300, 100);
  const std::string common = small_run(folder) + "--epochs 60 --output " + (folder / "out") + " --checkpoint ";
  // Straight through the shell: the program is stopped once its first checkpoint is there.
  const std::string stopped = folder / "stopped", script = std::string(SIMCLR_MLP_BINARY) + " " + common + stopped + " > " +
                                                           (folder / "log") + " 2>&1 & while [ ! -e " + stopped +
                                                           " ]; do sleep 0.01; done; kill -INT $!; wait $!";
  const int status = std::system(script.c_str());
  const std::string log = examples::read_file(folder / "log");
  INFO(log);
  REQUIRE(WEXITSTATUS(status) == 130);
  CHECK(contains(log, "stopped; the same command goes on from " + stopped));
  REQUIRE(run(common + stopped).status == 0);
  REQUIRE(run(common + (folder / "straight")).status == 0);
  CHECK(examples::read_file(stopped) == examples::read_file(folder / "straight"));
}

TEST_CASE("simclr_mlp: missing data, damaged files, foreign checkpoints and bad options are refused in words") {
  const temporary_folder folder;
  outcome out = run(small_run(folder) + "--output " + (folder / "out"));
  CHECK(out.status == 1);
  CHECK(contains(out.output, "apt-get install dataset-fashion-mnist"));

  write_picture_files(folder.path(), 300, 100);
  const std::string common =
      small_run(folder) + "--output " + (folder / "out") + " --epochs 1 --checkpoint " + (folder / "state");
  REQUIRE(run(common).status == 0);
  out = run(common + " --seed 2");
  CHECK(out.status == 1);
  CHECK(contains(out.output, (folder / "state") + ": a checkpoint of a run with other settings: seed 1 (now 2)"));
  out = run(common + " --epochs 0");
  CHECK(out.status == 1);
  CHECK(contains(out.output, "is further on than --epochs: 1 epochs done, 0 wanted"));
  std::string bytes = examples::read_file(folder / "state");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
  examples::write_file_atomically(folder / "state", bytes);
  out = run(common);
  CHECK(out.status == 1);
  CHECK(contains(out.output, (folder / "state") + ": damaged checkpoint: the checksum does not fit"));
  CHECK(examples::read_file(folder / "state") == bytes);

  const std::string images = folder / "train-images-idx3-ubyte.gz";
  const std::string packed = examples::read_file(images);
  examples::write_file_atomically(images, packed.substr(0, packed.size() / 2));
  out = run(small_run(folder));
  CHECK(out.status == 1);
  CHECK(contains(out.output, images + ": byte " + std::to_string(packed.size() / 2)));

  for (const std::string bad : {"--loss none", "--epochs -1", "--batch 1", "--temperature 0", "--nothing"}) {
    out = run(bad);
    INFO(out.output);
    CHECK(out.status != 0);
    CHECK(contains(out.output, bad.substr(0, bad.find(' '))));
  }
  CHECK(run("--help").status == 0);
}
