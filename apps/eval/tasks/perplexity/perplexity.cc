#include "apps/eval/tasks/perplexity/perplexity.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "apps/eval/ascii.h"
#include "apps/eval/tasks/generated/draw.h"
#include "apps/eval/tasks/generated/generated_task.h"
#include "base/file.h"

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

// The first token at or after `from` that begins a line, else a character; at most `limit`.
size_t CleanStart(std::span<const int32_t> ids, size_t from, size_t limit,
                  const Tokenizer& tokenizer) {
  constexpr size_t kSearchedTokens = 256;
  for (size_t i = from; i < std::min(limit, from + kSearchedTokens); ++i) {
    if (i == 0 || tokenizer.TokenBytes(ids[i - 1]).ends_with('\n')) return i;
  }
  size_t i = from;
  while (i < limit && !BeginsCharacter(tokenizer.TokenBytes(ids[i]))) ++i;
  return i;
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

Document MakeDocument(std::span<const int32_t> ids, size_t start, size_t num_context,
                      const Tokenizer& tokenizer) {
  const size_t size = CleanSize(ids, start, num_context, tokenizer);
  const size_t num_continued =
      CleanSize(ids, start + size, static_cast<size_t>(kContinuationTokens), tokenizer);
  Document document;
  document.text = tokenizer.Decode(ids.subspan(start, size));
  Question question;
  question.id = "q0";
  question.metric = Metric::kContinuation;
  question.continuation = tokenizer.Decode(ids.subspan(start + size, num_continued));
  document.questions.push_back(question);
  return document;
}

}  // namespace

std::string_view TextKind(std::string_view path, std::string_view content) {
  for (const Ending& ending : kEndings) {
    if (AsciiLower(path).ends_with(ending.name)) return ending.kind;
  }
  return LooksLikeCode(content) ? "code" : "prose";
}

Result<std::vector<Document>> MakePerplexity(const TaskOptions& options,
                                             const Tokenizer& tokenizer) {
  DYNSPLIT_RETURN_IF_ERROR(CheckOptions("perplexity", options));
  const std::string& path = options.data.empty() ? options.haystack : options.data;
  if (path.empty()) {
    return InvalidArgument("perplexity: no text, wanted --data FILE or --haystack FILE");
  }
  const auto content = ReadFile(path, kMaxTextBytes);
  if (!content.ok()) return content.status();
  const auto ids = tokenizer.Encode(*content, {.add_special = false});
  if (!ids.ok()) return ids.status();
  const auto num_context = static_cast<size_t>(options.context_tokens);
  const size_t piece = num_context + static_cast<size_t>(kContinuationTokens);
  if (ids->size() < piece) {
    return InvalidArgument(path + ": the text has " + std::to_string(ids->size()) +
                           " tokens, wanted " + std::to_string(piece) + ": " +
                           std::to_string(num_context) + " and " +
                           std::to_string(kContinuationTokens) + " that follow");
  }
  const size_t count = std::min(static_cast<size_t>(options.num_questions), ids->size() / piece);
  const size_t stride = ids->size() / count;
  std::vector<Document> documents;
  for (size_t i = 0; i < count; ++i) {
    Rng rng = DocumentRng(options.seed, "perplexity", static_cast<int>(i));
    const size_t limit = i * stride + stride - piece;
    const size_t from = i * stride + rng.Below(stride - piece + 1);
    documents.push_back(
        MakeDocument(*ids, CleanStart(*ids, from, limit, tokenizer), num_context, tokenizer));
    documents.back().id = DocumentId("perplexity", options, static_cast<int>(i));
    documents.back().kind = TextKind(path, *content);
  }
  return documents;
}

}  // namespace dynsplit::eval
