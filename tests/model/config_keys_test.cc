#include "model/config_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "support/gguf_writer.h"

namespace dynsplit::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ConfigKeysTest : public ::testing::Test {
 protected:
  ConfigKeysTest() {
    writer_.SetU32("a.three", 3);
    writer_.SetI32s("a.list", {3, 1});
    writer_.SetF32("a.half", 0.5f);
    writer_.SetF32("a.zero", 0.0f);
    writer_.SetF32("a.nan", std::numeric_limits<float>::quiet_NaN());
    writer_.SetBool("a.yes", true);
    writer_.SetRaw("a.flags", 9,
                   RawBytes(uint32_t{7}) + RawBytes(uint64_t{2}) + std::string({2, 0}));
    bytes_ = writer_.Build();
    reader_.emplace(GgufReader::FromBuffer(std::as_bytes(std::span(bytes_)), "m.gguf").value());
  }
  ConfigKeys Keys() { return ConfigKeys(*reader_, "a"); }

  GgufWriter writer_;
  std::string bytes_;
  std::optional<GgufReader> reader_;
};

TEST_F(ConfigKeysTest, ReadsBelowItsPrefix) {
  ConfigKeys keys = Keys();
  EXPECT_TRUE(keys.Has("three"));
  EXPECT_FALSE(keys.Has("four"));
  EXPECT_EQ(keys.Int("three", 1, 3), 3);
  EXPECT_EQ(keys.Int("four", 1, 5, 4), 4);
  EXPECT_EQ(keys.Float("half", 0.0f, 1.0f), 0.5f);
  EXPECT_EQ(keys.Factor("half", 1.0f), 0.5f);
  EXPECT_EQ(keys.NonNegative("zero", 1.0f, 7.0f), 0.0f);
  EXPECT_TRUE(keys.Bool("yes", false));
  EXPECT_EQ(keys.String("name", "none"), "none");
  EXPECT_TRUE(keys.ok());
}

TEST_F(ConfigKeysTest, AFactorOfZeroStandsForNone) {
  ConfigKeys keys = Keys();
  EXPECT_EQ(keys.Factor("zero", 1.0f), 1.0f);
  EXPECT_EQ(keys.Factor("missing", 1.0f), 1.0f);
  EXPECT_TRUE(keys.ok());
}

TEST_F(ConfigKeysTest, OneForAllLayersOrOneForEach) {
  ConfigKeys keys = Keys();
  EXPECT_THAT(keys.IntByLayer("three", 1, 3, 2, 9), ElementsAre(3, 3));
  EXPECT_THAT(keys.IntByLayer("list", 1, 3, 2, 9), ElementsAre(3, 1));
  EXPECT_THAT(keys.IntByLayer("missing", 1, 9, 2, 9), ElementsAre(9, 9));
  EXPECT_THAT(keys.BoolByLayer("flags", 2), ElementsAre(true, false));
  EXPECT_THAT(keys.BoolByLayer("three", 2), IsEmpty());
  EXPECT_TRUE(keys.ok());
}

TEST_F(ConfigKeysTest, AnArrayHasOneForEachLayer) {
  ConfigKeys ints = Keys();
  EXPECT_EQ(ints.IntByLayer("list", 1, 3, 5, 9).size(), 5u);
  EXPECT_EQ(ints.status().message(),
            "m.gguf: key 'a.list': got an array of 2, wanted one of 5, as there are layers");
  ConfigKeys flags = Keys();
  EXPECT_THAT(flags.BoolByLayer("flags", 5), IsEmpty());
  EXPECT_THAT(flags.status().message(), HasSubstr("got an array of 2, wanted one of 5"));
  ConfigKeys range = Keys();
  range.IntByLayer("list", 2, 3, 2, 9);
  EXPECT_EQ(range.status().message(), "m.gguf: key 'a.list': got 1, wanted 2 to 3");
}

TEST_F(ConfigKeysTest, KeepsTheFirstError) {
  ConfigKeys keys = Keys();
  keys.Int("three", 4, 5);
  keys.Int("missing", 1, 2);
  keys.Refuse("half", "not that");
  EXPECT_EQ(keys.status().ToString(), "Corruption: m.gguf: key 'a.three': got 3, wanted 4 to 5");
}

TEST_F(ConfigKeysTest, NanIsOutOfEveryRange) {
  for (const int reader : {0, 1, 2}) {
    ConfigKeys keys = Keys();
    if (reader == 0) keys.Float("nan", -1.0f, 1.0f);
    if (reader == 1) keys.NonNegative("nan", 1.0f, 0.0f);
    if (reader == 2) keys.Factor("nan", 1.0f);
    EXPECT_THAT(keys.status().message(), HasSubstr("key 'a.nan': got nan")) << reader;
  }
}

TEST_F(ConfigKeysTest, RefusalIsUnsupported) {
  ConfigKeys keys = Keys();
  keys.Refuse("half", "not that");
  EXPECT_EQ(keys.status().ToString(), "Unsupported: m.gguf: key 'a.half': not that");
}

}  // namespace
}  // namespace dynsplit::testing
