#include "apps/eval/text_similarity.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "apps/eval/ascii.h"

namespace dynsplit::eval {
namespace {

using Words = std::vector<std::string_view>;

Words SplitWords(std::string_view text) {
  Words words;
  for (size_t at = 0; at < text.size();) {
    const size_t start = text.find_first_not_of(kAsciiSpace, at);
    if (start == std::string_view::npos) break;
    at = std::min(text.find_first_of(kAsciiSpace, start), text.size());
    words.push_back(text.substr(start, at - start));
  }
  return words;
}

// Lower case, without ASCII punctuation.
std::string Normalize(std::string_view text) {
  std::string normal;
  for (const char c : text) {
    if (!IsAsciiPunctuation(c)) normal += AsciiLower(c);
  }
  return normal;
}

bool IsArticle(std::string_view word) { return word == "a" || word == "an" || word == "the"; }

double F1(double num_same, size_t num_answer, size_t num_expected) {
  if (num_same == 0) return 0;
  const double precision = num_same / static_cast<double>(num_answer);
  const double recall = num_same / static_cast<double>(num_expected);
  return 2 * precision * recall / (precision + recall);
}

// Texts between full stops. One of white space alone is a sentence with the word "", as in `rouge`.
std::vector<Words> Sentences(std::string_view text) {
  std::vector<Words> sentences;
  while (!text.empty()) {
    const std::string_view sentence = text.substr(0, text.find('.'));
    text.remove_prefix(std::min(sentence.size() + 1, text.size()));
    if (sentence.empty()) continue;
    sentences.push_back(SplitWords(sentence));
    if (sentences.back().empty()) sentences.back().push_back("");
  }
  return sentences;
}

std::set<std::string_view> DifferentWords(const std::vector<Words>& sentences) {
  std::set<std::string_view> words;
  for (const Words& sentence : sentences) words.insert(sentence.begin(), sentence.end());
  return words;
}

// Adds the words of a longest common subsequence. Where there are several, the one whose words
// stand latest in `expected`: which one it is decides what the sentences have in union.
void AddCommonWords(const Words& expected, const Words& answer, std::set<std::string_view>* words) {
  const size_t columns = answer.size() + 1;
  std::vector<uint32_t> lengths((expected.size() + 1) * columns);  // [expected + 1, answer + 1]
  const auto length = [&](size_t i, size_t j) -> uint32_t& { return lengths[i * columns + j]; };
  for (size_t i = 1; i <= expected.size(); ++i) {
    for (size_t j = 1; j <= answer.size(); ++j) {
      length(i, j) = expected[i - 1] == answer[j - 1]
                         ? length(i - 1, j - 1) + 1
                         : std::max(length(i - 1, j), length(i, j - 1));
    }
  }
  for (size_t i = expected.size(), j = answer.size(); i > 0 && j > 0;) {
    if (expected[i - 1] == answer[j - 1]) {
      words->insert(expected[i - 1]);
      --i;
      --j;
    } else if (length(i - 1, j) > length(i, j - 1)) {
      --i;
    } else {
      --j;
    }
  }
}

// UTF-8 characters; a byte that begins none belongs to the one before it.
std::vector<std::string_view> Characters(std::string_view text) {
  std::vector<std::string_view> characters;
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    while (end < text.size() && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) ++end;
    characters.push_back(text.substr(at, end - at));
    at = end;
  }
  return characters;
}

}  // namespace

double TokenF1(std::string_view answer, std::string_view expected) {
  const std::string normal_answer = Normalize(answer);
  const std::string normal_expected = Normalize(expected);
  Words answer_words = SplitWords(normal_answer);
  Words expected_words = SplitWords(normal_expected);
  std::erase_if(answer_words, IsArticle);
  std::erase_if(expected_words, IsArticle);
  std::map<std::string_view, int> left;
  for (const std::string_view word : expected_words) ++left[word];
  int num_same = 0;
  for (const std::string_view word : answer_words) num_same += left[word]-- > 0;
  return F1(num_same, answer_words.size(), expected_words.size());
}

double RougeL(std::string_view answer, std::string_view expected) {
  const std::vector<Words> answer_sentences = Sentences(answer);
  const std::vector<Words> expected_sentences = Sentences(expected);
  std::set<std::string_view> common;
  for (const Words& wanted : expected_sentences) {
    for (const Words& given : answer_sentences) AddCommonWords(wanted, given, &common);
  }
  return F1(static_cast<double>(common.size()), DifferentWords(answer_sentences).size(),
            DifferentWords(expected_sentences).size());
}

double EditSimilarity(std::string_view answer, std::string_view expected) {
  const std::vector<std::string_view> a = Characters(answer);
  const std::vector<std::string_view> b = Characters(expected);
  if (a.empty() || b.empty()) return 0;
  std::vector<uint32_t> row(b.size() + 1);  // common subsequences of a's beginning and each of b's
  for (const std::string_view character : a) {
    uint32_t diagonal = 0;
    for (size_t j = 1; j <= b.size(); ++j) {
      const uint32_t above = row[j];
      row[j] = character == b[j - 1] ? diagonal + 1 : std::max(above, row[j - 1]);
      diagonal = above;
    }
  }
  const double ratio = 2.0 * row.back() / static_cast<double>(a.size() + b.size());
  return std::nearbyint(100 * ratio) / 100;  // halves to even, as Python's round()
}

}  // namespace dynsplit::eval
