// How long a saved session takes to open and to answer.
//
//     open_session MODEL TOKENS KV_MEMORY DIR
//
// Makes a session of so many tokens (FillSynthetically: it takes the path of reading, but no answer
// means anything) with its blocks, saves it to DIR, opens it in a new engine that keeps at most
// KV_MEMORY bytes (0: all) of keys and values in memory, asks it 16 tokens and decodes 8. Prints
// the seconds of each. Exit status 1, with the reason on stderr, where something fails.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "dynsplit/engine.h"
#include "engine/synthetic_fill.h"

namespace dynsplit {
namespace {

constexpr int64_t kReadTokens = 1024;
constexpr int64_t kQuestionTokens = 16;
constexpr int kAnswerTokens = 8;

class Stopwatch {
 public:
  void Lap(const char* what) {
    const auto now = std::chrono::steady_clock::now();
    std::printf("%-22s %8.2f s\n", what, std::chrono::duration<double>(now - start_).count());
    std::fflush(stdout);
    start_ = now;
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::vector<int32_t> Tokens(int64_t count) {
  std::vector<int32_t> tokens;
  for (int64_t i = 0; i < count; ++i) tokens.push_back(static_cast<int32_t>(i * i % 977));
  return tokens;
}

Status Make(const std::shared_ptr<const Model>& model, const EngineOptions& options, int64_t tokens,
            const std::string& path) {
  Stopwatch watch;
  const auto engine = Engine::Create(model, options);
  if (!engine.ok()) return engine.status();
  const auto session = (*engine)->NewSession(Method{});
  if (!session.ok()) return session.status();
  DYNSPLIT_RETURN_IF_ERROR((*session)->Feed(Tokens(kReadTokens)));
  DYNSPLIT_RETURN_IF_ERROR(FillSynthetically(session->get(), tokens - kReadTokens));
  DYNSPLIT_RETURN_IF_ERROR((*session)->Feed(Tokens(1), {.attention = Attention::kSelected}));
  watch.Lap("make");
  DYNSPLIT_RETURN_IF_ERROR((*session)->Save(path));
  watch.Lap("save");
  return {};
}

Status Open(const std::shared_ptr<const Model>& model, const EngineOptions& options,
            const std::string& path) {
  Stopwatch watch;
  const auto engine = Engine::Create(model, options);
  if (!engine.ok()) return engine.status();
  const auto session = (*engine)->LoadSession(path, Method{});
  if (!session.ok()) return session.status();
  watch.Lap("open");
  const std::vector<int32_t> question = Tokens(kQuestionTokens);
  DYNSPLIT_RETURN_IF_ERROR((*session)->Feed(question, {.attention = Attention::kSelected}));
  watch.Lap("question of 16 tokens");
  for (int i = 0; i < kAnswerTokens; ++i) {
    DYNSPLIT_RETURN_IF_ERROR((*session)->Feed(Tokens(1), {.attention = Attention::kSelected}));
  }
  watch.Lap("answer of 8 tokens");
  std::printf("in memory              %8.0f MiB of %.0f\n",
              static_cast<double>((*session)->stats().kv_bytes_resident) / (1 << 20),
              static_cast<double>((*session)->stats().kv_bytes_total) / (1 << 20));
  return {};
}

Status Run(const std::string& model_path, int64_t tokens, int64_t kv_memory,
           const std::string& dir) {
  const auto model = Model::Load(model_path);
  if (!model.ok()) return model.status();
  const std::string path = dir + "/open_session.session";
  const EngineOptions options = {.context_tokens = tokens + 64,
                                 .kv_memory_bytes = kv_memory,
                                 .kv_dir = kv_memory > 0 ? dir : ""};
  Status status = Make(*model, options, tokens, path);
  if (status.ok()) status = Open(*model, options, path);
  std::filesystem::remove(path);
  return status;
}

}  // namespace
}  // namespace dynsplit

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: open_session MODEL TOKENS KV_MEMORY DIR\n");
    return 2;
  }
  const dynsplit::Status status =
      dynsplit::Run(argv[1], std::atoll(argv[2]), std::atoll(argv[3]), argv[4]);
  if (!status.ok()) std::fprintf(stderr, "open_session: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
