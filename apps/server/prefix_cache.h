// Sessions that have read the beginnings of prompts, for prompts to come that begin alike: those
// are read from there. Only what was read densely comes in, which is what a new reading would give.
//
// A prompt leaves several prefixes here. They share pages, and so do prompts that began in one of
// them: each page counts once, with the shortest prefix that has it. Belongs to the engine's
// thread. Cost of a look: one comparison with the prompt for each prefix.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>

#include "apps/server/prefix_store.h"
#include "dynsplit/session.h"

namespace dynsplit::server {

class PrefixCache {
 public:
  // `max_bytes`: of keys, values, tokens and logits; 0 keeps nothing. `store`: where what is
  // dropped goes, and comes from again; null: nowhere. It must outlive the cache.
  explicit PrefixCache(int64_t max_bytes, PrefixStore* store = nullptr)
      : max_bytes_(max_bytes), store_(store) {}

  struct Match {
    std::unique_ptr<Session> session;  // a fork that has read most of what is kept; may be null
    // How many tokens the prompt shares with one that was read: where prompts part, and where the
    // next one like it can be begun if a prefix is put there.
    int64_t shared_tokens = 0;
  };
  // Gives the longest kept prefix, or, where more than that is worth it, the beginning of what
  // shares more tokens with the prompt (Session::ForkPrefix). A whole prompt matches only where the
  // session knows the logits of its last token. `key`: what else must be the same.
  Match Find(const std::string& key, std::span<const int32_t> prompt);

  // Keeps a fork of `session`, unless its tokens are there already, and drops what was least
  // recently used until all fits.
  void Insert(const std::string& key, const Session& session);

  // Stores the longest prefix that has not been tried yet; false where there is none, or no store.
  bool StoreNext();

  void Clear();  // of memory alone
  void ClearStore();
  const PrefixStore* store() const { return store_; }
  int64_t bytes() const { return bytes_; }
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    std::unique_ptr<Session> session;
    const Entry* parent = nullptr;  // the longest other one that is a prefix of it, or null
    int64_t bytes = 0;              // without the pages that it shares with its parent
    bool stored = false;            // or not worth it
  };
  using Entries = std::list<Entry>;

  // Makes what is a prefix of the tokens most recently used, in the order that it has. Since a
  // prefix is used with whatever goes on from it, it stands before it: what is last has no
  // children. Returns where that ends.
  Entries::iterator Touch(const std::string& key, std::span<const int32_t> tokens);
  // Brings back what is stored, if it shares much more with the prompt than what is here.
  void Recall(const std::string& key, std::span<const int32_t> prompt);
  void Store(Entry* entry);
  void Add(const std::string& key, const Session& session);
  void DropLast();

  int64_t max_bytes_;
  PrefixStore* store_;
  Entries entries_;  // most recently used first
  int64_t bytes_ = 0;
};

}  // namespace dynsplit::server
