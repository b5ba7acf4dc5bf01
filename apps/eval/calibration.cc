#include "apps/eval/calibration.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

#include "apps/common/prefill.h"
#include "apps/eval/continuation.h"
#include "base/check.h"

namespace dynsplit::eval {
namespace {

constexpr int64_t kPassageTokens = 24;  // the first ones tell most: a copy that has begun goes on
constexpr int64_t kTailTokens = 128;    // passages lie before them: recent has not seen the others
constexpr size_t kLayersLeft = 8;       // tried for the heads after the first

struct Text {
  std::unique_ptr<Session> session;  // all tokens but the last are read, with full attention
  int32_t last_token = 0;
  std::vector<Continuation> passages;
};

class Calibrator {
 public:
  Calibrator(const CalibrationPlan& plan, Engine* engine) : plan_(plan), engine_(*engine) {}

  Status Read(std::span<const int32_t> tokens);
  Result<Calibration> Run();

 private:
  using Heads = std::vector<LayerHead>;

  // The mean divergence with these heads dense.
  Result<double> Measure(const Heads& dense);
  Status Measure(Text* text, const Method& method, double* sum);
  // The KV heads of the layer that are not dense yet.
  Heads Selecting(const Heads& dense, int layer) const;
  // What is left once a layer is dense besides `dense`, the best first; without those that are.
  struct Trial {
    double divergence = 0;
    int layer = 0;

    auto operator<=>(const Trial&) const = default;
  };
  Result<std::vector<Trial>> RankLayers(const Heads& dense, const std::vector<int>& layers);
  Result<ProfileHead> BestHead(const Heads& dense, const Trial& layer);

