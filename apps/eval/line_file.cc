#include "apps/eval/line_file.h"

#include <sys/file.h>

#include <cerrno>
#include <filesystem>

#include "base/file.h"

namespace dynsplit::eval {
namespace {

constexpr size_t kMostBytes = size_t{1} << 32;

}  // namespace

Result<std::vector<std::string>> ReadLines(const std::string& path) {
  const auto content = ReadFile(path, kMostBytes);
  if (!content.ok()) return content.status();
  std::vector<std::string> lines;
  size_t start = 0;
  for (size_t end; (end = content->find('\n', start)) != std::string::npos; start = end + 1) {
    lines.push_back(content->substr(start, end - start));
  }
  return lines;
}

Result<LineFile> LineFile::Open(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "abe");
  if (file == nullptr) return ErrnoStatus(path, errno);
  LineFile opened(path, file);
  if (flock(fileno(file), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return ErrnoStatus(path, errno);
    return Status(StatusCode::kUnavailable, path + ": another run is writing to it");
  }
  const auto content = ReadFile(path, kMostBytes);
  if (!content.ok()) return content.status();
  if (!content->empty() && content->back() != '\n') {
    std::error_code error;
    std::filesystem::resize_file(path, content->rfind('\n') + 1, error);  // npos + 1 is 0
    if (error) return IoError(path + ": " + error.message());
  }
  return opened;
}

Status LineFile::Append(std::string_view lines) {
  const bool written = std::fwrite(lines.data(), 1, lines.size(), file_.get()) == lines.size();
  if (!written || std::fflush(file_.get()) != 0) return ErrnoStatus(path_, errno);
  return {};
}

}  // namespace dynsplit::eval
