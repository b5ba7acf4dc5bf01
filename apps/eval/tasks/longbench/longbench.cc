#include "apps/eval/tasks/longbench/longbench.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "apps/eval/ascii.h"
#include "apps/eval/tasks/draw.h"
#include "apps/eval/tasks/generated/generated_task.h"
#include "apps/eval/tasks/longbench/data_set.h"
#include "apps/eval/tasks/user_file/json_text.h"
#include "base/file.h"

namespace dynsplit::eval {
namespace {

using nlohmann::json;

struct Line {
  std::string where;  // "data.jsonl:12"
  std::string id;
  std::string input;
  std::string context;
  std::vector<std::string> answers;
  std::vector<std::string> classes;
  std::string dataset;
};

std::string RTrim(std::string_view text) {
  return std::string(text.substr(0, text.find_last_not_of(kAsciiSpace) + 1));
}

bool HasDigit(std::string_view text) {
  return text.find_first_of("0123456789") != std::string_view::npos;
}

// An answer that is no class could not be scored above 0.
Status CheckClasses(const Line& line) {
  if (line.classes.empty()) {
    return InvalidArgument(line.where + ": \"all_classes\" is empty, and \"" + line.dataset +
                           "\" is scored by classes");
  }
  for (const std::string& answer : line.answers) {
    if (std::find(line.classes.begin(), line.classes.end(), answer) == line.classes.end()) {
      return InvalidArgument(line.where + ": the answer \"" + answer +
                             "\" is not in \"all_classes\"");
    }
  }
  return {};
}

// What a set's metric needs of a line.
Status CheckAnswers(const Line& line) {
  const Metric metric = FindLongBenchSet(line.dataset).metric;
  if (line.answers.empty()) {
    return InvalidArgument(line.where + ": \"answers\" is empty, wanted at least one");
  }
  for (const std::string& answer : line.answers) {
    // Every output holds the empty answer.
    if (answer.find_first_not_of(kAsciiSpace) == std::string::npos) {
      return InvalidArgument(line.where + ": \"answers\" holds an empty answer");
    }
  }
  if (metric == Metric::kAccuracy) DYNSPLIT_RETURN_IF_ERROR(CheckClasses(line));
  if (metric == Metric::kRetrieval &&
      !std::all_of(line.answers.begin(), line.answers.end(), HasDigit)) {
    return InvalidArgument(line.where + ": an answer without a number, wanted \"Paragraph N\"");
  }
  return {};
}

// "<dataset>-<_id>", or the line's number for an id. `_id` is a string or a number.
std::string LineId(const json& object, const std::string& dataset, size_t line_idx) {
  const auto id = object.find("_id");
  if (id != object.end() && id->is_string() && !id->get<std::string>().empty()) {
    return dataset + "-" + id->get<std::string>();
  }
  if (id != object.end() && id->is_number_integer()) return dataset + "-" + id->dump();
  return dataset + "-l" + std::to_string(line_idx + 1);
}

Result<Line> ReadLine(std::string_view text, const std::string& where, size_t line_idx) {
  const auto object = ParseJson(text, where);
  if (!object.ok()) return object.status();
  Line line;
  line.where = where;
  for (const auto& [name, value] :
       {std::pair{"input", &line.input}, {"context", &line.context}, {"dataset", &line.dataset}}) {
    auto field = StringField(*object, name, where);
    if (!field.ok()) return field.status();
    *value = *std::move(field);
  }
  auto answers = StringListField(*object, "answers", where);
  if (!answers.ok()) return answers.status();
  line.answers = *std::move(answers);
  if (const auto at = object->find("all_classes"); at != object->end() && !at->is_null()) {
    auto classes = StringListField(*object, "all_classes", where);
    if (!classes.ok()) return classes.status();
    line.classes = *std::move(classes);
  }
  if (NeedsChineseWords(line.dataset)) {
    return Unsupported(where + ": data set \"" + line.dataset +
                       "\" is scored by Chinese words, which this build cannot tell apart");
  }
  line.id = LineId(*object, line.dataset, line_idx);
  DYNSPLIT_RETURN_IF_ERROR(CheckAnswers(line));
  return line;
}

Result<std::vector<Line>> ReadLines(const std::string& path) {
  const auto content = ReadFile(path, kMaxUserFileBytes);
  if (!content.ok()) return content.status();
  std::vector<Line> lines;
  std::map<std::string, std::string> places;  // id -> where
  std::string_view rest = *content;
  for (size_t line_idx = 0; !rest.empty(); ++line_idx) {
    const std::string_view text = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    if (text.find_first_not_of(kAsciiSpace) == std::string_view::npos) continue;
    auto line = ReadLine(text, path + ":" + std::to_string(line_idx + 1), line_idx);
    if (!line.ok()) return line.status();
    const auto [at, is_new] = places.emplace(line->id, line->where);
    if (!is_new) {
      return InvalidArgument(line->where + ": \"_id\" and \"dataset\" are those of " + at->second);
    }
    lines.push_back(*std::move(line));
  }
  if (lines.empty()) return InvalidArgument(path + ": no line with a question");
  return lines;
}

// num_lines of them, in their order.
void KeepSome(size_t num_lines, uint64_t seed, std::vector<Line>* lines) {
  std::vector<size_t> chosen(lines->size());
  for (size_t i = 0; i < chosen.size(); ++i) chosen[i] = i;
  Rng rng = DocumentRng("longbench", seed, 0);
  Shuffle(&chosen, &rng);
  chosen.resize(std::min(chosen.size(), num_lines));
  std::sort(chosen.begin(), chosen.end());
  std::vector<Line> kept;
  for (const size_t i : chosen) kept.push_back(std::move((*lines)[i]));
  *lines = std::move(kept);
}

std::string Prompt(const LongBenchSet& set, const std::string& input) {
  constexpr std::string_view kInput = "{input}";
  std::string prompt(set.prompt);
  const size_t at = prompt.find(kInput);
  if (at == std::string::npos) return prompt;
  std::string shown = input;
  // Examples' sets end their input with the cue that opens the answer: it is not said twice.
  if (prompt == kInput) {
    shown = RTrim(shown);
    if (shown.ends_with(set.answer_prefix)) shown.resize(shown.size() - set.answer_prefix.size());
    shown = RTrim(shown);
  }
  return prompt.replace(at, kInput.size(), shown);
}

Result<Document> MakeDocument(Line line, int64_t num_tokens, const Tokenizer& tokenizer) {
  const LongBenchSet& set = FindLongBenchSet(line.dataset);
  auto text = CutMiddle(line.context, num_tokens, tokenizer);
  if (!text.ok()) {
    return Status(text.status().code(), line.where + ": " + text.status().message());
  }
  Document document;
  document.id = line.id;
  document.kind = set.kind;
  document.instructions = set.instructions;
  document.text = *std::move(text);
  if (!document.text.ends_with('\n')) document.text += '\n';
  Question question;
  question.id = "q0";
  question.prompt = Prompt(set, line.input);
  question.answer_prefix = set.answer_prefix;
  question.expected = std::move(line.answers);
  question.classes = std::move(line.classes);
  question.metric = set.metric;
  question.max_tokens = set.max_tokens;
  question.first_line = set.first_line;
  document.questions.push_back(std::move(question));
  return document;
}

bool ContinuesCharacter(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

// Without an incomplete character at its end.
void DropPartialEnd(std::string* text) {
  size_t begin = text->size();  // of the last character
  while (begin > 0 && ContinuesCharacter((*text)[begin - 1])) --begin;
  if (begin == 0) return;
  const auto lead = static_cast<uint8_t>((*text)[begin - 1]);
  const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (text->size() - (begin - 1) < size) text->resize(begin - 1);
}

}  // namespace

Result<std::string> CutMiddle(std::string_view text, int64_t num_tokens,
                              const Tokenizer& tokenizer) {
  const auto encoded = tokenizer.Encode(text, {.add_special = false});
  if (!encoded.ok()) return encoded.status();
  const std::span<const int32_t> ids = *encoded;
  const auto num_kept = static_cast<size_t>(std::max<int64_t>(num_tokens, 0));
  if (ids.size() <= num_kept) return std::string(text);
  std::string begin = tokenizer.Decode(ids.first(num_kept - num_kept / 2));
  const std::string end = tokenizer.Decode(ids.last(num_kept / 2));
  DropPartialEnd(&begin);
  const auto first = std::find_if_not(end.begin(), end.end(), ContinuesCharacter);
  return begin.append(first, end.end());
}

Result<std::vector<Document>> MakeLongBench(const TaskOptions& options,
                                            const Tokenizer& tokenizer) {
  DYNSPLIT_RETURN_IF_ERROR(CheckOptions("longbench", options));
  if (options.data.empty()) {
    return InvalidArgument("longbench: no data, wanted --data FILE with LongBench's JSON lines");
  }
  auto lines = ReadLines(options.data);
  if (!lines.ok()) return lines.status();
  KeepSome(static_cast<size_t>(options.num_questions), options.seed, &*lines);
  std::vector<Document> documents;
  for (Line& line : *lines) {
    auto document = MakeDocument(std::move(line), options.context_tokens, tokenizer);
    if (!document.ok()) return document.status();
    documents.push_back(*std::move(document));
  }
  return documents;
}

}  // namespace dynsplit::eval
