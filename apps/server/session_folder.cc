#include "apps/server/session_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <span>

#include "base/archive.h"
#include "base/file.h"

namespace dynsplit::server {
namespace {

namespace fs = std::filesystem;

constexpr const char* kExtension = ".session";

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

}  // namespace

bool SessionFolder::IsName(const std::string& name) {
  return !name.empty() && name.size() <= kMaxNameBytes && IsPlain(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) { return IsPlain(c) || c == '.'; });
}

// Keys are no names of files: their hash is.
std::string SessionFolder::FolderOf(const std::string& key) const {
  const uint64_t hash = Checksum(std::as_bytes(std::span<const char>(key)));
  return root_ + "/" + (key.empty() ? "default" : fmt::format("{:016x}", hash));
}

std::string SessionFolder::PathOf(const std::string& key, const std::string& name) const {
  return FolderOf(key) + "/" + name + kExtension;
}

Status SessionFolder::Prepare(const std::string& key) const {
  const std::string folder = FolderOf(key);
  std::error_code error;
  fs::create_directories(root_, error);
  if (mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return ErrnoStatus(folder, errno);
}

std::vector<SessionFolder::Saved> SessionFolder::List(const std::string& key) const {
  std::vector<Saved> saved;
  std::error_code error;
  for (fs::directory_iterator at(FolderOf(key), error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().stem();
    struct stat status = {};
    if (at->path().extension() != kExtension || !IsName(name) ||
        stat(at->path().c_str(), &status) != 0) {
      continue;
    }
    saved.push_back({.name = name, .bytes = status.st_size, .modified = status.st_mtim.tv_sec});
  }
  std::sort(saved.begin(), saved.end(),
            [](const Saved& a, const Saved& b) { return a.name < b.name; });
  return saved;
}

std::shared_ptr<void> SessionFolder::Reserve(const std::string& key, const std::string& name) {
  const std::string path = PathOf(key, name), folder = FolderOf(key) + "/";
  const std::lock_guard lock(mutex_);
  std::set<std::string> paths;
  for (const Saved& saved : List(key)) paths.insert(PathOf(key, saved.name));
  for (const std::string& other : reserved_) {
    if (other.starts_with(folder)) paths.insert(other);
  }
  if (paths.size() >= kMaxSessions && !paths.contains(path)) return nullptr;
  const auto at = reserved_.insert(path);
  return {this, [this, at](void*) {
            const std::lock_guard ending(mutex_);
            reserved_.erase(at);
          }};
}

Status SessionFolder::Remove(const std::string& key, const std::string& name) const {
  if (unlink(PathOf(key, name).c_str()) == 0) return {};
  if (errno == EISDIR) return Corruption(name + " is a folder");
  return ErrnoStatus(name, errno);
}

}  // namespace dynsplit::server
