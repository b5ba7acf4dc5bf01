#include "dynsplit/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/utf8.h"
#include "support/tiny_vocabulary.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TinyBpe;
using testing::TinySentencePiece;

std::shared_ptr<const Tokenizer> Make(Vocabulary vocabulary) {
  Result<std::shared_ptr<const Tokenizer>> made = Tokenizer::Create(std::move(vocabulary));
  EXPECT_TRUE(made.ok()) << made.status().ToString();
  return *std::move(made);
}

std::vector<int32_t> Encode(const Tokenizer& tokenizer, std::string_view text,
                            const EncodeOptions& options = {}) {
  Result<std::vector<int32_t>> ids = tokenizer.Encode(text, options);
  EXPECT_TRUE(ids.ok()) << ids.status().ToString();
  return *std::move(ids);
}

TEST(Tokenizer, BpeAddsWhatTheFileAsksFor) {
  Vocabulary v = TinyBpe();
  EXPECT_THAT(Encode(*Make(v), "he"), ElementsAre(256));
  v.add_bos = 1;
  v.add_eos = 1;
  const auto tokenizer = Make(v);
  EXPECT_TRUE(tokenizer->adds_bos());
  EXPECT_THAT(Encode(*tokenizer, "he"), ElementsAre(263, 256));
  EXPECT_THAT(Encode(*tokenizer, "he", {.add_end = true}), ElementsAre(263, 256, 264));
  EXPECT_THAT(Encode(*tokenizer, "", {.add_end = true}), ElementsAre(263, 264));
  EXPECT_THAT(Encode(*tokenizer, "he", {.add_special = false}), ElementsAre(256));
}

TEST(Tokenizer, Llama3AddsBosWhereTheFileDoesNotSay) {
  EXPECT_TRUE(Make(TinyBpe("llama-bpe"))->adds_bos());
  Vocabulary v = TinyBpe("llama-bpe");
  v.add_bos = 0;
  EXPECT_FALSE(Make(v)->adds_bos());
}

TEST(Tokenizer, BpeParsesSpecialTokensOnRequest) {
  const auto tokenizer = Make(TinyBpe());
  EXPECT_THAT(Encode(*tokenizer, "<|im_end|>he<tool>", {.parse_special = true}),
              ElementsAre(264, 256, 265));
  EXPECT_EQ(Encode(*tokenizer, "<|im_end|>").size(), 10u);
}

TEST(Tokenizer, SentencePiecePrefixesASpaceAtTheStartAndAfterTokens) {
  const auto tokenizer = Make(TinySentencePiece());
  EXPECT_THAT(Encode(*tokenizer, "ab"), ElementsAre(1, 265));
  EXPECT_THAT(Encode(*tokenizer, ""), ElementsAre(1));
  EXPECT_THAT(Encode(*tokenizer, "a</s>a\n\na", {.parse_special = true}),
              ElementsAre(1, 263, 2, 263, 267, 263));
  Vocabulary v = TinySentencePiece();
  v.add_space_prefix = 0;
  EXPECT_THAT(Encode(*Make(v), "ab"), ElementsAre(1, 262));
}

TEST(Tokenizer, AnIdThatNoTokenHasIsAsGoodAsNone) {
  Vocabulary bpe = TinyBpe();
  bpe.pad = bpe.unk = static_cast<int64_t>(bpe.tokens.size());
  bpe.eot = 4294967295;
  const auto tokenizer = Make(bpe);
  EXPECT_EQ(tokenizer->pad(), -1);
  EXPECT_EQ(tokenizer->unk(), -1);
  EXPECT_EQ(tokenizer->eot(), -1);
  Vocabulary sentencepiece = TinySentencePiece();
  sentencepiece.bos = sentencepiece.eos = static_cast<int64_t>(sentencepiece.tokens.size());
  EXPECT_EQ(Make(sentencepiece)->bos(), 1);
  EXPECT_EQ(Make(sentencepiece)->eos(), 2);
}

TEST(Tokenizer, SentencePieceNumbersItsSpecialTokensByDefault) {
  Vocabulary v = TinySentencePiece();
  v.unk = v.bos = v.eos = -1;
  const auto tokenizer = Make(v);
  EXPECT_EQ(tokenizer->unk(), 0);
  EXPECT_EQ(tokenizer->bos(), 1);
  EXPECT_EQ(tokenizer->eos(), 2);
}

TEST(Tokenizer, UnigramEndsTextsByDefault) {
  Vocabulary v;
  v.model = "t5";
  v.tokens = {"<pad>", "</s>", "<unk>", "▁a", "▁"};
  v.types = {TokenType::kControl, TokenType::kControl, TokenType::kUnknown, TokenType::kNormal,
             TokenType::kNormal};
  v.scores = {0, 0, 0, -1, -2};
  const auto tokenizer = Make(v);
  EXPECT_EQ(tokenizer->eos(), 1);
  EXPECT_EQ(tokenizer->unk(), 2);
  EXPECT_EQ(tokenizer->pad(), 0);
  EXPECT_THAT(Encode(*tokenizer, " a?", {.add_end = true}), ElementsAre(3, 2, 1));
  EXPECT_EQ(tokenizer->Decode(std::vector<int32_t>{3, 4}), " a ");
  v.add_space_prefix = 1;
  v.add_eos = 0;
  EXPECT_THAT(Encode(*Make(v), "a"), ElementsAre(3));
}

