// A method: how the KV cache is split, summarised and selected. Three independent choices
// (splitter x summary x policy, method.md section 7); each known system is a preset of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dynsplit/status.h"

namespace dynsplit {

// What kind of boundary the text after a token is, weakest first (method.md section 1).
enum class DelimiterClass : uint8_t {
  kNone,
  kSpace,
  kClosing,  // closing bracket or quote
  kComma,
  kClause,    // ; : and their CJK forms
  kSentence,  // . ? ! and their CJK forms, not inside 3.14 or a.b
  kNewline,
  kDedent,     // a newline after which the text is indented less
  kParagraph,  // a blank line
  kTurn,       // a chat template's special token
};
inline constexpr int kNumDelimiterClasses = 10;

// "none", "space", "closing", "comma", "clause", "sentence", "newline", "dedent", "paragraph",
// "turn". Static storage.
std::string_view DelimiterClassName(DelimiterClass delimiter);
Result<DelimiterClass> ParseDelimiterClass(std::string_view name);

// A run of consecutive tokens, the unit of selection. `delimiter` and `weight` are those of the
// boundary that ends it.
struct Block {
  int32_t start = 0;
  int32_t length = 0;
  DelimiterClass delimiter = DelimiterClass::kNone;
  float weight = 0;

  int32_t end() const { return start + length; }
};

enum class Splitter {
  kFixed,      // every block_tokens tokens
  kDelimiter,  // after every delimiter of one class or a stronger one
  kDynamic,    // DD-Select: delimiter importance learned from attention
  kUniform,    // every delimiter counts alike (control)
  kRandom,     // random importance (control)
};

enum class Reading {
  kForward,   // how self-contained the text after the cut is
  kRetained,  // how far back the text after the cut reaches
};

enum class Search {
  kGreedy,   // the paper's rule, block after block
  kOptimal,  // the best segmentation of all, by dynamic programming
};

struct SplitOptions {
  Splitter splitter = Splitter::kDynamic;
  DelimiterClass delimiter = DelimiterClass::kSentence;  // for kDelimiter
  int block_tokens = 12;  // C: the ideal length; the interval of kFixed. 1..256
  int search_range = 8;   // Delta: lengths block_tokens +- search_range. 0..block_tokens - 1
  float distance_penalty = 0.7f;  // lambda: price of the full Delta in units of importance
  Search search = Search::kOptimal;
  Reading reading = Reading::kForward;
  float alpha = 1;             // weight of the mass on discarded keys in s_i
  float shrinkage = 8;         // kappa: candidates that the prior of a class is worth
  int max_block_tokens = 128;  // kDelimiter only: a longer run is cut here. 1..1024
  uint64_t seed = 0;           // for kRandom
};

enum class Summary {
  kMean,    // `vectors` sub-means
  kMinMax,  // elementwise bounds (Quest)
};

enum class Policy {
  kAll,     // every token: full attention
  kRecent,  // sink and recent only (StreamingLLM)
  kTop,     // the best blocks by pooled softmax of the summaries' scores
  kRandom,  // random blocks (control)
  // Eviction: chosen once after a text was read, and never recalled. By votes of
  kSnapKv,  // the last 32 queries of the text
  kH2o,     // all its queries; must be the session's policy while the text is read
};

// What the new tokens of a pass attend to.
enum class Attention {
  kDense,     // everything before them: how a prompt is read
  kSelected,  // what the sequence's method selects, row by row: how an answer is written
};

// How many tokens a query may attend to besides sink and recent.
struct Budget {
  int64_t tokens = 512;  // used when percent is 0
  double percent = 0;    // of the context so far, 0..100

  int64_t TokensAt(int64_t context) const {
    return percent > 0 ? static_cast<int64_t>(percent / 100 * static_cast<double>(context))
                       : tokens;
  }
};
// "512" or "3%". InvalidArgument where it is neither, or out of range.
Result<Budget> ParseBudget(std::string_view text);
std::string FormatBudget(const Budget& budget);

struct Method {
  std::string name = "dynsplit";
  SplitOptions split;
  Summary summary = Summary::kMean;
  int vectors = 3;  // summary vectors per block, 1..8; 2 for kMinMax
  Policy policy = Policy::kTop;
  Budget budget;
  int sink = 4;          // first tokens, always attended
  int recent = 64;       // last tokens, always attended; at least the query's own
  int dense_layers = 2;  // first layers, which attend to everything
};

// Presets by name: full, recent, fixed-mean, quest, sentence, delimiter:<class>, random, snapkv,
// h2o, dynsplit.
// NotFound (with the list of names) for another.
Result<Method> MethodPreset(std::string_view name);
std::vector<std::string> MethodPresetNames();  // "delimiter:<class>" stands for all classes

// InvalidArgument, naming the field, got and wanted, where a value is out of range.
Status ValidateMethod(const Method& method);

}  // namespace dynsplit
