#include "apps/eval/run_description.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/common/write_file.h"
#include "base/file.h"

namespace dynsplit::eval {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kHashedBytes = int64_t{1} << 20;
constexpr size_t kMostBytes = size_t{1} << 20;  // of run.json

void AddToHash(std::string_view bytes, uint64_t* hash) {
  for (const char byte : bytes) {
    *hash = (*hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  }
}

std::string Hex(uint64_t value) {
  std::string digits(16, '0');
  for (size_t i = 16; i-- > 0; value >>= 4) digits[i] = "0123456789abcdef"[value & 15];
  return digits;
}

std::string Dump(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json ToJson(const FileIdentity& file) {
  return {{"name", file.name}, {"bytes", file.bytes}, {"hash", file.hash}};
}

Json ToJson(const RunDescription& run) {
  Json json;
  json["model"] = ToJson(run.model);
  json["prompt"] = run.prompt;
  json["question"] = run.question;
  json["window"] = run.boundary_window;
  json["retained"] = run.boundary_retained;
  json["seed"] = run.seed;
  json["questions"] = run.num_questions;
  json["depths"] = run.depths;
  json["haystack"] = run.haystack ? ToJson(*run.haystack) : Json();
  json["data"] = run.data ? ToJson(*run.data) : Json();
  return json;
}

Status Compare(const std::string& path, const std::string& there, const Json& wanted) {
  const Json got = Json::parse(there, nullptr, /*allow_exceptions=*/false);
  if (!got.is_object()) return Corruption(path + ": not a JSON object");
  for (const auto& [key, value] : wanted.items()) {
    // As text: that of an ill-formed name is repaired on its way to the file.
    const std::string had = got.contains(key) ? Dump(got[key]) : "missing";
    if (had == Dump(value)) continue;
    return InvalidArgument(path + ": " + key + " is " + had + ", wanted " + Dump(value) +
                           ": results of another run; give another --out");
  }
  return {};
}

}  // namespace

Result<FileIdentity> IdentifyFile(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return InvalidArgument(path + " is a folder, wanted a file");
  }
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return ErrnoStatus(path, errno);
  const int64_t bytes = static_cast<int64_t>(file.tellg());
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const int64_t from : {int64_t{0}, std::max<int64_t>(0, bytes - kHashedBytes)}) {
    std::string piece(static_cast<size_t>(std::min(bytes, kHashedBytes)), '\0');
    file.seekg(from);
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (!file) return IoError(path + ": cannot be read");
    AddToHash(piece, &hash);
  }
  return FileIdentity{std::filesystem::path(path).filename().string(), bytes, Hex(hash)};
}

Status ClaimFolder(const std::string& dir, const RunDescription& run) {
  const std::string path = dir + "/run.json";
  const Json wanted = ToJson(run);
  const auto there = ReadFile(path, kMostBytes);
  if (there.ok()) return Compare(path, *there, wanted);
  if (there.status().code() != StatusCode::kNotFound) return there.status();
  return WriteFile(path, Dump(wanted, 2) + "\n");
}

}  // namespace dynsplit::eval
