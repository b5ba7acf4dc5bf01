#include "apps/eval/tasks/qa/qa_file.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "apps/eval/tasks/user_file/json_text.h"
#include "base/file.h"

namespace dynsplit::eval {
namespace {

using nlohmann::json;

std::string At(const std::string& where, const std::string& list, size_t i) {
  return where + list + "[" + std::to_string(i) + "]";
}

// Gives each different paragraph its index.
class ParagraphIndex {
 public:
  explicit ParagraphIndex(QaFile* file) : file_(file) {}

  size_t Add(const std::string& text) {
    const auto [at, is_new] = indices_.emplace(text, file_->paragraphs.size());
    if (is_new) file_->paragraphs.push_back(text);
    return at->second;
  }

 private:
  QaFile* file_;
  std::map<std::string, size_t> indices_;
};

Result<std::vector<std::string>> SquadAnswers(const json& qa, const std::string& where) {
  std::vector<std::string> answers;
  const auto list = ListField(qa, "answers", where);
  if (!list.ok()) return list.status();
  for (size_t i = 0; i < (*list)->size(); ++i) {
    auto text = StringField((**list)[i], "text", At(where, ".answers", i));
    if (!text.ok()) return text.status();
    if (text->empty()) return InvalidArgument(At(where, ".answers", i) + ": \"text\" is empty");
    if (std::find(answers.begin(), answers.end(), *text) == answers.end()) {
      answers.push_back(*std::move(text));
    }
  }
  return answers;
}

// One paragraph's questions; those without an answer (v2.0) are left out. Gives its index.
Result<size_t> ReadSquadParagraph(const json& paragraph, const std::string& where,
                                  ParagraphIndex* index, QaFile* file) {
  const auto context = StringField(paragraph, "context", where);
  if (!context.ok()) return context.status();
  const auto list = ListField(paragraph, "qas", where);
  if (!list.ok()) return list.status();
  const size_t paragraph_idx = index->Add(*context);
  for (size_t i = 0; i < (*list)->size(); ++i) {
    const std::string place = At(where, ".qas", i);
    auto question = StringField((**list)[i], "question", place);
    if (!question.ok()) return question.status();
    auto answers = SquadAnswers((**list)[i], place);
    if (!answers.ok()) return answers.status();
    if (answers->empty()) continue;
    file->questions.push_back({*std::move(question), *std::move(answers), {paragraph_idx}, {}});
  }
  return paragraph_idx;
}

Status ReadSquad(const json& root, const std::string& where, QaFile* file) {
  const auto articles = ListField(root, "data", where);
  if (!articles.ok()) return articles.status();
  ParagraphIndex index(file);
  for (size_t i = 0; i < (*articles)->size(); ++i) {
    const std::string article = At(where, "data", i);
    const auto list = ListField((**articles)[i], "paragraphs", article);
    if (!list.ok()) return list.status();
    const size_t first_question = file->questions.size();
    std::set<size_t> of_article;
    for (size_t j = 0; j < (*list)->size(); ++j) {
      const auto paragraph =
          ReadSquadParagraph((**list)[j], At(article, ".paragraphs", j), &index, file);
      if (!paragraph.ok()) return paragraph.status();
      of_article.insert(*paragraph);
    }
    for (size_t k = first_question; k < file->questions.size(); ++k) {
      QaQuestion& question = file->questions[k];
      question.near.assign(of_article.begin(), of_article.end());
      std::erase(question.near, question.gold.front());
    }
  }
  return {};
}

// A list [title, x]: the title, and where x is a list of sentences, these.
struct TitledPart {
  std::string title;
  std::string text;
};

Result<TitledPart> ReadTitled(const json& pair, const std::string& where) {
  if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string()) {
    return InvalidArgument(where + ": wanted a list of a title and what belongs to it");
  }
  TitledPart part = {pair[0].get<std::string>(), ""};
  if (!pair[1].is_array()) return part;
  for (const json& sentence : pair[1]) {
    if (!sentence.is_string()) return InvalidArgument(where + ": a sentence that is no string");
    part.text += sentence.get<std::string>();
  }
  return part;
}

Status ReadHotpotQuestion(const json& item, const std::string& where, ParagraphIndex* index,
                          QaFile* file) {
  QaQuestion question;
  auto asked = StringField(item, "question", where);
  if (!asked.ok()) return asked.status();
  question.question = *std::move(asked);
  auto answer = StringField(item, "answer", where);
  if (!answer.ok()) return answer.status();
  if (answer->empty()) return InvalidArgument(where + ": \"answer\" is empty");
  question.answers = {*std::move(answer)};
  std::set<std::string> gold_titles;
  const auto facts = ListField(item, "supporting_facts", where);
  if (!facts.ok()) return facts.status();
  for (size_t i = 0; i < (*facts)->size(); ++i) {
    const auto fact = ReadTitled((**facts)[i], At(where, ".supporting_facts", i));
    if (!fact.ok()) return fact.status();
    gold_titles.insert(fact->title);
  }
  const auto context = ListField(item, "context", where);
  if (!context.ok()) return context.status();
  for (size_t i = 0; i < (*context)->size(); ++i) {
    const auto part = ReadTitled((**context)[i], At(where, ".context", i));
    if (!part.ok()) return part.status();
    const size_t paragraph_idx = index->Add(part->title + "\n" + part->text);
    (gold_titles.count(part->title) > 0 ? question.gold : question.near).push_back(paragraph_idx);
  }
  if (question.gold.empty()) {
    return InvalidArgument(where + ": no paragraph of \"supporting_facts\" is in \"context\"");
  }
  file->questions.push_back(std::move(question));
  return {};
}

Status ReadHotpot(const json& root, const std::string& where, QaFile* file) {
  ParagraphIndex index(file);
  for (size_t i = 0; i < root.size(); ++i) {
    DYNSPLIT_RETURN_IF_ERROR(ReadHotpotQuestion(root[i], At(where, "", i), &index, file));
  }
  return {};
}

}  // namespace

Result<QaFile> ReadQaFile(const std::string& path) {
  const auto content = ReadFile(path, kMaxUserFileBytes);
  if (!content.ok()) return content.status();
  const auto root = ParseJson(*content, path);
  if (!root.ok()) return root.status();
  QaFile file;
  if (root->is_object() && root->contains("data")) {
    DYNSPLIT_RETURN_IF_ERROR(ReadSquad(*root, path + ": ", &file));
  } else if (root->is_array()) {
    DYNSPLIT_RETURN_IF_ERROR(ReadHotpot(*root, path + ": ", &file));
  } else {
    return InvalidArgument(path +
                           ": neither SQuAD (an object with \"data\") nor HotpotQA (a list "
                           "of questions with their context)");
  }
  if (file.questions.empty()) return InvalidArgument(path + ": no question that has an answer");
  return file;
}

}  // namespace dynsplit::eval
