#include "apps/server/completion_request.h"

#include <random>
#include <utility>

#include "apps/server/json_schema.h"
#include "apps/server/request_fields.h"

namespace dynsplit::server {
namespace {

constexpr int64_t kDefaultCompletionTokens = 16;  // OpenAI's

// The only random number that is not to come again.
uint64_t FreshSeed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

void TakeSampler(RequestFields* fields, SamplerOptions* sampler) {
  sampler->temperature = 1;
  fields->Number("temperature", 0, 2, &sampler->temperature);
  fields->Number("top_p", 0, 1, &sampler->top_p);
  // What OpenAI's API takes for "the likeliest alone" is no set with that probability.
  if (sampler->top_p <= 0) {
    sampler->top_p = 1;
    sampler->top_k = 1;
  }
  fields->Whole("top_k", -1, INT32_MAX, &sampler->top_k);
  if (sampler->top_k < 0) sampler->top_k = 0;  // -1 stands for all elsewhere
  fields->Number("min_p", 0, 1, &sampler->min_p);
  fields->Number("repetition_penalty", 0.01, 10, &sampler->repetition_penalty);
  int64_t seed = -1;
  fields->Whole("seed", INT64_MIN, INT64_MAX, &seed);
  sampler->seed = fields->Find("seed") != nullptr ? static_cast<uint64_t>(seed) : FreshSeed();
}

void TakeTracing(RequestFields* own, AnswerRequest* answer) {
  bool progress = false, choices = false;
  own->Bool("progress", &progress);
  own->Bool("choices", &choices);
  if (progress) answer->tracing = Tracing::kProgress;
  if (choices) answer->tracing = Tracing::kChoices;
  if (answer->tracing == Tracing::kNone || (answer->stream && answer->num_choices == 1)) return;
  const std::string field = choices ? "choices" : "progress";
  own->Fail(field, "dynsplit." + field + " is told in a stream of one answer: stream true, n 1");
}

// {"method": "dynsplit+block=8", "budget": 512 or "3%", "progress": true, "choices": true}
void TakeMethod(RequestFields* fields, const Method& standard, AnswerRequest* answer) {
  Method* method = &answer->method;
  *method = standard;
  const Json* json = fields->Find("dynsplit");
  if (json == nullptr) return;
  if (!json->is_object()) {
    return fields->Fail("dynsplit", "dynsplit is no object, wanted {\"method\", \"budget\", ...}");
  }
  RequestFields own(*json, "dynsplit.");
  own.AllowOnly({"method", "budget", "progress", "choices"});
  std::string spec;
  own.Text("method", &spec);
  if (!spec.empty()) {
    const Result<Method> parsed = ParseMethod(spec);
    if (parsed.ok()) {
      *method = *parsed;
    } else {
      own.Fail("method", "dynsplit." + parsed.status().message());
    }
  }
  if (const Json* budget = own.Find("budget")) {
    const std::string text = budget->is_string()            ? budget->get<std::string>()
                             : budget->is_number_unsigned() ? DumpJson(*budget)
                                                            : std::string("of another kind");
    const Result<Budget> parsed = ParseBudget(text);
    if (parsed.ok()) {
      method->budget = *parsed;
    } else {
      own.Fail("budget", "dynsplit." + parsed.status().message());
    }
  }
  TakeTracing(&own, answer);
  fields->Keep(own.error());
}

void RefuseUnsupported(RequestFields* fields) {
  const Json none = Json::array();
  fields->Refuse("presence_penalty", {0, 0.0});
  fields->Refuse("frequency_penalty", {0, 0.0});
  fields->Refuse("logit_bias", {Json::object()});
  fields->Refuse("tools", {none});
  fields->Refuse("tool_choice", {"none", "auto"});
  fields->Refuse("functions", {none});
  fields->Refuse("best_of", {1});
  fields->Refuse("suffix", {""});
}

// {"type": "json_object"}, or {"type": "json_schema", "json_schema": {"name", "schema"}}.
void TakeFormat(RequestFields* fields, std::shared_ptr<const ByteGrammar>* grammar) {
  const Json* json = fields->Find("response_format");
  if (json == nullptr) return;
  if (!json->is_object()) return fields->Fail("response_format", "response_format is no object");
  RequestFields own(*json, "response_format.");
  std::string type;
  own.Text("type", &type);
  const Json* named = own.Find("json_schema");
  const Json* schema = nullptr;
  if (type == "json_object") {
    *grammar = AnyObjectGrammar();
  } else if (type == "json_schema") {
    if (named != nullptr && named->is_object() && named->contains("schema")) {
      schema = &(*named)["schema"];
    } else {
      own.Fail("json_schema.schema", "response_format.json_schema.schema is missing");
    }
  } else if (type != "text") {
    own.Fail("type", "response_format.type is not one of text, json_object, json_schema");
  }
  fields->Keep(own.error());
  if (fields->error() || schema == nullptr) return;
  fields->Keep(CompileSchema(*schema, "response_format.json_schema.schema", grammar));
}

void TakeStops(RequestFields* fields, std::vector<std::string>* stops) {
  fields->Texts("stop", kMaxStops, stops);
  for (const std::string& stop : *stops) {
    if (stop.size() <= kMaxStopBytes) continue;
    fields->Fail("stop", "stop has a text of " + std::to_string(stop.size()) +
                             " bytes, wanted at most " + std::to_string(kMaxStopBytes));
  }
}

void TakeAnswer(RequestFields* fields, const RequestDefaults& defaults, AnswerRequest* answer) {
  fields->Text("model", &answer->model);
  fields->Bool("stream", &answer->stream);
  if (const Json* options = fields->Find("stream_options")) {
    if (!answer->stream) {
      fields->Fail("stream_options", "stream_options is given without stream");
    } else if (options->is_object()) {
      RequestFields own(*options, "stream_options.");
      own.Bool("include_usage", &answer->include_usage);
      fields->Keep(own.error());
    } else {
      fields->Fail("stream_options", "stream_options is no object");
    }
  }
  fields->Whole("n", 1, defaults.max_choices, &answer->num_choices);
  TakeStops(fields, &answer->stop);
  fields->Bool("ignore_eos", &answer->ignore_end);
  TakeSampler(fields, &answer->sampler);
  TakeMethod(fields, defaults.method, answer);
  TakeFormat(fields, &answer->grammar);
  RefuseUnsupported(fields);
}

void TakeMaxTokens(RequestFields* fields, const char* key, int64_t least,
                   std::optional<int64_t>* max_tokens) {
  if (fields->Find(key) == nullptr) return;
  int64_t count = 0;
  fields->Whole(key, least, kMaxTokensLimit, &count);
  *max_tokens = count;
}

// A text, or a list of parts {"type": "text", "text": ...}, of which the texts are joined.
void TakeContent(RequestFields* fields, const std::string& name, const Json& content,
                 std::string* text) {
  if (content.is_null()) return;
  if (content.is_string()) {
    *text = content.get<std::string>();
    return;
  }
  if (!content.is_array()) return fields->Fail(name, name + " is neither a text nor a list");
  for (size_t i = 0; i < content.size(); ++i) {
    const Json& part = content[i];
    const std::string part_name = name + "[" + std::to_string(i) + "]";
    if (!part.is_object() || part.value("type", Json()) != "text" ||
        !part.value("text", Json()).is_string()) {
      return fields->Fail(part_name, part_name + " is no text: only texts can be read here");
    }
    *text += part["text"].get<std::string>();
  }
}

void TakeMessages(RequestFields* fields, std::vector<ChatMessage>* messages) {
  const Json* list = fields->Find("messages");
  if (list == nullptr || !list->is_array() || list->empty()) {
    return fields->Fail("messages", "messages is missing or empty, wanted a list of messages");
  }
  for (size_t i = 0; i < list->size(); ++i) {
    const std::string name = "messages[" + std::to_string(i) + "]";
    const Json& json = (*list)[i];
    if (!json.is_object()) return fields->Fail(name, name + " is no object");
    ChatMessage message;
    RequestFields own(json, name + ".");
    own.Text("role", &message.role);
    if (message.role == "developer") message.role = "system";  // its newer name
    if (message.role != "system" && message.role != "user" && message.role != "assistant") {
      own.Fail("role", name + ".role is not one of system, developer, user, assistant");
    }
    own.Refuse("tool_calls", {Json::array()});
    fields->Keep(own.error());
    TakeContent(fields, name + ".content", json.value("content", Json()), &message.content);
    messages->push_back(std::move(message));
  }
}

bool IsNumber(const Json& json) { return json.is_number(); }

void TakePrompts(RequestFields* fields, int32_t vocab_size, Tracing tracing,
                 std::vector<PromptInput>* prompts) {
  const Json* json = fields->Find("prompt");
  if (json == nullptr) return fields->Fail("prompt", "prompt is missing");
  const auto take = [&](const Json& prompt, const std::string& name) {
    std::vector<int32_t> tokens;
    if (prompt.is_string()) {
      prompts->push_back(prompt.get<std::string>());
    } else if (auto error = ParseTokens(prompt, name, vocab_size, &tokens)) {
      fields->Keep(std::move(error));
    } else {
      prompts->push_back(std::move(tokens));
    }
  };
  const bool one = !json->is_array() || (!json->empty() && IsNumber(json->front()));
  if (one) return take(*json, "prompt");
  if (json->empty() || json->size() > kMaxPrompts) {
    return fields->Fail("prompt", "prompt has " + std::to_string(json->size()) +
                                      " elements, wanted 1 to " + std::to_string(kMaxPrompts));
  }
  if (json->size() > 1 && tracing != Tracing::kNone) {
    return fields->Fail("prompt",
                        "prompt has several elements, and dynsplit.progress and "
                        "dynsplit.choices tell of one");
  }
  for (size_t i = 0; i < json->size(); ++i) {
    take((*json)[i], "prompt[" + std::to_string(i) + "]");
  }
}

}  // namespace

std::optional<ApiError> ParseTokens(const Json& list, const std::string& key, int32_t vocab_size,
                                    std::vector<int32_t>* tokens) {
  const std::string wanted = ", wanted a text or token ids below " + std::to_string(vocab_size);
  if (!list.is_array()) return ApiError{.message = key + " is no list" + wanted, .param = key};
  for (size_t i = 0; i < list.size(); ++i) {
    const Json& id = list[i];
    if (!id.is_number_unsigned() || id.get<uint64_t>() >= static_cast<uint64_t>(vocab_size)) {
      return ApiError{.message = key + "[" + std::to_string(i) + "] is no token" + wanted,
                      .param = key};
    }
    tokens->push_back(id.get<int32_t>());
  }
  return {};
}

std::optional<ApiError> ParseChatRequest(const std::string& body, const RequestDefaults& defaults,
                                         ChatRequest* request) {
  const ParsedBody parsed = ParseBody(body);
  if (parsed.error) return parsed.error;
  RequestFields fields(parsed.json);
  AnswerRequest& answer = request->answer;
  TakeMessages(&fields, &request->messages);
  TakeAnswer(&fields, defaults, &answer);
  TakeMaxTokens(&fields, "max_tokens", 1, &answer.max_tokens);
  TakeMaxTokens(&fields, "max_completion_tokens", 1, &answer.max_tokens);
  bool logprobs = false;
  int top = 0;
  fields.Bool("logprobs", &logprobs);
  fields.Whole("top_logprobs", 0, kMaxTopLogprobs, &top);
  if (top > 0 && !logprobs) fields.Fail("top_logprobs", "top_logprobs is given without logprobs");
  if (logprobs) answer.top_logprobs = top;
  return fields.error();
}

std::optional<ApiError> ParseCompletionRequest(const std::string& body,
                                               const RequestDefaults& defaults,
                                               CompletionRequest* request) {
  const ParsedBody parsed = ParseBody(body);
  if (parsed.error) return parsed.error;
  RequestFields fields(parsed.json);
  AnswerRequest& answer = request->answer;
  TakeAnswer(&fields, defaults, &answer);
  TakePrompts(&fields, defaults.vocab_size, answer.tracing, &request->prompts);
  answer.max_tokens = kDefaultCompletionTokens;
  TakeMaxTokens(&fields, "max_tokens", 0, &answer.max_tokens);
  fields.Bool("echo", &request->echo);
  fields.Bool("parse_special", &request->parse_special);
  int top = -1;
  fields.Whole("logprobs", 0, kMaxTopLogprobs, &top);
  if (top >= 0) answer.top_logprobs = top;
  return fields.error();
}

}  // namespace dynsplit::server
