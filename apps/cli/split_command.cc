// dynsplit split: the blocks of a text, coloured, as a list, or as JSON.
#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "apps/cli/commands.h"
#include "apps/cli/exit_status.h"
#include "apps/cli/flags.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/standard_output.h"
#include "apps/cli/text_input.h"
#include "apps/common/figures.h"
#include "apps/common/prefill.h"

namespace dynsplit::cli {
namespace {

struct SplitFlags {
  ModelFlags model;
  std::string file;
  std::string method = "dynsplit";
  MethodFlags refined;
  bool json = false;
};

// The text of each block, whole characters only: one that a cut divides goes to the later block.
std::vector<std::string> BlockTexts(const Session& session, const std::vector<Block>& blocks,
                                    const Tokenizer& tokenizer) {
  Utf8Stream stream;
  std::vector<std::string> texts;
  for (const Block& block : blocks) {
    const auto tokens = session.tokens().subspan(static_cast<size_t>(block.start),
                                                 static_cast<size_t>(block.length));
    texts.push_back(stream.Append(tokenizer.Decode(tokens, /*show_control=*/true)));
  }
  if (!texts.empty()) texts.back() += stream.Finish();
  return texts;
}

std::string ToJson(const std::vector<Block>& blocks) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const Block& block : blocks) {
    json.push_back({{"start", block.start},
                    {"len", block.length},
                    {"class", DelimiterClassName(block.delimiter)},
                    {"weight", block.weight}});
  }
  return json.dump() + "\n";
}

// Two backgrounds in turn, so that every cut can be seen; the kind of boundary stands at its end.
std::string ToColours(const std::vector<Block>& blocks, const std::vector<std::string>& texts) {
  constexpr const char* kBackgrounds[] = {"\33[48;5;236m", "\33[48;5;24m"};
  std::string out;
  for (size_t i = 0; i < blocks.size(); ++i) {
    const char* background = kBackgrounds[i % 2];
    out += background;
    for (const char c : texts[i]) {
      // A background that runs over a line's end would fill the rest of the line.
      if (c == '\n') {
        out += std::string("\33[0m\n") + background;
      } else {
        out += c;
      }
    }
    out += fmt::format("\33[38;5;245m·{}\33[0m", DelimiterClassName(blocks[i].delimiter));
  }
  return out + "\n";
}

std::string ToList(const std::vector<Block>& blocks, const std::vector<std::string>& texts) {
  std::string out = "start len class weight text\n";
  for (size_t i = 0; i < blocks.size(); ++i) {
    const std::string quoted = nlohmann::json(texts[i]).dump();
    out += fmt::format("{} {} {} {:.3f} {}\n", blocks[i].start, blocks[i].length,
                       DelimiterClassName(blocks[i].delimiter), blocks[i].weight, quoted);
  }
  return out;
}

std::string ImportanceTable(const std::vector<DelimiterImportance>& importance) {
  Table table({"delimiter", "count", "importance", "std. error"});
  for (const DelimiterImportance& row : importance) {
    table.AddRow({std::string(DelimiterClassName(row.delimiter)), std::to_string(row.count),
                  fmt::format("{:.3f}", row.weight), fmt::format("{:.3f}", row.standard_error)});
  }
  return table.ToString();
}

ExitStatus Show(Session* session, const Tokenizer& tokenizer, bool json) {
  const Result<std::vector<Block>> cut = session->Blocks();
  if (!cut.ok()) return Failed(cut.status());
  const std::vector<Block>& blocks = *cut;
  const std::vector<std::string> texts = BlockTexts(*session, blocks, tokenizer);
  StandardOutput output;
  if (json) {
    output.Write(ToJson(blocks));
  } else {
    output.Write(isatty(STDOUT_FILENO) == 1 ? ToColours(blocks, texts) : ToList(blocks, texts));
  }
  PrintToStderr(fmt::format("{} tokens, {} blocks\n", session->tokens().size(), blocks.size()));
  if (session->method().split.splitter == Splitter::kDynamic) {
    PrintToStderr(ImportanceTable(session->Importance()));
  }
  const Status status = output.Finish();
  return status.ok() ? kGood : Failed(status);
}

ExitStatus Split(const SplitFlags& flags) {
  const Result<Method> method = ResolveMethod(flags.method, flags.refined);
  if (!method.ok()) return WrongUsage(method.status());
  const Result<std::string> text = ReadText(flags.file);
  if (!text.ok()) return Failed(text.status());
  const Result<LoadedModel> loaded = LoadModel(flags.model);
  if (!loaded.ok()) return Failed(loaded.status());
  const Tokenizer& tokenizer = loaded->model->tokenizer();
  const auto tokens = tokenizer.Encode(*text);
  if (!tokens.ok()) return Failed(tokens.status());
  const auto session = loaded->engine->NewSession(*method);
  if (!session.ok()) return Failed(session.status());
  double seconds = 0;
  const Status status = Prefill(
      session->get(), *tokens,
      {.progress = flags.model.progress, .logits = Logits::kNone, .cancel = CatchInterrupt()},
      &seconds);
  if (status.code() == StatusCode::kCancelled) return kInterrupted;
  if (!status.ok()) return Failed(status);
  return Show(session->get(), tokenizer, flags.json);
}

}  // namespace

void AddSplitCommand(CLI::App* app, int* exit_status) {
  CLI::App* command = app->add_subcommand("split", "The blocks into which a text is split");
  const auto flags = std::make_shared<SplitFlags>();
  AddModelFlags(command, &flags->model);
  AddProfileFlag(command, &flags->model);
  AddContextFlag(command, &flags->model);
  command->add_option("-f,--file", flags->file, "The text; - is stdin")
      ->required()
      ->type_name("FILE");
  command->add_option("--method", flags->method, "How to split")
      ->capture_default_str()
      ->type_name("SPEC");
  AddMethodFlags(command, &flags->refined);
  command->add_flag("--json", flags->json, "Write [{start,len,class,weight}], in tokens");
  command->callback([flags, exit_status] { *exit_status = Split(*flags); });
}

}  // namespace dynsplit::cli
