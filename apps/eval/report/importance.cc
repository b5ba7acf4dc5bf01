#include "apps/eval/report/importance.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace dynsplit::eval {
namespace {

struct Sums {
  int64_t num_documents = 0;
  int64_t num_places = 0;
  double weight = 0;
  double variance = 0;
};

DelimiterImportance ToMean(const std::string& delimiter, const Sums& sums) {
  const double count = static_cast<double>(sums.num_documents);
  return {delimiter, sums.num_documents, sums.num_places, sums.weight / count,
          std::sqrt(sums.variance) / count};
}

}  // namespace

std::vector<KindImportance> AverageImportance(const std::vector<ImportanceRecord>& records) {
  std::vector<std::string> kinds;
  std::vector<std::string> delimiters;
  const auto add_once = [](std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  std::map<std::pair<std::string, std::string>, Sums> sums;
  for (const ImportanceRecord& record : records) {
    if (record.count == 0) continue;
    add_once(kinds, record.kind);
    add_once(delimiters, record.delimiter);
    Sums& sum = sums[{record.kind, record.delimiter}];
    ++sum.num_documents;
    sum.num_places += record.count;
    sum.weight += record.weight;
    sum.variance += record.standard_error * record.standard_error;
  }
  std::vector<KindImportance> averages;
  for (const std::string& kind : kinds) {
    KindImportance average{kind, {}};
    for (const std::string& delimiter : delimiters) {
      const auto sum = sums.find({kind, delimiter});
      if (sum != sums.end()) average.delimiters.push_back(ToMean(delimiter, sum->second));
    }
    averages.push_back(std::move(average));
  }
  return averages;
}

}  // namespace dynsplit::eval
