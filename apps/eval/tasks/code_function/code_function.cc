#include "apps/eval/tasks/code_function/code_function.h"

#include <memory>

#include "apps/eval/tasks/generated/code_module.h"
#include "apps/eval/tasks/generated/generated_task.h"

namespace dynsplit::eval {
namespace {

UnitSource Open(Rng rng) {
  return [module = std::make_shared<CodeModule>(rng)] {
    const CodeUnit code = module->Next();
    Unit unit;
    unit.text = code.text;
    if (!code.literal.empty()) {
      unit.facts.push_back({.key = "def " + code.name + "(",
                            .answer = code.literal,
                            .prompt = "What does the function `" + code.name +
                                      "` return? Answer with the value alone.",
                            .answer_prefix = "The function `" + code.name + "` returns"});
    }
    return unit;
  };
}

}  // namespace

Result<std::vector<Document>> MakeCodeFunction(const TaskOptions& options,
                                               const Tokenizer& tokenizer) {
  return Generate({.name = "code-function",
                   .kind = "code",
                   .instructions = "Read this Python module. Questions about its functions follow.",
                   .open = Open},
                  options, tokenizer);
}

}  // namespace dynsplit::eval
