#include "model/bpe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "support/tiny_vocabulary.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TinyBpe;

std::vector<int32_t> Encode(const std::string& text, const std::string& pre = "gpt-2") {
  const Result<VocabularyIndex> index = VocabularyIndex::Create(TinyBpe(pre));
  const Result<ByteLevelBpe> bpe = ByteLevelBpe::Create(*index);
  EXPECT_TRUE(bpe.ok()) << bpe.status().ToString();
  std::vector<int32_t> ids;
  EXPECT_TRUE(bpe->Encode(text, &ids).ok());
  return ids;
}

TEST(ByteLevelBpe, MergesByRank) {
  EXPECT_THAT(Encode("hello world"), ElementsAre(259, 261, 'r', 'l', 'd'));
  EXPECT_THAT(Encode("hel"), ElementsAre(256, 'l'));
  EXPECT_THAT(Encode("lll"), ElementsAre(257, 'l'));  // the leftmost of equal ranks
}

TEST(ByteLevelBpe, NoMergeCrossesWords) {
  EXPECT_THAT(Encode("12"), ElementsAre(262));
  EXPECT_THAT(Encode("12", "smollm"), ElementsAre('1', '2'));
}

TEST(ByteLevelBpe, BytesOfOtherScripts) { EXPECT_THAT(Encode("é"), ElementsAre(0xC3, 0xA9)); }

TEST(ByteLevelBpe, IllFormedBytesAreReplaced) {
  EXPECT_THAT(Encode("a\xFF"), ElementsAre('a', 0xEF, 0xBF, 0xBD));
  EXPECT_THAT(Encode("\xED\xA0\x80"), ElementsAre(0xED, 0xA0, 0x80));
}

TEST(ByteLevelBpe, BytesWithoutTokenAreDropped) {
  Vocabulary v = TinyBpe();
  v.tokens[4] = "something else";
  const Result<VocabularyIndex> index = VocabularyIndex::Create(std::move(v));
  const Result<ByteLevelBpe> bpe = ByteLevelBpe::Create(*index);
  ASSERT_TRUE(bpe.ok());
  std::vector<int32_t> ids;
  ASSERT_TRUE(bpe->Encode("a\x04z", &ids).ok());
  EXPECT_THAT(ids, ElementsAre('a', 'z'));
}

TEST(ByteLevelBpe, IgnoreMergesTakesWholeWords) {
  Vocabulary v = TinyBpe("llama-bpe");
  testing::AddToken(&v, "Ġzz");  // 268; no merge leads to it
  const Result<VocabularyIndex> index = VocabularyIndex::Create(std::move(v));
  const Result<ByteLevelBpe> bpe = ByteLevelBpe::Create(*index);
  ASSERT_TRUE(bpe.ok());
  std::vector<int32_t> ids;
  ASSERT_TRUE(bpe->Encode(" zz zzz", &ids).ok());
  EXPECT_THAT(ids, ElementsAre(268, ' ', 'z', 'z', 'z'));
}

TEST(ByteLevelBpe, ContradictionsAreCorruption) {
  const struct {
    const char* message;
    std::function<void(Vocabulary*)> spoil;
  } cases[] = {
      {"without merges", [](Vocabulary* v) { v->merges.clear(); }},
      {"merge 2 ('hexx')", [](Vocabulary* v) { v->merges[2] = "hexx"; }},
      {"joins what is not a token", [](Vocabulary* v) { v->merges[2] = "he zz"; }},
      {"gives what is not a token", [](Vocabulary* v) { v->merges[2] = "z z"; }},
      {"merge 0 ('')", [](Vocabulary* v) { v->merges[0] = ""; }},
      {"merge 0 (' ')", [](Vocabulary* v) { v->merges[0] = " "; }},
      {"no token for any byte",
       [](Vocabulary* v) {
         *v = {};
         v->pre = "gpt-2";
         v->tokens = {"xx"};
       }},
  };
  for (const auto& c : cases) {
    Vocabulary v = TinyBpe();
    c.spoil(&v);
    const Result<VocabularyIndex> index = VocabularyIndex::Create(std::move(v));
    ASSERT_TRUE(index.ok()) << c.message;
    const Result<ByteLevelBpe> bpe = ByteLevelBpe::Create(*index);
    ASSERT_FALSE(bpe.ok()) << c.message;
    EXPECT_EQ(bpe.status().code(), StatusCode::kCorruption);
    EXPECT_THAT(bpe.status().message(), HasSubstr(c.message));
  }
}

// The rule itself, quadratic: again and again the best pair, the leftmost of equal ones.
std::vector<std::string> MergeNaively(const std::string& text,
                                      const std::map<std::string, double>& ranks) {
  std::vector<std::string> pieces;
  for (const char c : text) pieces.emplace_back(1, c);
  while (true) {
    size_t best = pieces.size();
    double best_rank = 0;
    for (size_t i = 0; i + 1 < pieces.size(); ++i) {
      const auto it = ranks.find(pieces[i] + pieces[i + 1]);
      if (it == ranks.end() || (best < pieces.size() && it->second >= best_rank)) continue;
      best = i;
      best_rank = it->second;
    }
    if (best == pieces.size()) return pieces;
    pieces[best] += pieces[best + 1];
    pieces.erase(pieces.begin() + static_cast<ptrdiff_t>(best) + 1);
  }
}

TEST(MergeSymbols, IsTheNaiveRule) {
  const std::map<std::string, double> ranks = {{"ab", 3},  {"ba", 1},  {"aa", 1},
                                               {"aab", 2}, {"bb", 4},  {"abab", 0},
                                               {"baa", 5}, {"bbb", 1}, {"aaaa", 2}};
  EXPECT_TRUE(rc::check([&] {
    const auto text = *rc::gen::container<std::string>(rc::gen::element('a', 'b'));
    std::vector<Symbol> symbols;
    for (size_t i = 0; i < text.size(); ++i) AppendSymbol(1, -1, &symbols);
    std::vector<MergeCandidate> heap;
    MergeSymbols(&symbols, &heap,
                 [&](const Symbol& left, const Symbol& right) -> std::optional<Merge> {
                   const auto it = ranks.find(text.substr(left.begin, left.length + right.length));
                   if (it == ranks.end()) return std::nullopt;
                   return Merge{it->second, 0};
                 });
    std::vector<std::string> pieces;
    for (const Symbol& s : symbols) {
      if (s.length > 0) pieces.push_back(text.substr(s.begin, s.length));
    }
    RC_ASSERT(pieces == MergeNaively(text, ranks));
  }));
}

// 300,000 letters without a split take about 0.1 s by the heap; by repeated scans, minutes.
TEST(ByteLevelBpe, OneLongWordIsNotQuadratic) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Encode(std::string(300'000, 'l')).size(), 150'000u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

}  // namespace
}  // namespace dynsplit