  const CalibrationPlan& plan_;
  Engine& engine_;
  std::vector<Text> texts_;
};

Status Calibrator::Read(std::span<const int32_t> tokens) {
  const auto length = static_cast<int64_t>(tokens.size());
  const int64_t step = (length - kTailTokens) / plan_.passages;
  auto session = engine_.NewSession(*MethodPreset("full"));
  if (!session.ok()) return session.status();
  double seconds = 0;
  DYNSPLIT_RETURN_IF_ERROR(Prefill(
      session->get(), tokens.first(tokens.size() - 1),
      {.progress = plan_.progress, .logits = Logits::kNone, .cancel = plan_.cancel}, &seconds));
  Text text = {.session = *std::move(session), .last_token = tokens.back(), .passages = {}};
  const auto break_tokens = engine_.model().tokenizer().Encode("\n\n", {.add_special = false});
  if (!break_tokens.ok()) return break_tokens.status();
  for (int i = 0; i < plan_.passages; ++i) {
    const auto passage =
        tokens.subspan(static_cast<size_t>(i * step + step / 2 - kPassageTokens / 2),
                       static_cast<size_t>(kPassageTokens));
    std::vector<int32_t> again = *break_tokens;
    again.insert(again.end(), passage.begin(), passage.end());
    text.passages.emplace_back(std::move(again), engine_.model().tokenizer().size());
  }
  double unused = 0;  // the first measurement is what the others are compared with
  DYNSPLIT_RETURN_IF_ERROR(Measure(&text, *MethodPreset("full"), &unused));
  texts_.push_back(std::move(text));
  return {};
}

Status Calibrator::Measure(Text* text, const Method& method, double* sum) {
  const FeedOptions feed = {.attention = Attention::kSelected, .cancel = plan_.cancel};
  const auto prepared = ForkUnder(method, *text->session, {&text->last_token, 1}, feed);
  if (!prepared.ok()) return prepared.status();
  for (Continuation& passage : text->passages) {
    const auto score = passage.Score((*prepared)->Fork().get(), plan_.cancel);
    if (!score.ok()) return score.status();
    *sum += score->kl;
  }
  return {};
}

Result<double> Calibrator::Measure(const Heads& dense) {
  Method method = plan_.method;
  method.dense_layers = 0;
  method.dense_heads = dense;
  double sum = 0;
  for (Text& text : texts_) DYNSPLIT_RETURN_IF_ERROR(Measure(&text, method, &sum));
  sum /= static_cast<double>(texts_.size()) * plan_.passages;
  if (plan_.on_measured) plan_.on_measured(dense, sum);
  return sum;
}

// Those of the layer that select: none where it has a window.
Calibrator::Heads Calibrator::Selecting(const Heads& dense, int layer) const {
  const LayerDescription& shape = engine_.model().description().layers[static_cast<size_t>(layer)];
  Heads heads;
  if (shape.window != 0) return heads;
  for (int g = 0; g < shape.num_kv_heads; ++g) {
    const LayerHead head = {layer, g};
    if (std::find(dense.begin(), dense.end(), head) == dense.end()) heads.push_back(head);
  }
  return heads;
}

Result<std::vector<Calibrator::Trial>> Calibrator::RankLayers(const Heads& dense,
                                                              const std::vector<int>& layers) {
  std::vector<Trial> ranked;
  for (const int layer : layers) {
    const Heads more = Selecting(dense, layer);
    if (more.empty()) continue;
    Heads heads = dense;
    heads.insert(heads.end(), more.begin(), more.end());
    const auto divergence = Measure(heads);
    if (!divergence.ok()) return divergence.status();
    ranked.push_back({.divergence = *divergence, .layer = layer});
  }
  std::sort(ranked.begin(), ranked.end());
  return ranked;
}

Result<ProfileHead> Calibrator::BestHead(const Heads& dense, const Trial& layer) {
  const Heads candidates = Selecting(dense, layer.layer);
  if (candidates.size() == 1) return ProfileHead{candidates.front(), layer.divergence};
  ProfileHead best = {.head = {}, .divergence = std::numeric_limits<double>::infinity()};
  for (const LayerHead head : candidates) {
    Heads heads = dense;
    heads.push_back(head);
    const auto divergence = Measure(heads);
    if (!divergence.ok()) return divergence.status();
    if (*divergence < best.divergence) best = {head, *divergence};
  }
  return best;
}

Result<Calibration> Calibrator::Run() {
  const auto without = Measure(Heads());
  if (!without.ok()) return without.status();
  Calibration found = {.divergence = *without, .heads = {}};
  std::vector<int> layers(static_cast<size_t>(engine_.model().description().num_layers));
  std::iota(layers.begin(), layers.end(), 0);
  Heads dense;
  double divergence = *without;
  while (static_cast<int>(dense.size()) < plan_.most_heads) {
    const auto ranked = RankLayers(dense, layers);
    if (!ranked.ok()) return ranked.status();
    if (ranked->empty()) break;
    layers.clear();
    for (const Trial& trial : *ranked) layers.push_back(trial.layer);
    layers.resize(std::min(layers.size(), kLayersLeft));
    const auto best = BestHead(dense, ranked->front());
    if (!best.ok()) return best.status();
    if (!(best->divergence < divergence * (1 - plan_.least_gain))) break;
    divergence = best->divergence;
    dense.push_back(best->head);
    found.heads.push_back(*best);
  }
  return found;
}

}  // namespace

Status CheckLength(size_t num_tokens, int passages) {
  const int64_t least = passages * kPassageTokens + kTailTokens;
  if (static_cast<int64_t>(num_tokens) >= least) return {};
  return InvalidArgument("a text of " + std::to_string(num_tokens) + " tokens, wanted at least " +
                         std::to_string(least) + " for " + std::to_string(passages) + " passages");
}

Result<Calibration> Calibrate(const CalibrationPlan& plan,
                              std::span<const std::vector<int32_t>> texts, Engine* engine) {
  DYNSPLIT_CHECK(plan.passages > 0 && !texts.empty());
  for (const std::vector<int32_t>& text : texts) {
    DYNSPLIT_RETURN_IF_ERROR(CheckLength(text.size(), plan.passages));
  }
  Calibrator calibrator(plan, engine);
  for (const std::vector<int32_t>& text : texts) DYNSPLIT_RETURN_IF_ERROR(calibrator.Read(text));
  return calibrator.Run();
}

}  // namespace dynsplit::eval
