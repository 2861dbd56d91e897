// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The whole program, on a made font with made names: it trains by each loss, goes on as if it had never stopped, answers and
// exports, and says in words what is wrong.
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "common/picture.hpp"
#include "examples/program.hpp"
#include "examples/temporary_folder.hpp"
#include "examples/tiny_font.hpp"
#include "support/catch.hpp"

using namespace example_tests;

namespace {

const std::string program = CONTRASTIVE_TRAINERS_FOLDER "/emoji_clip";

outcome run(const std::string& arguments) { return run_program(program, arguments); }

/// Squares of 20 shades, A to S, and A then B; their names in English and German.
void write_emoji(const temporary_folder& folder) {
  std::vector<std::string> pngs;
  std::string list = "# group: First & Foremost\n", english, german;
  for (int i = 0; i < 20; ++i) {
    examples::write_png(folder / "one.png", examples::filled(3, 8, 8, static_cast<std::uint8_t>(12 * i)));
    pngs.push_back(examples::read_file(folder / "one.png"));
    if (i == 10) list += "# group: Second\n";
    const bool last = i == 19;
    const std::string code = last ? "0041 0042" : "00" + std::string(1, "45"[(i + 1) / 16]) + "0123456789ABCDEF"[(i + 1) % 16],
                      shown = last ? "AB" : std::string(1, static_cast<char>('A' + i)), number = std::to_string(i);
    list += code + " ; fully-qualified # " + shown + " E1.0 shade\n";
    english += "<annotation cp=\"" + shown + "\">grey | square | tone" + number + "</annotation><annotation cp=\"" + shown +
               "\" type=\"tts\">shade " + number + "</annotation>";
    german += "<annotation cp=\"" + shown + "\" type=\"tts\">Farbe " + number + "</annotation>";
  }
  examples::write_file_atomically(folder / "NotoColorEmoji.ttf", tiny_font(pngs));
  examples::write_file_atomically(folder / "emoji-test.txt", list);
  for (const char* kind : {"annotations", "annotationsDerived"}) std::filesystem::create_directory(folder / kind);
  for (const auto& [language, words] : {std::pair{"en", english}, std::pair{"de", german}}) {
    const std::string name = std::string("/") + language + ".xml";
    examples::write_file_atomically((folder / "annotations") + name, "<ldml><annotations>" + words + "</annotations></ldml>");
    examples::write_file_atomically((folder / "annotationsDerived") + name, "<ldml><annotations></annotations></ldml>");
  }
}

std::string small_run(const temporary_folder& folder) {
  return "--data " + folder.path() + " --words " + folder.path() +
         " --batch 8 --width 4 --dimensions 8 --buckets 500 --measure-every 2 --threads 1 ";
}

std::ptrdiff_t lines_of(const std::string& path) {
  const std::string text = examples::read_file(path);
  return std::count(text.begin(), text.end(), '\n');
}

}  // namespace

TEST_CASE("emoji_clip: trains by each loss, in several languages, and leaves table, picture and curves") {
  const temporary_folder folder;
  write_emoji(folder);
  for (const std::string loss : {"clip", "siglip", "info_nce", "hard_negative"}) {
    const std::string to = folder / loss;
    const outcome out =
        run(small_run(folder) + "--epochs 3 --languages en,de --queries grey,square --loss " + loss + " --output " + to);
    INFO(out.output);
    REQUIRE(out.status == 0);
    CHECK(contains(out.output, "20 emoji of 20 drawings in 2 languages, 4 drawings held out; " + loss));
    CHECK(contains(out.output, "epoch 3/3"));
    CHECK(lines_of(to + "/metrics.csv") == 1 + 1 + 2 * 2 * 2);  // chance; two ways in two languages with two kinds of queries
    CHECK(contains(examples::read_file(to + "/metrics.csv"), "chance,25.00,100.00,100.00,25.00,100.00,100.00"));
    for (const std::string name : {"queries.png", "curves.svg", "checkpoint"})
      CHECK(std::filesystem::file_size(to + "/" + name) > 1000);
  }
}

