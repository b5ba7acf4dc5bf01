#include "apps/demo/demo_run.h"

#include <algorithm>
#include <span>
#include <utility>

#include "apps/common/prefill.h"
#include "dynsplit/generate.h"

namespace dynsplit::demo {
namespace {

constexpr int kAnswerTokens = 10;  // the longest answer has 6

// What stands between a text that was read and a question: its method's blocks and index.
struct Prepared {
  std::unique_ptr<Session> session;
  MethodResult* result;
};

Status Ask(const Prepared& prepared, const HiddenFact& fact, const Tokenizer& tokenizer) {
  const auto cue = tokenizer.Encode(fact.cue, {.add_special = false});
  if (!cue.ok()) return cue.status();
  const std::unique_ptr<Session> session = prepared.session->Fork();
  DYNSPLIT_RETURN_IF_ERROR(session->Feed(*cue, {.attention = Attention::kSelected}));
  session->ResetStats();
  GenerateOptions options;
  options.max_tokens = kAnswerTokens;
  options.ignore_end = true;  // as many steps for every method, to compare their speed
  const Result<Generation> answer = Generate(session.get(), tokenizer, options);
  if (!answer.ok()) return answer.status();
  MethodResult& result = *prepared.result;
  const std::string line = answer->text.substr(0, answer->text.find('\n'));
  result.answers.push_back({line, GivesAnswer(line, fact)});
  result.step_seconds.push_back(answer->decode_seconds / static_cast<double>(answer->decode_steps));
  const SessionStats stats = session->stats();
  // The same number of steps each, so a plain mean over the questions is the mean over the steps.
  const double count = static_cast<double>(result.answers.size());
  result.attended_tokens_mean += (stats.attended_tokens_mean - result.attended_tokens_mean) / count;
  result.kv_bytes_total = stats.kv_bytes_total;
  result.index_bytes = stats.index_bytes;
  return {};
}

}  // namespace

int MethodResult::NumRight() const {
  return static_cast<int>(std::count_if(answers.begin(), answers.end(),
                                        [](const AskedFact& answer) { return answer.right; }));
}

double MethodResult::TokensPerSecond() const {
  if (step_seconds.empty()) return 0;
  std::vector<double> sorted = step_seconds;
  std::sort(sorted.begin(), sorted.end());
  return 1 / sorted[sorted.size() / 2];
}

Result<DemoResult> RunDemo(Engine* engine, Haystack hay, const std::vector<Method>& methods) {
  DemoResult demo;
  demo.hay = std::move(hay);
  const Tokenizer& tokenizer = engine->model().tokenizer();
  const auto tokens = tokenizer.Encode(demo.hay.text);
  if (!tokens.ok()) return tokens.status();
  const auto session = engine->NewSession();
  if (!session.ok()) return session.status();
  DYNSPLIT_RETURN_IF_ERROR(Prefill(session->get(), std::span(*tokens).first(tokens->size() - 1),
                                   {.progress = true, .logits = Logits::kNone},
                                   &demo.prefill_seconds));
  demo.methods.resize(methods.size());
  std::vector<Prepared> prepared;
  for (size_t i = 0; i < methods.size(); ++i) {
    demo.methods[i].method = methods[i];
    auto fork = ForkUnder(methods[i], **session, std::span(*tokens).last(1),
                          {.attention = Attention::kSelected});
    if (!fork.ok()) return fork.status();
    prepared.push_back({*std::move(fork), &demo.methods[i]});
    Result<std::vector<Block>> blocks = prepared.back().session->Blocks();
    if (!blocks.ok()) return blocks.status();
    demo.blocks = *std::move(blocks);
  }
  // Method by method within a question, so that a busy moment of the machine hits all alike.
  for (const HiddenFact& fact : demo.hay.facts) {
    for (const Prepared& method : prepared) {
      DYNSPLIT_RETURN_IF_ERROR(Ask(method, fact, tokenizer));
    }
  }
  return demo;
}

}  // namespace dynsplit::demo
