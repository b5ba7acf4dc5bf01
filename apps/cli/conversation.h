// A chat with a model: the messages, and the session that has read them. Not thread safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "apps/cli/flags.h"
#include "apps/common/chat_prompt.h"
#include "apps/common/prefill.h"
#include "dynsplit/chat.h"
#include "dynsplit/generate.h"
#include "dynsplit/session.h"

namespace dynsplit::cli {

class Conversation {
 public:
  // `loaded` must outlive the conversation.
  Conversation(const LoadedModel& loaded, ChatTemplate chat_template, Method method);

  // Begins with a system message ("": none) and texts ("", or no whitespace in front) that stand
  // before the first question. They are read now, so that the first answer need not wait for them.
  Status Start(const std::string& system, const std::string& texts, const PrefillOptions& prefill);

  // Begins where a saved session stands: after texts that stand before the first question.
  void Start(std::unique_ptr<Session> session);
  // Writes what Start has read.
  Status SaveStart(const std::string& path) const;

  // Back to what Start left; nothing is read again.
  void Reset();

  // Reads a question and answers it. On an error, or Cancelled while the question is read, the
  // conversation is as before. An answer that is cancelled stays, as far as it came.
  Result<Generation> Ask(const std::string& question, const PrefillOptions& prefill,
                         const GenerateOptions& options);

  const Method& method() const { return method_; }
  SessionStats stats() const { return session_->stats(); }

 private:
  // The tokens that the session has not read yet. It may start the session anew, to read all.
  Result<std::vector<int32_t>> NewTokens();
  Result<std::vector<int32_t>> TokensAfterStart(std::vector<PromptPart> parts) const;
  Result<Generation> ReadAndAnswer(const PrefillOptions& prefill, const GenerateOptions& options);

  const LoadedModel& loaded_;
  ChatTemplate chat_template_;
  Method method_;
  std::string texts_;
  std::vector<ChatMessage> start_messages_;
  std::unique_ptr<Session> start_session_;  // has read up to the end of texts_
  std::vector<ChatMessage> messages_;
  std::unique_ptr<Session> session_;
  std::vector<int32_t> unread_;  // tokens of the last answer that were not fed back
};

}  // namespace dynsplit::cli
