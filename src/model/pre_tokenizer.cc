#include "model/pre_tokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "model/utf8.h"
#include "model/young_characters.h"

namespace dynsplit {
namespace {

// Expressions run one after the other, each within the pieces that the one before it left: a match
// is a piece, what lies between matches is a piece.
constexpr const char* kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr const char* kLlama3 =
    R"('[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+|)"
    R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kQwen2 =
    R"('[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+|)"
    R"(\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kDigit = R"(\p{N})";

// Words of tekken and gpt-4o change at the step from lower to upper case. As in libllama, case is
// told of ASCII alone: [^\P{L}a-z] is every letter but a to z.
constexpr const char* kTekken =
    R"([^\r\n\p{L}\p{N}]?[^\P{L}a-z]*[^\P{L}A-Z]+|[^\r\n\p{L}\p{N}]?[^\P{L}a-z]+[^\P{L}A-Z]*|)"
    R"(\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kGpt4o = R"([^\r\n\p{L}\p{N}]?[^\P{L}a-z]*[^\P{L}A-Z]+)"
                               R"((?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|)"
                               R"([^\r\n\p{L}\p{N}]?[^\P{L}a-z]+[^\P{L}A-Z]*)"
                               R"((?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|)"
                               R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// DeepSeek's lists of characters. White space beyond ASCII is in none of them (to libllama), which
// cuts the range from U+0800 to U+4E00 in pieces.
constexpr const char* kLineBreak = R"([\r\n])";
constexpr const char* kDeepSeekLetters =
    R"(\s?[A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF})"
    R"(\x{1C4}-\x{293}\x{295}-\x{2AF}\x{370}-\x{373}\x{376}\x{377}\x{37B}-\x{37D}\x{37F})"
    R"(\x{386}\x{388}-\x{38A}\x{38C}\x{38E}-\x{3A1}\x{3A3}-\x{3F5}\x{3F7}-\x{481})"
    R"(\x{48A}-\x{52F}\x{531}-\x{556}\x{10A0}-\x{10C5}\x{13A0}-\x{13F5}\x{13F8}-\x{13FD})"
    R"(\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF}\x{1D00}-\x{1D2B}\x{1D6B}-\x{1D77})"
    R"(\x{1D79}-\x{1D9A}\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D}\x{1F20}-\x{1F45})"
    R"(\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57}\x{1F59}\x{1F5B}\x{1F5D}\x{1F5F}-\x{1F7D})"
    R"(\x{1F80}-\x{1FB4}\x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4}\x{1FC6}-\x{1FCC})"
    R"(\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC}\x{1FF2}-\x{1FF4})"
    R"(\x{1FF6}-\x{1FFC}\x{2102}\x{2107}\x{210A}-\x{2113}\x{2115}\x{2119}-\x{211D}\x{2124})"
    R"(\x{2126}\x{2128}\x{212A}-\x{212D}\x{212F}-\x{2134}\x{2139}\x{213C}-\x{213F})"
    R"(\x{2145}-\x{2149}\x{214E}\x{2183}\x{2184}\x{2C00}-\x{2C7B}\x{2C7E}-\x{2CE4})"
    R"(\x{2CEB}-\x{2CEE}\x{2CF2}\x{2CF3}\x{A640}-\x{A66D}\x{A680}-\x{A69B}\x{A722}-\x{A76F})"
    R"(\x{A771}-\x{A787}\x{A78B}-\x{A78E}\x{AB70}-\x{ABBF}\x{FB00}-\x{FB06})"
    R"(\x{FB13}-\x{FB17}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}\x{10400}-\x{1044F})"
    R"(\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2})"
    R"(\x{118A0}-\x{118DF}\x{1E900}-\x{1E943}]+)";
constexpr const char* kDeepSeekPunctuation =
    R"(\s?[!-/:-~\x{FF01}-\x{FF0F}\x{FF1A}-\x{FF5E}\x{2018}-\x{201F}\x{3001}\x{3002}]+)";
constexpr const char* kSpacesAtEnd = R"(\s+\z)";
constexpr const char* kDeepSeekCjk =
    R"([\x{800}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027}\x{202A}-\x{202E}\x{2030}-\x{205E})"
    R"(\x{2060}-\x{2FFF}\x{3001}-\x{9FA5}\x{AC00}-\x{D7FF}]+)";
constexpr const char* kDeepSeek3Cjk = R"([\x{4E00}-\x{9FA5}\x{3040}-\x{309F}\x{30A0}-\x{30FF}]+)";
constexpr const char* kDeepSeek3 =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|)"
    R"( ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr std::array kGpt2Steps = {kGpt2};
constexpr std::array kSmolLmSteps = {kDigit, kGpt2};
constexpr std::array kLlama3Steps = {kLlama3};
constexpr std::array kQwen2Steps = {kQwen2};
constexpr std::array kTekkenSteps = {kTekken};
constexpr std::array kGpt4oSteps = {kGpt4o};
constexpr std::array kFalconSteps = {R"([\p{P}$+<=>^~|`]+)", kGpt2, R"([0-9][0-9][0-9])"};
constexpr std::array kDeepSeekLlmSteps = {kLineBreak,   kDeepSeekLetters, kDeepSeekPunctuation,
                                          kSpacesAtEnd, kDeepSeekCjk,     R"(\p{N}+)"};
constexpr std::array kDeepSeekCoderSteps = {kLineBreak, R"(\s?\p{L}+)", R"(\s?\p{P}+)",
                                            kDeepSeekCjk, kDigit};
constexpr std::array kDeepSeek3Steps = {R"(\p{N}{1,3})", kDeepSeek3Cjk, kDeepSeek3};
constexpr std::array kDefaultSteps = {R"([\p{P}$+<=>^~|]+)", kGpt2, R"(\p{N}+)",
                                      R"([0-9][0-9][0-9])"};

struct Scheme {
  std::string_view name;
  std::span<const char* const> steps;
  bool ignore_merges = false;
  bool adds_bos = false;
};

// Names and settings as in llama.cpp's src/llama-vocab.cpp.
constexpr Scheme kSchemes[] = {
    {"gpt-2", kGpt2Steps},
    {"phi-2", kGpt2Steps},
    {"mpt", kGpt2Steps},
    {"olmo", kGpt2Steps},
    {"trillion", kGpt2Steps},
    {"mellum", kGpt2Steps},
    {"smollm", kSmolLmSteps},
    {"starcoder", kSmolLmSteps},
    {"refact", kSmolLmSteps},
    {"command-r", kSmolLmSteps},
    {"codeshell", kSmolLmSteps},
    {"minerva-7b", kSmolLmSteps},
    {"qwen2", kQwen2Steps},
    {"deepseek-r1-qwen", kQwen2Steps},
    {"stablelm2", kQwen2Steps},
    {"megrez", kQwen2Steps},
    {"kormo", kQwen2Steps},
    {"llama-bpe", kLlama3Steps, true, true},
    {"llama3", kLlama3Steps, true, true},
    {"llama-v3", kLlama3Steps, true, true},
    {"falcon3", kLlama3Steps, true, true},
    {"pixtral", kLlama3Steps, true, true},
    {"dbrx", kLlama3Steps},
    {"smaug-bpe", kLlama3Steps},
    {"tekken", kTekkenSteps, true, true},
    {"gpt-4o", kGpt4oSteps},
    {"llama4", kGpt4oSteps},
    {"kanana2", kGpt4oSteps},
    {"falcon", kFalconSteps},
    {"deepseek-llm", kDeepSeekLlmSteps},
    {"deepseek-coder", kDeepSeekCoderSteps},
    {"deepseek-v3", kDeepSeek3Steps},
    {"default", kDefaultSteps},
};

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
  const std::string_view text = pattern;
  int error = 0;
  PCRE2_SIZE where = 0;
  Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
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
  return Unsupported("pre-tokenizer " + Quoted(name) + " is not known; known: " + known);
}

Result<std::vector<size_t>> PreTokenizer::Split(std::string_view text) const {
  std::vector<size_t> ends;
  if (text.empty()) return ends;
  ends.push_back(text.size());
  std::string storage;
  text = WithStandIns(text, &storage);
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
