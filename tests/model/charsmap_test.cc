#include "model/charsmap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace dynsplit {
namespace {

using ::testing::HasSubstr;

// A unit with a label, an offset to its children and maybe a leaf among them.
uint32_t Unit(uint8_t label, uint32_t offset, bool has_leaf) {
  return label | (has_leaf ? 1u << 8 : 0) | offset << 10;
}

uint32_t Leaf(uint32_t value) { return 1u << 31 | value; }

std::vector<uint8_t> Bytes(const std::vector<uint32_t>& units, const std::string& replacements) {
  const auto units_bytes = static_cast<uint32_t>(units.size() * sizeof(uint32_t));
  std::vector<uint8_t> bytes(sizeof(units_bytes) + units_bytes);
  std::memcpy(bytes.data(), &units_bytes, sizeof(units_bytes));
  std::memcpy(bytes.data() + sizeof(units_bytes), units.data(), units_bytes);
  bytes.insert(bytes.end(), replacements.begin(), replacements.end());
  return bytes;
}

// "a" becomes "1", "ab" becomes "twelve".
std::vector<uint32_t> Units() {
  std::vector<uint32_t> units(256, Unit(0xFF, 0, false));
  units[0] = Unit(0, 1, false);           // the root; a child's place is its byte ^ 1
  units['a' ^ 1] = Unit('a', 128, true);  // its leaf is at 'a' ^ 1 ^ 128
  units['a' ^ 1 ^ 128] = Leaf(0);
  units['a' ^ 1 ^ 128 ^ 'b'] = Unit('b', 8, true);
  units['a' ^ 1 ^ 128 ^ 'b' ^ 8] = Leaf(2);
  return units;
}

const std::string kReplacements("1\0twelve\0", 9);

TEST(Charsmap, TakesTheLongestPrefix) {
  const Result<Charsmap> map = Charsmap::Create(Bytes(Units(), kReplacements));
  ASSERT_TRUE(map.ok()) << map.status().ToString();
  const auto longest = [&](std::string_view text) { return *map->LongestPrefix(text); };
  EXPECT_EQ(longest("ac").length, 1u);
  EXPECT_EQ(longest("ac").replacement, "1");
  EXPECT_EQ(longest("abc").length, 2u);
  EXPECT_EQ(longest("abc").replacement, "twelve");
  EXPECT_EQ(longest("a").replacement, "1");
  EXPECT_EQ(longest("ba").length, 0u);
  EXPECT_EQ(longest("").length, 0u);
  EXPECT_EQ(longest(std::string_view("\0a", 2)).length, 0u);
}

TEST(Charsmap, NoneMapsNothing) {
  const Result<Charsmap> map = Charsmap::Create({});
  ASSERT_TRUE(map.ok());
  EXPECT_EQ(map->LongestPrefix("abc")->length, 0u);
}

TEST(Charsmap, ContradictionsAreCorruption) {
  const auto error = [](const std::vector<uint8_t>& bytes) {
    const Result<Charsmap> map = Charsmap::Create(bytes);
    EXPECT_EQ(map.status().code(), StatusCode::kCorruption);
    return map.status().message();
  };
  EXPECT_THAT(error({1, 2}), HasSubstr("shorter"));
  EXPECT_THAT(error({4, 0, 0, 0, 1, 2, 3, 4}), HasSubstr("an array of 4 bytes"));
  EXPECT_THAT(error({3, 0, 0, 0, 1, 2, 3, 4, 0}), HasSubstr("a multiple of 4"));
  EXPECT_THAT(error(Bytes(Units(), "1")), HasSubstr("no end"));
}

TEST(Charsmap, PointersOutsideAreCorruption) {
  std::vector<uint32_t> units = Units();
  units['a' ^ 1 ^ 128] = Leaf(1000);
  const Result<Charsmap> far_leaf = Charsmap::Create(Bytes(units, kReplacements));
  ASSERT_TRUE(far_leaf.ok());
  EXPECT_THAT(far_leaf->LongestPrefix("a").status().message(), HasSubstr("replacement 1000"));
  units = Units();
  units['a' ^ 1] = Unit('a', 1 << 20, true);
  const Result<Charsmap> far_child = Charsmap::Create(Bytes(units, kReplacements));
  ASSERT_TRUE(far_child.ok());
  EXPECT_EQ(far_child->LongestPrefix("a").status().code(), StatusCode::kCorruption);
}

}  // namespace
}  // namespace dynsplit
