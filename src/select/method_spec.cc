// The grammar of method specs: a preset, then +key=value for each switch that differs from it. One
// table says what the keys are; the flags of the command line are made from it too.
#include <algorithm>
#include <charconv>
#include <string>

#include "dynsplit/method.h"

namespace dynsplit {
namespace {

// Sets what a key stands for; InvalidArgument where the value is not one of its kind.
using Setter = Status (*)(Method& method, std::string_view value, const MethodKey& key);

struct Key {
  MethodKey key;
  Setter set;
};

std::string Quote(std::string_view text) { return "\"" + std::string(text) + "\""; }

Status OkIf(bool is_read, std::string_view value, const MethodKey& key) {
  if (is_read) return {};
  return InvalidArgument("method: " + std::string(key.name) + ": got " + Quote(value) +
                         ", wanted " + std::string(key.values));
}

template <typename T>
bool SetNumber(std::string_view text, T* number) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *number);
  return error == std::errc() && stop == end;
}

// `words`, parted by |, stand for the enumerators in their order.
template <typename Enum>
bool SetWord(std::string_view text, std::string_view words, Enum* value) {
  for (int i = 0;; ++i) {
    const size_t end = words.find('|');
    if (text == words.substr(0, end)) {
      *value = static_cast<Enum>(i);
      return true;
    }
    if (end == std::string_view::npos) return false;
    words.remove_prefix(end + 1);
  }
}

Status SetBudget(Method& m, std::string_view v, const MethodKey&) {
  const Result<Budget> budget = ParseBudget(v);  // says more than the key's values do
  if (!budget.ok()) return InvalidArgument("method: " + budget.status().message());
  m.budget = *budget;
  return {};
}

// "7.0:5.1": layer and KV head, as often as wanted.
bool ReadHeads(std::string_view text, std::vector<LayerHead>* heads) {
  while (true) {
    const std::string_view one = text.substr(0, text.find(':'));
    const size_t dot = one.find('.');
    if (dot == std::string_view::npos) return false;
    LayerHead& head = heads->emplace_back();
    if (!SetNumber(one.substr(0, dot), &head.layer)) return false;
    if (!SetNumber(one.substr(dot + 1), &head.kv_head)) return false;
    if (one.size() == text.size()) return true;
    text.remove_prefix(one.size() + 1);
  }
}

Status SetDenseHeads(Method& m, std::string_view v, const MethodKey& key) {
  m.dense_heads.reset();
  if (v == "profile") return {};
  std::vector<LayerHead>& heads = m.dense_heads.emplace();
  return OkIf(v == "none" || ReadHeads(v, &heads), v, key);
}

template <auto kField>  // of Method
Status Number(Method& m, std::string_view v, const MethodKey& key) {
  return OkIf(SetNumber(v, &(m.*kField)), v, key);
}
template <auto kField>  // of SplitOptions
Status SplitNumber(Method& m, std::string_view v, const MethodKey& key) {
  return OkIf(SetNumber(v, &(m.split.*kField)), v, key);
}
template <auto kField>  // of Method
Status Word(Method& m, std::string_view v, const MethodKey& key) {
  return OkIf(SetWord(v, key.values, &(m.*kField)), v, key);
}
template <auto kField>  // of SplitOptions
Status SplitWord(Method& m, std::string_view v, const MethodKey& key) {
  return OkIf(SetWord(v, key.values, &(m.split.*kField)), v, key);
}

template <typename... Enum>
constexpr bool InOrder(Enum... values) {
  int i = 0;
  return ((static_cast<int>(values) == i++) && ...);
}

// As the words of kKeys name them.
static_assert(InOrder(Search::kGreedy, Search::kOptimal));
static_assert(InOrder(Reading::kForward, Reading::kRetained));
static_assert(InOrder(Summary::kMean, Summary::kMinMax));
static_assert(InOrder(SummaryType::kF16, SummaryType::kInt8, SummaryType::kInt2));
static_assert(InOrder(Policy::kAll, Policy::kRecent, Policy::kTop, Policy::kRandom, Policy::kOracle,
                      Policy::kSnapKv, Policy::kH2o));
static_assert(InOrder(Pooling::kMeanSoftmax, Pooling::kMaxSoftmax, Pooling::kMeanScore));
static_assert(InOrder(Pick::kBlocks, Pick::kTokens));
static_assert(InOrder(BlockScore::kMax, BlockScore::kMass, BlockScore::kDensity));

using S = SplitOptions;

