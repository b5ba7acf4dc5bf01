#include "model/gguf_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "gguf.h"
#include "support/gguf_writer.h"
#include "support/temp_file.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using testing::GgufWriter;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::RawBytes;

class GgufReaderTest : public ::testing::Test {
 protected:
  // `writer_` as a file in memory; stays valid until the next call.
  GgufReader Read() {
    bytes_ = writer_.Build();
    return GgufReader::FromBuffer(std::as_bytes(std::span(bytes_)), "m.gguf").value();
  }
  GgufWriter writer_;
  std::string bytes_;
};

TEST_F(GgufReaderTest, U32TakesEveryIntegerType) {
  writer_.SetRaw("u8", GGUF_TYPE_UINT8, RawBytes(uint8_t{200}));
  writer_.SetRaw("i8", GGUF_TYPE_INT8, RawBytes(int8_t{100}));
  writer_.SetRaw("u16", GGUF_TYPE_UINT16, RawBytes(uint16_t{60'000}));
  writer_.SetRaw("i16", GGUF_TYPE_INT16, RawBytes(int16_t{30'000}));
  writer_.SetU32("u32", 4'000'000'000);
  writer_.SetI32("i32", 2'000'000'000);
  writer_.SetU64("u64", 4'294'967'295);
  writer_.SetRaw("i64", GGUF_TYPE_INT64, RawBytes(int64_t{7}));
  const GgufReader reader = Read();
  EXPECT_EQ(*reader.U32("u8"), 200u);
  EXPECT_EQ(*reader.U32("i8"), 100u);
  EXPECT_EQ(*reader.U32("u16"), 60'000u);
  EXPECT_EQ(*reader.U32("i16"), 30'000u);
  EXPECT_EQ(*reader.U32("u32"), 4'000'000'000u);
  EXPECT_EQ(*reader.U32("i32"), 2'000'000'000u);
  EXPECT_EQ(*reader.U32("u64"), 4'294'967'295u);
  EXPECT_EQ(*reader.U32("i64"), 7u);
}

TEST_F(GgufReaderTest, U32RefusesWhatDoesNotFit) {
  writer_.SetI32("negative", -1);
  writer_.SetU64("large", uint64_t{1} << 32);
  writer_.SetU64("huge", std::numeric_limits<uint64_t>::max());
  const GgufReader reader = Read();
  EXPECT_EQ(reader.U32("negative").status().ToString(),
            "Corruption: m.gguf: key 'negative': got -1, wanted a number from 0 to 4294967295");
  EXPECT_EQ(reader.U32("large").status().code(), StatusCode::kCorruption);
  EXPECT_EQ(reader.U32("huge").status().code(), StatusCode::kCorruption);
}

TEST_F(GgufReaderTest, Scalars) {
  writer_.SetF32("f", 1.5f);
  writer_.SetBool("b", true);
  writer_.SetRaw("odd", GGUF_TYPE_BOOL, RawBytes(uint8_t{0x82}));
  writer_.SetString("s", "text");
  const GgufReader reader = Read();
  EXPECT_EQ(*reader.F32("f"), 1.5f);
  EXPECT_TRUE(*reader.Bool("b"));
  EXPECT_TRUE(*reader.Bool("odd"));
  EXPECT_EQ(*reader.String("s"), "text");
  EXPECT_TRUE(reader.Has("f"));
  EXPECT_FALSE(reader.Has("g"));
}

TEST_F(GgufReaderTest, Arrays) {
  writer_.SetStrings("s", {"", "ab", "\xff"});
  writer_.SetF32s("f", {1.0f, -2.0f});
  writer_.SetI32s("i", {3, -4});
  writer_.SetRaw("u", GGUF_TYPE_ARRAY,
                 RawBytes(GGUF_TYPE_UINT32) + RawBytes(uint64_t{1}) + RawBytes(5u));
  writer_.SetRaw("b", GGUF_TYPE_ARRAY,
                 RawBytes(GGUF_TYPE_INT8) + RawBytes(uint64_t{2}) + "\x01\xff");
  writer_.SetI32s("empty", {});
  const GgufReader reader = Read();
  EXPECT_THAT(*reader.Strings("s"), ElementsAre("", "ab", "\xff"));
  EXPECT_THAT(*reader.F32s("f"), ElementsAre(1.0f, -2.0f));
  EXPECT_THAT(*reader.I32s("i"), ElementsAre(3, -4));
  EXPECT_THAT(*reader.I32s("u"), ElementsAre(5));
  EXPECT_THAT(*reader.Bytes("b"), ElementsAre(1, 255));
  EXPECT_THAT(*reader.I32s("empty"), IsEmpty());
  EXPECT_EQ(*reader.ArrayLength("s"), 3u);
}

TEST_F(GgufReaderTest, UnsignedArrayElementsMustFit) {
  writer_.SetRaw("u", GGUF_TYPE_ARRAY,
                 RawBytes(GGUF_TYPE_UINT32) + RawBytes(uint64_t{1}) + RawBytes(0xffffffffu));
  EXPECT_THAT(Read().I32s("u").status().message(), HasSubstr("got 4294967295, wanted at most"));
}

TEST_F(GgufReaderTest, MissingKeys) {
  const GgufReader reader = Read();
  EXPECT_EQ(*reader.U32("k", 3), 3u);
  EXPECT_EQ(*reader.F32("k", 0.5f), 0.5f);
  EXPECT_EQ(*reader.Bool("k", true), true);
  EXPECT_EQ(*reader.String("k", "x"), "x");
  EXPECT_THAT(*reader.Strings("k", false), IsEmpty());
  EXPECT_THAT(*reader.F32s("k", false), IsEmpty());
  EXPECT_THAT(*reader.I32s("k", false), IsEmpty());
  EXPECT_THAT(*reader.Bytes("k", false), IsEmpty());
  EXPECT_EQ(reader.U32("k").status().ToString(),
            "Corruption: m.gguf: key 'k': got no such key, wanted an integer");
  EXPECT_FALSE(reader.F32("k").ok());
  EXPECT_FALSE(reader.Bool("k").ok());
  EXPECT_FALSE(reader.String("k").ok());
  EXPECT_FALSE(reader.Strings("k").ok());
  EXPECT_FALSE(reader.F32s("k").ok());
  EXPECT_FALSE(reader.I32s("k").ok());
  EXPECT_FALSE(reader.Bytes("k").ok());
  EXPECT_FALSE(reader.ArrayLength("k").ok());
}

// Every getter on a value of every other kind: ggml would end the process.
TEST_F(GgufReaderTest, WrongTypesAreErrors) {
  writer_.SetU32("u32", 1);
  writer_.SetF32("f32", 1.0f);
  writer_.SetRaw("f64", GGUF_TYPE_FLOAT64, RawBytes(1.0));
  writer_.SetBool("bool", true);
  writer_.SetString("string", "x");
  writer_.SetStrings("strings", {"x"});
  writer_.SetF32s("f32s", {1.0f});
  writer_.SetI32s("i32s", {1});
  const GgufReader reader = Read();
  for (const std::string& key : writer_.keys()) {
    EXPECT_EQ(reader.U32(key).ok(), key == "u32") << key;
    EXPECT_EQ(reader.U32(key, 1).ok(), key == "u32") << key;
    EXPECT_EQ(reader.F32(key).ok(), key == "f32") << key;
    EXPECT_EQ(reader.Bool(key).ok(), key == "bool") << key;
    EXPECT_EQ(reader.String(key).ok(), key == "string") << key;
    EXPECT_EQ(reader.Strings(key).ok(), key == "strings") << key;
    EXPECT_EQ(reader.F32s(key).ok(), key == "f32s") << key;
    EXPECT_EQ(reader.I32s(key).ok(), key == "i32s") << key;
    EXPECT_FALSE(reader.Bytes(key).ok()) << key;
    EXPECT_EQ(reader.ArrayLength(key).ok(), key.back() == 's') << key;
  }
  EXPECT_EQ(reader.U32("i32s").status().ToString(),
            "Corruption: m.gguf: key 'i32s': got an array of 1 i32, wanted an integer");
}

TEST_F(GgufReaderTest, TensorsPointIntoTheFile) {
  writer_.tensors().push_back({"a", GGML_TYPE_F32, {3}, std::string(12, 'a'), {}});
  writer_.tensors().push_back({"b", GGML_TYPE_Q8_0, {32, 2}, std::string(68, 'b'), {}});
  const GgufReader reader = Read();
  ASSERT_EQ(reader.tensors().size(), 2u);
  const GgufTensor& b = reader.tensors()[1];
  EXPECT_EQ(b.name, "b");
  EXPECT_EQ(b.type, GGML_TYPE_Q8_0);
  EXPECT_THAT(b.shape, ElementsAre(32, 2, 1, 1));
  ASSERT_EQ(b.bytes.size(), 68u);
  EXPECT_EQ(std::memcmp(b.bytes.data(), std::string(68, 'b').data(), 68), 0);
  EXPECT_EQ(reader.path(), "m.gguf");
}

TEST_F(GgufReaderTest, OpensAFile) {
  writer_.SetU32("n", 9);
  const testing::TempFile file(writer_.Build());
  Result<GgufReader> opened = GgufReader::Open(file.path());
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  const GgufReader reader = std::move(opened).value();
  EXPECT_EQ(*reader.U32("n"), 9u);
  EXPECT_EQ(reader.path(), file.path());
}

}  // namespace
}  // namespace dynsplit
