#include "model/gguf_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "ggml.h"
#include "gguf.h"
#include "support/gguf_writer.h"

namespace dynsplit {
namespace {

using testing::GgufWriter;
using ::testing::HasSubstr;
using testing::RawBytes;
using testing::RawString;

Status Check(const std::string& bytes) {
  return CheckGgufHeader(std::as_bytes(std::span(bytes)), "m.gguf");
}

GgufWriter Small() {
  GgufWriter writer;
  writer.SetString("general.architecture", "llama");
  writer.SetStrings("list", {"a", "bc"});
  writer.tensors().push_back({"t", GGML_TYPE_F32, {4, 2}, std::string(32, '\0'), {}});
  writer.tensors().push_back({"u", GGML_TYPE_Q8_0, {32}, std::string(34, '\0'), {}});
  return writer;
}

TEST(GgufHeader, AcceptsWhatIsValid) {
  EXPECT_EQ(Check(Small().Build()).ToString(), "ok");
  EXPECT_EQ(Check(GgufWriter().Build()).ToString(), "ok");
  GgufWriter old = Small();
  old.set_version(2);
  EXPECT_EQ(Check(old.Build()).ToString(), "ok");
}

TEST(GgufHeader, ErrorsNameFileOffsetFieldGotAndWanted) {
  EXPECT_EQ(Check("GGML1234").ToString(),
            "Corruption: m.gguf: at byte 0: magic: got something else, wanted \"GGUF\" (is this a "
            "GGUF file?)");
  EXPECT_EQ(Check("GG").ToString(),
            "Corruption: m.gguf: at byte 0: magic: got the end of the file (truncated?), wanted 4 "
            "bytes");
}

TEST(GgufHeader, Version) {
  for (const uint32_t version : {0u, 1u, 4u, 0x03000000u}) {
    GgufWriter writer = Small();
    writer.set_version(version);
    EXPECT_EQ(Check(writer.Build()).ToString(), "Unsupported: m.gguf: at byte 4: version: got " +
                                                    std::to_string(version) + ", wanted 2 or 3");
  }
}

TEST(GgufHeader, CountsHaveMaxima) {
  GgufWriter keys = Small();
  keys.set_num_keys(kMaxGgufKeys + 1);
  EXPECT_EQ(Check(keys.Build()).code(), StatusCode::kResourceExhausted);
  GgufWriter tensors = Small();
  tensors.set_num_tensors(~uint64_t{0});
  EXPECT_EQ(Check(tensors.Build()).code(), StatusCode::kResourceExhausted);
  // Within the maximum, but not in the file: the walk runs into its end.
  keys.set_num_keys(kMaxGgufKeys);
  EXPECT_EQ(Check(keys.Build()).code(), StatusCode::kCorruption);
}

TEST(GgufHeader, EveryTruncationIsNoticed) {
  const std::string bytes = Small().Build();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Check(bytes.substr(0, size)).ok()) << size;
  }
}

struct BadKey {
  const char* name;
  uint32_t type;
  std::string bytes;
  const char* wanted;
};