constexpr Key kKeys[] = {
    {{"budget", "N|P%[:[N..]N][@M]", "Tokens attended to besides sink and recent"}, SetBudget},
    {{"block", "N", "Ideal length of a block (C)"}, SplitNumber<&S::block_tokens>},
    {{"range", "N", "A block may be this much shorter or longer (Delta)"},
     SplitNumber<&S::search_range>},
    {{"lambda", "X", "Price of a block that is so much shorter or longer"},
     SplitNumber<&S::distance_penalty>},
    {{"search", "greedy|optimal", "How the boundaries are found"}, SplitWord<&S::search>},
    {{"reading", "forward|retained", "What makes a boundary important"}, SplitWord<&S::reading>},
    {{"alpha", "X", "Weight of the attention to what is cut off"}, SplitNumber<&S::alpha>},
    {{"shrinkage", "X", "Candidates that the prior of a class is worth (kappa)"},
     SplitNumber<&S::shrinkage>},
    {{"candidate", "X", "Share of each boundary's own importance, 0..1"},
     SplitNumber<&S::candidate>},
    {{"scatter", "X", "Share of key scatter in a boundary's weight, 0..1"},
     SplitNumber<&S::scatter>},
    {{"max-block", "N", "Longest block between delimiters of one class"},
     SplitNumber<&S::max_block_tokens>},
    {{"seed", "N", "Of random boundaries and random blocks"}, SplitNumber<&S::seed>},
    {{"summary", "mean|minmax", "What stands for a block in the index"}, Word<&Method::summary>},
    {{"vectors", "N", "Summary vectors of a block"}, Number<&Method::vectors>},
    {{"type", "f16|int8|int2", "What a summary vector is kept in"}, Word<&Method::summary_type>},
    {{"policy", "all|recent|top|random|oracle|snapkv|h2o", "How blocks are chosen"},
     Word<&Method::policy>},
    {{"pooling", "mean|max|score", "How the heads of a group agree on a block"},
     Word<&Method::pooling>},
    {{"score", "max|mass|density", "What blocks are ranked by"}, Word<&Method::block_score>},
    {{"refine", "N", "Times the budget that is ranked anew by the keys; 1: none"},
     Number<&Method::refine>},
    {{"pick", "blocks|tokens", "What is taken of the blocks that are ranked anew"},
     Word<&Method::pick>},
    {{"survey", "N", "Times what is looked at whose summaries are scored; 0: all"},
     Number<&Method::survey>},
    {{"reuse", "N", "Most steps that look at the same blocks; 1: each looks for its own"},
     Number<&Method::reuse>},
    {{"cosine", "X", "Of a query with the one that found them, for blocks to be looked at again"},
     Number<&Method::cosine>},
    {{"sink", "N", "First tokens, always attended to"}, Number<&Method::sink>},
    {{"recent", "N", "Last tokens, always attended to"}, Number<&Method::recent>},
    {{"dense-heads", "L.H:...|none|profile", "KV heads (of a layer) that attend to everything"},
     SetDenseHeads},
    {{"dense-layers", "N", "First layers, which do so where no heads do"},
     Number<&Method::dense_layers>},
};

Status UnknownKey(std::string_view name) {
  std::string known;
  for (const Key& key : kKeys) known += (known.empty() ? "" : ", ") + std::string(key.key.name);
  return InvalidArgument("method: key: got " + Quote(name) + ", wanted one of " + known);
}

Status SetKey(std::string_view name, std::string_view value, Method* method) {
  const auto key = std::find_if(std::begin(kKeys), std::end(kKeys),
                                [&](const Key& k) { return k.key.name == name; });
  if (key == std::end(kKeys)) return UnknownKey(name);
  return key->set(*method, value, key->key);
}

// Parts `text` at the first `mark`, which neither part keeps.
std::pair<std::string_view, std::string_view> PartAt(char mark, std::string_view text) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

}  // namespace

std::string FormatLayerHeads(std::span<const LayerHead> heads) {
  if (heads.empty()) return "none";
  std::string text;
  for (const LayerHead& head : heads) {
    if (!text.empty()) text += ':';
    text += std::to_string(head.layer) + "." + std::to_string(head.kv_head);
  }
  return text;
}

std::vector<MethodKey> MethodKeys() {
  std::vector<MethodKey> keys;
  for (const Key& key : kKeys) keys.push_back(key.key);
  return keys;
}

Result<Method> ParseMethod(std::string_view spec) {
  auto [preset, rest] = PartAt('+', spec);
  Result<Method> method = MethodPreset(preset);
  if (!method.ok()) return method;
  if (preset.size() < spec.size() && rest.empty()) return UnknownKey("");
  const Summary preset_summary = method->summary;
  std::vector<std::string_view> given;
  while (!rest.empty()) {
    const auto [part, others] = PartAt('+', rest);
    const auto [name, value] = PartAt('=', part);
    DYNSPLIT_RETURN_IF_ERROR(SetKey(name, value, &*method));
    given.push_back(name);
    rest = others;
  }
  const auto is_given = [&](std::string_view name) {
    return std::find(given.begin(), given.end(), name) != given.end();
  };
  SplitOptions& split = method->split;
  if (is_given("block") && !is_given("range")) {
    split.search_range = std::clamp(split.search_range, 0, std::max(0, split.block_tokens - 1));
  }
  if (method->summary != preset_summary) {
    const bool bounds = method->summary == Summary::kMinMax;
    if (!is_given("vectors")) method->vectors = bounds ? 2 : Method().vectors;
    if (!is_given("type") && bounds) method->summary_type = SummaryType::kInt8;
  }
  if (is_given("dense-layers") && !is_given("dense-heads")) method->dense_heads.emplace();
  method->name = spec;
  DYNSPLIT_RETURN_IF_ERROR(ValidateMethod(*method));
  return method;
}

}  // namespace dynsplit
