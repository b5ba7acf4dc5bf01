// Two methods on the same questions: what one scores less what the other does, question by
// question, which leaves out how hard the questions are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/eval/record.h"
#include "apps/eval/report/statistics.h"

namespace dynsplit::eval {

using RecordPointers = std::vector<const Record*>;

// The part of Record::id before the last '/'.
std::string DocumentOf(const Record& record);

struct Paired {
  Estimate difference;  // first less second; the mean over tasks of the mean over their text kinds
  int64_t won = 0;      // questions with a positive difference
  int64_t lost = 0;
  int64_t tied = 0;
  int64_t unpaired = 0;  // questions that only one of the two answered: left out

  int64_t NumPairs() const { return won + lost + tied; }
  // Whether the interval holds 0, but for rounding: the difference may be chance.
  bool MayBeChance() const { return difference.low <= 1e-9 && difference.high >= -1e-9; }
};

// A question is its task, id and context, and has at most one record on each side. Without a pair
// the difference is 0.
Paired ComparePaired(const RecordPointers& first, const RecordPointers& second,
                     double (*value)(const Record&));

// The mean of the first over the mean of the second (means as in Paired::difference), on the
// questions that both answered. None without such a question, and where the second's mean is 0.
std::optional<double> PairedRatio(const RecordPointers& first, const RecordPointers& second,
                                  double (*value)(const Record&));

}  // namespace dynsplit::eval
