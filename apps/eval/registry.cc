#include "apps/eval/registry.h"

#include <string>

#include "apps/eval/tasks/code_call/code_call.h"
#include "apps/eval/tasks/code_function/code_function.h"
#include "apps/eval/tasks/common_words/common_words.h"
#include "apps/eval/tasks/dialogue/dialogue.h"
#include "apps/eval/tasks/frequent_words/frequent_words.h"
#include "apps/eval/tasks/longbench/longbench.h"
#include "apps/eval/tasks/niah_multikey/niah_multikey.h"
#include "apps/eval/tasks/niah_multiquery/niah_multiquery.h"
#include "apps/eval/tasks/niah_multivalue/niah_multivalue.h"
#include "apps/eval/tasks/niah_single/niah_single.h"
#include "apps/eval/tasks/passkey/passkey.h"
#include "apps/eval/tasks/perplexity/perplexity.h"
#include "apps/eval/tasks/qa/qa.h"
#include "apps/eval/tasks/records/records.h"
#include "apps/eval/tasks/table/table.h"
#include "apps/eval/tasks/variable_tracking/variable_tracking.h"

namespace dynsplit::eval {
namespace {

constexpr TaskEntry kTasks[] = {
    {"niah-single", "a number hidden in a long text", MakeNiahSingle},
    {"niah-multikey", "the same among keys that differ in a word or a digit", MakeNiahMultikey},
    {"niah-multivalue", "four numbers of one key, at four places", MakeNiahMultivalue},
    {"niah-multiquery", "the numbers of four keys at once", MakeNiahMultiquery},
    {"variable-tracking", "which variables have a value, over four hops", MakeVariableTracking},
    {"common-words", "the ten most common words of a list", MakeCommonWords},
    {"frequent-words", "the three most frequent made-up words", MakeFrequentWords},
    {"passkey", "a pass key at a chosen depth", MakePasskey},
    {"code-function", "what a function of a long module returns", MakeCodeFunction},
    {"code-call", "which function of a long module calls another", MakeCodeCall},
    {"records", "a field of one of many JSON records", MakeRecords},
    {"dialogue", "who said what, and what was agreed, in a long chat", MakeDialogue},
    {"table", "a value by row and column", MakeTable},
    {"longbench", "LongBench, from --data FILE of JSON lines", MakeLongBench},
    {"qa", "RULER's questions, from --data FILE of SQuAD or HotpotQA", MakeQa},
    {"perplexity", "how prose and code go on, or --haystack FILE: perplexity, KL", MakePerplexity},
};

}  // namespace

std::span<const TaskEntry> Tasks() { return kTasks; }

Result<TaskEntry> FindTask(std::string_view name) {
  std::string names;
  for (const TaskEntry& task : Tasks()) {
    if (task.name == name) return task;
    names += (names.empty() ? "" : ", ") + std::string(task.name);
  }
  return NotFound("no task '" + std::string(name) + "', wanted one of: " + names);
}

}  // namespace dynsplit::eval
