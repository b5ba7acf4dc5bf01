// What a run has found out so far, in a folder that a later run goes on with:
//   run.json          what the run is (run_description.h)
//   results.jsonl     a Record a line
//   importance.jsonl  an ImportanceRecord a line
// Every line is valid JSON; what is not UTF-8 in a text is written as U+FFFD.
#pragma once

#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "apps/eval/line_file.h"
#include "apps/eval/record.h"
#include "apps/eval/run_description.h"
#include "dynsplit/status.h"

namespace dynsplit::eval {

// The lines of a results.jsonl or importance.jsonl; a torn last line is left out. NotFound,
// IoError; Corruption, with the number of the line, where one is no such record or has a value out
// of its range.
Result<std::vector<Record>> ReadResults(const std::string& path);
Result<std::vector<ImportanceRecord>> ReadImportance(const std::string& path);

class Results {
 public:
  // Makes the folder where it is missing, and reads what is there; of records with the same key the
  // first. A folder whose results.jsonl has no record yet is any run's. InvalidArgument where what
  // is there is of another run, or is results without a run.json; Unavailable while another run has
  // the folder; Corruption, IoError.
  static Result<Results> Open(const std::string& dir, const RunDescription& run);

  // Whether there is a record of the same task, id, context, method and budget.
  bool Has(const Record& record) const;
  // IoError where it cannot be written.
  Status Add(const Record& record);
  // Leaves out those whose task, document, method, context and delimiter are there already.
  Status AddImportance(std::span<const ImportanceRecord> records);

  const std::vector<Record>& records() const { return records_; }

 private:
  Results(LineFile results, LineFile importance)
      : results_file_(std::move(results)), importance_file_(std::move(importance)) {}

  LineFile results_file_;
  LineFile importance_file_;
  std::vector<Record> records_;
  std::unordered_set<std::string> keys_;
  std::unordered_set<std::string> importance_keys_;
};

}  // namespace dynsplit::eval
