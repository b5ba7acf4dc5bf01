// A tokenizer, a haystack and checks that the tests of the needle tasks share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "apps/common/paragraphs.h"
#include "apps/eval/task.h"
#include "support/temp_file.h"
#include "support/tiny_vocabulary.h"

namespace dynsplit::testing {

// Nearly one token for each byte.
inline std::shared_ptr<const Tokenizer> NeedleTokenizer() { return *Tokenizer::Create(TinyBpe()); }

// Paragraphs of different lengths, about 70 bytes each, that all differ.
inline std::string NumberedProse(int num_paragraphs) {
  std::string text;
  for (int i = 0; i < num_paragraphs; ++i) {
    text += "Paragraph " + std::to_string(i) + " begins";
    for (int j = 0; j < i % 7; ++j) text += " and goes on";
    text += ".\n\n";
  }
  return text;
}

inline size_t CountOf(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// What holds for every task that makes its own documents: `make` is its Make function, called with
// a haystack file in place of the packages.
class NeedleTaskTest : public ::testing::Test {
 protected:
  using Make = Result<std::vector<eval::Document>> (*)(const eval::TaskOptions&, const Tokenizer&);

  eval::TaskOptions Options() const {
    eval::TaskOptions options;
    options.context_tokens = 12'000;
    options.num_questions = 8;
    options.questions_per_document = 4;
    options.haystack = haystack_.path();
    return options;
  }

  std::vector<eval::Document> Documents(Make make, const eval::TaskOptions& options) const {
    auto documents = make(options, *tokenizer_);
    EXPECT_TRUE(documents.ok()) << documents.status().ToString();
    return documents.ok() ? std::move(*documents) : std::vector<eval::Document>();
  }

  // Lengths, counts, ids, and that seeds decide.
  void ExpectWellFormed(Make make, const eval::TaskOptions& options) const {
    const auto documents = Documents(make, options);
    std::set<std::string> ids;
    int num_questions = 0;
    for (const eval::Document& document : documents) {
      EXPECT_TRUE(ids.insert(document.id).second) << document.id;
      EXPECT_THAT(document.id, ::testing::StartsWith(document.kind + "-s"));
      EXPECT_NEAR(static_cast<double>(*CountTokens(document.text, *tokenizer_)),
                  static_cast<double>(options.context_tokens),
                  0.05 * static_cast<double>(options.context_tokens));
      std::set<std::string> question_ids;
      std::set<std::string> asked;
      for (const eval::Question& question : document.questions) {
        ++num_questions;
        EXPECT_TRUE(question_ids.insert(question.id).second) << question.id;
        EXPECT_TRUE(asked.insert(question.prompt).second) << question.prompt;
        EXPECT_FALSE(question.expected.empty());
        EXPECT_EQ(question.metric, eval::Metric::kContainsAll);
      }
    }
    EXPECT_GE(num_questions, options.num_questions);
    const auto again = Documents(make, options);
    auto other_options = options;
    ++other_options.seed;
    const auto other = Documents(make, other_options);
    ASSERT_EQ(again.size(), documents.size());
    ASSERT_EQ(other.size(), documents.size());
    for (size_t i = 0; i < documents.size(); ++i) {
      EXPECT_EQ(again[i].text, documents[i].text);
      EXPECT_EQ(again[i].questions.back().expected, documents[i].questions.back().expected);
      EXPECT_NE(other[i].text, documents[i].text);
      EXPECT_NE(other[i].id, documents[i].id);
      if (i > 0) {
        EXPECT_NE(documents[i].text, documents[i - 1].text);
      }
    }
  }

  // That `line` is a paragraph of its own, and stands there once, at `depth` (-1: anywhere).
  void ExpectHidden(const eval::Document& document, const std::string& line, double depth) const {
    const std::string text = "\n\n" + document.text;
    const std::string paragraph = "\n\n" + line + "\n\n";
    ASSERT_EQ(CountOf(text, paragraph), 1u) << line;
    if (depth < 0) return;
    const double place =
        static_cast<double>(text.find(paragraph)) / static_cast<double>(text.size());
    // Half the longest paragraph of NumberedProse, and a line such as this one.
    EXPECT_NEAR(place, depth, 150 / static_cast<double>(document.text.size())) << line;
  }

  std::shared_ptr<const Tokenizer> tokenizer_ = NeedleTokenizer();
  TempFile haystack_{NumberedProse(400)};
};

}  // namespace dynsplit::testing
