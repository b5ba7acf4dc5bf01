// The ids of thousands of strings equal libllama's. The files under tokens/ and their format are
// made and described by make_tokens.py.
#include <gtest/gtest.h>

#include <cctype>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dynsplit/tokenizer.h"
#include "golden/golden_strings.h"
#include "model/gguf_reader.h"
#include "model/gguf_vocabulary.h"
#include "support/model_files.h"

namespace dynsplit {
namespace {

std::shared_ptr<const Tokenizer> LoadTokenizer(const std::string& path) {
  const Result<GgufReader> reader = GgufReader::Open(path);
  EXPECT_TRUE(reader.ok()) << reader.status().ToString();
  Result<Vocabulary> vocabulary = ReadVocabulary(*reader);
  EXPECT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
  Result<std::shared_ptr<const Tokenizer>> made = Tokenizer::Create(*std::move(vocabulary));
  EXPECT_TRUE(made.ok()) << made.status().ToString();
  return *std::move(made);
}

class TokensGolden : public ::testing::TestWithParam<const char*> {};

TEST_P(TokensGolden, EqualLibllamas) {
  const std::string name = GetParam();
  const std::string path = testing::ModelFile(name);
  DYNSPLIT_NEED_MODEL(path);
  const std::vector<std::string> strings = testing::ReadGoldenLines("tokens/strings.txt");
  ASSERT_GE(strings.size(), 5000u);
  testing::ExpectGoldenIds(*LoadTokenizer(path), strings,
                           testing::ReadGoldenLines("tokens/" + name + ".ids"));
}

std::string TestName(const ::testing::TestParamInfo<const char*>& model) {
  std::string name;
  for (const char c : std::string(model.param)) name += std::isalnum(c) != 0 ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Models, TokensGolden,
                         ::testing::Values("smollm2-135m", "qwen2.5-coder-1.5b", "gemma3-270m"),
                         TestName);

}  // namespace
}  // namespace dynsplit
