// What the demo found, for a terminal.
#pragma once

#include <string>

#include "apps/demo/demo_run.h"
#include "dynsplit/model.h"

namespace dynsplit::demo {

// The questions, what was expected, and each method's answer.
std::string AnswersTable(const DemoResult& demo);

// Speed, attended tokens and memory of each method, and the gain of the last one over the first.
std::string FiguresTable(const DemoResult& demo, const ModelDescription& model);

}  // namespace dynsplit::demo
