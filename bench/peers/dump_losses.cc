// Writes how surprised full attention is by each token of a text: our half of
// compare_perplexity.py.
//
//     dump_losses MODEL IDS OUT CONTEXT SCALING FACTOR
//
// IDS: a text file of ids separated by white space. OUT: f32 [number of ids - 1], raw, in this
// machine's byte order: -log p of each but the first, in nats. CONTEXT: tokens that the engine is
// made for. SCALING and FACTOR: none, linear or yarn, and by how much the context is stretched.
// Exit status 1, with the reason on stderr, where something fails.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "dynsplit/engine.h"

namespace dynsplit {
namespace {

constexpr size_t kPassTokens = 512;

float Loss(std::span<const float> logits, int32_t token) {
  const float largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(double{logit} - largest);
  return static_cast<float>(std::log(sum) + largest - logits[static_cast<size_t>(token)]);
}

Result<std::vector<float>> Losses(Session* session, std::span<const int32_t> ids,
                                  size_t vocab_size) {
  std::vector<float> losses;
  for (size_t start = 0; start < ids.size(); start += kPassTokens) {
    const auto part = ids.subspan(start, std::min(kPassTokens, ids.size() - start));
    DYNSPLIT_RETURN_IF_ERROR(session->Feed(part, {.logits = Logits::kAll}));
    for (size_t i = 0; i < part.size() && start + i + 1 < ids.size(); ++i) {
      losses.push_back(
          Loss(session->logits().subspan(i * vocab_size, vocab_size), ids[start + i + 1]));
    }
  }
  return losses;
}

Status DumpLosses(char** argv) {
  std::ifstream file(argv[2]);
  const std::vector<int32_t> ids{std::istream_iterator<int32_t>(file), {}};
  if (ids.empty()) return InvalidArgument(std::string(argv[2]) + ": no ids");
  const std::string scaling = argv[5];
  ModelOptions model_options;
  model_options.rope.scaling = scaling == "yarn"     ? RopeScaling::kYarn
                               : scaling == "linear" ? RopeScaling::kLinear
                                                     : RopeScaling::kNone;
  model_options.rope.factor = std::strtof(argv[6], nullptr);
  const auto model = Model::Load(argv[1], model_options);
  if (!model.ok()) return model.status();
  const auto engine = Engine::Create(
      *model, {.threads = 1, .batch_tokens = kPassTokens, .context_tokens = std::atoll(argv[4])});
  if (!engine.ok()) return engine.status();
  const auto session = (*engine)->NewSession(*MethodPreset("full"));
  if (!session.ok()) return session.status();
  const auto losses =
      Losses(session->get(), ids, static_cast<size_t>((*model)->description().vocab_size));
  if (!losses.ok()) return losses.status();
  std::ofstream out(argv[3], std::ios::binary);
  out.write(reinterpret_cast<const char*>(losses->data()),
            static_cast<std::streamsize>(losses->size() * sizeof(float)));
  out.close();
  return out ? Status() : IoError(std::string(argv[3]) + ": cannot be written");
}

}  // namespace
}  // namespace dynsplit

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: dump_losses MODEL IDS OUT CONTEXT SCALING FACTOR\n");
    return 2;
  }
  const dynsplit::Status status = dynsplit::DumpLosses(argv);
  if (!status.ok()) std::fprintf(stderr, "dump_losses: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
