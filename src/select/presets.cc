// The registry of methods (docs/method.md, "Systems"), and the names of delimiter classes.
#include <array>

#include "dynsplit/method.h"

namespace dynsplit {
namespace {

constexpr std::array<std::string_view, kNumDelimiterClasses> kClassNames = {
    "none",     "space",   "closing", "comma",     "clause",
    "sentence", "newline", "dedent",  "paragraph", "turn"};

constexpr std::string_view kDelimiterPrefix = "delimiter:";
constexpr int kInterval = 16;  // tokens of a fixed block: Quest's page

// What the systems before this one have in common: f16 summaries, whose best one decides.
Method Published() {
  Method method;
  method.vectors = 1;
  method.summary_type = SummaryType::kF16;
  method.block_score = BlockScore::kMax;
  method.refine = 1;
  method.budget = {.tokens = 512};  // every head has the same
  method.dense_heads.emplace();     // none: the first layers are dense
  return method;
}

Method Full() {
  Method method = Published();
  method.split.splitter = Splitter::kFixed;
  method.split.block_tokens = kInterval;
  method.policy = Policy::kAll;
  return method;
}

// StreamingLLM, arXiv 2309.17453.
Method Recent() {
  Method method = Full();
  method.policy = Policy::kRecent;
  return method;
}

Method FixedMean() {
  Method method = Full();
  method.policy = Policy::kTop;
  return method;
}

// The strong rigid baseline of docs/method.md: four int8 sub-means take the bytes of Quest's
// bounds.
Method Fixed() {
  Method method = FixedMean();
  method.vectors = 4;
  method.summary_type = SummaryType::kInt8;
  return method;
}

// Quest, arXiv 2406.10774.
Method Quest() {
  Method method = FixedMean();
  method.summary = Summary::kMinMax;
  method.vectors = 2;
  return method;
}

// One pre-defined delimiter; with kSentence, SentenceKV, arXiv 2504.00970.
Method OneDelimiter(DelimiterClass delimiter) {
  Method method = Published();
  method.split.splitter = Splitter::kDelimiter;
  method.split.delimiter = delimiter;
  return method;
}

Method Sentence() { return OneDelimiter(DelimiterClass::kSentence); }

// The paper's system, told apart from what this project adds: DD-Select's cuts in blocks as long as
// the published ones, one mean for each.
Method DdSelect() {
  Method method = Published();
  method.split.block_tokens = kInterval;
  method.split.search_range = kInterval / 2;
  method.split.search = Search::kGreedy;
  return method;
}

Method Random() {
  Method method = Full();
  method.policy = Policy::kRandom;
  return method;
}

// Not a system but a bound: what the choice of blocks can come to at best.
Method Oracle() {
  Method method = Full();
  method.policy = Policy::kOracle;
  method.block_score = BlockScore::kDensity;
  return method;
}

// Both keep single tokens: one per block.
Method Eviction(Policy policy) {
  Method method = Full();
  method.split.block_tokens = 1;
  method.policy = policy;
  return method;
}

// arXiv 2404.14469.
Method SnapKv() { return Eviction(Policy::kSnapKv); }

// arXiv 2306.14048.
Method H2o() { return Eviction(Policy::kH2o); }

// Chosen by measurement (docs/evaluation.md).
Method DynSplit() { return Method(); }

// What tells DD-Select's share in it: the same search over other weights.
Method AnyDelimiter() {
  Method method = DynSplit();
  method.split.splitter = Splitter::kUniform;
  return method;
}

Method FixedCuts() {
  Method method = DynSplit();
  method.split.splitter = Splitter::kFixed;
  return method;
}

Method RandomCuts() {
  Method method = DynSplit();
  method.split.splitter = Splitter::kRandom;
  return method;
}

Method Scatter() {
  Method method = DynSplit();
  method.split.scatter = 1;
  return method;
}

struct Preset {
  std::string_view name;
  Method (*make)();
};

constexpr Preset kPresets[] = {
    {"full", Full},
    {"recent", Recent},
    {"fixed-mean", FixedMean},
    {"fixed", Fixed},
    {"fixed-cuts", FixedCuts},
    {"quest", Quest},
    {"sentence", Sentence},
    {"dd-select", DdSelect},
    {"any-delimiter", AnyDelimiter},
    {"random-cuts", RandomCuts},
    {"scatter", Scatter},
    {"random", Random},
    {"oracle", Oracle},
    {"snapkv", SnapKv},
    {"h2o", H2o},
    {"dynsplit", DynSplit},
};

std::string JoinNames(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : ", ") + name;
  return joined;
}

}  // namespace

std::string_view DelimiterClassName(DelimiterClass delimiter) {
  return kClassNames[static_cast<size_t>(delimiter)];
}

Result<DelimiterClass> ParseDelimiterClass(std::string_view name) {
  for (size_t i = 0; i < kClassNames.size(); ++i) {
    if (kClassNames[i] == name) return static_cast<DelimiterClass>(i);
  }
  return NotFound("delimiter class: got \"" + std::string(name) + "\", wanted one of " +
                  JoinNames({kClassNames.begin(), kClassNames.end()}));
}

Result<Method> MethodPreset(std::string_view name) {
  Method method;
  if (name.starts_with(kDelimiterPrefix)) {
    const auto delimiter = ParseDelimiterClass(name.substr(kDelimiterPrefix.size()));
    if (!delimiter.ok()) return delimiter.status();
    method = OneDelimiter(*delimiter);
    method.name = name;
    return method;
  }
  for (const Preset& preset : kPresets) {
    if (preset.name != name) continue;
    method = preset.make();
    method.name = name;
    return method;
  }
  return NotFound("method: got \"" + std::string(name) + "\", wanted one of " +
                  JoinNames(MethodPresetNames()));
}

std::vector<std::string> MethodPresetNames() {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) names.emplace_back(preset.name);
  names.push_back(std::string(kDelimiterPrefix) + "<class>");
  return names;
}

}  // namespace dynsplit
