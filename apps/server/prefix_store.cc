#include "apps/server/prefix_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <set>
#include <utility>

#include "apps/server/token_prefix.h"
#include "base/archive.h"

namespace dynsplit::server {
namespace {

namespace fs = std::filesystem;

constexpr std::array<char, 16> kMagic = {'d', 'y', 'n', 's', 'p', 'l', 'i', 't',
                                         ' ', 'p', 'r', 'e', 'f', 'i', 'x', 's'};
constexpr uint32_t kVersion = 1;
constexpr const char* kTokens = ".tokens";
constexpr const char* kSession = ".session";
constexpr const char* kLock = "lock";

uint64_t HashOf(const std::string& key, std::span<const int32_t> tokens) {
  ByteWriter bytes;
  bytes.Put(static_cast<uint64_t>(key.size()));
  bytes.PutAll(std::span<const char>(key));
  bytes.PutAll(tokens);
  return Checksum(bytes.bytes());
}

Status MakeFolder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(fs::path(folder).parent_path(), error);
  if (mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return ErrnoStatus(folder, errno);
}

Result<FileDescriptor> Lock(const std::string& folder) {
  const std::string path = folder + "/" + kLock;
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return ErrnoStatus(path, errno);
  FileDescriptor lock(descriptor);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) {
    return Status(StatusCode::kUnavailable, folder + ": another process keeps its prefixes there");
  }
  return ErrnoStatus(path, errno);
}

}  // namespace

Result<std::unique_ptr<PrefixStore>> PrefixStore::Open(const std::string& folder, int64_t max_bytes,
                                                       Engine* engine) {
  DYNSPLIT_RETURN_IF_ERROR(MakeFolder(folder));
  Result<FileDescriptor> lock = Lock(folder);
  if (!lock.ok()) return lock.status();
  NewFile::RemoveLeft(folder);
  std::unique_ptr<PrefixStore> store(new PrefixStore(folder, max_bytes, engine, *std::move(lock)));
  DYNSPLIT_RETURN_IF_ERROR(store->ReadFolder());
  return store;
}

// Only what has the names of our own files is touched.
Status PrefixStore::ReadFolder() {
  std::error_code error;
  std::set<std::string> files;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    const bool ours = name.ends_with(kTokens) || name.ends_with(kSession);
    if (ours && name.find_first_not_of("0123456789abcdef") == 16) files.insert(name);
  }
  if (error) return IoError(folder_ + ": " + error.message());
  for (const std::string& name : files) {
    if (fs::path(name).extension() != kTokens) continue;
    Result<Entry> entry = ReadEntry(folder_ + "/" + name);
    if (!entry.ok()) {
      ++num_failures_;
      continue;
    }
    bytes_ += entry->bytes;
    entries_.push_back(*std::move(entry));
  }
  for (const Entry& entry : entries_) {
    files.erase(fs::path(TokensPath(entry.hash)).filename());
    files.erase(fs::path(SessionPath(entry.hash)).filename());
  }
  for (const std::string& name : files) fs::remove(folder_ + "/" + name, error);
  entries_.sort([](const Entry& a, const Entry& b) { return a.last_use_ns > b.last_use_ns; });
  while (bytes_ > max_bytes_) Remove(std::prev(entries_.end()));
  return {};
}

Result<PrefixStore::Entry> PrefixStore::ReadEntry(const std::string& tokens_path) const {
  const Result<std::unique_ptr<RandomAccessFile>> file = OpenFileToRead(tokens_path);
  if (!file.ok()) return file.status();
  const Result<uint64_t> bytes = (*file)->Size();
  if (!bytes.ok()) return bytes.status();
  ArchiveReader archive(file->get(), *bytes, tokens_path);
  DYNSPLIT_RETURN_IF_ERROR(archive.NextRecord());
  std::array<char, 16> magic{};
  archive.GetAll(std::span<char>(magic));
  if (magic != kMagic || archive.Get<uint32_t>() != kVersion) {
    return archive.Wrong("not a file of tokens, or of another version");
  }
  Entry entry;
  entry.hash = archive.Get<uint64_t>();
  const auto session_bytes = archive.Get<int64_t>();
  entry.tokens = archive.GetVector<int32_t>();
  DYNSPLIT_RETURN_IF_ERROR(archive.EndRecord());
  if (TokensPath(entry.hash) != tokens_path) return archive.Wrong("of another name");
  struct stat status = {};
  if (stat(SessionPath(entry.hash).c_str(), &status) != 0 || status.st_size != session_bytes) {
    return archive.Wrong("its session is not there whole");
  }
  if (stat(tokens_path.c_str(), &status) == 0) {
    entry.last_use_ns = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
  }
  entry.bytes = session_bytes + static_cast<int64_t>(*bytes);
  return entry;
}

