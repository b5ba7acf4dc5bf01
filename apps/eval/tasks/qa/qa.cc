#include "apps/eval/tasks/qa/qa.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "apps/eval/tasks/documents.h"
#include "apps/eval/tasks/draw.h"
#include "apps/eval/tasks/generated/generated_task.h"
#include "apps/eval/tasks/generated/token_count.h"
#include "apps/eval/tasks/qa/qa_file.h"

namespace dynsplit::eval {
namespace {

std::string Shown(size_t number, const std::string& paragraph) {
  return "Document " + std::to_string(number) + ":\n" + paragraph + "\n\n";
}

// The paragraphs of one document while it is put together.
class Selection {
 public:
  Selection(const QaFile& file, int64_t num_tokens, const Tokenizer& tokenizer)
      : file_(file), num_tokens_(num_tokens), tokenizer_(tokenizer) {}

  // Takes all of `paragraphs` where they fit, none of them otherwise. Returns whether it did.
  Result<bool> TakeAll(const std::vector<size_t>& paragraphs) {
    std::map<size_t, int64_t> added;
    int64_t count = 0;
    for (const size_t paragraph_idx : paragraphs) {
      if (taken_.count(paragraph_idx) > 0 || added.count(paragraph_idx) > 0) continue;
      const auto tokens = CountPart(Shown(10, file_.paragraphs[paragraph_idx]), tokenizer_);
      if (!tokens.ok()) return tokens.status();
      added[paragraph_idx] = *tokens;
      count += *tokens;
    }
    if (have_ + count > num_tokens_) return false;
    taken_.insert(added.begin(), added.end());
    have_ += count;
    return true;
  }

  // Takes those that fit, one by one, until the document is nearly full.
  Status Fill(const std::vector<size_t>& paragraphs) {
    for (const size_t paragraph_idx : paragraphs) {
      if (IsFull()) break;
      if (const auto took = TakeAll({paragraph_idx}); !took.ok()) return took.status();
    }
    return {};
  }

  // 3 % may stay empty: less than a paragraph of most files at 4096 tokens.
  bool IsFull() const { return have_ * 100 >= num_tokens_ * 97; }
  int64_t have() const { return have_; }
  const std::map<size_t, int64_t>& taken() const { return taken_; }

 private:
  const QaFile& file_;
  int64_t num_tokens_;
  const Tokenizer& tokenizer_;
  std::map<size_t, int64_t> taken_;  // paragraph -> tokens
  int64_t have_ = 0;
};

// In RULER's order of preference: what the questions' own sources hold, then any others.
Status AddDistractors(const QaFile& file, const std::vector<size_t>& questions, Rng* rng,
                      Selection* selection) {
  std::vector<size_t> near;
  for (const size_t i : questions) {
    near.insert(near.end(), file.questions[i].near.begin(), file.questions[i].near.end());
  }
  Shuffle(&near, rng);
  DYNSPLIT_RETURN_IF_ERROR(selection->Fill(near));
  std::vector<size_t> all(file.paragraphs.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  Shuffle(&all, rng);
  return selection->Fill(all);
}

Question MakeQuestion(const QaQuestion& asked, size_t question_idx, double depth) {
  Question question;
  question.id = "q" + std::to_string(question_idx);
  question.prompt =
      "Answer the question from the documents above. Give the answer only, and no other words."
      "\n\nQuestion: " +
      asked.question;
  question.answer_prefix = "Answer:";
  question.expected = asked.answers;
  question.metric = Metric::kContainsAny;
  question.max_tokens = 32;
  question.depth = depth;
  return question;
}

void Write(const QaFile& file, const std::vector<size_t>& questions, const Selection& selection,
           Rng* rng, Document* document) {
  std::vector<size_t> order;
  for (const auto& [paragraph_idx, tokens] : selection.taken()) order.push_back(paragraph_idx);
  Shuffle(&order, rng);
  document->instructions =
      "Answer the question from the documents below. Give the answer only, and no other words.";
  std::map<size_t, double> depths;
  int64_t before = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    document->text += Shown(i + 1, file.paragraphs[order[i]]);
    depths[order[i]] = static_cast<double>(before) / static_cast<double>(selection.have());
    before += selection.taken().at(order[i]);
  }
  for (const size_t i : questions) {
    const QaQuestion& asked = file.questions[i];
    const double depth = asked.gold.size() == 1 ? depths.at(asked.gold.front()) : -1;
    document->questions.push_back(MakeQuestion(asked, document->questions.size(), depth));
  }
}

// Questions from the back of `waiting`; those whose paragraphs alone are too long are dropped.
Result<std::vector<size_t>> TakeQuestions(const QaFile& file, size_t max_questions,
                                          std::vector<size_t>* waiting, Selection* selection) {
  std::vector<size_t> questions;
  while (!waiting->empty() && questions.size() < max_questions) {
    const auto fits = selection->TakeAll(file.questions[waiting->back()].gold);
    if (!fits.ok()) return fits.status();
    if (!*fits && !questions.empty()) break;  // it begins the next document
    if (*fits) questions.push_back(waiting->back());
    waiting->pop_back();
  }
  return questions;
}

}  // namespace

Result<std::vector<Document>> MakeQa(const TaskOptions& options, const Tokenizer& tokenizer) {
  DYNSPLIT_RETURN_IF_ERROR(CheckOptions("qa", options));
  if (options.data.empty()) {
    return InvalidArgument("qa: no data, wanted --data FILE with SQuAD's or HotpotQA's JSON");
  }
  const auto file = ReadQaFile(options.data);
  if (!file.ok()) return file.status();
  Rng rng = DocumentRng("qa", options.seed, 0);
  std::vector<size_t> waiting(file->questions.size());
  for (size_t i = 0; i < waiting.size(); ++i) waiting[i] = i;
  Shuffle(&waiting, &rng);
  std::vector<Document> documents;
  for (int have = 0; have < options.num_questions && !waiting.empty();) {
    Selection selection(*file, options.context_tokens, tokenizer);
    const auto questions = TakeQuestions(*file, static_cast<size_t>(options.questions_per_document),
                                         &waiting, &selection);
    if (!questions.ok()) return questions.status();
    if (questions->empty()) break;
    DYNSPLIT_RETURN_IF_ERROR(AddDistractors(*file, *questions, &rng, &selection));
    if (selection.have() * 100 < options.context_tokens * 95) {
      return InvalidArgument(options.data + ": the paragraphs fill " +
                             std::to_string(selection.have()) + " tokens, wanted " +
                             std::to_string(options.context_tokens));
    }
    documents.push_back(NewDocument("prose", options.seed, static_cast<int>(documents.size())));
    Write(*file, *questions, selection, &rng, &documents.back());
    have += static_cast<int>(questions->size());
  }
  if (documents.empty()) {
    return InvalidArgument(options.data + ": no question's paragraphs fit a context of " +
                           std::to_string(options.context_tokens) + " tokens");
  }
  return documents;
}

}  // namespace dynsplit::eval
