#include "apps/server/prefix_cache.h"

#include <algorithm>
#include <utility>

#include "apps/server/token_prefix.h"
#include "kernels/kv_view.h"

namespace dynsplit::server {
namespace {

// Less than this is read as quickly as it is found elsewhere.
constexpr int64_t kWorthTokens = 64;  // more than a fork of a beginning leaves to be read again
constexpr int64_t kForkBytesPerToken = 30;  // Session::Fork: ids, boundaries and page numbers

// What no other session has a part in.
int64_t OwnBytes(const Session& session) {
  const SessionStats stats = session.stats();
  return kForkBytesPerToken * static_cast<int64_t>(session.tokens().size()) +
         static_cast<int64_t>(session.logits().size_bytes()) + stats.index_bytes +
         stats.window_bytes;
}

// Of the pages, those that a longer session shares: a page that is not full is copied when it is
// written to.
int64_t SharedBytes(const Session* session) {
  if (session == nullptr) return 0;
  const auto tokens = static_cast<int64_t>(session->tokens().size());
  const int64_t full_pages = tokens / kPageTokens;
  const int64_t pages = (tokens + kPageTokens - 1) / kPageTokens;
  return pages == 0 ? 0 : session->stats().kv_bytes_total / pages * full_pages;
}

}  // namespace

PrefixCache::Match PrefixCache::Find(const std::string& key, std::span<const int32_t> prompt) {
  if (store_ != nullptr) Recall(key, prompt);
  Match match;
  auto longest = entries_.end(), nearest = entries_.end();
  size_t longest_tokens = 0;
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->key != key) continue;
    const std::span<const int32_t> tokens = entry->session->tokens();
    const int64_t shared = CommonPrefix(tokens, prompt);
    if (shared > match.shared_tokens) {
      match.shared_tokens = shared;
      nearest = entry;
    }
    if (shared < static_cast<int64_t>(tokens.size())) continue;
    if (tokens.size() == prompt.size() && entry->session->logits().empty()) continue;
    if (tokens.size() > longest_tokens) {
      longest = entry;
      longest_tokens = tokens.size();
    }
  }
  if (match.shared_tokens >= static_cast<int64_t>(longest_tokens) + kWorthTokens) {
    match.session = nearest->session->ForkPrefix(match.shared_tokens);
    if (match.session) longest = nearest;
  }
  if (longest == entries_.end()) return match;
  if (!match.session) match.session = longest->session->Fork();
  Touch(key, longest->session->tokens());
  return match;
}

void PrefixCache::Recall(const std::string& key, std::span<const int32_t> prompt) {
  int64_t here = 0;
  for (const Entry& entry : entries_) {
    if (entry.key == key) here = std::max(here, CommonPrefix(entry.session->tokens(), prompt));
  }
  if (store_->SharedTokens(key, prompt) < here + PrefixStore::kLeastGain) return;
  const std::unique_ptr<Session> session = store_->Load(key, prompt);
  if (session) Insert(key, *session);
}

void PrefixCache::Insert(const std::string& key, const Session& session) {
  if (max_bytes_ == 0 || session.tokens().empty()) return;
  const std::span<const int32_t> tokens = session.tokens();
  const auto same = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    const std::span<const int32_t> kept = entry.session->tokens();
    return entry.key == key && std::equal(kept.begin(), kept.end(), tokens.begin(), tokens.end());
  });
  if (same == entries_.end()) {
    Add(key, session);
  } else {
    if (same->session->logits().empty() && !session.logits().empty()) {
      bytes_ += static_cast<int64_t>(session.logits().size_bytes());
      same->bytes += static_cast<int64_t>(session.logits().size_bytes());
      same->session = session.Fork();
    }
    Touch(key, tokens);
  }
  while (bytes_ > max_bytes_) DropLast();
}

void PrefixCache::Add(const std::string& key, const Session& session) {
  const auto place = Touch(key, session.tokens());
  const Entry* parent = nullptr;
  for (auto entry = entries_.begin(); entry != place; ++entry) {
    if (parent == nullptr || entry->session->tokens().size() > parent->session->tokens().size()) {
      parent = &*entry;
    }
  }
  const int64_t inherited = SharedBytes(parent == nullptr ? nullptr : parent->session.get());
  const auto added =
      entries_.insert(place, {.key = key, .session = session.Fork(), .parent = parent});
  added->bytes = OwnBytes(session) + session.stats().kv_bytes_total - inherited;
  bytes_ += added->bytes;
  // What went on from its parent by way of it shares more pages with it.
  const int64_t handed_on = SharedBytes(added->session.get()) - inherited;
  for (auto entry = std::next(added); entry != entries_.end(); ++entry) {
    if (entry->key != key || entry->parent != parent ||
        !IsPrefix(session.tokens(), entry->session->tokens())) {
      continue;
    }
    entry->parent = &*added;
    entry->bytes -= handed_on;
    bytes_ -= handed_on;
  }
}

PrefixCache::Entries::iterator PrefixCache::Touch(const std::string& key,
                                                  std::span<const int32_t> tokens) {
  Entries used;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->key == key && IsPrefix(entry->session->tokens(), tokens)) {
      used.splice(used.end(), entries_, entry);
    }
    entry = next;
  }
  const auto rest = entries_.begin();
  entries_.splice(rest, used);
  return rest;
}

// Votes are those of one method, which the files do not name.
void PrefixCache::Store(Entry* entry) {
  if (!entry->stored && entry->session->method().policy != Policy::kH2o) {
    store_->Save(entry->key, *entry->session);
  }
  entry->stored = true;
}

bool PrefixCache::StoreNext() {
  if (store_ == nullptr) return false;
  Entry* longest = nullptr;
  for (Entry& entry : entries_) {
    if (entry.stored) continue;
    const size_t tokens = entry.session->tokens().size();
    if (longest == nullptr || tokens > longest->session->tokens().size()) longest = &entry;
  }
  if (longest == nullptr) return false;
  Store(longest);
  return true;
}

void PrefixCache::DropLast() {
  if (store_ != nullptr) Store(&entries_.back());
  bytes_ -= entries_.back().bytes;
  entries_.pop_back();
}

void PrefixCache::Clear() {
  entries_.clear();
  bytes_ = 0;
}

void PrefixCache::ClearStore() {
  if (store_ != nullptr) store_->Clear();
}

}  // namespace dynsplit::server
