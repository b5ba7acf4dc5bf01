// The figures of `bench --op-times`, for people and for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "engine/op_times.h"

namespace dynsplit::cli {

// Where the time of some passes went: that of their graphs, and what lies between these.
struct TimedPasses {
  OpReport graphs;
  double seconds = 0;  // all of it
};

// {"passes", "seconds", "ops": [...], "layers": [...]}; see docs/cli.md.
nlohmann::ordered_json ToJson(const TimedPasses& timed);
// Two tables under `title`.
std::string ToTables(const std::string& title, const TimedPasses& timed);

}  // namespace dynsplit::cli
