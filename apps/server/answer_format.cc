#include "apps/server/answer_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/utf8.h"

namespace dynsplit::server {
namespace {

constexpr double kLeastLogprob = -9999;  // JSON has no infinity

double Finite(double logprob) { return std::max(logprob, kLeastLogprob); }

// How many characters of UTF-8.
int64_t NumCharacters(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
}

class ChatFormat : public AnswerFormat {
 public:
  using AnswerFormat::AnswerFormat;

  Json Opening(int choice) override {
    return Chunk(choice, {{"role", "assistant"}, {"content", ""}}, {}, Json());
  }

  Json Delta(int choice, const std::string& text, const std::vector<TokenScore>& scores) override {
    return Chunk(choice, {{"content", text}}, scores, Json());
  }

  Json Closing(int choice, StopReason reason) override {
    return Chunk(choice, Json::object(), {}, FinishReason(reason));
  }

  Json Whole(const std::vector<Choice>& choices, const Usage& usage) override {
    Json whole = Envelope("chat.completion");
    for (size_t i = 0; i < choices.size(); ++i) {
      whole["choices"].push_back(
          {{"index", i},
           {"message", {{"role", "assistant"}, {"content", choices[i].text}, {"refusal", Json()}}},
           {"logprobs", header_.logprobs ? Logprobs(choices[i].scores) : Json()},
           {"finish_reason", FinishReason(choices[i].stop_reason)}});
    }
    whole["usage"] = ToJson(usage);
    return whole;
  }

 private:
  const char* chunk_object() const override { return "chat.completion.chunk"; }

  Json Chunk(int choice, Json delta, const std::vector<TokenScore>& scores, Json reason) const {
    Json chunk = Envelope(chunk_object());
    chunk["choices"].push_back({{"index", choice},
                                {"delta", std::move(delta)},
                                {"logprobs", scores.empty() ? Json() : Logprobs(scores)},
                                {"finish_reason", std::move(reason)}});
    return chunk;
  }

  Json One(int32_t token, double logprob) const {
    const std::string text = TokenText(token);
    return {{"token", text},
            {"logprob", Finite(logprob)},
            {"bytes", std::vector<uint8_t>(text.begin(), text.end())}};
  }

  Json Logprobs(const std::vector<TokenScore>& scores) const {
    Json content = Json::array();
    for (const TokenScore& score : scores) {
      Json one = One(score.token, score.logprob.value_or(0));
      one["top_logprobs"] = Json::array();
      for (const TokenLogprob& top : score.top) {
        one["top_logprobs"].push_back(One(top.token, top.logprob));
      }
      content.push_back(std::move(one));
    }
    return {{"content", std::move(content)}, {"refusal", Json()}};
  }
};

class TextFormat : public AnswerFormat {
 public:
  using AnswerFormat::AnswerFormat;

  Json Opening(int) override { return Json::object(); }

  Json Delta(int choice, const std::string& text, const std::vector<TokenScore>& scores) override {
    return Chunk(choice, text, scores, Json());
  }

  Json Closing(int choice, StopReason reason) override {
    return Chunk(choice, "", {}, FinishReason(reason));
  }

  Json Whole(const std::vector<Choice>& choices, const Usage& usage) override {
    Json whole = Envelope(chunk_object());
    for (size_t i = 0; i < choices.size(); ++i) {
      whole["choices"].push_back(
          {{"index", i},
           {"text", choices[i].text},
           {"logprobs",
            header_.logprobs ? Logprobs(static_cast<int>(i), choices[i].scores) : Json()},
           {"finish_reason", FinishReason(choices[i].stop_reason)}});
    }
    whole["usage"] = ToJson(usage);
    return whole;
  }

 private:
  const char* chunk_object() const override { return "text_completion"; }

  Json Chunk(int choice, const std::string& text, const std::vector<TokenScore>& scores,
             Json reason) {
    Json chunk = Envelope(chunk_object());
    chunk["choices"].push_back({{"index", choice},
                                {"text", text},
                                {"logprobs", scores.empty() ? Json() : Logprobs(choice, scores)},
                                {"finish_reason", std::move(reason)}});
    return chunk;
  }

  // A part of a character by its bytes, as OpenAI's API had it ("bytes:\\xe6\\x97"): as text,
  // several would be the same key.
  std::string NameOf(int32_t token) const {
    std::string text = TokenText(token);
    if (IsValidUtf8(text)) return text;
    std::string name = "bytes:";
    for (const char c : text) name += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    return name;
  }

  Json Logprobs(int choice, const std::vector<TokenScore>& scores) {
    Json tokens = Json::array(), logprobs = Json::array();
    Json tops = Json::array(), offsets = Json::array();
    for (const TokenScore& score : scores) {
      const std::string name = NameOf(score.token);
      tokens.push_back(name);
      offsets.push_back(offsets_[choice]);
      if (score.in_text) offsets_[choice] += NumCharacters(TokenText(score.token));
      logprobs.push_back(score.logprob ? Json(Finite(*score.logprob)) : Json());
      Json top = Json::object();
      for (const TokenLogprob& each : score.top) top[NameOf(each.token)] = Finite(each.logprob);
      if (score.logprob) top[name] = Finite(*score.logprob);  // also where it is no likely one
      tops.push_back(score.logprob ? std::move(top) : Json());
    }
    return {{"tokens", std::move(tokens)},
            {"token_logprobs", std::move(logprobs)},
            {"top_logprobs", std::move(tops)},
            {"text_offset", std::move(offsets)}};
  }

  std::map<int, int64_t> offsets_;  // characters of each choice's text so far
};

}  // namespace

Json ToJson(const Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
          {"prompt_tokens_details", {{"cached_tokens", usage.cached_tokens}}}};
}

std::string FinishReason(StopReason reason) {
  return reason == StopReason::kEnd || reason == StopReason::kStopText ? "stop" : "length";
}

Json AnswerFormat::UsageChunk(const Usage& usage) const {
  Json chunk = BareChunk();
  chunk["usage"] = ToJson(usage);
  return chunk;
}

Json AnswerFormat::Envelope(const char* object) const {
  Json envelope = {{"id", header_.id},
                   {"object", object},
                   {"created", header_.created},
                   {"model", header_.model},
                   {"choices", Json::array()}};
  if (header_.usage_follows) envelope["usage"] = Json();
  return envelope;
}

std::string AnswerFormat::TokenText(int32_t token) const {
  return std::string(tokenizer_.TokenBytes(token, /*show_control=*/true));
}

std::unique_ptr<AnswerFormat> MakeChatFormat(AnswerFormat::Header header,
                                             const Tokenizer& tokenizer) {
  return std::make_unique<ChatFormat>(std::move(header), tokenizer);
}

std::unique_ptr<AnswerFormat> MakeTextFormat(AnswerFormat::Header header,
                                             const Tokenizer& tokenizer) {
  return std::make_unique<TextFormat>(std::move(header), tokenizer);
}

}  // namespace dynsplit::server
