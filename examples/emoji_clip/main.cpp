// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Pictures and words in one space: an encoder of emoji and one of what people call them, trained by clip and its relatives.
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "common/svg_charts.hpp"
#include "emoji_clip/search.hpp"
#include "emoji_clip/trainer.hpp"

namespace examples::emoji_clip {
namespace {

constexpr int side = 32;  // of the pictures that the network sees

struct settings {
  training_settings training;
  std::string words = "/usr/share/unicode/cldr/common", ask, export_to;
  std::vector<std::string> languages{"en"}, queries;
};

settings read_command_line(int argc, char** argv) {
  settings s;
  training_settings& t = s.training;
  t.run.data = "/usr/share/fonts/truetype/noto", t.run.output = "out/emoji_clip", t.run.epochs = 160;
  s.queries = {"happy cat",  "broken heart",  "sea animal",     "something to drink", "angry face",
               "make music", "winter sports", "racing vehicle", "red fruit",          "birthday party"};
  CLI::App app{
      "Trains an encoder of pictures and one of words on emoji and what people call them, by a contrastive loss of pairs, and\n"
      "measures how well emoji and names that it has not seen find each other. --ask searches with words of your own."};
  add_run_options(app, t.run, "folder of NotoColorEmoji.ttf");
  app.add_option("--words", s.words, "folder of annotations and annotationsDerived of Unicode's Common Locale Data Repository");
  app.add_option("--languages", s.languages,
                 "of the words, as the files there are named: en,de,fr,zh; the first one is measured first")
      ->delimiter(',');
  app.add_option("--loss", t.loss, "clip: both ways; siglip: each pair by itself; info_nce: words find their picture")
      ->check(CLI::IsMember({"clip", "siglip", "info_nce", "hard_negative"}));
  app.add_option("--temperature", t.temperature, "where the learned temperature begins")->check(CLI::Range(1e-3, 1e3));
  app.add_option("--least-temperature", t.least_temperature, "where it ends")->check(CLI::Range(1e-4, 1e3));
  app.add_option("--bias", t.bias, "where siglip's learned bias begins")->check(CLI::Range(-1e3, 1e3));
  app.add_option("--batch", t.batch, "pairs a step")->check(CLI::Range(2, 1000000));
  app.add_option("--learning-rate", t.learning_rate, "of AdamW, at its highest")->check(CLI::Range(1e-9, 10.0));
  app.add_option("--decay", t.decay, "what the learning rate is multiplied by each epoch")->check(CLI::Range(1e-3, 1.0));
  app.add_option("--weight-decay", t.weight_decay, "of AdamW")->check(CLI::Range(0.0, 10.0));
  app.add_option("--width", t.shape.pictures.width, "channels of the picture encoder's first layer")
      ->check(CLI::Range(1, 4096));
  app.add_option("--dimensions", t.shape.pictures.embedding, "of the space")->check(CLI::Range(2, 4096));
  app.add_option("--buckets", t.shape.buckets, "numbers for the n-grams of words")->check(CLI::Range(1, 100000000));
  app.add_option("--measure-every", t.measure_every, "epochs between two measurements")->check(CLI::Range(1, 1000000));
  app.add_option("--queries", s.queries, "what queries.png asks for, parted by commas")->delimiter(',');
  app.add_option("--ask", s.ask, "does not train: prints the emoji that a trained network finds for these words");
  app.add_option(
      "--export", s.export_to,
      "does not train: writes the vectors of all emoji and names (and of the words of --ask) into this folder, as .npy");
  parse_or_leave(app, argc, argv);
  return s;
}

/// 0, or 130 where Ctrl-C ended it.
int run(settings s) {
  training_settings& t = s.training;
  const int threads = start_run(t.run);
  thread_team team(threads);
  const emoji_pairs pairs = load_pairs(t.run.data, s.words, s.languages, side, team);
  trainer training(t, pairs, team);
  if (!s.ask.empty() || !s.export_to.empty()) {
    training.loop().load();
    const gallery drawings(pairs, training.network(), team);
    if (!s.ask.empty()) drawings.print(s.ask);
    if (!s.export_to.empty()) drawings.write(s.export_to, s.ask);
    return 0;
  }
  std::printf("%zu emoji of %zu drawings in %zu languages, %zu drawings held out; %s, %d threads\n", pairs.emoji.size(),
              pairs.train.size() + pairs.test.size(), pairs.languages.size(), pairs.test.size(), t.loss.c_str(), threads);
  if (!training.train()) return 130;

  const auto in_output = [&](const std::string& name) { return (std::filesystem::path(t.run.output) / name).string(); };
  std::printf("trained for %.0f s\n", training.loop().seconds());
  evaluated(pairs, training.network(), t.loss, team).print_and_write(in_output("metrics.csv"));
  gallery(pairs, training.network(), team).draw(in_output("queries.png"), "Emoji by words, " + t.loss, s.queries);
  const auto curve = [&](const char* name) { return training.loop().curve(name); };
  write_line_chart_svg(in_output("curves.svg"), "Emoji and words, " + t.loss, "epoch",
                       {{"loss [nats]", {curve("loss")}},
                        {"recall at 10, held out [%]", {curve("recall by words"), curve("recall by picture")}},
                        {"alignment and uniformity, held out",
                         {curve("alignment"), curve("uniformity of pictures"), curve("uniformity of words")}},
                        {"temperature", {curve("temperature")}}});
  for (const char* name : {"queries.png", "curves.svg"}) std::printf("wrote %s\n", in_output(name).c_str());
  return 0;
}

}  // namespace
}  // namespace examples::emoji_clip

int main(int argc, char** argv) {
  const auto settings = examples::emoji_clip::read_command_line(argc, argv);
  return examples::guarded_main("emoji_clip", [&] { return examples::emoji_clip::run(settings); });
}
