// Vocabularies of every kind, small ones, against libllama's ids: tests/golden/vocabularies/, made
// by make_vocabularies.py beside it, whose CASES are those here.
#include <gtest/gtest.h>
#include <zlib.h>

#include <cctype>
#include <functional>
#include <memory>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "golden/golden_strings.h"
#include "model/gguf_reader.h"
#include "model/gguf_vocabulary.h"

namespace dynsplit {
namespace {

struct VocabularyCase {
  std::string name;
  std::string file;
  std::function<void(Vocabulary*)> change = [](Vocabulary*) {};
};

void PrintTo(const VocabularyCase& c, std::ostream* out) { *out << c.name; }

// One of make_vocabularies.py's with another pre-tokenizer.
VocabularyCase Bpe(const std::string& pre) {
  return {pre, "bpe", [pre](Vocabulary* v) { v->pre = pre; }};
}

std::vector<std::string> ReadCompressedLines(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  EXPECT_NE(file, nullptr) << path;
  std::string text;
  char buffer[1 << 14];
  for (int n = 0; file != nullptr && (n = gzread(file, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(n));
  }
  const int closed = file == nullptr ? Z_OK : gzclose(file);
  EXPECT_EQ(closed, Z_OK) << path;
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> ChosenStrings() {
  const std::vector<std::string> all = testing::ReadGoldenLines("tokens/strings.txt");
  std::vector<std::string> chosen;
  for (size_t i = 0; i < all.size(); ++i) {
    if (i % 7 < 3) chosen.push_back(all[i]);
  }
  return chosen;
}

class GoldenVocabularies : public ::testing::TestWithParam<VocabularyCase> {};

TEST_P(GoldenVocabularies, EqualLibllamas) {
  const VocabularyCase& c = GetParam();
  const std::string path = testing::GoldenPath("vocabularies/");
  const Result<GgufReader> reader = GgufReader::Open(path + c.file + ".gguf");
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  Result<Vocabulary> vocabulary = ReadVocabulary(*reader);
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
  c.change(&*vocabulary);
  const auto tokenizer = Tokenizer::Create(*std::move(vocabulary));
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().ToString();
  const std::vector<std::string> strings = ChosenStrings();
  ASSERT_GE(strings.size(), 2000u);
  testing::ExpectGoldenIds(**tokenizer, strings, ReadCompressedLines(path + c.name + ".ids.gz"));
}

std::string TestName(const ::testing::TestParamInfo<VocabularyCase>& tested) {
  std::string name;
  for (const char c : tested.param.name) name += std::isalnum(c) != 0 ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, GoldenVocabularies,
    ::testing::Values(Bpe("gpt-2"), Bpe("smollm"), Bpe("llama-bpe"), Bpe("dbrx"), Bpe("qwen2"),
                      Bpe("tekken"), Bpe("gpt-4o"), Bpe("falcon"), Bpe("deepseek-llm"),
                      Bpe("deepseek-coder"), Bpe("deepseek-v3"), Bpe("default"),
                      VocabularyCase{"sentencepiece", "sentencepiece"},
                      VocabularyCase{"sentencepiece-bare", "sentencepiece",
                                     [](Vocabulary* v) {
                                       v->add_bos = 0;
                                       v->add_eos = 1;
                                       v->add_space_prefix = 0;
                                     }},
                      VocabularyCase{"phi-3", "sentencepiece",
                                     [](Vocabulary* v) { v->model_name = "Phi-3 mini"; }},
                      VocabularyCase{"unigram", "unigram",
                                     [](Vocabulary* v) {
                                       v->add_space_prefix = 1;
                                       v->merge_spaces = 1;
                                     }},
                      VocabularyCase{"unigram-bare", "unigram"}),
    TestName);

}  // namespace
}  // namespace dynsplit
