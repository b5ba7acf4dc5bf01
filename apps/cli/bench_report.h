// The figures of `bench`, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "apps/cli/bench_runs.h"

namespace dynsplit::cli {

struct BenchReport {
  std::string isa;
  int threads = 0;
  std::string build;
  std::string model;
  std::vector<BenchRow> rows;
};

// {"isa", "threads", "build", "model", "rows": [...]}, one line; see docs/cli.md.
std::string ToJson(const BenchReport& report);
std::string ToTable(const BenchReport& report);

}  // namespace dynsplit::cli
