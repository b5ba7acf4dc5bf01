// What DD-Select learned of the delimiter classes, averaged over the documents of a text kind.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/eval/record.h"

namespace dynsplit::eval {

struct DelimiterImportance {
  std::string delimiter;
  int64_t num_documents = 0;  // that have the delimiter
  int64_t num_places = 0;     // in all of them
  double weight = 0;          // mean over these documents
  // Of that mean: from how the documents' weights differ, or the one document's own.
  double standard_error = 0;
};

struct KindImportance {
  std::string kind;
  std::vector<DelimiterImportance> delimiters;
};

// Records of delimiters that a document does not have (count 0) only hold the prior: left out.
// Kinds and delimiters in the order of the records, the latter the same for every kind.
std::vector<KindImportance> AverageImportance(const std::vector<ImportanceRecord>& records);

}  // namespace dynsplit::eval
