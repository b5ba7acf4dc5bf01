#include "apps/cli/standard_output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace dynsplit::cli {

void StandardOutput::Write(std::string_view text) {
  used_ = used_ || !text.empty();
  if (!status_.ok()) return;
  const size_t written = std::fwrite(text.data(), 1, text.size(), stdout);
  if (written == text.size() && std::fflush(stdout) == 0) return;
  status_ = IoError(std::string("stdout: ") + std::strerror(errno));
  if (cancel_ != nullptr) cancel_->store(true);
}

}  // namespace dynsplit::cli
