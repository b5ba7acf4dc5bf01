#include "base/archive.h"

#include <gtest/gtest.h>

#include <array>

#include "base/memory_file.h"

namespace dynsplit {
namespace {

class ArchiveTest : public ::testing::Test {
 protected:
  Result<uint64_t> bytes() { return file_.Size(); }
  ArchiveReader Reader() { return {&file_, file_.content().size(), "x.session"}; }

  // Two records.
  void Write() {
    ArchiveWriter writer(&file_);
    writer.Put(int32_t{-7});
    writer.Put(2.5);
    writer.PutVector(std::vector<uint8_t>{1, 2, 3});
    ASSERT_TRUE(writer.EndRecord().ok());
    writer.PutAll(std::span<const float>(std::array{1.0f, -1.0f}));
    ASSERT_TRUE(writer.EndRecord().ok());
  }

  // Whether all of it reads back.
  Status Read() {
    ArchiveReader reader = Reader();
    DYNSPLIT_RETURN_IF_ERROR(reader.NextRecord());
    const bool good = reader.Get<int32_t>() == -7 && reader.Get<double>() == 2.5 &&
                      reader.GetVector<uint8_t>() == std::vector<uint8_t>{1, 2, 3};
    DYNSPLIT_RETURN_IF_ERROR(reader.EndRecord());
    DYNSPLIT_RETURN_IF_ERROR(reader.NextRecord());
    std::array<float, 2> floats{};
    reader.GetAll(std::span<float>(floats));
    DYNSPLIT_RETURN_IF_ERROR(reader.EndRecord());
    return good && floats == std::array{1.0f, -1.0f} ? Status() : Internal("other values");
  }

  MemoryFile::Faults faults_;
  MemoryFile file_{&faults_};
};

TEST_F(ArchiveTest, ReadsWhatWasWritten) {
  Write();
  EXPECT_TRUE(Read().ok()) << Read().ToString();
}

TEST_F(ArchiveTest, EveryChangedByteIsNoticed) {
  Write();
  for (std::byte& byte : file_.content()) {
    byte ^= std::byte{0x10};
    EXPECT_EQ(Read().code(), StatusCode::kCorruption);
    byte ^= std::byte{0x10};
  }
  EXPECT_TRUE(Read().ok());
}

TEST_F(ArchiveTest, EveryCutIsNoticed) {
  Write();
  const std::vector<std::byte> whole = file_.content();
  for (size_t length = 0; length < whole.size(); ++length) {
    file_.content().assign(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
    const Status status = Read();
    EXPECT_EQ(status.code(), StatusCode::kCorruption) << length;
    EXPECT_NE(status.message().find("x.session: "), std::string::npos);
  }
}

TEST_F(ArchiveTest, ARecordIsReadToItsEndAndNoFurther) {
  Write();
  ArchiveReader reader = Reader();
  ASSERT_TRUE(reader.NextRecord().ok());
  EXPECT_EQ(reader.Get<int32_t>(), -7);
  EXPECT_EQ(reader.EndRecord().code(), StatusCode::kCorruption);  // there is more
  for (int i = 0; i < 20; ++i) reader.Get<int64_t>();
  EXPECT_EQ(reader.Get<int64_t>(), 0);
  EXPECT_TRUE(reader.GetVector<int64_t>().empty());
  EXPECT_EQ(reader.EndRecord().code(), StatusCode::kCorruption);  // there was less
  EXPECT_TRUE(reader.NextRecord().ok());
  EXPECT_EQ(reader.NextRecord().code(), StatusCode::kCorruption);  // there is none
}

TEST_F(ArchiveTest, ErrorsOfTheFileArePassedOn) {
  faults_.fail_writes = true;
  ArchiveWriter writer(&file_);
  writer.Put(1);
  EXPECT_EQ(writer.EndRecord().code(), StatusCode::kResourceExhausted);
  faults_.fail_writes = false;
  Write();
  for (int64_t call = 0; call < 4; ++call) {
    faults_.fail_at = faults_.calls + call;
    EXPECT_EQ(Read().code(), StatusCode::kIoError);
  }
}

TEST_F(ArchiveTest, RawBytesLieBetweenRecordsAndArePassedOver) {
  ArchiveWriter writer(&file_);
  writer.Put(int32_t{1});
  ASSERT_TRUE(writer.EndRecord().ok());
  writer.PutAll(std::span<const uint8_t>(std::array<uint8_t, 3>{7, 8, 9}));
  ASSERT_TRUE(writer.EndRaw().ok());
  writer.Put(int32_t{2});
  ASSERT_TRUE(writer.EndRecord().ok());
  ArchiveReader reader = Reader();
  ASSERT_TRUE(reader.NextRecord().ok());
  EXPECT_EQ(file_.content()[reader.offset() + 2], std::byte{9});
  ASSERT_TRUE(reader.Skip(3).ok());
  ASSERT_TRUE(reader.NextRecord().ok());
  EXPECT_EQ(reader.Get<int32_t>(), 2);
  EXPECT_EQ(reader.Skip(1).code(), StatusCode::kCorruption);
  EXPECT_TRUE(reader.Skip(0).ok());
}

}  // namespace
}  // namespace dynsplit
