#include "apps/common/write_file.h"

#include <cerrno>
#include <cstdio>
#include <fstream>

#include "base/file.h"

namespace dynsplit {

Status WriteFile(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".new";
  std::ofstream file(temporary, std::ios::binary);
  file << content;
  file.close();
  if (file.fail()) {
    const Status status = ErrnoStatus(temporary, errno);
    std::remove(temporary.c_str());
    return status;
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    const Status status = ErrnoStatus(path, errno);
    std::remove(temporary.c_str());
    return status;
  }
  return {};
}

}  // namespace dynsplit
