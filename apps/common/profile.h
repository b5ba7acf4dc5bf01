// What was learned of a model once and for all, by `dynsplit calibrate`: a small JSON file, beside
// the model's own where nothing else is said.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dynsplit/method.h"
#include "dynsplit/model.h"
#include "dynsplit/status.h"

namespace dynsplit {

// How far a recalled token's distribution is from full attention's once this head is dense too.
struct ProfileHead {
  LayerHead head;
  double divergence = 0;  // mean, in nats
};

struct Profile {
  std::string model;  // its name
  int num_layers = 0;
  int num_kv_heads = 0;
  double divergence = 0;           // without any dense head
  std::vector<ProfileHead> heads;  // that attend to everything, the one that matters most first
  // How it was made, for people.
  std::string method;
  std::vector<std::string> texts;
  int64_t context_tokens = 0;
  int passages = 0;

  std::vector<LayerHead> DenseHeads() const;
};

// "model.profile.json" for "model.gguf".
std::string ProfilePath(const std::string& model_path);

// NotFound, IoError; Corruption, saying what is wrong, where it is no profile; InvalidArgument
// where it is one of a model of another shape.
Result<Profile> ReadProfile(const std::string& path, const ModelDescription& model);
// The dense heads of the profile file `profile`, of the one beside the model where that is "", or
// none where that is missing or `profile` is "none": what EngineOptions wants. ReadProfile's
// errors.
Result<std::optional<std::vector<LayerHead>>> FindDenseHeads(const std::string& profile,
                                                             const std::string& model_path,
                                                             const ModelDescription& model);
// WriteFile's errors.
Status WriteProfile(const std::string& path, const Profile& profile);

}  // namespace dynsplit
