// A method: how the KV cache is split, summarised and selected. Three independent choices
// (splitter x summary x policy, docs/method.md, "Systems"); each known system is a preset of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
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

// A run of consecutive tokens, the unit of the index and of the first choice. `delimiter` and
// `weight` are those of the boundary that ends it.
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
  int block_tokens = 5;  // C: the ideal length; the interval of kFixed. 1..256
  int search_range = 4;  // Delta: lengths block_tokens +- search_range. 0..block_tokens - 1
  float distance_penalty = 0.7f;  // lambda: price of the full Delta in units of importance
  Search search = Search::kOptimal;
  Reading reading = Reading::kForward;
  float alpha = 1;             // weight of the mass on discarded keys in s_i
  float candidate = 0;         // share of s_i itself in kDynamic's importance of a cut, 0..1
  float scatter = 0;           // share of key scatter in the weight of a cut, 0..1
  float shrinkage = 8;         // kappa: candidates that the prior of a class is worth
  int max_block_tokens = 128;  // kDelimiter only: a longer run is cut here. 1..1024
  uint64_t seed = 0;           // for kRandom
};

enum class Summary {
  kMean,    // `vectors` sub-means
  kMinMax,  // elementwise bounds (Quest)
};

enum class SummaryType {
  kF16,
  kInt8,  // half the bytes: int8 and one f32 scale per mean, or per pair of bounds
  kInt2,  // about an eighth, for kMean: codes of 2 bits, and the levels of the channels of 64
          // blocks
};

// How the heads of a group agree on the worth of a block.
enum class Pooling {
  kMeanSoftmax,  // the mean of its shares of a softmax over the blocks, head by head
  kMaxSoftmax,   // the largest of these shares
  kMeanScore,    // its share of one softmax over the mean of the heads' scores
};

// What a block's share is made of, and what blocks are ranked by.
enum class BlockScore {
  kMax,      // the best score of its vectors, by share
  kMass,     // its estimated attention mass, length x mean of exp(score) over its vectors, by share
  kDensity,  // the same mass, by share per token: what fills a token budget best
};

// What a second look (Method::refine) takes of the blocks that it looks at.
enum class Pick {
  kBlocks,  // whole ones, by share per token
  kTokens,  // single tokens, by share: the unit of the index stays the block
};

enum class Policy {
  kAll,     // every token: full attention
  kRecent,  // sink and recent only (StreamingLLM)
  kTop,     // the best blocks by pooled softmax of the summaries' scores
  kRandom,  // random blocks (control)
  kOracle,  // the blocks with the most true attention mass: a bound, as dear as full attention
  // Eviction: chosen once after a text was read, and never recalled. By votes of
  kSnapKv,  // the last 32 queries of the text
  kH2o,     // all its queries; must be the session's policy while the text is read
};

// What the new tokens of a pass attend to.
enum class Attention {
  kDense,     // everything before them: how a prompt is read whole
  kSelected,  // what the sequence's method selects, row by row: how an answer is written
  // Sink, a window, and what up to 64 rows select together, whatever the method: how a long prompt
  // is read faster (method.md section 8). One row alone attends to all, and so do at least the last
  // 64 rows of a pass that gives logits.
  kJoint,
};

// How a text is read with Attention::kJoint.
struct JointSelection {
  // That 64 rows choose besides sink and window, in the mean of the layers without a window of
  // their own: a layer's share is by the number of layers after it, none in the last. 8..1 << 20
  int budget_tokens = 4096;
  // Tokens before a row that it attends to in any case, and all of its pass before it: the more,
  // the longer the passes are. 64..1 << 20
  int window = 512;
};

// How many tokens a query may attend to besides sink and recent.
struct Budget {
  static constexpr int64_t kMostTokens = std::numeric_limits<int32_t>::max();  // no bound

  int64_t tokens = kMostTokens;  // at most
  double percent = 100;          // of the context so far, 0..100
  int64_t least_tokens = 0;      // of a short context, whatever percent says; at most `tokens`
  // No more blocks than hold this share of the mass, 0..1; 0, and kRandom: off. Of that of all
  // candidate blocks or, where keys are looked at (refine), of these blocks' and of what is always
  // attended to: then a head that needs nothing but recent takes no blocks.
  double mass = 0;

