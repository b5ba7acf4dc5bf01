#include "apps/eval/tasks/code_call/code_call.h"

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
    if (!code.callee.empty()) {
      unit.facts.push_back(
          {.key = code.call,
           .answer = code.name,
           .prompt = "Which function calls `" + code.callee + "`? Answer with its name alone.",
           .answer_prefix = "`" + code.callee + "` is called by the function"});
    }
    return unit;
  };
}

}  // namespace

Result<std::vector<Document>> MakeCodeCall(const TaskOptions& options, const Tokenizer& tokenizer) {
  return Generate({.name = "code-call",
                   .kind = "code",
                   .instructions = "Read this Python module. Questions about its functions follow.",
                   .open = Open},
                  options, tokenizer);
}

}  // namespace dynsplit::eval
