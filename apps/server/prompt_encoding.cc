#include "apps/server/prompt_encoding.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "apps/common/chat_prompt.h"

namespace dynsplit::server {
namespace {

ApiError PromptError(const Status& status, const char* field) {
  return {.message = status.message(), .param = field};
}

// Of that many tokens, or more.
std::optional<ApiError> CheckLength(const Service& service, int64_t num_tokens, const char* field) {
  if (num_tokens < service.context_tokens) return {};
  return ApiError{.message = fmt::format("the prompt has {} tokens or more, and the context of {} "
                                         "has to have room for an answer",
                                         num_tokens, service.context_tokens),
                  .param = field,
                  .code = "context_length_exceeded"};
}

Result<std::vector<PromptPart>> Render(const Service& service,
                                       std::span<const ChatMessage> messages) {
  if (!service.chat_template.ok()) return service.chat_template.status();
  return RenderParts(*service.chat_template, messages);
}

}  // namespace

std::optional<ApiError> CheckModel(const Service& service, const std::string& model) {
  if (model.empty() || model == service.model_name) return {};
  return ApiError{
      .http_status = 404,
      .message = "the model " + model + " does not exist; there is " + service.model_name,
      .param = "model",
      .code = "model_not_found"};
}

std::optional<ApiError> EncodeMessages(const Service& service,
                                       std::span<const ChatMessage> messages,
                                       std::vector<int32_t>* tokens) {
  const auto parts = Render(service, messages);
  if (!parts.ok()) return PromptError(parts.status(), "messages");
  int64_t least = 0;
  for (const PromptPart& part : *parts) least += service.text_bound.LeastTokens(part.text);
  if (auto error = CheckLength(service, least, "messages")) return error;
  auto encoded = EncodeParts(service.model->tokenizer(), *parts, /*whole=*/true);
  if (!encoded.ok()) return PromptError(encoded.status(), "messages");
  *tokens = *std::move(encoded);
  return CheckPrompt(service, *tokens, "messages");
}

std::optional<ApiError> EncodePrompt(const Service& service, const PromptInput& prompt,
                                     bool parse_special, std::vector<int32_t>* tokens) {
  if (const auto* ids = std::get_if<std::vector<int32_t>>(&prompt)) {
    *tokens = *ids;
    return CheckPrompt(service, *tokens, "prompt");
  }
  const std::string& text = std::get<std::string>(prompt);
  const int64_t least = service.text_bound.LeastTokens(text);
  if (auto error = CheckLength(service, least, "prompt")) return error;
  auto encoded = service.model->tokenizer().Encode(text, {.parse_special = parse_special});
  if (!encoded.ok()) return PromptError(encoded.status(), "prompt");
  *tokens = *std::move(encoded);
  return CheckPrompt(service, *tokens, "prompt");
}

std::optional<ApiError> CheckPrompt(const Service& service, std::span<const int32_t> prompt,
                                    const char* field) {
  if (prompt.empty()) {
    return ApiError{.message = std::string(field) + " is empty", .param = field};
  }
  return CheckLength(service, static_cast<int64_t>(prompt.size()), field);
}

}  // namespace dynsplit::server
