// Sessions in files: docs/formats.md, "Session files".
#include <array>
#include <memory>
#include <new>
#include <utility>

#include "base/archive.h"
#include "base/random_access_file.h"
#include "engine/engine_impl.h"
#include "model/model_impl.h"

namespace dynsplit {
namespace {

constexpr std::array<char, 16> kMagic = {'d', 'y', 'n', 's', 'p', 'l', 'i', 't',
                                         ' ', 's', 'e', 's', 's', 'i', 'o', 'n'};
constexpr uint64_t kMagicAt = 16;  // behind length and checksum of the first record
constexpr uint32_t kVersion = 8;

uint64_t FingerprintOf(const Engine::Impl& engine) {
  return engine.model->impl().Fingerprint(engine.options.context_tokens);
}

Status Write(const Session::Impl& session, ArchiveWriter* archive) {
  const Engine::Impl& engine = session.engine->impl();
  archive->PutAll(std::span<const char>(kMagic));
  archive->Put(kVersion);
  archive->Put(FingerprintOf(engine));
  // Of the last token: the row after which an answer begins.
  const auto vocab_size = static_cast<size_t>(engine.model->description().vocab_size);
  const std::vector<float>& logits = session.logits;
  archive->PutVector(
      logits.size() < vocab_size
          ? std::vector<float>()
          : std::vector<float>(logits.end() - static_cast<ptrdiff_t>(vocab_size), logits.end()));
  DYNSPLIT_RETURN_IF_ERROR(archive->EndRecord());
  return session.cache.Save(archive);
}

Status ReadHead(const std::string& path, ArchiveReader* archive, Session::Impl* session) {
  const Engine::Impl& engine = session->engine->impl();
  if (const Status status = archive->NextRecord(); status.code() == StatusCode::kCorruption) {
    return Corruption(path + ": not a session file, or changed");
  } else if (!status.ok()) {
    return status;
  }
  std::array<char, 16> magic{};
  archive->GetAll(std::span<char>(magic));
  if (magic != kMagic) return Corruption(path + ": not a session file");
  if (const auto version = archive->Get<uint32_t>(); version != kVersion) {
    return Unsupported(path + ": session file of version " + std::to_string(version) + ", wanted " +
                       std::to_string(kVersion));
  }
  if (archive->Get<uint64_t>() != FingerprintOf(engine)) {
    return InvalidArgument(path + ": a session of another model than " +
                           engine.model->description().name + ", or of another file of it");
  }
  session->logits = archive->GetVector<float>();
  const auto vocab_size = static_cast<size_t>(engine.model->description().vocab_size);
  if (!session->logits.empty() && session->logits.size() != vocab_size) {
    return archive->Wrong("its logits are of another vocabulary");
  }
  return archive->EndRecord();
}

// Where pages move between memory and files, they stay in the session's own until they are needed.
Status Read(const std::string& path, Session::Impl* session) {
  Result<std::unique_ptr<RandomAccessFile>> opened = OpenFileToRead(path);
  if (!opened.ok()) return opened.status();
  const std::shared_ptr<const RandomAccessFile> file = *std::move(opened);
  const Result<uint64_t> bytes = file->Size();
  if (!bytes.ok()) return bytes.status();
  ArchiveReader archive(file.get(), *bytes, path);
  DYNSPLIT_RETURN_IF_ERROR(ReadHead(path, &archive, session));
  const Engine::Impl& engine = session->engine->impl();
  const bool moves = engine.pool.pages_move();
  DYNSPLIT_RETURN_IF_ERROR(
      session->cache.Load(engine.options.context_tokens, &archive, moves ? file : nullptr));
  const Status tokens = engine.CheckTokens(session->cache.tokens());
  return tokens.ok() ? tokens : archive.Wrong(tokens.message());
}

// What is there and no session is somebody's: it is not replaced.
Status CheckReplaced(const std::string& path) {
  const Result<std::unique_ptr<RandomAccessFile>> there = OpenFileToRead(path);
  if (there.status().code() == StatusCode::kNotFound) return {};
  if (!there.ok()) return there.status();
  const Result<uint64_t> bytes = (*there)->Size();
  if (!bytes.ok()) return bytes.status();
  if (*bytes == 0) return {};
  std::array<char, kMagic.size()> magic{};
  if (*bytes >= kMagicAt + magic.size()) {
    DYNSPLIT_RETURN_IF_ERROR((*there)->ReadAt(kMagicAt, std::as_writable_bytes(std::span(magic))));
  }
  if (magic == kMagic) return {};
  return InvalidArgument(path + ": is there and no session file, so it is not replaced");
}

}  // namespace

Status Session::CheckSave(const std::string& path) {
  DYNSPLIT_RETURN_IF_ERROR(CheckReplaced(path));
  return NewFile::Create(path).status();
}

Status Session::Save(const std::string& path) const {
  DYNSPLIT_RETURN_IF_ERROR(CheckReplaced(path));
  Result<NewFile> file = NewFile::Create(path);
  if (!file.ok()) return file.status();
  try {
    ArchiveWriter archive(file->get());
    DYNSPLIT_RETURN_IF_ERROR(Write(*impl_, &archive));
  } catch (const std::bad_alloc&) {
    return ResourceExhausted(path + ": no memory to save a session");
  }
  DYNSPLIT_RETURN_IF_ERROR(CheckReplaced(path));  // it may be another file by now
  return file->Finish();
}

Result<std::unique_ptr<Session>> Engine::LoadSession(const std::string& path,
                                                     const Method& method) {
  const Result<Method> resolved = impl_->Resolve(method);
  if (!resolved.ok()) return resolved.status();
  try {
    auto session = std::make_unique<Session::Impl>(
        Session::Impl{.engine = this, .cache = impl_->NewCache(*resolved)});
    DYNSPLIT_RETURN_IF_ERROR(Read(path, session.get()));
    return std::make_unique<Session>(std::move(session));
  } catch (const std::bad_alloc&) {
    return ResourceExhausted(path + ": no memory to load a session");
  }
}

}  // namespace dynsplit
