#include "apps/eval/tasks/perplexity/perplexity.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "apps/common/paragraphs.h"
#include "apps/eval/ascii.h"
#include "apps/eval/tasks/documents.h"
#include "apps/eval/tasks/draw.h"
#include "apps/eval/tasks/generated/generated_task.h"
#include "apps/eval/tasks/haystack.h"

namespace dynsplit::eval {
namespace {

// All of it is encoded, at about a second for each megabyte.
constexpr size_t kMaxTextBytes = size_t{64} << 20;

struct Ending {
  std::string_view name;
  std::string_view kind;
};

constexpr std::array<Ending, 23> kEndings = {{
    {".c", "code"},        {".cc", "code"},    {".cpp", "code"},  {".cu", "code"},
    {".go", "code"},       {".h", "code"},     {".hpp", "code"},  {".java", "code"},
    {".js", "code"},       {".kt", "code"},    {".lua", "code"},  {".pl", "code"},
    {".py", "code"},       {".rb", "code"},    {".rs", "code"},   {".sh", "code"},
    {".sql", "code"},      {".swift", "code"}, {".ts", "code"},   {".json", "records"},
    {".jsonl", "records"}, {".csv", "table"},  {".tsv", "table"},
}};

bool LooksLikeCode(std::string_view content) {
  constexpr size_t kSeenBytes = 1 << 16;
  content = content.substr(0, kSeenBytes);
  int num_lines = 0;
  int num_code = 0;
  while (!content.empty()) {
    const std::string_view line = content.substr(0, content.find('\n'));
    content.remove_prefix(std::min(line.size() + 1, content.size()));
    const size_t last = line.find_last_not_of(kAsciiSpace);
    if (last == std::string_view::npos) continue;
    ++num_lines;
    const bool ends_as_code = std::string_view(";{}").find(line[last]) != std::string_view::npos;
    num_code += ends_as_code || line.starts_with("    ") || line.starts_with("\t");
  }
  return num_code * 10 > num_lines * 3;
}

bool BeginsCharacter(std::string_view bytes) {
  return bytes.empty() || (static_cast<uint8_t>(bytes.front()) & 0xC0) != 0x80;
}

// The first token of [from, limit] that begins a line, else one that begins a character, even if
// that is a few tokens after `limit`.
size_t CleanStart(std::span<const int32_t> ids, size_t from, size_t limit,
                  const Tokenizer& tokenizer) {
  constexpr size_t kSearchedTokens = 256;
  for (size_t i = from; i <= std::min(limit, from + kSearchedTokens); ++i) {
    if (i == 0 || tokenizer.TokenBytes(ids[i - 1]).ends_with('\n')) return i;
  }
  for (size_t i = from; i < from + 4; ++i) {
    if (BeginsCharacter(tokenizer.TokenBytes(ids[i]))) return i;
  }
  return from;
}

// `size` tokens from `start`, or up to three fewer so that the next one begins a character.
size_t CleanSize(std::span<const int32_t> ids, size_t start, size_t size,
                 const Tokenizer& tokenizer) {
  for (size_t fewer = 0; fewer < 4 && fewer < size; ++fewer) {
    const size_t end = start + size - fewer;
    if (end == ids.size() || BeginsCharacter(tokenizer.TokenBytes(ids[end]))) return size - fewer;
  }
  return size;
}

struct Piece {
  size_t start = 0;
  size_t size = 0;  // of document and continuation
};

void FillDocument(std::span<const int32_t> ids, const Piece& piece, const Tokenizer& tokenizer,
                  Document* document) {
  const auto num_continued = static_cast<size_t>(kContinuedTokens);
  const size_t size = CleanSize(ids, piece.start, piece.size - num_continued, tokenizer);
  const size_t after = piece.start + size;
  document->text = tokenizer.Decode(ids.subspan(piece.start, size));
  Question question;
  question.id = "q0";
  question.metric = Metric::kContinuation;
  question.continuation =
      tokenizer.Decode(ids.subspan(after, CleanSize(ids, after, num_continued, tokenizer)));
  document->questions.push_back(std::move(question));
}

struct ContinuedText {
  std::string name;  // for messages
  std::string kind;
  std::vector<int32_t> ids;
};

Result<ContinuedText> Encoded(std::string name, std::string_view kind, std::string_view content,
                              const Tokenizer& tokenizer) {
  auto ids = tokenizer.Encode(content, {.add_special = false});
  if (!ids.ok()) return ids.status();
  return ContinuedText{std::move(name), std::string(kind), *std::move(ids)};
}

// options.haystack, else the haystacks of prose and code.
Result<std::vector<ContinuedText>> ReadTexts(const TaskOptions& options,
                                             const Tokenizer& tokenizer) {
  std::vector<ContinuedText> texts;
  const auto add = [&](Result<ContinuedText> text) -> Status {
    if (!text.ok()) return text.status();
    texts.push_back(*std::move(text));
    return {};
  };
  if (const std::string& path = options.haystack; !path.empty()) {
    const auto content = ReadHaystackFile(path);
    if (!content.ok()) return content.status();
    if (content->size() > kMaxTextBytes) return ResourceExhausted(path + ": longer than 64 MiB");
    DYNSPLIT_RETURN_IF_ERROR(add(Encoded(path, TextKind(path, *content), *content, tokenizer)));
    return texts;
  }
  const auto haystacks = ReadHaystacks(options);
  if (!haystacks.ok()) return haystacks.status();
  for (const HaystackText& haystack : *haystacks) {
    DYNSPLIT_RETURN_IF_ERROR(add(Encoded("the " + haystack.kind + " haystack", haystack.kind,
                                         JoinParagraphs(haystack.paragraphs), tokenizer)));
  }
  return texts;
}

// `count` documents at even distances, each somewhere in its own part of the text.
Status AddDocuments(const ContinuedText& text, int count, const TaskOptions& options,
                    const Tokenizer& tokenizer, std::vector<Document>* documents) {
  const auto num_context = static_cast<size_t>(options.context_tokens);
  const size_t size = num_context + static_cast<size_t>(kContinuedTokens);
  if (text.ids.size() < size) {
    return InvalidArgument(text.name + ": the text has " + std::to_string(text.ids.size()) +
                           " tokens, wanted " + std::to_string(size) + ": " +
                           std::to_string(num_context) + " and " +
                           std::to_string(kContinuedTokens) + " that follow");
  }
  const size_t parts = std::min(static_cast<size_t>(count), text.ids.size() / size);
  const size_t stride = text.ids.size() / parts;
  for (size_t i = 0; i < parts; ++i) {
    const int number = static_cast<int>(i);
    Rng rng = DocumentRng("perplexity", options.seed, number);
    const size_t end = (i + 1) * stride;
    const size_t from = i * stride + rng.Below(stride - size + 1);
    const size_t start = CleanStart(text.ids, from, end - size, tokenizer);
    documents->push_back(NewDocument(text.kind, options.seed, number));
    FillDocument(text.ids, {start, std::min(size, end - start)}, tokenizer, &documents->back());
  }
  return {};
}

}  // namespace

std::string_view TextKind(std::string_view path, std::string_view content) {
  const std::string name = AsciiLower(NameOfText(path));
  for (const Ending& ending : kEndings) {
    if (name.ends_with(ending.name)) return ending.kind;
  }
  return LooksLikeCode(content) ? "code" : "prose";
}

Result<std::vector<Document>> MakePerplexity(const TaskOptions& options,
                                             const Tokenizer& tokenizer) {
  DYNSPLIT_RETURN_IF_ERROR(CheckOptions("perplexity", options));
  const auto texts = ReadTexts(options, tokenizer);
  if (!texts.ok()) return texts.status();
  std::vector<Document> documents;
  const int num_texts = static_cast<int>(texts->size());
  for (int i = 0; i < num_texts; ++i) {
    const int count = (options.num_questions + num_texts - 1 - i) / num_texts;
    if (count == 0) continue;
    DYNSPLIT_RETURN_IF_ERROR(
        AddDocuments((*texts)[static_cast<size_t>(i)], count, options, tokenizer, &documents));
  }
  return documents;
}

}  // namespace dynsplit::eval