PrefixStore::Entries::iterator PrefixStore::Best(const std::string& key,
                                                 std::span<const int32_t> prompt) {
  auto best = entries_.end();
  int64_t most = 0;
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    const int64_t shared = CommonPrefix(entry->tokens, prompt);
    if (shared <= most || entry->hash != HashOf(key, entry->tokens)) continue;
    best = entry;
    most = shared;
  }
  return best;
}

int64_t PrefixStore::SharedTokens(const std::string& key, std::span<const int32_t> prompt) {
  const auto best = Best(key, prompt);
  return best == entries_.end() ? 0 : CommonPrefix(best->tokens, prompt);
}

std::unique_ptr<Session> PrefixStore::Load(const std::string& key,
                                           std::span<const int32_t> prompt) {
  const auto best = Best(key, prompt);
  if (best == entries_.end()) return nullptr;
  Result<std::unique_ptr<Session>> session = engine_.LoadSession(SessionPath(best->hash));
  if (session.status().code() == StatusCode::kResourceExhausted) return nullptr;
  if (!session.ok() || !std::equal(best->tokens.begin(), best->tokens.end(),
                                   (*session)->tokens().begin(), (*session)->tokens().end())) {
    ++num_failures_;
    Remove(best);
    return nullptr;
  }
  Touch(best);
  return *std::move(session);
}

void PrefixStore::Save(const std::string& key, const Session& session) {
  const std::span<const int32_t> tokens = session.tokens();
  const auto best = Best(key, tokens);
  const int64_t shared = best == entries_.end() ? 0 : CommonPrefix(best->tokens, tokens);
  if (static_cast<int64_t>(tokens.size()) - shared < kLeastGain) {
    if (best != entries_.end()) Touch(best);
    return;
  }
  if (session.stats().kv_bytes_total > max_bytes_) return;
  Entry entry{.hash = HashOf(key, tokens), .tokens = {tokens.begin(), tokens.end()}};
  if (const Status status = Write(entry, session, &entry.bytes); !status.ok()) {
    ++num_failures_;
    unlink(SessionPath(entry.hash).c_str());
    return;
  }
  for (auto other = entries_.begin(); other != entries_.end();) {
    const auto next = std::next(other);
    if (IsPrefix(other->tokens, tokens) && other->hash == HashOf(key, other->tokens)) Remove(other);
    other = next;
  }
  bytes_ += entry.bytes;
  entries_.push_front(std::move(entry));
  while (bytes_ > max_bytes_) Remove(std::prev(entries_.end()));
}

Status PrefixStore::Write(const Entry& entry, const Session& session, int64_t* bytes) const {
  const std::string path = SessionPath(entry.hash);
  DYNSPLIT_RETURN_IF_ERROR(session.Save(path));
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return ErrnoStatus(path, errno);
  Result<NewFile> file = NewFile::Create(TokensPath(entry.hash));
  if (!file.ok()) return file.status();
  ArchiveWriter archive(file->get());
  archive.PutAll(std::span<const char>(kMagic));
  archive.Put(kVersion);
  archive.Put(entry.hash);
  archive.Put(static_cast<int64_t>(status.st_size));
  archive.PutVector(entry.tokens);
  DYNSPLIT_RETURN_IF_ERROR(archive.EndRecord());
  const Result<uint64_t> tokens_bytes = file->get()->Size();
  if (!tokens_bytes.ok()) return tokens_bytes.status();
  *bytes = status.st_size + static_cast<int64_t>(*tokens_bytes);
  return file->Finish();
}

void PrefixStore::Touch(Entries::iterator entry) {
  entries_.splice(entries_.begin(), entries_, entry);
  utimensat(AT_FDCWD, TokensPath(entry->hash).c_str(), nullptr, 0);  // only an order: may fail
}

void PrefixStore::Remove(Entries::iterator entry) {
  unlink(TokensPath(entry->hash).c_str());
  unlink(SessionPath(entry->hash).c_str());
  bytes_ -= entry->bytes;
  entries_.erase(entry);
}

void PrefixStore::Clear() {
  while (!entries_.empty()) Remove(entries_.begin());
}

std::string PrefixStore::SessionPath(uint64_t hash) const {
  return fmt::format("{}/{:016x}{}", folder_, hash, kSession);
}

std::string PrefixStore::TokensPath(uint64_t hash) const {
  return fmt::format("{}/{:016x}{}", folder_, hash, kTokens);
}

}  // namespace dynsplit::server
