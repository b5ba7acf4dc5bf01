// The beginnings of prompts in a folder, for the time when memory has no room for them, and for the
// next start. Each is a session file and, beside it, a file of its tokens, which is written last
// and removed first: a process that is killed leaves both or what the next start removes
// (docs/formats.md, "Prefix files"). What turns out to be broken is removed, never served.
//
// A prefix belongs to a key, as in PrefixCache; of the key there is only a hash, of it and the
// tokens together. Least recently used goes first. Belongs to the engine's thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "dynsplit/engine.h"

namespace dynsplit::server {

class PrefixStore {
 public:
  // What is stored must save the reading of so many tokens at least.
  static constexpr int64_t kLeastGain = 256;

  // Makes the folder where there is none, for its owner alone, and removes of earlier ones what is
  // not whole. Unavailable where another process uses it; the errors of the folder. `engine` must
  // outlive the store.
  static Result<std::unique_ptr<PrefixStore>> Open(const std::string& folder, int64_t max_bytes,
                                                   Engine* engine);

  // How many of the prompt's tokens the best stored prefix shares with it. Cost: a comparison with
  // each.
  int64_t SharedTokens(const std::string& key, std::span<const int32_t> prompt);
  // That prefix, all of it; null where there is none, or it could not be read. Cost: as
  // Engine::LoadSession.
  std::unique_ptr<Session> Load(const std::string& key, std::span<const int32_t> prompt);

  // Stores a session unless most of it is there already or it is larger than the store; it takes
  // the place of its own beginnings. Cost: one pass over its keys and values, to the disk.
  void Save(const std::string& key, const Session& session);

  // Removes all.
  void Clear();

  int64_t bytes() const { return bytes_; }
  size_t size() const { return entries_.size(); }
  int64_t num_failures() const { return num_failures_; }  // of reading and writing

 private:
  struct Entry {
    uint64_t hash = 0;  // of key and tokens
    std::vector<int32_t> tokens;
    int64_t bytes = 0;
    int64_t last_use_ns = 0;  // while the folder is read
  };
  using Entries = std::list<Entry>;  // most recently used first

  PrefixStore(std::string folder, int64_t max_bytes, Engine* engine, FileDescriptor lock)
      : folder_(std::move(folder)),
        max_bytes_(max_bytes),
        engine_(*engine),
        lock_(std::move(lock)) {}

  Status ReadFolder();
  Result<Entry> ReadEntry(const std::string& tokens_path) const;
  Status Write(const Entry& entry, const Session& session, int64_t* bytes) const;
  Entries::iterator Best(const std::string& key, std::span<const int32_t> prompt);
  void Touch(Entries::iterator entry);
  void Remove(Entries::iterator entry);
  std::string SessionPath(uint64_t hash) const;
  std::string TokensPath(uint64_t hash) const;

  const std::string folder_;
  const int64_t max_bytes_;
  Engine& engine_;
  FileDescriptor lock_;
  Entries entries_;
  int64_t bytes_ = 0;
  int64_t num_failures_ = 0;
};

}  // namespace dynsplit::server
