#include "apps/eval/tasks/haystack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <iterator>
#include <numeric>
#include <set>
#include <sstream>

#include "eval_tasks/needle_fixture.h"

namespace dynsplit::eval {
namespace {

using ::testing::HasSubstr;

TaskOptions From(const std::string& haystack) {
  TaskOptions options;
  options.haystack = haystack;
  return options;
}

TaskOptions Seed(uint64_t seed) {
  TaskOptions options;
  options.seed = seed;
  return options;
}

TEST(ReadHaystackTest, AFileIsReadAsItIs) {
  const testing::TempFile file("One\n two.\n\n  Three.\n");
  const auto prose = ReadHaystack("prose", From(file.path()));
  ASSERT_TRUE(prose.ok()) << prose.status().ToString();
  EXPECT_EQ(prose->kind, "prose");
  EXPECT_EQ(prose->comment, "");
  EXPECT_THAT(prose->paragraphs, ::testing::ElementsAre("One\n two.", "  Three.\n"));
}

TEST(ReadHaystackTest, WhatIsWrongIsSaid) {
  EXPECT_EQ(ReadHaystack("verse", {}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadHaystack("prose", From("/nowhere/x")).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(ReadHaystack("prose", From("/")).status().code(), StatusCode::kInvalidArgument);
  const testing::TempFile empty(" \n\n \n");
  EXPECT_EQ(ReadHaystack("prose", From(empty.path())).status().code(),
            StatusCode::kInvalidArgument);
}

// Writes a gzip file in the temporary folder; the caller removes it.
std::string GzipFile(const std::string& name, std::string_view content) {
  const std::string path = ::testing::TempDir() + name;
  const gzFile file = gzopen(path.c_str(), "wb");
  EXPECT_EQ(gzwrite(file, content.data(), static_cast<unsigned>(content.size())),
            static_cast<int>(content.size()));
  EXPECT_EQ(gzclose(file), Z_OK);
  return path;
}

TEST(ReadHaystackTest, AGzipFileIsReadAsWhatItHolds) {
  const std::string path = GzipFile("haystack_test.py.gz", "x = 1\n\ny = 2\n");
  const auto code = ReadHaystacks(From(path));
  std::filesystem::remove(path);
  ASSERT_TRUE(code.ok()) << code.status().ToString();
  ASSERT_EQ(code->size(), 1u);
  EXPECT_EQ((*code)[0].kind, "code");
  EXPECT_EQ((*code)[0].comment, "# ");
  EXPECT_THAT((*code)[0].paragraphs, ::testing::ElementsAre("x = 1", "y = 2\n"));
}

TEST(ReadHaystackTest, AGzipFileThatIsCutOff) {
  const std::string path = GzipFile("haystack_test.txt.gz", testing::NumberedProse(400));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const Status status = ReadHaystack("prose", From(path)).status();
  std::filesystem::remove(path);
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_THAT(status.message(), HasSubstr("haystack_test.txt.gz: "));
}

TEST(ReadHaystackTest, NulBytesAreNoText) {
  const testing::TempFile file(std::string_view("One.\n\nT\0wo.\n", 13));
  const Status status = ReadHaystack("prose", From(file.path())).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("NUL bytes"));
}

TEST(ReadHaystacksTest, TheNameOfTheFileTellsItsKind) {
  const testing::TempFile file("int x;\n");
  const std::string source = file.path() + ".cc";
  std::filesystem::copy_file(file.path(), source);
  const auto prose = ReadHaystacks(From(file.path()));
  const auto code = ReadHaystacks(From(source));
  std::filesystem::remove(source);
  ASSERT_TRUE(prose.ok() && code.ok());
  ASSERT_EQ(prose->size(), 1u);
  EXPECT_EQ((*prose)[0].kind, "prose");
  ASSERT_EQ(code->size(), 1u);
  EXPECT_EQ((*code)[0].kind, "code");
  EXPECT_EQ((*code)[0].comment, "// ");
}

// What the Debian packages hold, where they are installed.
class PackagedHaystackTest : public ::testing::TestWithParam<const char*> {};

TEST_P(PackagedHaystackTest, OddAndEvenSeedsShareNoParagraph) {
  const auto odd = ReadHaystack(GetParam(), Seed(1));
  const auto even = ReadHaystack(GetParam(), Seed(2));
  if (!odd.ok()) {
    EXPECT_EQ(odd.status().code(), StatusCode::kNotFound);
    EXPECT_THAT(odd.status().message(), HasSubstr("scripts/setup.sh --eval"));
    GTEST_SKIP() << odd.status().ToString();
  }
  for (const auto* half : {&*odd, &*even}) {
    size_t bytes = 0;
    for (const std::string& paragraph : half->paragraphs) bytes += paragraph.size();
    EXPECT_GT(bytes, 170'000u);
  }
  // Long ones: short lines such as "return self" stand in both.
  std::set<std::string> seen(odd->paragraphs.begin(), odd->paragraphs.end());
  int shared = 0;
  for (const std::string& paragraph : even->paragraphs) {
    shared += paragraph.size() > 200 && seen.contains(paragraph);
  }
  EXPECT_EQ(shared, 0);
}

TEST(PackagedProseTest, LinesInsideParagraphsAreJoined) {
  const auto prose = ReadHaystack("prose", {});
  if (!prose.ok()) GTEST_SKIP() << prose.status().ToString();
  size_t with_break = 0;
  for (const std::string& paragraph : prose->paragraphs) {
    with_break += paragraph.find('\n') != std::string::npos;
  }
  EXPECT_LT(with_break, prose->paragraphs.size() / 50);
}

TEST(PackagedProseTest, NoHeadwordsAndShortListItems) {
  for (const uint64_t seed : {1, 2}) {
    const auto prose = ReadHaystack("prose", Seed(seed));
    if (!prose.ok()) GTEST_SKIP() << prose.status().ToString();
    size_t bytes = 0;
    for (const std::string& paragraph : prose->paragraphs) {
      bytes += paragraph.size();
      std::istringstream words(paragraph);
      using Word = std::istream_iterator<std::string>;
      EXPECT_GE(std::distance(Word(words), Word()), 8) << paragraph;
    }
    EXPECT_GT(bytes, 640'000u);  // more than 120,000 tokens, at about 4.5 bytes each
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, PackagedHaystackTest, ::testing::Values("prose", "code"));

TEST(TakeParagraphsTest, WholeParagraphsOfTheWantedLengthWrappingRound) {
  const auto tokenizer = testing::NeedleTokenizer();
  const HaystackText haystack = {"prose", "", SplitParagraphs(testing::NumberedProse(60))};
  std::set<std::string> beginnings;
  for (int document = 0; document < 20; ++document) {
    const auto filler = TakeParagraphs(haystack, {}, document, 3000, *tokenizer);
    ASSERT_TRUE(filler.ok()) << filler.status().ToString();
    EXPECT_EQ(filler->paragraphs.size(), filler->num_tokens.size());
    const int64_t total =
        std::accumulate(filler->num_tokens.begin(), filler->num_tokens.end(), int64_t{0});
    EXPECT_LE(total, 3000);
    EXPECT_GE(total, 2940);
    EXPECT_NEAR(static_cast<double>(*CountTokens(JoinParagraphs(filler->paragraphs), *tokenizer)),
                static_cast<double>(total), 3);
    for (const std::string& paragraph : filler->paragraphs) {
      EXPECT_THAT(haystack.paragraphs, ::testing::Contains(paragraph));
    }
    beginnings.insert(filler->paragraphs.front());
  }
  EXPECT_GT(beginnings.size(), 10u);
}

TEST(TakeParagraphsTest, TooShortATextSaysBothLengths) {
  const auto filler =
      TakeParagraphs({"prose", "", {"One.", "Two."}}, {}, 0, 1000, *testing::NeedleTokenizer());
  EXPECT_EQ(filler.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(filler.status().message(), HasSubstr("12 tokens, wanted 1000"));
}

}  // namespace
}  // namespace dynsplit::eval
