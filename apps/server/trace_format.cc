#include "apps/server/trace_format.h"

#include <algorithm>
#include <utility>

namespace dynsplit::server {
namespace {

bool GoesOnACharacter(char byte) { return (byte & 0xc0) == 0x80; }

Json ImportanceJson(const DelimiterImportance& importance) {
  return {{"class", DelimiterClassName(importance.delimiter)},
          {"count", importance.count},
          {"weight", importance.weight},
          {"standard_error", importance.standard_error}};
}

Json StatsJson(const SessionStats& stats) {
  return {{"tokens", stats.tokens},
          {"attended_tokens", stats.attended_tokens_mean},
          {"blocks", stats.num_blocks},
          {"kv_bytes", stats.kv_bytes_total},
          {"kv_bytes_resident", stats.kv_bytes_resident},
          {"index_bytes", stats.index_bytes}};
}

double MeanAttended(const BlockChoices& choices) {
  double sum = 0;
  size_t num_heads = 0;
  for (const std::vector<HeadChoice>& layer : choices.layers) {
    for (const HeadChoice& head : layer) sum += static_cast<double>(head.attended_tokens);
    num_heads += layer.size();
  }
  return sum / static_cast<double>(num_heads);
}

// [block, tokens, block, tokens, ...]; null for a head that does not choose.
Json BlocksOf(const HeadChoice& head) {
  if (head.all) return {};
  Json blocks = Json::array();
  for (const ChosenBlock& chosen : head.blocks) {
    blocks.push_back(chosen.block);
    blocks.push_back(chosen.tokens);
  }
  return blocks;
}

// Layer by layer, KV head by KV head. Null where none of them chooses.
Json LayersOf(const BlockChoices& choices) {
  Json layers = Json::array();
  bool chosen = false;
  for (const std::vector<HeadChoice>& layer : choices.layers) {
    Json heads = Json::array();
    for (const HeadChoice& head : layer) {
      heads.push_back(BlocksOf(head));
      chosen = chosen || !head.all;
    }
    layers.push_back(std::move(heads));
  }
  return chosen ? layers : Json();
}

}  // namespace

TraceFormat::TraceFormat(Tracing tracing, std::span<const int32_t> prompt, const Method& method,
                         const Tokenizer& tokenizer)
    : tracing_(tracing),
      prompt_tokens_(static_cast<int64_t>(prompt.size())),
      method_(method),
      tokenizer_(tokenizer),
      bytes_{0} {
  for (const int32_t token : prompt) Append(token);
}

Json TraceFormat::Of(const AnswerEvent& event) {
  if (event.kind == AnswerEvent::Kind::kStarted) return Opening(event);
  Json json = Json::object();
  const AnswerTrace& trace = event.trace;
  if (trace.read) json["read"] = *trace.read;
  for (const DelimiterImportance& importance : trace.importance) {
    json["importance"].push_back(ImportanceJson(importance));
  }
  for (const TokenTrace& token : trace.tokens) {
    Append(token.token);
    json["tokens"].push_back(ToJson(token));
  }
  if (!trace.blocks.empty()) {
    json["first_block"] = trace.first_block;
    for (const Block& block : trace.blocks) json["blocks"].push_back(ToJson(block));
  }
  if (trace.stats) json["stats"] = StatsJson(*trace.stats);
  return json;
}

Json TraceFormat::Opening(const AnswerEvent& event) const {
  Json json = {{"method", method_.name},
               {"budget", FormatBudget(method_.budget)},
               {"sink", method_.sink},
               {"recent", method_.recent},
               {"prompt_tokens", prompt_tokens_},
               {"read", event.cached_tokens}};
  if (tracing_ == Tracing::kChoices) json["prompt"] = text_;
  return json;
}

Json TraceFormat::ToJson(const TokenTrace& token) {
  Json json = {{"text", std::string(tokenizer_.TokenBytes(token.token, /*show_control=*/true))}};
  if (token.choices) {
    json["attended_tokens"] = MeanAttended(*token.choices);
    json["layers"] = LayersOf(*token.choices);
  } else if (!began_) {
    json["attended_tokens"] = prompt_tokens_;
    json["layers"] = nullptr;
  }
  began_ = true;
  return json;
}

Json TraceFormat::ToJson(const Block& block) const {
  const int64_t byte = ByteOf(block.start);
  return {{"start", block.start},
          {"length", block.length},
          {"class", DelimiterClassName(block.delimiter)},
          {"weight", block.weight},
          {"byte", byte},
          {"bytes", ByteOf(block.end()) - byte}};
}

void TraceFormat::Append(int32_t token) {
  text_ += tokenizer_.TokenBytes(token, /*show_control=*/true);
  bytes_.push_back(text_.size());
}

int64_t TraceFormat::ByteOf(int64_t token_idx) const {
  size_t byte = bytes_[std::min(static_cast<size_t>(token_idx), bytes_.size() - 1)];
  while (byte < text_.size() && GoesOnACharacter(text_[byte])) ++byte;
  return static_cast<int64_t>(byte);
}

}  // namespace dynsplit::server