TEST(GgufHeader, BadValues) {
  const uint64_t huge = ~uint64_t{0};
  const BadKey cases[] = {
      {"k", 13, RawBytes(1), "wanted a GGUF value type"},
      {"k", GGUF_TYPE_STRING, RawBytes(huge), "wanted at most 16777216 bytes"},
      {"k", GGUF_TYPE_STRING, RawBytes(uint64_t{100'000}), "wanted 100000 (truncated?)"},
      {"k", GGUF_TYPE_ARRAY, RawBytes(GGUF_TYPE_ARRAY) + RawBytes(uint64_t{1}), "scalars or"},
      {"k", GGUF_TYPE_ARRAY, RawBytes(uint32_t{99}) + RawBytes(uint64_t{1}), "scalars or"},
      {"k", GGUF_TYPE_ARRAY, RawBytes(GGUF_TYPE_UINT64) + RawBytes(huge), "wanted at most"},
      {"k", GGUF_TYPE_ARRAY, RawBytes(GGUF_TYPE_UINT64) + RawBytes(uint64_t{1} << 20), "truncated"},
      {"k", GGUF_TYPE_ARRAY, RawBytes(GGUF_TYPE_STRING) + RawBytes(uint64_t{1} << 20), "truncated"},
      {"", GGUF_TYPE_UINT8, "x", "got an empty name"},
      {"general.alignment", GGUF_TYPE_UINT64, RawBytes(uint64_t{32}), "wanted uint32"},
      {"general.alignment", GGUF_TYPE_UINT32, RawBytes(0u), "a power of two from 8 to 1048576"},
      {"general.alignment", GGUF_TYPE_UINT32, RawBytes(48u), "a power of two from 8 to 1048576"},
      {"general.alignment", GGUF_TYPE_UINT32, RawBytes(1u << 31), "a power of two"},
  };
  for (const BadKey& bad : cases) {
    GgufWriter writer;
    writer.SetRaw(bad.name, bad.type, bad.bytes);
    const Status status = Check(writer.Build());
    EXPECT_EQ(status.code(), StatusCode::kCorruption) << bad.wanted;
    EXPECT_THAT(status.message(), HasSubstr(bad.wanted));
    EXPECT_THAT(status.message(), HasSubstr("m.gguf: at byte "));
  }
}

TEST(GgufHeader, NamesAreTextAndDiffer) {
  GgufWriter null_byte;
  null_byte.SetBool(std::string("a\0b", 3), true);
  EXPECT_THAT(Check(null_byte.Build()).message(), HasSubstr("a null byte in a name"));

  GgufWriter one;
  one.SetBool("same", true);
  std::string twice = one.Build();
  twice += RawString("same") + RawBytes(uint32_t{GGUF_TYPE_BOOL}) + '\1';
  twice[16] = 2;  // the number of keys
  EXPECT_THAT(Check(twice).message(), HasSubstr("got 'same' a second time"));

  GgufWriter tensors = Small();
  tensors.tensors()[1].name = "t";
  EXPECT_THAT(Check(tensors.Build()).message(), HasSubstr("got 't' a second time"));
  tensors.tensors()[1].name = std::string(GGML_MAX_NAME, 'n');
  EXPECT_THAT(Check(tensors.Build()).message(), HasSubstr("at most 63 bytes"));
}

TEST(GgufHeader, BadTensorEntries) {
  const auto check = [](auto change) {
    GgufWriter writer = Small();
    change(&writer.tensors()[1]);
    return Check(writer.Build()).ToString();
  };
  using Tensor = testing::GgufWriterTensor;
  EXPECT_THAT(check([](Tensor* t) { t->shape = {}; }),
              HasSubstr("got 0 dimensions, wanted 1 to 4"));
  EXPECT_THAT(check([](Tensor* t) { t->shape = {32, 1, 1, 1, 1}; }), HasSubstr("5 dimensions"));
  EXPECT_THAT(check([](Tensor* t) { t->shape = {32, 0}; }), HasSubstr("dimension 1 of 0"));
  EXPECT_THAT(check([](Tensor* t) {
                t->shape = {1u << 31, 1u << 31, 1u << 31};
              }),
              HasSubstr("wanted a shape that fits in the file"));
  EXPECT_THAT(check([](Tensor* t) { t->shape = {64}; }), HasSubstr("Corruption"));
  EXPECT_THAT(check([](Tensor* t) { t->shape = {48}; }), HasSubstr("a multiple of 32"));
  EXPECT_THAT(check([](Tensor* t) { t->type = 4; }), HasSubstr("Unsupported: m.gguf: tensor 'u': "
                                                               "unknown tensor type 4"));
  EXPECT_THAT(check([](Tensor* t) { t->type = 0xffffffff; }), HasSubstr("unknown tensor type"));
  EXPECT_THAT(check([](Tensor* t) { t->offset = 0; }), HasSubstr("wanted 32, the end of the one"));
  EXPECT_THAT(check([](Tensor* t) { t->offset = ~uint64_t{0}; }), HasSubstr("wanted 32, the end"));
}

}  // namespace
}  // namespace dynsplit
