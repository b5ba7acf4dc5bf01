#include "apps/cli/conversation.h"

#include <algorithm>
#include <utility>

namespace dynsplit::cli {

Conversation::Conversation(const LoadedModel& loaded, ChatTemplate chat_template, Method method)
    : loaded_(loaded), chat_template_(std::move(chat_template)), method_(std::move(method)) {}

Status Conversation::Start(const std::string& system, const std::string& texts,
                           const PrefillOptions& prefill) {
  if (!system.empty()) start_messages_.push_back({"system", system});
  texts_ = texts;
  auto session = loaded_.engine->NewSession(method_);
  if (!session.ok()) return session.status();
  start_session_ = *std::move(session);
  if (!texts_.empty()) {
    const auto tokens =
        EncodeBeginning(chat_template_, loaded_.model->tokenizer(), start_messages_, texts_);
    if (!tokens.ok()) return tokens.status();
    double seconds = 0;
    DYNSPLIT_RETURN_IF_ERROR(Prefill(start_session_.get(), *tokens, prefill, &seconds));
  }
  Reset();
  return {};
}

void Conversation::Start(std::unique_ptr<Session> session) {
  start_session_ = std::move(session);
  Reset();
}

Status Conversation::SaveStart(const std::string& path) const { return start_session_->Save(path); }

void Conversation::Reset() {
  messages_ = start_messages_;
  session_ = start_session_->Fork();
  unread_.clear();
}

Result<Generation> Conversation::Ask(const std::string& question, const PrefillOptions& prefill,
                                     const GenerateOptions& options) {
  const std::vector<ChatMessage> messages = messages_;
  const std::vector<int32_t> unread = unread_;
  std::unique_ptr<Session> before = session_->Fork();
  const bool first = messages_.size() == start_messages_.size();
  messages_.push_back({"user", first ? texts_ + question : question});
  Result<Generation> answer = ReadAndAnswer(prefill, options);
  if (!answer.ok()) {
    messages_ = messages;
    unread_ = unread;
    session_ = std::move(before);
  }
  return answer;
}

Result<Generation> Conversation::ReadAndAnswer(const PrefillOptions& prefill,
                                               const GenerateOptions& options) {
  const auto tokens = NewTokens();
  if (!tokens.ok()) return tokens.status();
  double seconds = 0;
  DYNSPLIT_RETURN_IF_ERROR(Prefill(session_.get(), *tokens, prefill, &seconds));
  const size_t asked = session_->tokens().size();
  const Tokenizer& tokenizer = loaded_.model->tokenizer();
  Result<Generation> answer = Generate(session_.get(), tokenizer, options);
  if (!answer.ok()) return answer;
  const size_t fed = session_->tokens().size() - asked;
  unread_.assign(answer->tokens.begin() + static_cast<ptrdiff_t>(fed), answer->tokens.end());
  messages_.push_back({"assistant", tokenizer.Decode(answer->tokens)});
  return answer;
}

Result<std::vector<int32_t>> Conversation::NewTokens() {
  auto parts = RenderParts(chat_template_, messages_);
  if (!parts.ok()) return parts.status();
  const bool first = messages_.size() == start_messages_.size() + 1;
  const bool begun = !start_session_->tokens().empty();
  if (first && begun) return TokensAfterStart(*std::move(parts));
  const Tokenizer& tokenizer = loaded_.model->tokenizer();
  const int last_answer = static_cast<int>(messages_.size()) - 2;
  const auto answered = std::find_if(parts->begin(), parts->end(), [&](const PromptPart& part) {
    return !first && part.message_idx == last_answer;
  });
  if (answered == parts->end()) {  // the first question, or one after an empty answer
    if (begun) {
      session_ = start_session_->Fork();
      return TokensAfterStart(*std::move(parts));
    }
    auto session = loaded_.engine->NewSession(method_);
    if (!session.ok()) return session.status();
    session_ = *std::move(session);
    return EncodeParts(tokenizer, *parts, /*whole=*/true);
  }
  const auto rest = EncodeParts(tokenizer, {answered + 1, parts->end()}, /*whole=*/false);
  if (!rest.ok()) return rest;
  std::vector<int32_t> tokens = unread_;
  tokens.insert(tokens.end(), rest->begin(), rest->end());
  return tokens;
}

Result<std::vector<int32_t>> Conversation::TokensAfterStart(std::vector<PromptPart> parts) const {
  const int question = static_cast<int>(start_messages_.size());
  const auto asked = std::find_if(parts.begin(), parts.end(), [&](const PromptPart& part) {
    return part.message_idx == question;
  });
  if (asked == parts.end()) return InvalidArgument("the question is empty");
  asked->text.erase(0, texts_.size());
  return EncodeParts(loaded_.model->tokenizer(), {asked, parts.end()}, /*whole=*/false);
}

}  // namespace dynsplit::cli