TEST_CASE("emoji_clip: one epoch and then two more are three, stopped by a signal, it goes on to the same end") {
  const temporary_folder folder;
  write_emoji(folder);
  const std::string common = small_run(folder) + "--output ", straight = folder / "straight", parts = folder / "parts",
                    stopped = folder / "stopped";
  REQUIRE(run(common + straight + " --epochs 30").status == 0);
  REQUIRE(run(common + parts + " --epochs 1").status == 0);
  REQUIRE(run(common + parts + " --epochs 30").status == 0);
  const std::string script = program + " " + common + stopped + " --epochs 30 > " + (folder / "log") + " 2>&1 & while [ ! -e " +
                             stopped + "/checkpoint ]; do sleep 0.01; done; kill -INT $!; wait $!";
  const int status = std::system(script.c_str());
  const std::string log = examples::read_file(folder / "log");
  INFO(log);
  REQUIRE(WEXITSTATUS(status) == 130);
  CHECK(contains(log, "stopped; the same command goes on from " + stopped + "/checkpoint"));
  REQUIRE(run(common + stopped + " --epochs 30").status == 0);
  for (const auto& other : {parts, stopped})
    for (const std::string name : {"/metrics.csv", "/queries.png"})
      CHECK(examples::read_file(straight + name) == examples::read_file(other + name));
}

TEST_CASE("emoji_clip: a trained network answers in words and gives its vectors away") {
  const temporary_folder folder;
  write_emoji(folder);
  const std::string common = small_run(folder) + "--epochs 1 --output " + (folder / "out");
  outcome out = run(common + " --ask grey");
  CHECK(out.status == 1);
  CHECK(contains(out.output, (folder / "out") + "/checkpoint"));
  REQUIRE(run(common).status == 0);
  out = run(common + " --ask 'shade 3' --export " + (folder / "vectors"));
  INFO(out.output);
  REQUIRE(out.status == 0);
  CHECK(contains(out.output, "shade "));
  CHECK(contains(out.output, "pictures.npy: 20 x 8"));
  CHECK(contains(out.output, "query.npy: 1 x 8"));
  CHECK(lines_of((folder / "vectors") + "/emoji.tsv") == 20);
  CHECK(std::filesystem::file_size((folder / "vectors") + "/names.npy") == 128 + 20 * 8 * 4);
}

TEST_CASE("emoji_clip: the README's searches find what was asked") {
  if (std::system("/usr/bin/python3 -c 'import hnswlib, numpy' > /dev/null 2>&1") != 0) {
    WARN("skipped: apt-get install python3-hnswlib");
    return;
  }
  const temporary_folder folder;
  write_emoji(folder);
  const std::string common = small_run(folder) + "--epochs 2 --output " + (folder / "out");
  REQUIRE(run(common).status == 0);
  REQUIRE(run(common + " --ask 'shade 3' --export " + (folder / "vectors")).status == 0);
  const std::string page = examples::read_file(CONTRASTIVE_TRAINERS_SOURCES "/emoji_clip/README.md");
  const std::size_t first = page.find("```python\n");
  REQUIRE(first != std::string::npos);
  const std::size_t begin = first + 10, end = page.find("```", begin);
  examples::write_file_atomically(folder / "search.py", page.substr(begin, end - begin));
  const outcome found = run_program("cd " + (folder / "vectors") + " && /usr/bin/python3 ../search.py", ""),
                answer = run(common + " --ask 'shade 3'");
  INFO(found.output << answer.output);
  REQUIRE(found.status == 0);
  CHECK(std::count(found.output.begin(), found.output.end(), '\n') == 6);
  // "A  0.987  shade 0" there, "A 0.987 shade 0" here.
  std::string squeezed;
  for (const char c : answer.output)
    if (c != ' ' || squeezed.back() != ' ') squeezed += c;
  CHECK(contains(squeezed, found.output.substr(0, found.output.find('\n'))));
}

TEST_CASE("emoji_clip: missing data, foreign checkpoints and bad options are refused in words") {
  const temporary_folder folder;
  outcome out = run(small_run(folder) + "--output " + (folder / "out"));
  CHECK(out.status == 1);
  CHECK(contains(out.output, "apt-get install unicode-cldr-core"));
  write_emoji(folder);
  const std::string common = small_run(folder) + "--epochs 1 --output " + (folder / "out");
  CHECK(contains(run(common + " --languages fr").output, folder / "annotations/fr.xml"));
  CHECK(contains(run(common + " --batch 30").output, "--batch 30 is more than the 16 training drawings"));
  REQUIRE(run(common).status == 0);
  out = run(common + " --loss siglip");
  INFO(out.output);
  CHECK(out.status == 1);
  CHECK(contains(out.output, "loss clip (now siglip)"));
  CHECK(run(common + " --loss siglip --fresh").status == 0);
  for (const std::string bad : {"--loss triplet", "--batch 1", "--temperature 0", "--nothing"}) {
    out = run(bad);
    INFO(out.output);
    CHECK(out.status != 0);
    CHECK(contains(out.output, bad.substr(0, bad.find(' '))));
  }
  CHECK(contains(run("--help").output, "--ask"));
}
