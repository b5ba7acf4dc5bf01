// The tasks that `dynsplit eval` knows.
#pragma once

#include <span>
#include <string_view>

#include "apps/eval/task.h"
#include "dynsplit/status.h"

namespace dynsplit::eval {

// In the order in which they are listed. Static storage.
std::span<const TaskEntry> Tasks();

// NotFound, with the names that there are, for another.
Result<TaskEntry> FindTask(std::string_view name);

}  // namespace dynsplit::eval
