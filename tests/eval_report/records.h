// Records for the tests of the report.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "apps/eval/record.h"

namespace dynsplit::eval {

inline Record ScoredRecord(const std::string& task, const std::string& id,
                           const std::string& method, const std::string& budget, double score) {
  Record record;
  record.task = task;
  record.id = id;
  record.kind = "prose";
  record.method = method;
  record.budget = budget;
  record.context = 4096;
  record.score = score;
  record.attended_tokens = method == "full" ? 4000 : 200;
  record.index_bytes = method == "full" ? 0 : 1024;
  return record;
}

// Questions "0/0", "0/1" and so on of one task.
inline void AddScores(std::vector<Record>& records, const std::string& task,
                      const std::string& method, const std::string& budget,
                      std::initializer_list<double> scores) {
  int question = 0;
  for (const double score : scores) {
    records.push_back(ScoredRecord(task, "0/" + std::to_string(question++), method, budget, score));
  }
}

inline Record ContinuationRecord(const std::string& id, const std::string& method,
                                 const std::string& budget, double nll, double kl,
                                 double same_top = 0) {
  Record record = ScoredRecord("perplexity", id, method, budget, same_top);
  record.nll = nll;
  record.kl = kl;
  return record;
}

}  // namespace dynsplit::eval