  int64_t TokensAt(int64_t context) const {
    const auto share = static_cast<int64_t>(percent / 100 * static_cast<double>(context));
    return std::min(tokens, std::max(least_tokens, share));
  }
};
// "512", "3%", "3%:512" (at most) or "3%:64..512" (and at least), each also with a share of the
// mass: "3%@0.95". InvalidArgument where it is none of these, or out of range.
Result<Budget> ParseBudget(std::string_view text);
std::string FormatBudget(const Budget& budget);

// A KV head: `kv_head` of `layer`, both counted from 0.
struct LayerHead {
  int layer = 0;
  int kv_head = 0;

  bool operator==(const LayerHead&) const = default;
};
// As specs name them: "7.0:5.1", layer and KV head; "none".
std::string FormatLayerHeads(std::span<const LayerHead> heads);

// The defaults are those of the preset dynsplit.
struct Method {
  std::string name = "dynsplit";
  SplitOptions split;
  Summary summary = Summary::kMean;
  int vectors = 4;  // summary vectors per block, 1..8; 2 for kMinMax
  SummaryType summary_type = SummaryType::kInt2;
  Policy policy = Policy::kTop;
  Pooling pooling = Pooling::kMeanSoftmax;        // for kTop
  BlockScore block_score = BlockScore::kDensity;  // for kTop; kOracle knows no kMax
  // For kTop: of the best blocks, as many as hold refine x budget tokens are ranked anew by their
  // keys themselves. 1..64; 1: the summaries decide.
  int refine = 4;
  Pick pick = Pick::kTokens;  // with refine
  // For kTokens: of long texts, about so many times the tokens of a second look have their blocks'
  // summaries scored, 4,096 and an eighth of the text at least; which ones, a quarter of the
  // summaries' channels says. 0..64; 0: those of all candidates.
  int survey = 3;
  // For kTokens: up to so many steps, of one token each, look at the same blocks, as long as no new
  // ones are cut; which of their tokens are attended to, each step chooses for itself. 1..64.
  int reuse = 32;
  // A head looks for blocks anew as soon as one of its queries has a lesser cosine than this with
  // the one that found them. -1..1; -1: it never does before `reuse` steps.
  double cosine = 0.6;
  // Most heads find so much of the mass in far fewer tokens than that, some need all of them. At as
  // many tokens in the mean, that loses half of what equal budgets lose ("Budgets by need" in
  // docs/evaluation.md). The least number serves short texts.
  Budget budget = {.tokens = 1024, .percent = 8, .least_tokens = 256, .mass = 0.96};
  int sink = 4;     // first tokens, always attended
  int recent = 64;  // last tokens, always attended; at least the query's own
  // KV heads that attend to everything, wherever they are; not given: those of the model's profile
  // (EngineOptions::dense_heads) if it has one. Where none are named, the first dense_layers do.
  std::optional<std::vector<LayerHead>> dense_heads;
  int dense_layers = 2;

  // Whether this KV head attends to everything, as far as the method itself says.
  bool AttendsToAll(LayerHead head) const {
    if (!dense_heads || dense_heads->empty()) return head.layer < dense_layers;
    return std::find(dense_heads->begin(), dense_heads->end(), head) != dense_heads->end();
  }
};

// Presets by name: full, recent, fixed-mean, fixed, quest, sentence, delimiter:<class>, fixed-cuts,
// any-delimiter, random-cuts, scatter, random, oracle, snapkv, h2o, dynsplit. NotFound (with the
// list of names) for another.
Result<Method> MethodPreset(std::string_view name);
std::vector<std::string> MethodPresetNames();  // "delimiter:<class>" stands for all classes

// One switch of a method, as it is written.
struct MethodKey {
  std::string_view name;    // "search"
  std::string_view values;  // "greedy|optimal"; "N" a whole number, "X" any number
  std::string_view help;    // "How the boundaries are found"
};
std::vector<MethodKey> MethodKeys();

// A valid method from its spec, a preset and any number of switches: "dynsplit",
// "fixed+block=16+vectors=4". Its name is the spec as given. The last value of a key counts. What
// a switch leaves no room for follows it unless it is given as well: block the range, summary the
// vectors and the type, dense-layers the dense heads (none). NotFound for an unknown preset;
// InvalidArgument, with the keys, for an unknown key, and with key, got and wanted for a bad value.
Result<Method> ParseMethod(std::string_view spec);

// InvalidArgument, naming the field, got and wanted, where a value is out of range.
Status ValidateMethod(const Method& method);

}  // namespace dynsplit
