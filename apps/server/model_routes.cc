#include "apps/server/model_routes.h"

#include <utility>

#include "apps/server/json_response.h"
#include "apps/server/request_fields.h"

namespace dynsplit::server {
namespace {

constexpr size_t kMaxTokenizedBytes = 1 << 20;  // of one text: up to 5 seconds

Json DescribeModel(const Service& service) {
  return {{"id", service.model_name},
          {"object", "model"},
          {"created", service.created},
          {"owned_by", "dynsplit"},
          {"max_model_len", service.context_tokens}};  // vLLM's name for it
}

// A special token's text; null where the vocabulary has none.
Json SpecialToken(const Tokenizer& tokenizer, int32_t id) {
  if (id < 0) return Json();
  return std::string(tokenizer.TokenBytes(id, /*show_control=*/true));
}

// What a request may name as they are: not the presets that want a word of their own.
Json MethodNames() {
  Json names = Json::array();
  for (const std::string& name : MethodPresetNames()) {
    if (ParseMethod(name).ok()) names.push_back(name);
  }
  return names;
}

}  // namespace

void ServeModels(const Service& service, httplib::Response* response) {
  Reply(Json{{"object", "list"}, {"data", Json::array({DescribeModel(service)})}}, response);
}

void ServeModel(const Service& service, const std::string& name, httplib::Response* response) {
  if (name == service.model_name) return Reply(DescribeModel(service), response);
  Reply(ApiError{.http_status = 404,
                 .message = "the model " + name + " does not exist",
                 .param = "model",
                 .code = "model_not_found"},
        response);
}

void ServeProps(const Service& service, httplib::Response* response) {
  const ModelDescription& model = service.model->description();
  Reply(Json{{"model", service.model_name},
             {"architecture", model.architecture},
             {"context_tokens", service.context_tokens},
             {"vocab_size", model.vocab_size},
             {"weight_bytes", model.weight_bytes},
             {"kv_bytes_per_token", model.KvBytesPerToken()},
             {"chat_template",
              service.chat_template.ok() ? Json((*service.chat_template).name()) : Json()},
             {"method", service.defaults.method.name},
             {"methods", MethodNames()},
             {"budget", FormatBudget(service.defaults.method.budget)},
             {"parallel", service.defaults.max_choices},
             {"build", service.build_info}},
        response);
}

void ServeTokenizerInfo(const Service& service, httplib::Response* response) {
  const Tokenizer& tokenizer = service.model->tokenizer();
  const std::string& chat_template = tokenizer.chat_template();
  Reply(Json{{"vocab_size", tokenizer.size()},
             {"bos_token", SpecialToken(tokenizer, tokenizer.bos())},
             {"eos_token", SpecialToken(tokenizer, tokenizer.eos())},
             {"unk_token", SpecialToken(tokenizer, tokenizer.unk())},
             {"pad_token", SpecialToken(tokenizer, tokenizer.pad())},
             {"add_bos_token", tokenizer.adds_bos()},
             {"chat_template", chat_template.empty() ? Json() : Json(chat_template)}},
        response);
}

void ServeTokenize(const Service& service, const httplib::Request& request,
                   httplib::Response* response) {
  const ParsedBody body = ParseBody(request.body);
  if (body.error) return Reply(*body.error, response);
  RequestFields fields(body.json);
  std::string text;
  EncodeOptions options{.add_special = false, .parse_special = true};
  const char* const field = fields.Find("content") != nullptr ? "content" : "prompt";
  if (fields.Find("content") != nullptr && fields.Find("prompt") != nullptr) {
    fields.Fail("prompt", "there are content and prompt, wanted one of them");
  }
  if (fields.Find(field) == nullptr) fields.Fail("content", "content is missing");
  fields.Text(field, &text);
  if (text.size() > kMaxTokenizedBytes) {
    fields.Fail(field, std::string(field) + " has " + std::to_string(text.size()) +
                           " bytes, wanted at most " + std::to_string(kMaxTokenizedBytes));
  }
  fields.Bool("add_special", &options.add_special);
  fields.Bool("add_special_tokens", &options.add_special);  // its name in vLLM
  fields.Bool("parse_special", &options.parse_special);
  if (fields.error()) return Reply(*fields.error(), response);
  options.add_end = options.add_special;
  const auto tokens = service.model->tokenizer().Encode(text, options);
  if (!tokens.ok()) return Reply(FromStatus(tokens.status()), response);
  Reply(Json{{"tokens", *tokens}, {"count", tokens->size()}}, response);
}

void ServeDetokenize(const Service& service, const httplib::Request& request,
                     httplib::Response* response) {
  const ParsedBody body = ParseBody(request.body);
  if (body.error) return Reply(*body.error, response);
  RequestFields fields(body.json);
  std::vector<int32_t> tokens;
  if (const Json* list = fields.Find("tokens")) {
    fields.Keep(ParseTokens(*list, "tokens", service.model->description().vocab_size, &tokens));
  } else {
    fields.Fail("tokens", "tokens is missing");
  }
  if (fields.error()) return Reply(*fields.error(), response);
  const std::string text = service.model->tokenizer().Decode(tokens, /*show_control=*/true);
  Reply(Json{{"content", text}, {"prompt", text}}, response);
}

}  // namespace dynsplit::server
