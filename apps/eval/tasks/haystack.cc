#include "apps/eval/tasks/haystack.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <set>
#include <utility>

#include "apps/common/paragraphs.h"
#include "apps/eval/ascii.h"
#include "apps/eval/tasks/documents.h"
#include "base/file.h"

namespace dynsplit::eval {
namespace {

constexpr size_t kMaxHaystackBytes = size_t{1} << 28;

constexpr std::string_view kProsePackage = "jargon-text";
constexpr std::string_view kProseFile = "/usr/share/doc/jargon-text/jargon.txt.gz";
// Where the lexicon begins; tables of contents and of pronunciation stand before.
constexpr std::string_view kProseBeginning = "   :abbrev:";

constexpr std::string_view kCodePackage = "libpython3.11-stdlib";
constexpr std::string_view kCodeFolder = "/usr/lib/python3.11/";
// Modules with more code than documentation, which Debian's updates seldom touch.
constexpr std::array<std::string_view, 18> kCodeModules = {
    "mailbox",      "statistics", "difflib", "turtle", "socketserver", "pdb",
    "bdb",          "shutil",     "cmd",     "uuid",   "profile",      "plistlib",
    "modulefinder", "aifc",       "wave",    "queue",  "telnetlib",    "fractions"};

// What opens a comment in files of these endings.
constexpr std::array<std::pair<std::string_view, std::string_view>, 22> kCodeEndings = {{
    {".py", "# "},     {".sh", "# "},   {".rb", "# "},  {".pl", "# "},   {".cmake", "# "},
    {".c", "// "},     {".h", "// "},   {".cc", "// "}, {".cpp", "// "}, {".hpp", "// "},
    {".cxx", "// "},   {".cu", "// "},  {".js", "// "}, {".ts", "// "},  {".java", "// "},
    {".go", "// "},    {".rs", "// "},  {".cs", "// "}, {".kt", "// "},  {".swift", "// "},
    {".scala", "// "}, {".php", "// "},
}};

// "" where the name is not one of program text.
std::string_view CommentOf(std::string_view path) {
  path = NameOfText(path);
  for (const auto& [ending, comment] : kCodeEndings) {
    if (path.ends_with(ending)) return comment;
  }
  return "";
}

// Whether it is a headword or an item of a list. The lexicon has hundreds of them in a row, which
// is no prose.
bool IsShort(std::string_view paragraph) {
  constexpr int kMinWords = 8;
  int num_words = 0;
  for (size_t at = paragraph.find_first_not_of(kAsciiSpace); at != std::string_view::npos;
       at = paragraph.find_first_not_of(kAsciiSpace, at)) {
    ++num_words;
    at = std::min(paragraph.find_first_of(kAsciiSpace, at), paragraph.size());
  }
  return num_words < kMinWords;
}

Status Missing(const std::string& path, std::string_view package) {
  return NotFound(path + " is missing: scripts/setup.sh --eval installs the Debian package " +
                  std::string(package) + "; --haystack FILE takes another text");
}

// A paragraph set in lines of one indentation becomes one line, as web pages and e-books have it;
// lists and drawings, whose lines differ in it, stay.
std::string Unwrap(std::string paragraph) {
  constexpr std::string_view kBlank = " \t";
  std::string joined;
  std::set<size_t> indentations;
  for (size_t at = 0; at < paragraph.size();) {
    const size_t end = std::min(paragraph.find('\n', at), paragraph.size());
    const size_t word = std::min(paragraph.find_first_not_of(kBlank, at), end);
    indentations.insert(word - at);
    if (!joined.empty()) joined += ' ';
    joined += paragraph.substr(word, end - word);
    at = end + 1;
  }
  return indentations.size() == 1 ? joined : paragraph;
}

Result<std::vector<std::string>> PackagedProse() {
  const std::string path(kProseFile);
  auto text = ReadHaystackFile(path);
  if (text.status().code() == StatusCode::kNotFound) return Missing(path, kProsePackage);
  if (!text.ok()) return text.status();
  const size_t beginning = text->find(kProseBeginning);
  if (beginning == std::string::npos) {
    return Corruption(path + ": nowhere \"" + std::string(kProseBeginning) + '"');
  }
  auto paragraphs = SplitParagraphs(std::string_view(*text).substr(beginning));
  std::erase_if(paragraphs, IsShort);
  for (std::string& paragraph : paragraphs) paragraph = Unwrap(std::move(paragraph));
  return paragraphs;
}

Result<std::vector<std::string>> PackagedCode() {
  std::vector<std::string> paragraphs;
  for (const std::string_view module : kCodeModules) {
    const std::string path = std::string(kCodeFolder) + std::string(module) + ".py";
    const auto text = ReadFile(path, kMaxHaystackBytes);
    if (text.status().code() == StatusCode::kNotFound) return Missing(path, kCodePackage);
    if (!text.ok()) return text.status();
    for (std::string& paragraph : SplitParagraphs(*text)) {
      while (paragraph.ends_with('\n')) paragraph.pop_back();  // the file's last
      paragraphs.push_back(std::move(paragraph));
    }
  }
  return paragraphs;
}

std::vector<std::string> Half(const std::vector<std::string>& paragraphs, bool second) {
  size_t total = 0;
  for (const std::string& paragraph : paragraphs) total += paragraph.size();
  size_t before = 0;
  size_t middle = 0;
  while (2 * before < total) before += paragraphs[middle++].size();
  const auto at = paragraphs.begin() + static_cast<std::ptrdiff_t>(middle);
  return second ? std::vector<std::string>(at, paragraphs.end())
                : std::vector<std::string>(paragraphs.begin(), at);
}

Result<std::vector<std::string>> Given(const std::string& path) {
  const auto text = ReadHaystackFile(path);
  if (!text.ok()) return text.status();
  auto paragraphs = SplitParagraphs(*text);
  if (paragraphs.empty()) return InvalidArgument(path + ": no text to hide facts in");
  return paragraphs;
}

}  // namespace

Result<std::string> ReadHaystackFile(const std::string& path) {
  const auto opened = FileDescriptor::Open(path);  // what is wrong with it; zlib would not say
  if (!opened.ok()) return opened.status();
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (file == nullptr) return ErrnoStatus(path, errno);
  std::string text;
  std::array<char, 1 << 16> buffer;
  int got = 0;
  while ((got = gzread(file.get(), buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<size_t>(got));
    if (text.size() > kMaxHaystackBytes) return ResourceExhausted(path + ": too long a text");
  }
  int error = Z_OK;  // a file that is cut off reads as one that ends
  const char* message = gzerror(file.get(), &error);
  if (error != Z_OK) return Corruption(path + ": " + message);
  if (text.find('\0') != std::string::npos) {
    return InvalidArgument(path + ": has NUL bytes, wanted a text");
  }
  return text;
}

std::string_view NameOfText(std::string_view path) {
  constexpr std::string_view kGzip = ".gz";
  return path.ends_with(kGzip) ? path.substr(0, path.size() - kGzip.size()) : path;
}

Result<HaystackText> ReadHaystack(std::string_view kind, const TaskOptions& options) {
  if (kind != "prose" && kind != "code") {
    return InvalidArgument("no haystack is of the kind \"" + std::string(kind) +
                           "\", wanted prose or code");
  }
  const bool code = kind == "code";
  HaystackText haystack = {std::string(kind), code ? "# " : "", {}};
  auto paragraphs = !options.haystack.empty() ? Given(options.haystack)
                    : code                    ? PackagedCode()
                                              : PackagedProse();
  if (!paragraphs.ok()) return paragraphs.status();
  if (options.haystack.empty()) {
    haystack.paragraphs = Half(*paragraphs, options.seed % 2 == 0);
  } else {
    const std::string_view comment = CommentOf(options.haystack);
    if (code && !comment.empty()) haystack.comment = comment;
    haystack.paragraphs = std::move(*paragraphs);
  }
  return haystack;
}

Result<std::vector<HaystackText>> ReadHaystacks(const TaskOptions& options) {
  std::vector<std::string_view> kinds = {"prose", "code"};
  if (!options.haystack.empty()) {
    kinds = {CommentOf(options.haystack).empty() ? "prose" : "code"};
  }
  std::vector<HaystackText> haystacks;
  for (const std::string_view kind : kinds) {
    auto haystack = ReadHaystack(kind, options);
    if (!haystack.ok()) return haystack.status();
    haystacks.push_back(std::move(*haystack));
  }
  return haystacks;
}

Result<Filler> TakeParagraphs(const HaystackText& haystack, const TaskOptions& options,
                              int document, int64_t num_tokens, const Tokenizer& tokenizer) {
  const size_t size = haystack.paragraphs.size();
  const size_t start = size == 0 ? 0 : DocumentRng("haystack", options.seed, document).Below(size);
  Filler filler;
  int64_t have = 0;
  int64_t longest = 0;
  for (size_t i = 0; i < size && 100 * have < 98 * num_tokens; ++i) {
    const std::string& paragraph = haystack.paragraphs[(start + i) % size];
    const auto count = CountParagraphTokens(paragraph, tokenizer);
    if (!count.ok()) return count.status();
    longest = std::max(longest, *count);
    if (have + *count > num_tokens) continue;
    filler.paragraphs.push_back(paragraph);
    filler.num_tokens.push_back(*count);
    have += *count;
  }
  if (100 * have < 98 * num_tokens) {
    return InvalidArgument("the " + haystack.kind + " has whole paragraphs for " +
                           std::to_string(have) + " tokens, wanted " + std::to_string(num_tokens) +
                           " (its longest paragraph has " + std::to_string(longest) + ")");
  }
  return filler;
}

}  // namespace dynsplit::eval