TEST(Tokenizer, TokenBytes) {
  const auto bpe = Make(TinyBpe());
  EXPECT_EQ(bpe->TokenBytes(261), " wo");
  EXPECT_EQ(bpe->TokenBytes(0xE4), "\xE4");
  EXPECT_EQ(bpe->TokenBytes(265), "<tool>");
  EXPECT_EQ(bpe->TokenBytes(264), "");
  EXPECT_EQ(bpe->TokenBytes(264, /*show_control=*/true), "<|im_end|>");
  EXPECT_EQ(bpe->TokenBytes(267, /*show_control=*/true), "");  // unused
  EXPECT_EQ(bpe->TokenBytes(-1), "");
  EXPECT_EQ(bpe->TokenBytes(268), "");
  const auto pieces = Make(TinySentencePiece());
  EXPECT_EQ(pieces->TokenBytes(265), " ab");
  EXPECT_EQ(pieces->TokenBytes(3 + 0x0A), "\n");
  EXPECT_EQ(pieces->TokenBytes(0), "");
}

TEST(Tokenizer, KindsOfTokens) {
  const auto tokenizer = Make(TinyBpe());
  EXPECT_EQ(tokenizer->size(), 268);
  EXPECT_EQ(tokenizer->bos(), 263);
  EXPECT_EQ(tokenizer->eos(), 264);
  EXPECT_EQ(tokenizer->eot(), -1);
  EXPECT_EQ(tokenizer->unk(), -1);
  EXPECT_EQ(tokenizer->pad(), -1);
  EXPECT_TRUE(tokenizer->IsControl(263));
  EXPECT_FALSE(tokenizer->IsControl(265));
  EXPECT_TRUE(tokenizer->IsUnused(267));
  EXPECT_FALSE(tokenizer->IsUnused(0));
  EXPECT_TRUE(tokenizer->IsEndOfGeneration(264));
  EXPECT_FALSE(tokenizer->IsEndOfGeneration(263));
  for (const int32_t id : {-1, 268}) {
    EXPECT_FALSE(tokenizer->IsControl(id));
    EXPECT_FALSE(tokenizer->IsUnused(id));
    EXPECT_FALSE(tokenizer->IsEndOfGeneration(id));
  }
  EXPECT_EQ(tokenizer->FindSpecial("<|im_start|>"), 263);
  EXPECT_EQ(tokenizer->FindSpecial("<tool>"), 265);
  EXPECT_EQ(tokenizer->FindSpecial("hello"), -1);
  EXPECT_EQ(tokenizer->FindSpecial("nothing"), -1);
}

TEST(Tokenizer, KeepsTheChatTemplate) {
  Vocabulary v = TinyBpe();
  v.chat_template = "{{ messages }}";
  EXPECT_EQ(Make(v)->chat_template(), "{{ messages }}");
}

TEST(Tokenizer, RefusesWhatItDoesNotKnow) {
  Vocabulary v = TinyBpe();
  v.model = "bert";
  const auto by_model = Tokenizer::Create(v);
  EXPECT_EQ(by_model.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(by_model.status().message(), HasSubstr("'bert'"));
  const auto by_pre = Tokenizer::Create(TinyBpe("martian"));
  EXPECT_EQ(by_pre.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(by_pre.status().message(), HasSubstr("'martian'"));
  for (const char* model : {"gpt2", "llama"}) {
    Vocabulary empty;
    empty.model = model;
    EXPECT_EQ(Tokenizer::Create(empty).status().code(), StatusCode::kCorruption) << model;
  }
}

TEST(Tokenizer, RefusesHugeTexts) {
  const auto tokenizer = Make(TinyBpe());
  const char nothing = 0;  // the size alone is looked at
  const auto ids = tokenizer->Encode(std::string_view(&nothing, (size_t{1} << 29) + 1));
  EXPECT_EQ(ids.status().code(), StatusCode::kResourceExhausted);
}

// With a token for every byte nothing is lost but the form of what is ill-formed.
TEST(Tokenizer, BpeDecodeUndoesEncode) {
  const auto tokenizer = Make(TinyBpe());
  EXPECT_TRUE(rc::check([&](const std::string& text) {
    const std::string want = IsValidUtf8(text) ? text : ReadLeniently(text).bytes;
    RC_ASSERT(tokenizer->Decode(*tokenizer->Encode(text)) == want);
  }));
}

// Without special tokens, before each of which a space is added, and without U+2581.
TEST(Tokenizer, SentencePieceDecodeUndoesEncode) {
  Vocabulary v = TinySentencePiece();
  v.types[267] = TokenType::kNormal;
  const auto tokenizer = Make(v);
  EXPECT_TRUE(rc::check([&](const std::vector<uint32_t>& numbers) {
    std::string text;
    for (const uint32_t n : numbers) AppendUtf8(n % 0x2581, &text);
    const std::string prefix = text.empty() ? "" : " ";
    RC_ASSERT(tokenizer->Decode(*tokenizer->Encode(text)) == prefix + text);
  }));
}

}  // namespace
}  // namespace dynsplit
