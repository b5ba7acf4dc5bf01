// Prompts of requests as tokens. Any thread; what is wrong is the client's to mend, and names the
// field.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/server/api_error.h"
#include "apps/server/service.h"

namespace dynsplit::server {

// Another model than the one there is; "" is whichever there is.
std::optional<ApiError> CheckModel(const Service& service, const std::string& model);

// The next two refuse what CheckPrompt does; a text that cannot fit is not even encoded.

// By the chat template, up to where the answer begins.
std::optional<ApiError> EncodeMessages(const Service& service,
                                       std::span<const ChatMessage> messages,
                                       std::vector<int32_t>* tokens);
// `parse_special`: a text's control tokens by their names.
std::optional<ApiError> EncodePrompt(const Service& service, const PromptInput& prompt,
                                     bool parse_special, std::vector<int32_t>* tokens);

// An empty prompt, or one that leaves no room for an answer. `field`: what it came from.
std::optional<ApiError> CheckPrompt(const Service& service, std::span<const int32_t> prompt,
                                    const char* field);

}  // namespace dynsplit::server
