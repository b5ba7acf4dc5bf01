// One question under one method and budget: a line of results.jsonl.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dynsplit::eval {

// The same question under two methods has the same task, id and context: what pairing goes by.
struct Record {
  std::string task;
  std::string id;              // "<document>/<question>"
  std::string kind;            // of the document's text: "prose", "code", ...
  std::string method;          // as it stands on the command line
  std::string budget;          // "192", "3%"; "" for methods without one
  int64_t context = 0;         // tokens asked for (--context): what tables group by
  int64_t context_tokens = 0;  // tokens that stand before the question
  double depth = -1;           // Question::depth
  std::vector<std::string> expected;
  std::string answer;
  double score = 0;            // in [0, 1]
  double attended_tokens = 0;  // per row after the document, mean over layers and KV heads
  int64_t index_bytes = 0;     // of the method's summaries
  // Both or none: of continuations and fed answers, mean over their tokens, in nats.
  std::optional<double> nll;  // negative log-likelihood
  std::optional<double> kl;   // KL(full || method)
};

// What DD-Select learned of one document about one delimiter class: a line of importance.jsonl.
struct ImportanceRecord {
  std::string task;
  std::string document;
  std::string kind;
  std::string method;  // that learned it, as in Record
  int64_t context = 0;
  std::string delimiter;
  int64_t count = 0;
  double weight = 0;
  double standard_error = 0;
};

}  // namespace dynsplit::eval
