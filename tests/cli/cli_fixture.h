// A tiny model on disk for the command line to load.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/process.h"
#include "support/temp_file.h"
#include "support/tiny_model.h"

namespace dynsplit::testing {

class CliTest : public ::testing::Test {
 protected:
  // One file for all tests of the program.
  static const std::string& ModelPath() {
    static const TempFile* file = new TempFile(TinyModel().Build());
    return file->path();
  }

  // dynsplit COMMAND -m MODEL ARGUMENT..., on one thread, which is fastest for a tiny model.
  static ProcessResult Run(const std::string& command, std::vector<std::string> arguments,
                           const ProcessOptions& options = {}) {
    if (std::find(arguments.begin(), arguments.end(), "--threads") == arguments.end()) {
      arguments.insert(arguments.begin(), {"--threads", "1"});
    }
    arguments.insert(arguments.begin(), {command, "-m", ModelPath()});
    return RunDynsplit(arguments, options);
  }

  // What every refusal looks like: nothing on stdout, one line on stderr.
  static void ExpectRefused(const ProcessResult& result, int status, const std::string& saying) {
    EXPECT_EQ(result.status, status);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, ::testing::StartsWith("dynsplit: "));
    EXPECT_THAT(result.err, ::testing::HasSubstr(saying));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }
};

// Text that has to be well-formed UTF-8.
inline bool IsUtf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const unsigned char lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || i + length > text.size()) return false;
    for (size_t j = 1; j < length; ++j) {
      if ((text[i + j] & 0xc0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

}  // namespace dynsplit::testing
