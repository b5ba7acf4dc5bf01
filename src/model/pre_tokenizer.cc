#include "model/pre_tokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <cstdint>
#include <span>
#include <utility>

namespace dynsplit {
namespace {

// Expressions run one after the other, each within the pieces that the one before it left: a match
// is a piece, what lies between matches is a piece. \s, \p{L}, \p{N} and \p{P} stand in square
// brackets always, because Expand() replaces them by lists.
constexpr const char* kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}]+| ?[\p{N}]+| ?[^\s\p{L}\p{N}]+|[\s]+(?![^\s])|[\s]+)";
constexpr const char* kLlama3 =
    R"('[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?[\p{L}]+|)"
    R"([\p{N}]{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|[\s]*[\r\n]+|[\s]+(?![^\s])|[\s]+)";
constexpr const char* kQwen2 =
    R"('[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?[\p{L}]+|)"
    R"([\p{N}]| ?[^\s\p{L}\p{N}]+[\r\n]*|[\s]*[\r\n]+|[\s]+(?![^\s])|[\s]+)";
constexpr const char* kDigit = R"([\p{N}])";

constexpr std::array kGpt2Steps = {kGpt2};
constexpr std::array kSmolLmSteps = {kDigit, kGpt2};
constexpr std::array kLlama3Steps = {kLlama3};
constexpr std::array kQwen2Steps = {kQwen2};
constexpr std::array kDefaultSteps = {R"([\p{P}$+<=>^~|]+)", kGpt2, R"([\p{N}]+)",
                                      R"([0-9][0-9][0-9])"};

struct Scheme {
  std::string_view name;
  std::span<const char* const> steps;
  bool ignore_merges = false;
  bool adds_bos = false;
};

// Names and settings as in llama.cpp's src/llama-vocab.cpp.
constexpr Scheme kSchemes[] = {
    {"smollm", kSmolLmSteps},
    {"starcoder", kSmolLmSteps},
    {"refact", kSmolLmSteps},
    {"command-r", kSmolLmSteps},
    {"qwen2", kQwen2Steps},
    {"deepseek-r1-qwen", kQwen2Steps},
    {"llama-bpe", kLlama3Steps, true, true},
    {"llama3", kLlama3Steps, true, true},
    {"llama-v3", kLlama3Steps, true, true},
    {"gpt-2", kGpt2Steps},
    {"default", kDefaultSteps},
};

// PCRE2 10.42 knows Unicode 14. These letters, digits and punctuation marks are younger and are
// in the tables (Unicode 15.1) that libllama splits by; a newer PCRE2 knows them itself.
constexpr std::string_view kLetters =
    R"(\p{L}\x{1123F}-\x{11240}\x{11F02}\x{11F04}-\x{11F10}\x{11F12}-\x{11F33}\x{1342F})"
    R"(\x{13441}-\x{13446}\x{1B132}\x{1B155}\x{1DF25}-\x{1DF2A}\x{1E030}-\x{1E06D})"
    R"(\x{1E4D0}-\x{1E4EB}\x{2B739}\x{2EBF0}-\x{2EE5D}\x{31350}-\x{323AF})";
constexpr std::string_view kNumbers =
    R"(\p{N}\x{11F50}-\x{11F59}\x{1D2C0}-\x{1D2D3}\x{1E4F0}-\x{1E4F9})";
constexpr std::string_view kPunctuation = R"(\p{P}\x{11B00}-\x{11B09}\x{11F43}-\x{11F4F})";
// The property White_Space. PCRE2's own \s also holds U+180E, which is a format character.
constexpr std::string_view kSpaces =
    R"(\x{9}-\x{D}\x{20}\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F})"
    R"(\x{3000})";

std::string Expand(std::string_view pattern) {
  static constexpr std::pair<std::string_view, std::string_view> kLists[] = {
      {R"(\p{L})", kLetters},
      {R"(\p{N})", kNumbers},
      {R"(\p{P})", kPunctuation},
      {R"(\s)", kSpaces}};
  std::string expanded;
  while (!pattern.empty()) {
    size_t used = 0;
    for (const auto& [mark, list] : kLists) {
      if (!pattern.starts_with(mark)) continue;
      expanded += list;
      used = mark.size();
    }
    if (used == 0) {
      expanded += pattern.front();
      used = 1;
    }
    pattern.remove_prefix(used);
  }
  return expanded;
}

