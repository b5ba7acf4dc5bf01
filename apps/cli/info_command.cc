// dynsplit info: what a model file holds, what it needs, and whether it runs here.
#include <fmt/format.h>

#include <memory>
#include <set>

#include "apps/cli/commands.h"
#include "apps/cli/exit_status.h"
#include "apps/cli/flags.h"
#include "apps/cli/standard_output.h"
#include "apps/common/figures.h"
#include "apps/common/json.h"
#include "apps/common/known_models.h"
#include "apps/common/model_summary.h"

namespace dynsplit::cli {
namespace {

struct InfoFlags {
  std::string model;
  int64_t context = 0;  // 0: what the model was trained for
  bool json = false;
};

constexpr KvTypes kKvTypes[] = {{KvType::kF16, KvType::kF16},
                                {KvType::kQ8, KvType::kQ8},
                                {KvType::kF16, KvType::kQ4},
                                {KvType::kQ8, KvType::kQ4}};

std::string OrUnknown(const std::string& text) { return text.empty() ? "unknown" : text; }

std::string OrUnknown(const std::optional<int64_t>& number) {
  return number ? std::to_string(*number) : "unknown";
}

std::string BytesOrUnknown(const std::optional<int64_t>& bytes) {
  return bytes ? FormatBytes(*bytes) : "unknown";
}

// "3", or "3 to 8" where layers differ.
std::string KvHeads(const ModelSummary& model) {
  std::set<int64_t> counts;
  for (const LayerSummary& layer : model.kv_layers) counts.insert(layer.kv_heads);
  if (counts.empty()) return "unknown";
  if (counts.size() == 1) return std::to_string(*counts.begin());
  return fmt::format("{} to {}", *counts.begin(), *counts.rbegin());
}

std::string HeadDims(const ModelSummary& model) {
  if (model.key_dim == model.value_dim) return OrUnknown(model.key_dim);
  return OrUnknown(model.key_dim) + " (keys), " + OrUnknown(model.value_dim) + " (values)";
}

std::string Windows(const ModelSummary& model) {
  int64_t layers = 0;
  int64_t window = 0;
  for (const LayerSummary& layer : model.kv_layers) {
    layers += layer.window > 0 ? 1 : 0;
    window = std::max(window, layer.window);
  }
  return layers == 0 ? "" : fmt::format(", {} of them with a window of {} tokens", layers, window);
}

std::string Types(const ModelSummary& model) {
  std::string text;
  for (const TensorTypeSummary& type : model.types) {
    text += fmt::format("{}{}: {} in {}", text.empty() ? "" : ", ", type.type,
                        FormatBytes(type.bytes), type.tensors);
  }
  return OrUnknown(text);
}

std::string Vocabulary(const ModelSummary& model) {
  std::string text = OrUnknown(model.vocabulary) + " tokens, " + OrUnknown(model.tokenizer);
  if (!model.pre_tokenizer.empty()) text += ", pre-tokenizer " + model.pre_tokenizer;
  return text;
}

std::string ToTable(const ModelSummary& model, int64_t context) {
  Table table;
  table.AddRow({"file", model.path + ", " + FormatBytes(model.file_bytes)});
  table.AddRow({"name", OrUnknown(model.name)});
  table.AddRow({"architecture", OrUnknown(model.architecture)});
  table.AddRow(
      {"parameters", fmt::format("{:.1f} million", static_cast<double>(model.parameters) / 1e6)});
  table.AddRow({"layers", OrUnknown(model.layers) + Windows(model)});
  table.AddRow({"embedding", OrUnknown(model.embedding)});
  table.AddRow({"feed-forward", OrUnknown(model.feed_forward)});
  if (model.experts.value_or(0) > 0) {
    table.AddRow({"experts", OrUnknown(model.experts) + ", " + OrUnknown(model.used_experts) +
                                 " for a token"});
  }
  table.AddRow({"heads", OrUnknown(model.heads) + ", KV heads " + KvHeads(model) +
                             ", numbers of a head " + HeadDims(model)});
  table.AddRow({"trained context", OrUnknown(model.context) + " tokens"});
  table.AddRow({"vocabulary", Vocabulary(model)});
  table.AddRow({"chat template", model.chat_template.empty() ? "none" : model.chat_template});
  table.AddRow({"weights", Types(model)});
  table.AddRow({"KV per token", BytesOrUnknown(KvBytesPerToken(model, KvType::kF16)) + " in f16"});
  if (context > 0) {
    for (const KvTypes types : kKvTypes) {
      table.AddRow({fmt::format("KV of {} tokens", context),
                    BytesOrUnknown(KvBytes(model, types, context)) + " in " + KvTypesName(types)});
    }
  }
  table.AddRow({"runs here", model.runs.ok() ? "yes" : "no: " + model.runs.message()});
  return table.ToString();
}

Json OrNull(const std::optional<int64_t>& number) { return number ? Json(*number) : Json(); }
Json OrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json ToJson(const ModelSummary& model, int64_t context) {
  Json json = {{"path", model.path},
               {"file_bytes", model.file_bytes},
               {"name", OrNull(model.name)},
               {"architecture", OrNull(model.architecture)},
               {"parameters", model.parameters},
               {"layers", OrNull(model.layers)},
               {"embedding", OrNull(model.embedding)},
               {"feed_forward", OrNull(model.feed_forward)},
               {"experts", OrNull(model.experts)},
               {"used_experts", OrNull(model.used_experts)},
               {"heads", OrNull(model.heads)},
               {"key_dim", OrNull(model.key_dim)},
               {"value_dim", OrNull(model.value_dim)},
               {"trained_context", OrNull(model.context)},
               {"vocabulary", OrNull(model.vocabulary)},
               {"tokenizer", OrNull(model.tokenizer)},
               {"pre_tokenizer", OrNull(model.pre_tokenizer)},
               {"chat_template", OrNull(model.chat_template)},
               {"weight_bytes", model.weight_bytes}};
  Json& layers = json["kv_layers"] = Json::array();
  for (const LayerSummary& layer : model.kv_layers) {
    layers.push_back({{"kv_heads", layer.kv_heads}, {"window", layer.window}});
  }
  Json& types = json["tensor_types"] = Json::array();
  for (const TensorTypeSummary& type : model.types) {
    types.push_back({{"type", type.type}, {"tensors", type.tensors}, {"bytes", type.bytes}});
  }
  json["kv_bytes_per_token"] = OrNull(KvBytesPerToken(model, KvType::kF16));
  json["context"] = context;
  Json& bytes = json["kv_bytes"] = Json::object();
  for (const KvTypes kinds : kKvTypes) {
    bytes[KvTypesName(kinds)] = OrNull(KvBytes(model, kinds, context));
  }
  json["runs"] = model.runs.ok();
  json["reason"] = model.runs.ok() ? Json() : Json(model.runs.message());
  return json;
}

ExitStatus Info(const InfoFlags& flags) {
  const Result<std::string> path = FindModel(flags.model);
  if (!path.ok()) return Failed(path.status());
  const Result<ModelSummary> model = SummariseModel(*path);
  if (!model.ok()) return Failed(model.status());
  const int64_t context = flags.context > 0 ? flags.context : model->context.value_or(0);
  StandardOutput output;
  output.Write(flags.json ? DumpJson(ToJson(*model, context)) + "\n" : ToTable(*model, context));
  if (const Status status = output.Finish(); !status.ok()) return Failed(status);
  return model->runs.ok() ? kGood : Failed(model->runs);
}

}  // namespace

void AddInfoCommand(CLI::App* app, int* exit_status) {
  CLI::App* command = app->add_subcommand("info", "What a model file holds, needs, and if it runs");
  const auto flags = std::make_shared<InfoFlags>();
  command->add_option("-m,--model", flags->model, "A .gguf file or a known name")
      ->required()
      ->type_name("MODEL");
  command
      ->add_option("--context", flags->context,
                   "Tokens whose memory is told; 0: what the model was trained for")
      ->check(WholeNumber(0, int64_t{1} << 32))
      ->capture_default_str()
      ->type_name("N");
  command->add_flag("--json", flags->json, "One line of JSON");
  command->callback([flags, exit_status] { *exit_status = Info(*flags); });
}

}  // namespace dynsplit::cli
