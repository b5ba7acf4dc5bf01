#include "apps/eval/report/importance.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "apps/eval/report/statistics.h"

namespace dynsplit::eval {
namespace {

struct Documents {
  std::vector<double> weights;
  int64_t num_places = 0;
  double last_standard_error = 0;
};

// DD-Select's own standard errors are of a document's weight: they do not say how far another
// document's is from it.
double StandardError(const Documents& documents, double mean) {
  const double count = static_cast<double>(documents.weights.size());
  if (count < 2) return documents.last_standard_error;
  double sum = 0;
  for (const double weight : documents.weights) sum += (weight - mean) * (weight - mean);
  return std::sqrt(sum / (count - 1) / count);
}

DelimiterImportance ToMean(const std::string& delimiter, const Documents& documents) {
  const double mean = Mean(documents.weights);
  return {delimiter, static_cast<int64_t>(documents.weights.size()), documents.num_places, mean,
          StandardError(documents, mean)};
}

}  // namespace

std::vector<KindImportance> AverageImportance(const std::vector<ImportanceRecord>& records) {
  std::vector<std::string> kinds;
  std::vector<std::string> delimiters;
  const auto add_once = [](std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  std::map<std::pair<std::string, std::string>, Documents> found;
  for (const ImportanceRecord& record : records) {
    if (record.count == 0) continue;
    add_once(kinds, record.kind);
    add_once(delimiters, record.delimiter);
    Documents& documents = found[{record.kind, record.delimiter}];
    documents.weights.push_back(record.weight);
    documents.num_places += record.count;
    documents.last_standard_error = record.standard_error;
  }
  std::vector<KindImportance> averages;
  for (const std::string& kind : kinds) {
    KindImportance average{kind, {}};
    for (const std::string& delimiter : delimiters) {
      const auto at = found.find({kind, delimiter});
      if (at != found.end()) average.delimiters.push_back(ToMean(delimiter, at->second));
    }
    averages.push_back(std::move(average));
  }
  return averages;
}

}  // namespace dynsplit::eval