std::string Pcre2Message(int code) {
  std::array<PCRE2_UCHAR, 120> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};
using Code = std::unique_ptr<pcre2_code, FreeCode>;
using Match = std::unique_ptr<pcre2_match_data, FreeMatch>;

Result<Code> Compile(const char* pattern) {
  const std::string expanded = Expand(pattern);
  int error = 0;
  PCRE2_SIZE where = 0;
  Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expanded.data()), expanded.size(),
                          PCRE2_UTF | PCRE2_UCP, &error, &where, nullptr));
  if (code == nullptr) {
    return Internal("pre-tokenizer: PCRE2 refuses an expression at offset " +
                    std::to_string(where) + ": " + Pcre2Message(error));
  }
  // Without JIT (a hardened kernel may forbid it) the same expressions are interpreted.
  static_cast<void>(pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE));
  return code;
}

// Appends the ends of the pieces of text[begin, end) by one expression.
Status SplitPiece(std::string_view text, size_t begin, size_t end, const Code& code,
                  const Match& match, std::vector<size_t>* ends) {
  // The piece is a subject of its own: lookahead must not see what lies after it.
  const auto subject = reinterpret_cast<PCRE2_SPTR>(text.data()) + begin;
  const size_t size = end - begin;
  size_t done = 0;
  while (done < size) {
    const int rc =
        pcre2_match(code.get(), subject, size, done, PCRE2_NO_UTF_CHECK, match.get(), nullptr);
    if (rc == PCRE2_ERROR_NOMATCH) break;
    if (rc < 0) return Internal("pre-tokenizer: PCRE2 gives up: " + Pcre2Message(rc));
    const PCRE2_SIZE* range = pcre2_get_ovector_pointer(match.get());
    if (range[0] > done) ends->push_back(begin + range[0]);
    ends->push_back(begin + range[1]);
    done = range[1];
  }
  if (done < size) ends->push_back(end);
  return {};
}

}  // namespace

struct PreTokenizer::Impl {
  const Scheme* scheme;
  std::vector<Code> steps;
};

PreTokenizer::PreTokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;
PreTokenizer& PreTokenizer::operator=(PreTokenizer&&) noexcept = default;
PreTokenizer::~PreTokenizer() = default;

Result<PreTokenizer> PreTokenizer::Create(std::string_view name) {
  std::string known;
  for (const Scheme& scheme : kSchemes) {
    known += (known.empty() ? "" : ", ") + std::string(scheme.name);
    if (scheme.name != name) continue;
    auto impl = std::make_unique<Impl>();
    impl->scheme = &scheme;
    for (const char* step : scheme.steps) {
      Result<Code> code = Compile(step);
      if (!code.ok()) return code.status();
      impl->steps.push_back(*std::move(code));
    }
    return PreTokenizer(std::move(impl));
  }
  return Unsupported("pre-tokenizer '" + std::string(name) + "' is not known; known: " + known);
}

Result<std::vector<size_t>> PreTokenizer::Split(std::string_view text) const {
  std::vector<size_t> ends;
  if (text.empty()) return ends;
  ends.push_back(text.size());
  const Match match(pcre2_match_data_create(1, nullptr));
  if (match == nullptr) return ResourceExhausted("pre-tokenizer: no memory for a match");
  for (const Code& code : impl_->steps) {
    const std::vector<size_t> pieces = std::exchange(ends, {});
    ends.reserve(pieces.size() + text.size() / 4);
    size_t begin = 0;
    for (const size_t end : pieces) {
      DYNSPLIT_RETURN_IF_ERROR(SplitPiece(text, begin, end, code, match, &ends));
      begin = end;
    }
  }
  return ends;
}

bool PreTokenizer::ignore_merges() const { return impl_->scheme->ignore_merges; }
bool PreTokenizer::adds_bos() const { return impl_->scheme->adds_bos; }

}  // namespace dynsplit
