#include "apps/common/profile.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "apps/common/write_file.h"
#include "base/file.h"

namespace dynsplit {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr int64_t kMostBytes = 1 << 20;
constexpr std::string_view kModelSuffix = ".gguf";
constexpr std::string_view kProfileSuffix = ".profile.json";

// Throws Json::exception where a key is missing or of another type.
Profile FromJson(const Json& json) {
  Profile profile = {.model = json.at("model").get<std::string>(),
                     .num_layers = json.at("layers").get<int>(),
                     .num_kv_heads = json.at("kv_heads").get<int>(),
                     .divergence = json.at("divergence").get<double>(),
                     .heads = {},
                     .method = json.at("method").get<std::string>(),
                     .texts = json.at("texts").get<std::vector<std::string>>(),
                     .context_tokens = json.at("context").get<int64_t>(),
                     .passages = json.at("passages").get<int>()};
  for (const Json& head : json.at("dense_heads")) {
    profile.heads.push_back({{head.at("layer").get<int>(), head.at("kv_head").get<int>()},
                             head.at("divergence").get<double>()});
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
  } catch (const Json::exception& error) {
    return Corruption(path + ": " + error.what());
  }
  DYNSPLIT_RETURN_IF_ERROR(CheckShape(path, profile, model));
  return profile;
}

Status WriteProfile(const std::string& path, const Profile& profile) {
  return WriteFile(path,
                   ToJson(profile).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace dynsplit
