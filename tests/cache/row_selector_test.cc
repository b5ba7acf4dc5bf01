#include "cache/row_selector.h"

#include <gtest/gtest.h>

#include <deque>
#include <utility>

#include "cache/cache_fixture.h"

namespace dynsplit {
namespace {

TEST(PartsTest, CoverEverythingOnce) {
  for (const int64_t count : {0, 1, 7, 300, 5000}) {
    for (const int num_parts : {1, 2, 16}) {
      int64_t next = 0;
      for (int part = 0; part < num_parts; ++part) {
        const TokenRange range = PartOf(count, part, num_parts);
        EXPECT_EQ(range.start, next);
        EXPECT_GE(range.end, range.start);
        next = range.end;
      }
      EXPECT_EQ(next, count);
    }
  }
}

TEST(PartsTest, OnlyFewRowsAreShared) {
  EXPECT_EQ(NumParts(1, 100), 1);
  EXPECT_EQ(NumParts(1, 1024), 4);
  EXPECT_EQ(NumParts(32, 1'000'000), 16);
  EXPECT_EQ(NumParts(33, 1'000'000), 1);
}

TEST(PartsTest, OfOneRowNoPartHasMoreThanAWorkerMayHoldInMemory) {
  for (const int64_t tokens : {1, 1024, 1025, 20'000, 1'000'000}) {
    EXPECT_LE(tokens, NumParts(1, tokens) * kMostPartTokens);
  }
}

// After 2,300 tokens of context, what rows choose in one layer, by so many workers: 1,100 blocks
// and 1,200 keys, so one row alone is shared out in several parts of both.
class RowSelectorTest : public ::testing::Test {
 protected:
  // Of one sequence in the pass.
  struct Part {
    std::string spec;
    int rows;
    Attention attention = Attention::kSelected;
  };
  struct Chosen {
    std::vector<RowChoice> choices;  // [rows, kv_heads]; none of what is dense
    int64_t attended = 0;
  };

  // What each part chooses in a pass of all.
  std::vector<Chosen> Select(const std::vector<Part>& parts, int num_workers) {
    std::deque<TestSequence> sequences;
    for (const Part& part : parts) {
      sequences.emplace_back(&pool_, *ParseMethod(part.spec), static_cast<uint64_t>(part.rows));
    }
    std::vector<Span> spans;
    std::vector<float> keys, values, queries;
    const auto add = [](std::vector<float>* all, const RandomRows& source, int rows, int heads) {
      const std::vector<float> more = source.Rows(kLayer, kContext, rows, heads);
      all->insert(all->end(), more.begin(), more.end());
    };
    AttentionBatch batch(kTestShape, 2);
    int num_rows = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      TestSequence& sequence = sequences[i];
      const auto& [spec, rows, attention] = parts[i];
      RunPass(&batch, {{&sequence, kContext, Attention::kDense}}, 2);
      EXPECT_TRUE(sequence.cache.Begin(TestTokens(kContext, rows), attention).ok());
      spans.push_back({&sequence.cache, num_rows, rows, attention});
      add(&keys, sequence.keys, rows, kTestShape.kv_heads);
      add(&values, sequence.values, rows, kTestShape.kv_heads);
      add(&queries, sequence.queries, rows, kTestShape.num_heads);
      num_rows += rows;
    }
    batch.Begin(spans);
    batch.Append(kLayer, keys.data(), values.data(), {0, 1});  // recent holds the rows' own keys
    FirstError error;
    RowSelector selector(kTestShape, num_workers, &error);
    selector.Begin(spans);
    selector.BeginLayer(kLayer);
    InParallel(num_workers, [&](Worker w) { selector.Select(kLayer, queries.data(), w); });
    std::vector<Chosen> chosen;
    for (size_t i = 0; i < spans.size(); ++i) chosen.push_back(ChosenBy(selector, spans[i], i));
    return chosen;
  }
  Chosen Select(const std::string& spec, int rows, int num_workers) {
    return std::move(Select({{spec, rows}}, num_workers).front());
  }

  static Chosen ChosenBy(const RowSelector& selector, const Span& span, size_t span_idx) {
    Chosen chosen;
    if (span.attention != Attention::kSelected) return chosen;
    for (int row = span.first_row; row < span.first_row + span.rows; ++row) {
      for (int head = 0; head < kTestShape.kv_heads; ++head) {
        const RowChoice& choice = selector.choice(row, head);
        chosen.choices.push_back(
            {choice.by_token, {choice.tokens.tokens, {}}, choice.tiles, choice.num_tokens});
      }
    }
    chosen.attended = selector.attended_tokens(span_idx);
    return chosen;
  }

  static void ExpectSame(const Chosen& a, const Chosen& b) {
    ASSERT_EQ(a.choices.size(), b.choices.size());
    for (size_t i = 0; i < a.choices.size(); ++i) {
      EXPECT_EQ(a.choices[i].by_token, b.choices[i].by_token) << i;
      EXPECT_EQ(a.choices[i].tokens.tokens, b.choices[i].tokens.tokens) << i;
      EXPECT_EQ(a.choices[i].num_tokens, b.choices[i].num_tokens) << i;
      EXPECT_EQ(a.choices[i].tiles.size(), b.choices[i].tiles.size()) << i;
    }
    EXPECT_EQ(a.attended, b.attended);
  }

  template <typename Fn>
  static void InParallel(int num_workers, const Fn& fn) {
    std::vector<std::jthread> threads;
    for (int w = 0; w < num_workers; ++w) threads.emplace_back([&, w] { fn({w, num_workers}); });
  }

  static constexpr int kLayer = 3;
  static constexpr int kContext = 2300;
  static constexpr const char* kSpec = "dynsplit+block=2+range=0+budget=300+recent=32";
  PagePool pool_{kTestShape.head_dim};
};

// One worker selects row by row; four share one row in parts, and not 20.
TEST_F(RowSelectorTest, WorkersAndPartsDoNotMatter) {
  for (const int rows : {1, 20}) {
    const Chosen alone = Select(kSpec, rows, 1);
    const Chosen together = Select(kSpec, rows, 4);
    ExpectSame(alone, together);
    for (const RowChoice& choice : alone.choices) EXPECT_TRUE(choice.by_token);
    EXPECT_GT(alone.attended, 300 * rows);
  }
}

// A row that is shared, rows that are not, whole blocks, another shared row, and text between them.
TEST_F(RowSelectorTest, PartsOfAPassDoNotMatterToEachOther) {
  const std::vector<Part> parts = {{kSpec, 1},
                                   {kSpec, 70, Attention::kDense},
                                   {kSpec, 40},
                                   {"dynsplit+pick=blocks+budget=300+recent=32", 2},
                                   {kSpec, 20}};
  const std::vector<Chosen> together = Select(parts, 4);
  for (size_t i = 0; i < parts.size(); ++i) {
    SCOPED_TRACE(i);
    ExpectSame(Select({parts[i]}, 1)[0], together[i]);
  }
}

// Beyond 16,384 tokens a quarter of the channels is read first, in parts as well. Nobody needs to
// attend to the text for that: its keys are appended.
TEST_F(RowSelectorTest, SurveysOfWorkersAgree) {
  constexpr int kLong = 21000;  // more than 1,024 groups: two parts
  const CacheShape shape{.num_layers = 1, .num_heads = 6, .kv_heads = 2, .head_dim = 64};
  PagePool pool(shape.head_dim);
  TestSequence sequence(&pool, *ParseMethod("dynsplit+survey=4+budget=64+recent=32+dense-layers=0"),
                        1, {}, shape);
  AttentionBatch batch(shape, 1);
  ASSERT_TRUE(sequence.cache.Begin(TestTokens(0, kLong), Attention::kDense).ok());
  const std::vector<Span> text = {{&sequence.cache, 0, kLong, Attention::kDense}};
  batch.Begin(text);
  const auto keys = sequence.keys.Rows(0, 0, kLong, shape.kv_heads, shape.head_dim);
  batch.Append(0, keys.data(), keys.data(), {0, 1});
  sequence.cache.Commit(TestTokens(0, kLong), {});
  const auto queries = sequence.queries.Rows(0, kLong, 1, shape.num_heads, shape.head_dim);
  const auto choose = [&](int num_workers) {
    const Status status = sequence.cache.Begin(TestTokens(kLong, 1), Attention::kSelected);
    EXPECT_TRUE(status.ok());
    const std::vector<Span> row = {{&sequence.cache, 0, 1, Attention::kSelected}};
    FirstError error;
    RowSelector selector(shape, num_workers, &error);
    selector.Begin(row);
    selector.BeginLayer(0);
    InParallel(num_workers, [&](Worker w) { selector.Select(0, queries.data(), w); });
    return selector.choice(0, 1).tokens.tokens;
  };
  const std::vector<int32_t> alone = choose(1);
  EXPECT_EQ(choose(3), alone);
  EXPECT_GE(alone.size(), 64u + 4 + 32);
  // Of random keys a quarter of the channels finds some others, so that a survey shows.
  Method whole = sequence.cache.method();
  whole.survey = 0;
  sequence.cache.SetMethod(whole);
  EXPECT_NE(choose(3), alone);
}

TEST_F(RowSelectorTest, WholeBlocksAreTiles) {
  const Chosen chosen = Select("dynsplit+pick=blocks+budget=300+recent=32", 2, 3);
  int64_t attended = 0;
  for (const RowChoice& choice : chosen.choices) {
    EXPECT_FALSE(choice.by_token);
    EXPECT_EQ(choice.tiles.size(), chosen.choices.front().tiles.size());  // of the first row
    attended += choice.num_tokens;
    if (&choice - chosen.choices.data() + 1 == kTestShape.kv_heads) break;
  }
  EXPECT_GT(attended, 0);
  EXPECT_LT(attended, chosen.attended);  // of both rows
}

}  // namespace
}  // namespace dynsplit
