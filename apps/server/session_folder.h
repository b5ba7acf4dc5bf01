// Sessions that clients have saved: files NAME.session in a folder for each API key. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dynsplit/status.h"

namespace dynsplit::server {

class SessionFolder {
 public:
  static constexpr size_t kMaxSessions = 64;  // of one key
  static constexpr size_t kMaxNameBytes = 64;

  struct Saved {
    std::string name;
    int64_t bytes = 0;
    int64_t modified = 0;  // seconds since 1970
  };

  explicit SessionFolder(std::string root) : root_(std::move(root)) {}

  // Letters, digits, '-', '_' and '.', not first: no name leads to anywhere else.
  static bool IsName(const std::string& name);

  // Where a session of that name is, for which IsName holds.
  std::string PathOf(const std::string& key, const std::string& name) const;
  // Makes the key's folder where there is none.
  Status Prepare(const std::string& key) const;
  std::vector<Saved> List(const std::string& key) const;  // by name
  // A place for one that is being saved: null where the key has kMaxSessions of other names, those
  // counted that have a place. Given up with the last copy; the folder must outlive them.
  std::shared_ptr<void> Reserve(const std::string& key, const std::string& name);
  // NotFound where there is none, Corruption where it is no file.
  Status Remove(const std::string& key, const std::string& name) const;

 private:
  std::string FolderOf(const std::string& key) const;

  std::string root_;
  std::mutex mutex_;                     // of what follows
  std::multiset<std::string> reserved_;  // paths
};

}  // namespace dynsplit::server
