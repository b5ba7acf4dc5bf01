#include "apps/eval/report/importance.h"

#include <gtest/gtest.h>

namespace dynsplit::eval {
namespace {

ImportanceRecord Learned(const std::string& kind, const std::string& delimiter, int64_t count,
                         double weight, double standard_error) {
  return {.task = "niah",
          .document = "0",
          .kind = kind,
          .method = "dynsplit",
          .context = 4096,
          .delimiter = delimiter,
          .count = count,
          .weight = weight,
          .standard_error = standard_error};
}

TEST(ImportanceTest, TheMeanOverDocuments) {
  const auto kinds = AverageImportance(
      {Learned("prose", "comma", 40, 0.5, 0.3), Learned("prose", "newline", 10, 1, 0.1),
       Learned("code", "newline", 90, 2, 0.2), Learned("prose", "comma", 60, 0.1, 0.4),
       Learned("code", "comma", 0, 0.7, 0)});
  ASSERT_EQ(kinds.size(), 2u);
  EXPECT_EQ(kinds[0].kind, "prose");
  ASSERT_EQ(kinds[0].delimiters.size(), 2u);
  const DelimiterImportance& comma = kinds[0].delimiters[0];
  EXPECT_EQ(comma.delimiter, "comma");
  EXPECT_EQ(comma.num_documents, 2);
  EXPECT_EQ(comma.num_places, 100);
  EXPECT_DOUBLE_EQ(comma.weight, 0.3);
  EXPECT_DOUBLE_EQ(comma.standard_error, 0.25);  // the root of 0.3^2 + 0.4^2, halved
  // Code has no comma: what stands there is the prior.
  ASSERT_EQ(kinds[1].delimiters.size(), 1u);
  EXPECT_EQ(kinds[1].delimiters[0].weight, 2);
}

}  // namespace
}  // namespace dynsplit::eval
