// dynsplit calibrate: finds the KV heads that must attend to everything, and writes the profile.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "apps/cli/commands.h"
#include "apps/cli/exit_status.h"
#include "apps/cli/flags.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/text_input.h"
#include "apps/common/figures.h"
#include "apps/common/known_models.h"
#include "apps/common/profile.h"
#include "apps/eval/calibration.h"
#include "base/random_access_file.h"

namespace dynsplit::cli {
namespace {

constexpr int kMostPassages = 64;  // full attention's logits of them are held: calibration.h
constexpr int kPassageRoom = 64;   // tokens that a passage takes behind its text, at most

struct CalibrateFlags {
  ModelFlags model;
  std::vector<std::string> files;
  std::string profile;  // "": beside the model
  std::string method = "dynsplit+budget=3%";
  MethodFlags refined;
  int64_t context_tokens = 4096;
  int passages = 16;
  int most_heads = -1;
  double least_gain = 0.25;
};

// The first tokens of each file.
Result<std::vector<std::vector<int32_t>>> ReadTexts(const CalibrateFlags& flags,
                                                    const Tokenizer& tokenizer) {
  std::vector<std::vector<int32_t>> texts;
  for (const std::string& file : flags.files) {
    const auto text = ReadText(file);
    if (!text.ok()) return text.status();
    auto tokens = tokenizer.Encode(*text);
    if (!tokens.ok()) return tokens.status();
    tokens->resize(std::min(tokens->size(), static_cast<size_t>(flags.context_tokens)));
    const Status length = eval::CheckLength(tokens->size(), flags.passages);
    if (!length.ok()) return InvalidArgument(file + ": " + length.message());
    texts.push_back(*std::move(tokens));
  }
  return texts;
}

void ShowMeasurement(std::span<const LayerHead> dense, double divergence) {
  PrintToStderr(fmt::format("{:.4f} nats with {}\n", divergence, FormatLayerHeads(dense)));
}

// Where the profile is to stand, once a file could be written there: the measurements take minutes.
Result<std::string> FindPlace(const CalibrateFlags& flags) {
  const Result<std::string> model = FindModel(flags.model.model);
  if (!model.ok()) return model.status();
  const std::string path = flags.profile.empty() ? ProfilePath(*model) : flags.profile;
  DYNSPLIT_RETURN_IF_ERROR(NewFile::Create(path).status());
  return path;
}

// A method whose blocks are chosen anew for each query, and whose dense heads are left open.
Status CheckSelects(const Method& method) {
  if (method.policy != Policy::kTop && method.policy != Policy::kOracle) {
    return InvalidArgument("--method: " + method.name + " does not select blocks by its queries");
  }
  if (method.dense_heads && !method.dense_heads->empty()) {
    return InvalidArgument("--method: " + method.name + " names dense heads: they are to be found");
  }
  return {};
}

ExitStatus Save(const CalibrateFlags& flags, const std::string& spec, const std::string& path,
                const ModelDescription& model, const eval::Calibration& found) {
  Profile profile = {.model = model.name,
                     .num_layers = model.num_layers,
                     .num_kv_heads = model.num_kv_heads,
                     .divergence = found.divergence,
                     .heads = found.heads,
                     .method = spec,
                     .texts = {},
                     .context_tokens = flags.context_tokens,
                     .passages = flags.passages};
  for (const std::string& file : flags.files) {
    profile.texts.push_back(std::filesystem::path(file).filename());
  }
  PrintToStderr(fmt::format("dense heads: {}\n", FormatLayerHeads(profile.DenseHeads())));
  const Status status = WriteProfile(path, profile);
  if (!status.ok()) return Failed(status);
  PrintToStderr(path + "\n");
  return kGood;
}

ExitStatus Calibrate(const CalibrateFlags& flags) {
  const Result<std::string> spec = RefinedSpec(flags.method, flags.refined);
  if (!spec.ok()) return WrongUsage(spec.status());
  const Result<Method> method = ParseMethod(*spec);
  if (!method.ok()) return WrongUsage(method.status());
  const Status selects = CheckSelects(*method);
  if (!selects.ok()) return WrongUsage(selects);
  const Result<std::string> path = FindPlace(flags);
  if (!path.ok()) return Failed(path.status());
  ModelFlags model_flags = flags.model;
  model_flags.profile = "none";
  const Result<LoadedModel> loaded = LoadModel(model_flags, flags.context_tokens + kPassageRoom);
  if (!loaded.ok()) return Failed(loaded.status());
  const auto texts = ReadTexts(flags, loaded->model->tokenizer());
  if (!texts.ok()) return Failed(texts.status());
  const int kv_heads = loaded->model->description().num_kv_heads;
  const auto found = eval::Calibrate(
      {.method = *method,
       .passages = flags.passages,
       .most_heads = flags.most_heads < 0 ? Method().dense_layers * kv_heads : flags.most_heads,
       .least_gain = flags.least_gain,
       .on_measured = ShowMeasurement,
       .progress = flags.model.progress,
       .cancel = CatchInterrupt()},
      *texts, loaded->engine.get());
  if (found.status().code() == StatusCode::kCancelled) return kInterrupted;
  if (!found.ok()) return Failed(found.status());
  return Save(flags, *spec, *path, loaded->model->description(), *found);
}

}  // namespace

void AddCalibrateCommand(CLI::App* app, int* exit_status) {
  CLI::App* command =
      app->add_subcommand("calibrate", "Find the KV heads that must attend to everything");
  const auto flags = std::make_shared<CalibrateFlags>();
  AddModelFlags(command, &flags->model);
  command->add_option("-f,--file", flags->files, "Texts of the kinds that the model is to read")
      ->required()
      ->type_name("FILE");
  command->add_option("-o,--output", flags->profile, "Default: beside the model")
      ->type_name("PROFILE");
  command->add_option("--context", flags->context_tokens, "Tokens of each text")
      ->check(WholeNumber(512, 1 << 24))
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--passages", flags->passages, "Of each text, that are recalled")
      ->check(WholeNumber(1, kMostPassages))
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--heads", flags->most_heads, "At most so many; default: those of two layers")
      ->check(WholeNumber(0, 1024))
      ->type_name("N");
  command
      ->add_option("--gain", flags->least_gain,
                   "Share of the divergence that one more head has to take away")
      ->check(CLI::Validator(IsShare, ""))
      ->capture_default_str()
      ->type_name("X");
  command->add_option("--method", flags->method, "How the other heads select")
      ->capture_default_str()
      ->type_name("SPEC");
  AddMethodFlags(command, &flags->refined);
  command->callback([flags, exit_status] { *exit_status = Calibrate(*flags); });
}

}  // namespace dynsplit::cli
