// Any bytes through every kind of vocabulary, all rules of pre-tokenizers, the streaming
// detokenizer and the chat templates. The first byte chooses, the rest is the text.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "dynsplit/chat.h"
#include "dynsplit/tokenizer.h"
#include "model/charsmap.h"
#include "model/utf8.h"
#include "support/tiny_vocabulary.h"

namespace dynsplit {
namespace {

using TokenizerPtr = std::shared_ptr<const Tokenizer>;

TokenizerPtr Make(Vocabulary vocabulary) {
  Result<TokenizerPtr> made = Tokenizer::Create(std::move(vocabulary));
  DYNSPLIT_CHECK(made.ok());
  return *std::move(made);
}

const std::vector<TokenizerPtr>& BytePairTokenizers() {
  static const std::vector<TokenizerPtr> tokenizers = [] {
    std::vector<TokenizerPtr> made;
    for (const char* pre : {"smollm", "qwen2", "llama-bpe", "gpt-2", "default", "tekken", "gpt-4o",
                            "falcon", "deepseek-llm", "deepseek-coder", "deepseek-v3"}) {
      made.push_back(Make(testing::TinyBpe(pre)));
    }
    return made;
  }();
  return tokenizers;
}

const Tokenizer& SentencePieceTokenizer() {
  static const TokenizerPtr tokenizer = Make(testing::TinySentencePiece());
  return *tokenizer;
}

const Tokenizer& UnigramTokenizer() {
  static const TokenizerPtr tokenizer = Make(testing::TinyUnigram());
  return *tokenizer;
}

// The first half of the text as the map, the second as what it normalises.
void CheckCharsmap(std::string_view text) {
  const auto* begin = reinterpret_cast<const uint8_t*>(text.data());
  const size_t half = text.size() / 2;
  const Result<Charsmap> map = Charsmap::Create({begin, begin + half});
  if (!map.ok()) return;
  for (size_t at = half; at < text.size(); ++at) {
    const auto match = map->LongestPrefix(text.substr(at));
    DYNSPLIT_CHECK(!match.ok() || match->length <= text.size() - at);
  }
}

std::vector<int32_t> Encode(const Tokenizer& tokenizer, std::string_view text, bool parse_special) {
  Result<std::vector<int32_t>> ids =
      tokenizer.Encode(text, {.add_special = false, .parse_special = parse_special});
  DYNSPLIT_CHECK(ids.ok());
  for (const int32_t id : *ids) DYNSPLIT_CHECK(id >= 0 && id < tokenizer.size());
  return *std::move(ids);
}

// A vocabulary with a token for each byte loses nothing but the form of what is ill-formed.
void CheckBytePair(const Tokenizer& tokenizer, std::string_view text, bool parse_special) {
  const std::vector<int32_t> ids = Encode(tokenizer, text, parse_special);
  const std::string decoded = tokenizer.Decode(ids, /*show_control=*/true);
  if (IsValidUtf8(text)) {
    DYNSPLIT_CHECK(decoded == text);
  } else if (text.find('<') == std::string_view::npos) {  // no special token splits the text
    DYNSPLIT_CHECK(decoded == ReadLeniently(text).bytes);
  }
}

// Token by token: only whole characters come out, and of a well-formed text all of them.
void CheckStream(const Tokenizer& tokenizer, std::string_view text) {
  Utf8Stream stream;
  std::string shown;
  for (const int32_t id : Encode(tokenizer, text, false)) {
    const std::string part = stream.Append(tokenizer.TokenBytes(id));
    DYNSPLIT_CHECK(IsValidUtf8(part));
    shown += part;
  }
  shown += stream.Finish();
  DYNSPLIT_CHECK(IsValidUtf8(shown));
}

void CheckChat(std::string_view text) {
  const std::vector<ChatMessage> messages = {{"system", std::string(text)},
                                             {"user", std::string(text)}};
  const Result<ChatTemplate> chat = ChatTemplate::Recognise(text);
  if (!chat.ok()) return;
  const Result<std::string> rendered = chat->Render(std::span(messages).subspan(1), true);
  DYNSPLIT_CHECK(rendered.ok() && !rendered->empty());
  static_cast<void>(chat->Render(messages, true));
}

}  // namespace
}  // namespace dynsplit

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dynsplit;  // NOLINT: the entry point of libFuzzer is not in a namespace
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::vector<TokenizerPtr>& byte_pair = BytePairTokenizers();
  const Tokenizer& chosen = *byte_pair[data[0] / 2 % byte_pair.size()];
  CheckBytePair(chosen, text, data[0] % 2 == 1);
  CheckStream(chosen, text);
  CheckStream(SentencePieceTokenizer(), text);
  static_cast<void>(Encode(SentencePieceTokenizer(), text, data[0] % 2 == 1));
  CheckStream(UnigramTokenizer(), text);
  CheckCharsmap(text);
  CheckChat(text);
  return 0;
}
