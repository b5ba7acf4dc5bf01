// How a document and its questions stand before a model: as tokens, in three parts. The document's
// part is the same for all its questions, so it is read once; what is expected is fed where no
// answer is written.
//
//   chat:   [the template opens the user's turn] instructions text \n\n | prompt [the template
//           opens the assistant's turn] answer_prefix | expected
//   plain:  instructions text \n\n | prompt \n answer_prefix | expected
//           (no prompt: no line for it)
//
// A document that is continued (Metric::kContinuation) stands plain under both, without the blank
// line: instructions text | | continuation. Names of special tokens in any of these texts stay
// text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "apps/common/chat_prompt.h"
#include "apps/eval/task.h"
#include "dynsplit/model.h"
#include "dynsplit/status.h"

namespace dynsplit::eval {

enum class Prompt { kChat, kPlain };
// "chat", "plain". Static storage.
std::string_view PromptName(Prompt prompt);

// Immutable after Create. `model` must outlive it.
class Exam {
 public:
  // Without a wish: chat where there is a template (ChooseTemplate's result), else plain.
  // Unsupported where chat is wanted and there is none, or it leaves out what the user says.
  static Result<Exam> Create(const Model& model, const Result<ChatTemplate>& chat_template,
                             std::optional<Prompt> wish);

  Prompt prompt() const { return prompt_; }

  // The part before the first bar. InvalidArgument where it has no tokens, or where only some of
  // the document's questions are continuations.
  Result<std::vector<int32_t>> DocumentTokens(const Document& document) const;
  // The part between the bars; none of a continuation, and possibly none of another question.
  Result<std::vector<int32_t>> QuestionTokens(const Question& question) const;
  // The part after the second bar: the continuation, or of Question::expected the first one, under
  // Metric::kContainsAll all with ", " between them, after a space where answer_prefix does not end
  // in white space. InvalidArgument, naming the question, where it has no tokens.
  Result<std::vector<int32_t>> ExpectedTokens(const Question& question) const;

 private:
  Exam(const Tokenizer& tokenizer, Prompt prompt) : tokenizer_(&tokenizer), prompt_(prompt) {}

  const Tokenizer* tokenizer_;
  Prompt prompt_;
  std::vector<PromptPart> before_;  // the template's, around what the user says
  std::vector<PromptPart> after_;
};

// Whether the document's questions are continuations; the first one tells.
bool IsContinued(const Document& document);

}  // namespace dynsplit::eval
