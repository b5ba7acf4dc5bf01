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

Result<std::vector<int32_t>> Encode(const Service& service, std::span<const ChatMessage> messages) {
  if (!service.chat_template.ok()) return service.chat_template.status();
  const auto parts = RenderParts(*service.chat_template, messages);
  if (!parts.ok()) return parts.status();
  return EncodeParts(service.model->tokenizer(), *parts, /*whole=*/true);
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
  auto encoded = Encode(service, messages);
  if (!encoded.ok()) return PromptError(encoded.status(), "messages");
  *tokens = *std::move(encoded);
  return {};
}

std::optional<ApiError> EncodePrompt(const Service& service, const PromptInput& prompt,
                                     bool parse_special, std::vector<int32_t>* tokens) {
  if (const auto* ids = std::get_if<std::vector<int32_t>>(&prompt)) {
    *tokens = *ids;
    return {};
  }
  auto encoded = service.model->tokenizer().Encode(std::get<std::string>(prompt),
                                                   {.parse_special = parse_special});
  if (!encoded.ok()) return PromptError(encoded.status(), "prompt");
  *tokens = *std::move(encoded);
  return {};
}

std::optional<ApiError> CheckPrompt(const Service& service, std::span<const int32_t> prompt,
                                    const char* field) {
  if (prompt.empty()) {
    return ApiError{.message = std::string(field) + " is empty", .param = field};
  }
  if (static_cast<int64_t>(prompt.size()) < service.context_tokens) return {};
  return ApiError{.message = fmt::format("the prompt has {} tokens, and the context of {} has to "
                                         "have room for an answer",
                                         prompt.size(), service.context_tokens),
                  .param = field,
                  .code = "context_length_exceeded"};
}

}  // namespace dynsplit::server
