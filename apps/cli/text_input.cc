#include "apps/cli/text_input.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

namespace dynsplit::cli {
namespace {

Result<std::string> ReadAll(std::FILE* file, const std::string& name) {
  std::string text;
  char buffer[1 << 16];
  while (const size_t got = std::fread(buffer, 1, sizeof(buffer), file)) text.append(buffer, got);
  if (std::ferror(file) != 0) return IoError(name + ": " + std::strerror(errno));
  return text;
}

}  // namespace

Result<std::string> ReadText(const std::string& path) {
  if (path == "-") return ReadAll(stdin, "stdin");
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return InvalidArgument(path + " is a folder, wanted a text file");
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  if (file == nullptr) {
    const std::string message = path + ": " + std::strerror(errno);
    return errno == ENOENT ? NotFound(message) : IoError(message);
  }
  return ReadAll(file.get(), path);
}

}  // namespace dynsplit::cli
