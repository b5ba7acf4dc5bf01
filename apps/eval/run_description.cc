#include "apps/eval/run_description.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "apps/common/json.h"
#include "apps/common/write_file.h"
#include "base/file.h"

namespace dynsplit::eval {
namespace {

constexpr int64_t kPieceBytes = int64_t{1} << 20;
constexpr size_t kMostBytes = size_t{1} << 20;  // of run.json

std::string Hex(uint64_t value) {
  std::string digits(16, '0');
  for (size_t i = 16; i-- > 0; value >>= 4) digits[i] = "0123456789abcdef"[value & 15];
  return digits;
}

// A file opened to be hashed.
class HashedFile {
 public:
  static Result<HashedFile> Open(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
      return InvalidArgument(path + " is a folder, wanted a file");
    }
    HashedFile opened(path);
    if (!opened.file_) return ErrnoStatus(path, errno);
    opened.bytes_ = static_cast<int64_t>(opened.file_.tellg());
    return opened;
  }

  int64_t bytes() const { return bytes_; }

  // Takes in the at most kPieceBytes from `from` on.
  Status Add(int64_t from) {
    std::string piece(static_cast<size_t>(std::min(bytes_ - from, kPieceBytes)), '\0');
    file_.seekg(from);
    file_.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (!file_) return IoError(path_ + ": cannot be read");
    for (const char byte : piece) {
      hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
    }
    return {};
  }

  FileIdentity Identity() const {
    return {std::filesystem::path(path_).filename().string(), bytes_, Hex(hash_)};
  }

 private:
  explicit HashedFile(const std::string& path)
      : path_(path), file_(path, std::ios::binary | std::ios::ate) {}

  std::string path_;
  std::ifstream file_;
  int64_t bytes_ = 0;
  uint64_t hash_ = 0xcbf29ce484222325ULL;
};

Json ToJson(const FileIdentity& file) {
  return {{"name", file.name}, {"bytes", file.bytes}, {"hash", file.hash}};
}

Json ToJson(const RunDescription& run) {
  Json json;
  json["version"] = run.version;
  json["model"] = ToJson(run.model);
  json["prompt"] = run.prompt;
  json["question"] = run.question;
  // Without the key, answers are written, as they were before there was a choice.
  if (run.answer != "written") json["answer"] = run.answer;
  if (run.prefill != "full") json["prefill"] = run.prefill;    // likewise
  if (run.kv_types != "f16") json["kv_types"] = run.kv_types;  // likewise
  json["window"] = run.boundary_window;
  json["retained"] = run.boundary_retained;
  json["dense_heads"] = run.dense_heads;
  json["seed"] = run.seed;
  json["questions"] = run.num_questions;
  json["questions_per_document"] = run.questions_per_document;
  json["depths"] = run.depths;
  json["haystack"] = run.haystack ? ToJson(*run.haystack) : Json();
  json["data"] = run.data ? ToJson(*run.data) : Json();
  return json;
}

// As text: that of an ill-formed name is repaired on its way to the file.
std::string Shown(const Json& json, const std::string& key) {
  return json.contains(key) ? DumpJson(json[key]) : "none";
}

// Keys that only one of them has differ too.
Status Compare(const std::string& path, const std::string& there, const Json& wanted) {
  const Json got = Json::parse(there, nullptr, /*allow_exceptions=*/false);
  if (!got.is_object()) return Corruption(path + ": not a JSON object");
  for (const Json* side : {&wanted, &got}) {
    for (const auto& [key, unused] : side->items()) {
      const std::string had = Shown(got, key);
      const std::string want = Shown(wanted, key);
      if (had == want) continue;
      return InvalidArgument(path + ": " + key + " is " + had + ", wanted " + want +
                             ": results of another run; give another --out");
    }
  }
  return {};
}

}  // namespace

Result<FileIdentity> IdentifyFile(const std::string& path) {
  auto file = HashedFile::Open(path);
  if (!file.ok()) return file.status();
  for (int64_t from = 0; from < file->bytes(); from += kPieceBytes) {
    DYNSPLIT_RETURN_IF_ERROR(file->Add(from));
  }
  return file->Identity();
}

Result<FileIdentity> IdentifyModel(const std::string& path) {
  auto file = HashedFile::Open(path);
  if (!file.ok()) return file.status();
  DYNSPLIT_RETURN_IF_ERROR(file->Add(0));
  DYNSPLIT_RETURN_IF_ERROR(file->Add(std::max<int64_t>(0, file->bytes() - kPieceBytes)));
  return file->Identity();
}

Status ClaimFolder(const std::string& dir, const RunDescription& run) {
  const std::string path = dir + "/run.json";
  const Json wanted = ToJson(run);
  const auto there = ReadFile(path, kMostBytes);
  if (there.ok()) return Compare(path, *there, wanted);
  if (there.status().code() != StatusCode::kNotFound) return there.status();
  return WriteFile(path, DumpJson(wanted, 2) + "\n");
}

}  // namespace dynsplit::eval
