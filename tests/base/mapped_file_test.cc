#include "base/mapped_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "support/temp_file.h"

namespace dynsplit {
namespace {

using ::testing::HasSubstr;
using testing::TempFile;

std::string_view Text(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

TEST(MappedFile, ShowsTheContentFromAPageBoundary) {
  const TempFile file("some bytes");
  const Result<MappedFile> mapped = MappedFile::Open(file.path());
  ASSERT_TRUE(mapped.ok()) << mapped.status().ToString();
  EXPECT_EQ(Text(*mapped), "some bytes");
  EXPECT_EQ(reinterpret_cast<uintptr_t>(mapped->bytes().data()) % 4096, 0u);
}

TEST(MappedFile, MovingKeepsTheMapping) {
  const TempFile file("some bytes");
  MappedFile first = MappedFile::Open(file.path()).value();
  const std::byte* address = first.bytes().data();
  MappedFile second = std::move(first);
  EXPECT_EQ(second.bytes().data(), address);
  first = std::move(second);
  EXPECT_EQ(Text(first), "some bytes");
}

TEST(MappedFile, DroppedPagesComeBackFromTheFile) {
  const std::string content(5 * 4096 + 100, 'y');
  const TempFile file(content);
  const MappedFile mapped = MappedFile::Open(file.path()).value();
  EXPECT_EQ(Text(mapped), content);
  mapped.DropPages(1, 3 * 4096);
  mapped.DropPages(4096, 1 << 20);  // past the end
  mapped.DropPages(1 << 20, 4096);
  mapped.DropPages(4000, 100);  // no whole page
  EXPECT_EQ(Text(mapped), content);
}

TEST(MappedFile, EmptyFile) {
  const TempFile file("");
  const Status status = MappedFile::Open(file.path()).status();
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_EQ(status.message(), file.path() + ": the file is empty");
}

TEST(MappedFile, MissingFile) {
  const Status status = MappedFile::Open("/nowhere/model.gguf").status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "/nowhere/model.gguf: No such file or directory");
}

TEST(MappedFile, Directory) {
  const Status status = MappedFile::Open(std::filesystem::temp_directory_path()).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
}

TEST(MappedFile, PipeWithoutAWriterDoesNotBlock) {
  const TempFile file("");
  const std::string path = file.path() + ".pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const Status status = MappedFile::Open(path).status();
  unlink(path.c_str());
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace dynsplit
