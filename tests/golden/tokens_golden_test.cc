// The ids of thousands of strings equal libllama's. The files under tokens/ and their format are
// made and described by make_tokens.py.
#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dynsplit/tokenizer.h"
#include "model/gguf_reader.h"
#include "model/gguf_vocabulary.h"
#include "support/model_files.h"

namespace dynsplit {
namespace {

std::vector<std::string> ReadLines(const std::string& name) {
  std::ifstream file(std::string(DYNSPLIT_SOURCE_DIR) + "/tests/golden/tokens/" + name);
  EXPECT_TRUE(file) << name;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

struct GoldenString {
  EncodeOptions options;
  std::string text;
};

GoldenString ParseString(std::string_view line) {
  const int flags = line[0] - '0';
  GoldenString parsed{{.add_special = (flags & 1) != 0, .parse_special = (flags & 2) != 0}, ""};
  line.remove_prefix(2);
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      parsed.text += static_cast<char>(std::stoi(std::string(line.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      parsed.text += line[i];
    }
  }
  return parsed;
}

std::string Join(const std::vector<int32_t>& ids) {
  std::string line;
  for (const int32_t id : ids) {
    line += (line.empty() ? "" : " ") + std::to_string(id);
  }
  return line;
}

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
  const std::vector<std::string> strings = ReadLines("strings.txt");
  const std::vector<std::string> want = ReadLines(name + ".ids");
  ASSERT_EQ(strings.size(), want.size());
  ASSERT_GE(strings.size(), 5000u);
  const std::shared_ptr<const Tokenizer> tokenizer = LoadTokenizer(path);
  int wrong = 0;
  for (size_t i = 0; i < strings.size() && wrong < 10; ++i) {
    const GoldenString golden = ParseString(strings[i]);
    const Result<std::vector<int32_t>> ids = tokenizer->Encode(golden.text, golden.options);
    ASSERT_TRUE(ids.ok()) << ids.status().ToString();
    if (Join(*ids) == want[i]) continue;
    ++wrong;
    ADD_FAILURE() << "line " << i + 1 << ": " << strings[i] << "\n got " << Join(*ids) << "\nwant "
                  << want[i];
  }
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
