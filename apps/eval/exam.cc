#include "apps/eval/exam.h"

#include <algorithm>
#include <string>
#include <utility>

#include "apps/eval/ascii.h"

namespace dynsplit::eval {
namespace {

constexpr int kSaid = 0;  // PromptPart::message_idx of what a task wrote

bool IsContinuation(const Question& question) { return question.metric == Metric::kContinuation; }

// The answer by which a question is measured without one being written.
std::string ExpectedAnswer(const Question& question) {
  if (question.expected.empty()) return "";
  std::string answer = question.expected.front();
  if (question.metric != Metric::kContainsAll) return answer;
  for (size_t i = 1; i < question.expected.size(); ++i) answer += ", " + question.expected[i];
  return answer;
}

// What stands between the answer's opening and the rest of it.
std::string_view Gap(const std::string& answer_prefix) {
  const bool open =
      answer_prefix.empty() || kAsciiSpace.find(answer_prefix.back()) != kAsciiSpace.npos;
  return open ? "" : " ";
}

std::string ExpectedText(const Question& question) {
  if (IsContinuation(question)) return question.continuation;
  const std::string answer = ExpectedAnswer(question);
  return answer.empty() ? "" : std::string(Gap(question.answer_prefix)) + answer;
}

}  // namespace

std::string_view PromptName(Prompt prompt) { return prompt == Prompt::kChat ? "chat" : "plain"; }

bool IsContinued(const Document& document) {
  return !document.questions.empty() && IsContinuation(document.questions.front());
}

Result<Exam> Exam::Create(const Model& model, const Result<ChatTemplate>& chat_template,
                          std::optional<Prompt> wish) {
  Exam exam(model.tokenizer(), wish.value_or(chat_template.ok() ? Prompt::kChat : Prompt::kPlain));
  if (exam.prompt_ == Prompt::kPlain) return exam;
  if (!chat_template.ok()) return Unsupported("no chat template: use --prompt plain");
  // Around a stand-in the template writes what it writes around every message.
  const ChatMessage message = {"user", "?"};
  auto parts = RenderParts(*chat_template, {&message, 1});
  if (!parts.ok()) return parts.status();
  const auto said = std::find_if(parts->begin(), parts->end(),
                                 [](const PromptPart& part) { return part.message_idx == kSaid; });
  if (said == parts->end()) return Unsupported("the chat template leaves out what the user says");
  exam.before_.assign(parts->begin(), said);
  exam.after_.assign(said + 1, parts->end());
  return exam;
}

Result<std::vector<int32_t>> Exam::DocumentTokens(const Document& document) const {
  const bool continued = IsContinued(document);
  for (const Question& question : document.questions) {
    if (IsContinuation(question) != continued) {
      return InvalidArgument("document " + document.id + ": question " + question.id +
                             " differs from the first one in being a continuation");
    }
  }
  std::vector<PromptPart> parts;
  if (!continued) parts = before_;
  parts.push_back({document.instructions + document.text + (continued ? "" : "\n\n"), kSaid});
  auto tokens = EncodeParts(*tokenizer_, parts, /*whole=*/true);
  if (tokens.ok() && tokens->empty()) {
    return InvalidArgument("document " + document.id + " has no tokens");
  }
  return tokens;
}

Result<std::vector<int32_t>> Exam::QuestionTokens(const Question& question) const {
  if (IsContinuation(question)) return std::vector<int32_t>();
  std::vector<PromptPart> parts;
  if (prompt_ == Prompt::kPlain) {
    const std::string asked = question.prompt.empty() ? "" : question.prompt + "\n";
    parts = {{asked + question.answer_prefix, kSaid}};
  } else {
    parts = {{question.prompt, kSaid}};
    parts.insert(parts.end(), after_.begin(), after_.end());
    parts.push_back({question.answer_prefix, kSaid});
  }
  return EncodeParts(*tokenizer_, parts, /*whole=*/false);
}

Result<std::vector<int32_t>> Exam::ExpectedTokens(const Question& question) const {
  const PromptPart expected = {ExpectedText(question), kSaid};
  auto tokens = EncodeParts(*tokenizer_, {&expected, 1}, /*whole=*/false);
  if (tokens.ok() && tokens->empty()) {
    return InvalidArgument("question " + question.id + ": nothing is expected");
  }
  return tokens;
}

}  // namespace dynsplit::eval
