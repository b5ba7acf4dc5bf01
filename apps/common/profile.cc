#include "apps/common/profile.h"

#include <utility>

#include "apps/common/json.h"
#include "apps/common/write_file.h"
#include "base/file.h"

namespace dynsplit {
namespace {

constexpr int kVersion = 1;
constexpr int64_t kMostBytes = 1 << 20;
constexpr std::string_view kModelSuffix = ".gguf";
constexpr std::string_view kNoProfile = "none";
constexpr std::string_view kProfileSuffix = ".profile.json";
constexpr int kMostCount = 1 << 30;

void TakeHeads(JsonFields* fields, Profile* profile) {
  for (const Json& entry : fields->List("dense_heads")) {
    JsonFields head(entry);
    ProfileHead& found = profile->heads.emplace_back();
    head.Count("layer", profile->num_layers, &found.head.layer);
    head.Count("kv_head", profile->num_kv_heads, &found.head.kv_head);
    head.Number("divergence", &found.divergence);
    fields->Fail(head.problem());
    for (size_t i = 0; i + 1 < profile->heads.size(); ++i) {
      if (profile->heads[i].head == found.head) fields->Fail("one of dense_heads stands twice");
    }
  }
}

void Take(JsonFields* fields, Profile* profile) {
  fields->Text("model", &profile->model);
  fields->Count("layers", kMostCount, &profile->num_layers);
  fields->Count("kv_heads", kMostCount, &profile->num_kv_heads);
  fields->Number("divergence", &profile->divergence);
  fields->Text("method", &profile->method);
  fields->Texts("texts", &profile->texts);
  int context_tokens = 0;
  fields->Count("context", kMostCount, &context_tokens);
  profile->context_tokens = context_tokens;
  fields->Count("passages", kMostCount, &profile->passages);
  TakeHeads(fields, profile);
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
  JsonFields fields(json);
  Profile profile;
  Take(&fields, &profile);
  if (!fields.problem().empty()) return Corruption(path + ": " + fields.problem());
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
  return WriteFile(path, DumpJson(ToJson(profile), 2) + "\n");
}

}  // namespace dynsplit
