#include "model/young_characters.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

#include "model/utf8.h"

namespace dynsplit {
namespace {

std::string Replaced(std::string_view text) {
  std::string storage;
  return std::string(WithStandIns(text, &storage));
}

TEST(WithStandIns, OldTextsAreNotCopied) {
  const std::string text = "naïve 中文 👍";
  std::string storage;
  EXPECT_EQ(WithStandIns(text, &storage).data(), text.data());
  EXPECT_TRUE(WithStandIns("", &storage).empty());
}

TEST(WithStandIns, YoungOnesBecomeOldOnesOfTheirClass) {
  EXPECT_EQ(Replaced("a\U00031350b"), "a\U00020000b");          // a letter
  EXPECT_EQ(Replaced("\U00011F50"), "\U0001D7CE");              // a digit
  EXPECT_EQ(Replaced("\U00011B00"), "\U00010100");              // punctuation
  EXPECT_EQ(Replaced("\u0CF3\U00011F00"), "\u0E31\U0001D165");  // marks
  EXPECT_EQ(Replaced("\U0001FAE8\u2FFC"), "\U0001F600\u2FF0");  // signs
}

TEST(WithStandIns, EndsOfRanges) {
  EXPECT_EQ(Replaced("\U00031350\U000323AF"), "\U00020000\U00020000");
  EXPECT_EQ(Replaced("\U0003134F\U000323B0"), "\U0003134F\U000323B0");
  EXPECT_EQ(Replaced("\u0CF2\u0CF4"), "\u0CF2\u0CF4");
}

TEST(WithStandIns, KeepsOffsetsAndForm) {
  EXPECT_TRUE(rc::check([](const std::string& bytes) {
    const std::string text = ReadLeniently(bytes).well_formed;
    const std::string replaced = Replaced(text);
    RC_ASSERT(replaced.size() == text.size());
    RC_ASSERT(IsValidUtf8(replaced));
  }));
}

}  // namespace
}  // namespace dynsplit
