// A file of lines that grows while a program runs and survives its end at any moment: a last line
// without its newline was being written then, and does not count. One thread.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dynsplit/status.h"

namespace dynsplit::eval {

// The whole lines, without their newlines. NotFound, IoError; ResourceExhausted above 4 GiB.
Result<std::vector<std::string>> ReadLines(const std::string& path);

class LineFile {
 public:
  // Opens for appending: makes the file where it is missing, cuts off a torn last line. Locked
  // until it is closed, also against this program: Unavailable where it is open elsewhere. IoError.
  static Result<LineFile> Open(const std::string& path);

  // Each line ends with its newline. All is with the operating system once this returns. IoError
  // where it did not take all of it (a full disk); the file is then not to be used further.
  Status Append(std::string_view lines);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  LineFile(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace dynsplit::eval
