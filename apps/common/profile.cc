#include "apps/common/profile.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "apps/common/write_file.h"
#include "base/file.h"

namespace dynsplit {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr int64_t kMostBytes = 1 << 20;
constexpr std::string_view kModelSuffix = ".gguf";
constexpr std::string_view kNoProfile = "none";
constexpr std::string_view kProfileSuffix = ".profile.json";

constexpr int64_t kMostCount = 1 << 30;

// What is wrong with a value, so that ReadProfile can say where.
struct BadValue : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A whole number in [0, end); nlohmann's own conversions would round and wrap. Throws BadValue.
int64_t Count(const Json& json, const char* key, int64_t end) {
  const Json& value = json.at(key);
  if (value.is_number_integer() && value >= 0 && value < end) return value.get<int64_t>();
  throw BadValue(std::string(key) + ": got " + value.dump() + ", wanted a whole number from 0 to " +
                 std::to_string(end - 1));
}

// Throws BadValue, or Json::exception where a key is missing or of another type.
Profile FromJson(const Json& json) {
  Profile profile = {.model = json.at("model").get<std::string>(),
                     .num_layers = static_cast<int>(Count(json, "layers", kMostCount)),
                     .num_kv_heads = static_cast<int>(Count(json, "kv_heads", kMostCount)),
                     .divergence = json.at("divergence").get<double>(),
                     .heads = {},
                     .method = json.at("method").get<std::string>(),
                     .texts = json.at("texts").get<std::vector<std::string>>(),
                     .context_tokens = Count(json, "context", kMostCount),
                     .passages = static_cast<int>(Count(json, "passages", kMostCount))};
  if (!json.at("dense_heads").is_array()) throw BadValue("dense_heads: wanted an array");
  for (const Json& entry : json.at("dense_heads")) {
    const LayerHead head = {static_cast<int>(Count(entry, "layer", profile.num_layers)),
                            static_cast<int>(Count(entry, "kv_head", profile.num_kv_heads))};
    for (const ProfileHead& other : profile.heads) {
      if (other.head == head) throw BadValue("dense_heads: one of them stands twice");
    }
    profile.heads.push_back({head, entry.at("divergence").get<double>()});
  }
  return profile;
}

Json ToJson(const Profile& profile) {
  Json heads = Json::array();
  for (const ProfileHead& head : profile.heads) {
    heads.push_back({{"layer", head.head.layer},
                     {"kv_head", head.head.kv_head},
                     {"divergence", head.divergence}});
  }
  return {{"dynsplit_profile", kVersion},      {"model", profile.model},
          {"layers", profile.num_layers},      {"kv_heads", profile.num_kv_heads},
          {"divergence", profile.divergence},  {"dense_heads", heads},
          {"method", profile.method},          {"texts", profile.texts},
          {"context", profile.context_tokens}, {"passages", profile.passages}};
}

Status CheckShape(const std::string& path, const Profile& profile, const ModelDescription& model) {
  if (profile.num_layers == model.num_layers && profile.num_kv_heads == model.num_kv_heads) {
    return {};
  }
  return InvalidArgument(path + ": a profile of " + profile.model + ", " +
                         std::to_string(profile.num_layers) + " layers of " +
                         std::to_string(profile.num_kv_heads) + " KV heads; wanted one of " +
                         model.name + ", " + std::to_string(model.num_layers) + " of " +
                         std::to_string(model.num_kv_heads));
}

}  // namespace

std::vector<LayerHead> Profile::DenseHeads() const {
  std::vector<LayerHead> dense;
  for (const ProfileHead& head : heads) dense.push_back(head.head);
  return dense;
}

std::string ProfilePath(const std::string& model_path) {
  std::string_view stem = model_path;
  if (stem.ends_with(kModelSuffix)) stem.remove_suffix(kModelSuffix.size());
  return std::string(stem) + std::string(kProfileSuffix);
}

Result<Profile> ReadProfile(const std::string& path, const ModelDescription& model) {
  const auto text = ReadFile(path, kMostBytes);
  if (!text.ok()) return text.status();
  const Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("dynsplit_profile", Json()) != kVersion) {
    return Corruption(path + ": not a profile of version " + std::to_string(kVersion));
  }
  Profile profile;
  try {
    profile = FromJson(json);
  } catch (const std::exception& error) {  // BadValue, Json::exception
    return Corruption(path + ": " + error.what());
  }
  DYNSPLIT_RETURN_IF_ERROR(CheckShape(path, profile, model));
  return profile;
}

Result<std::optional<std::vector<LayerHead>>> FindDenseHeads(const std::string& profile,
                                                             const std::string& model_path,
                                                             const ModelDescription& model) {
  using Heads = std::optional<std::vector<LayerHead>>;
  if (profile == kNoProfile) return Heads();
  const bool is_named = !profile.empty();
  const auto read = ReadProfile(is_named ? profile : ProfilePath(model_path), model);
  if (read.ok()) return Heads(read->DenseHeads());
  const bool is_missing = read.status().code() == StatusCode::kNotFound;
  if (is_missing && !is_named) return Heads();
  return read.status();
}

Status WriteProfile(const std::string& path, const Profile& profile) {
  return WriteFile(path,
                   ToJson(profile).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace dynsplit
