// dynsplit-demo: hides facts in a long text, asks for them by full attention and by dynsplit, and
// shows what each got right and what it took.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <sstream>
#include <string>

#include "apps/common/figures.h"
#include "apps/common/haystack.h"
#include "apps/common/known_models.h"
#include "apps/common/profile.h"
#include "apps/common/write_file.h"
#include "apps/demo/demo_report.h"
#include "apps/demo/demo_run.h"
#include "apps/demo/picture.h"
#include "model/utf8.h"

namespace dynsplit::demo {
namespace {

struct DemoFlags {
  std::string model = "smollm2-135m";
  std::string text;
  std::string picture;
  std::string budget = "3%";
  int64_t tokens = 6300;
  int threads = 0;
};

Result<std::vector<Method>> Methods(const DemoFlags& flags) {
  const Result<Budget> budget = ParseBudget(flags.budget);
  if (!budget.ok()) return budget.status();
  std::vector<Method> methods;
  for (const char* name : {"full", "dynsplit"}) {
    const Result<Method> method = MethodPreset(name);
    if (!method.ok()) return method.status();
    methods.push_back(*method);
    methods.back().budget = *budget;
  }
  return methods;
}

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  if (!file) return NotFound(path + " cannot be read");
  return content.str();
}

Status Show(const DemoFlags& flags, const DemoResult& demo, Engine* engine) {
  const ModelDescription& model = engine->model().description();
  std::fputs(fmt::format("\n{}\n{}\n", AnswersTable(demo), FiguresTable(demo, model)).c_str(),
             stdout);
  std::fputs(fmt::format("Read {} tokens once, with full attention, in {} ({} tokens/s).\n"
                         "{}, {} threads; {}\n",
                         demo.hay.num_tokens, FormatSeconds(demo.prefill_seconds),
                         FormatRate(Rate(demo.hay.num_tokens, demo.prefill_seconds)), model.name,
                         engine->threads(), engine->BuildInfo())
                 .c_str(),
             stdout);
  if (flags.picture.empty()) return {};
  DYNSPLIT_RETURN_IF_ERROR(
      WriteFile(flags.picture, DrawPicture(demo, engine->model().tokenizer(), model.name)));
  std::fputs(fmt::format("Picture: {}\n", flags.picture).c_str(), stdout);
  return {};
}

Status Run(const DemoFlags& flags) {
  const auto methods = Methods(flags);
  if (!methods.ok()) return methods.status();
  const Result<std::string> prose = ReadFile(flags.text);
  if (!prose.ok()) return prose.status();
  const Result<std::string> path = FindModel(flags.model);
  if (!path.ok()) return path.status();
  const auto model = Model::Load(*path);
  if (!model.ok()) return model.status();
  auto dense_heads = FindDenseHeads("", *path, (*model)->description());
  if (!dense_heads.ok()) return dense_heads.status();
  const auto engine =
      Engine::Create(*model, {.threads = flags.threads, .dense_heads = *std::move(dense_heads)});
  if (!engine.ok()) return engine.status();
  Result<Haystack> hay = HideFacts(*prose, StoryFacts(), flags.tokens, (*model)->tokenizer());
  if (!hay.ok()) return hay.status();
  std::fputs(fmt::format("{} facts hidden in {} tokens of {}\n", hay->facts.size(), hay->num_tokens,
                         flags.text)
                 .c_str(),
             stdout);
  std::fflush(stdout);
  const Result<DemoResult> demo = RunDemo(engine->get(), *std::move(hay), *methods);
  if (!demo.ok()) return demo.status();
  return Show(flags, *demo, engine->get());
}

int Main(int argc, char** argv) {
  CLI::App app("Facts hidden in a long text, asked for by full attention and by dynsplit",
               "dynsplit-demo");
  DemoFlags flags;
  app.add_option("--text", flags.text, "The text to hide the facts in")->required();
  app.add_option("-m,--model", flags.model, "A .gguf file or a known name")->capture_default_str();
  app.add_option("--tokens", flags.tokens, "How much of the text to read")->capture_default_str();
  app.add_option("--budget", flags.budget, "Of dynsplit, as --budget of run")
      ->capture_default_str();
  app.add_option("--threads", flags.threads, "0: all that there are");
  app.add_option("--picture", flags.picture, "Also draw the result into this SVG file");
  CLI11_PARSE(app, argc, argv);
  const Status status = Run(flags);
  if (!status.ok()) PrintToStderr("dynsplit-demo: " + Printable(status.message()) + "\n");
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace dynsplit::demo

int main(int argc, char** argv) {
  try {
    return dynsplit::demo::Main(argc, argv);
  } catch (const std::exception& error) {
    dynsplit::PrintToStderr(std::string("dynsplit-demo: ") + error.what() + "\n");
    return 1;
  }
}
