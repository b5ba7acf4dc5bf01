#include "model/gguf_vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "gguf.h"
#include "support/gguf_writer.h"
#include "support/tiny_model.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using testing::GgufWriter;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<Vocabulary> Read(const GgufWriter& writer) {
  const std::string bytes = writer.Build();
  const auto reader = GgufReader::FromBuffer(std::as_bytes(std::span(bytes)), "m.gguf");
  if (!reader.ok()) return reader.status();
  return ReadVocabulary(*reader);
}

TEST(GgufVocabulary, ReadsEveryKey) {
  GgufWriter writer;
  writer.SetString("tokenizer.ggml.model", "llama");
  writer.SetString("tokenizer.ggml.pre", "smollm");
  writer.SetStrings("tokenizer.ggml.tokens", {"<unk>", "a"});
  writer.SetF32s("tokenizer.ggml.scores", {0.0f, -1.5f});
  writer.SetI32s("tokenizer.ggml.token_type", {2, 1});
  writer.SetStrings("tokenizer.ggml.merges", {"a b"});
  writer.SetU32("tokenizer.ggml.bos_token_id", 10);
  writer.SetU32("tokenizer.ggml.eos_token_id", 11);
  writer.SetU32("tokenizer.ggml.eot_token_id", 12);
  writer.SetU32("tokenizer.ggml.eom_token_id", 13);
  writer.SetU32("tokenizer.ggml.unknown_token_id", 14);
  writer.SetU32("tokenizer.ggml.padding_token_id", 15);
  writer.SetBool("tokenizer.ggml.add_bos_token", true);
  writer.SetBool("tokenizer.ggml.add_eos_token", false);
  writer.SetBool("tokenizer.ggml.add_space_prefix", true);
  writer.SetBool("tokenizer.ggml.remove_extra_whitespaces", false);
  writer.SetRaw(
      "tokenizer.ggml.precompiled_charsmap", GGUF_TYPE_ARRAY,
      testing::RawBytes(uint32_t{GGUF_TYPE_UINT8}) + testing::RawBytes(uint64_t{2}) + "\x01\xFF");
  writer.SetString("general.name", "Phi-3");
  writer.SetString("tokenizer.chat_template", "{{ messages }}");
  const Result<Vocabulary> vocabulary = Read(writer);
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
  EXPECT_EQ(vocabulary->model, "llama");
  EXPECT_EQ(vocabulary->pre, "smollm");
  EXPECT_THAT(vocabulary->tokens, ElementsAre("<unk>", "a"));
  EXPECT_THAT(vocabulary->scores, ElementsAre(0.0f, -1.5f));
  EXPECT_THAT(vocabulary->types, ElementsAre(TokenType::kUnknown, TokenType::kNormal));
  EXPECT_THAT(vocabulary->merges, ElementsAre("a b"));
  EXPECT_EQ(vocabulary->bos, 10);
  EXPECT_EQ(vocabulary->eos, 11);
  EXPECT_EQ(vocabulary->eot, 12);
  EXPECT_EQ(vocabulary->eom, 13);
  EXPECT_EQ(vocabulary->unk, 14);
  EXPECT_EQ(vocabulary->pad, 15);
  EXPECT_EQ(vocabulary->add_bos, 1);
  EXPECT_EQ(vocabulary->add_eos, 0);
  EXPECT_EQ(vocabulary->add_space_prefix, 1);
  EXPECT_EQ(vocabulary->merge_spaces, 0);
  EXPECT_THAT(vocabulary->charsmap, ElementsAre(0x01, 0xFF));
  EXPECT_EQ(vocabulary->model_name, "Phi-3");
  EXPECT_EQ(vocabulary->chat_template, "{{ messages }}");
}

TEST(GgufVocabulary, MissingKeysKeepTheirDefaults) {
  GgufWriter writer;
  writer.SetString("tokenizer.ggml.model", "gpt2");
  writer.SetStrings("tokenizer.ggml.tokens", {"a"});
  const Result<Vocabulary> vocabulary = Read(writer);
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
  EXPECT_EQ(vocabulary->pre, "");
  EXPECT_THAT(vocabulary->scores, IsEmpty());
  EXPECT_THAT(vocabulary->types, IsEmpty());
  EXPECT_THAT(vocabulary->merges, IsEmpty());
  EXPECT_EQ(vocabulary->bos, -1);
  EXPECT_EQ(vocabulary->pad, -1);
  EXPECT_EQ(vocabulary->add_bos, -1);
  EXPECT_EQ(vocabulary->merge_spaces, -1);
  EXPECT_THAT(vocabulary->charsmap, IsEmpty());
  EXPECT_EQ(vocabulary->chat_template, "");
}

TEST(GgufVocabulary, ModelAndTokensAreRequired) {
  for (const char* key : {"tokenizer.ggml.model", "tokenizer.ggml.tokens"}) {
    GgufWriter writer = testing::TinyModel();
    writer.Remove(key);
    const Status status = Read(writer).status();
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
    EXPECT_THAT(status.message(), HasSubstr(std::string("key '") + key + "': got no such key"));
  }
}

TEST(GgufVocabulary, ListsAreAsLongAsTheTokens) {
  GgufWriter scores = testing::TinyModel();
  scores.SetF32s("tokenizer.ggml.scores", {1.0f});
  EXPECT_THAT(Read(scores).status().message(), HasSubstr("scores': got 1 elements, wanted 283"));
  GgufWriter types = testing::TinyModel();
  types.SetI32s("tokenizer.ggml.token_type", {1, 1});
  EXPECT_THAT(Read(types).status().message(), HasSubstr("token_type': got 2 elements, wanted 283"));
}

}  // namespace
}  // namespace dynsplit
