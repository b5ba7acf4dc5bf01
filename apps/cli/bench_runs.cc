#include "apps/cli/bench_runs.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <span>
#include <utility>

#include "apps/cli/run_report.h"
#include "apps/common/memory_usage.h"
#include "apps/common/prefill.h"
#include "engine/op_times.h"
#include "engine/synthetic_fill.h"

namespace dynsplit::cli {

const std::string_view kBenchText =
    "The harbour woke slowly that morning. Three boats, heavy with salt and rope, came in before "
    "the tide turned; their crews counted 48 crates, 7 barrels and a small brass bell. Nobody "
    "knew whose bell it was. \"Ask the clerk,\" said the oldest of them, \"she writes everything "
    "down.\" So they went up the hill (it is steeper than it looks), past the school and the "
    "bakery, and knocked.\n\n"
    "def count_crates(boats):\n"
    "    total = 0\n"
    "    for boat in boats:\n"
    "        total += len(boat.crates)\n"
    "    return total\n\n";

namespace {

constexpr int kWarmUpSteps = 2;

// Tokens that are read of a synthetic context: the built-in text nine times over.
constexpr int64_t kReadTokens = 1024;
constexpr uint64_t kFillSeed = 0;

double Sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Result<std::vector<int32_t>> CycledTokens(const std::string& text, int64_t count,
                                          const Tokenizer& tokenizer) {
  const auto once = tokenizer.Encode(text, {.add_special = false});
  if (!once.ok()) return once.status();
  if (once->empty()) return InvalidArgument("the text to measure with is empty");
  std::vector<int32_t> tokens;
  while (static_cast<int64_t>(tokens.size()) < count) {
    tokens.insert(tokens.end(), once->begin(), once->end());
  }
  tokens.resize(static_cast<size_t>(count));
  return tokens;
}

class BenchRunner {
 public:
  BenchRunner(const BenchPlan& plan, Engine* engine, std::span<const int32_t> tokens)
      : plan_(plan), engine_(*engine), tokens_(tokens), op_times_(engine->threads()) {}
  ~BenchRunner() { TimeOps(&engine_, nullptr); }

  Status Run(std::vector<BenchRow>* rows) {
    if (plan_.prompt_tokens > 0) DYNSPLIT_RETURN_IF_ERROR(MeasurePrefill(rows));
    for (const int64_t context : plan_.contexts) {
      DYNSPLIT_RETURN_IF_ERROR(MeasureContext(context, rows));
    }
    return {};
  }

 private:
  // A session that has read the first `count` tokens, and the seconds that took.
  Status Read(int64_t count, std::unique_ptr<Session>* session, double* seconds) {
    auto made = engine_.NewSession(MethodToReadUnder(plan_.methods));
    if (!made.ok()) return made.status();
    *session = *std::move(made);
    *seconds = 0;
    if (count == 0) return {};
    TimeOpsIfWanted();
    const Status status = Prefill(
        session->get(), tokens_.first(static_cast<size_t>(count)),
        {.progress = plan_.progress, .attention = plan_.prefill, .cancel = plan_.cancel}, seconds);
    TimeOps(&engine_, nullptr);
    return status;
  }

  void TimeOpsIfWanted() {
    if (plan_.op_times) TimeOps(&engine_, &op_times_);
  }

  // What was timed since op_times_ was cleared, and took `seconds`.
  std::optional<TimedPasses> TimedOps(double seconds) const {
    TimedPasses timed = {.graphs = op_times_.Report(), .seconds = seconds};
    if (timed.graphs.passes == 0) return std::nullopt;
    return timed;
  }

  Status MeasurePrefill(std::vector<BenchRow>* rows) {
    BenchRow row;
    row.prefill_tokens = plan_.prompt_tokens;
    ResetPeakRss();
    std::vector<double> seconds(static_cast<size_t>(plan_.rounds));
    op_times_.Clear();
    for (double& round : seconds) {
      std::unique_ptr<Session> session;
      DYNSPLIT_RETURN_IF_ERROR(Read(plan_.prompt_tokens, &session, &round));
      row.kv_bytes_total = session->stats().kv_bytes_total;
      row.kv_bytes_resident = session->stats().kv_bytes_resident;
    }
    row.prefill_ops = TimedOps(Sum(seconds));
    row.prefill_seconds = Median(std::move(seconds));
    row.peak_rss_bytes = PeakRssBytes();
    rows->push_back(std::move(row));
    return {};
  }

  Status MeasureContext(int64_t context, std::vector<BenchRow>* rows) {
    std::unique_ptr<Session> base;
    double seconds = 0;
    const int64_t read = plan_.synthetic ? std::min(context, kReadTokens) : context;
    op_times_.Clear();
    DYNSPLIT_RETURN_IF_ERROR(Read(read, &base, &seconds));
    std::optional<TimedPasses> prefill_ops = TimedOps(seconds);
    if (context > read) {
      DYNSPLIT_RETURN_IF_ERROR(
          FillSynthetically(base.get(), context - read, kFillSeed, plan_.cancel));
    }
    for (const Method& method : plan_.methods) {
      BenchRow row;
      row.method = method.name;
      row.budget = HasBudget(method) ? FormatBudget(method.budget) : "";
      row.context = context;
      row.prefill_tokens = read;
      row.synthetic_tokens = context - read;
      row.prefill_ops = std::exchange(prefill_ops, std::nullopt);
      row.prefill_seconds = seconds;
      DYNSPLIT_RETURN_IF_ERROR(MeasureDecode(*base, method, &row));
      rows->push_back(std::move(row));
    }
    return {};
  }

  Status MeasureDecode(const Session& base, const Method& method, BenchRow* row) {
    ResetPeakRss();
    std::vector<double> seconds(static_cast<size_t>(plan_.rounds));
    op_times_.Clear();
    for (double& round : seconds) {
      const std::unique_ptr<Session> session = base.Fork();
      DYNSPLIT_RETURN_IF_ERROR(session->SetMethod(method));
      DYNSPLIT_RETURN_IF_ERROR(Step(session.get(), kWarmUpSteps));
      session->ResetStats();
      TimeOpsIfWanted();
      const auto start = std::chrono::steady_clock::now();
      DYNSPLIT_RETURN_IF_ERROR(Step(session.get(), plan_.decode_steps));
      round = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      TimeOps(&engine_, nullptr);
      const SessionStats stats = session->stats();
      row->attended_tokens_mean = stats.attended_tokens_mean;
      row->kv_bytes_total = stats.kv_bytes_total;
      row->kv_bytes_resident = stats.kv_bytes_resident;
    }
    row->decode_steps = plan_.decode_steps;
    row->decode_ops = TimedOps(Sum(seconds));
    row->decode_seconds = Median(std::move(seconds));
    row->peak_rss_bytes = PeakRssBytes();
    return {};
  }

  // Feeds the next tokens of the text one by one.
  Status Step(Session* session, int steps) {
    FeedOptions feed;
    feed.attention = Attention::kSelected;
    feed.cancel = plan_.cancel;
    for (int i = 0; i < steps; ++i) {
      const auto next = tokens_.subspan(session->tokens().size(), 1);
      DYNSPLIT_RETURN_IF_ERROR(session->Feed(next, feed));
    }
    return {};
  }

  const BenchPlan& plan_;
  Engine& engine_;
  std::span<const int32_t> tokens_;
  OpTimes op_times_;
};

}  // namespace

int64_t BenchPlan::TokensNeeded() const {
  int64_t deepest = 0;
  for (const int64_t context : contexts) deepest = std::max(deepest, context);
  return std::max<int64_t>(deepest + kWarmUpSteps + decode_steps, prompt_tokens);
}

Result<std::vector<BenchRow>> RunBench(const BenchPlan& plan, const std::string& text,
                                       const LoadedModel& loaded) {
  const auto tokens = CycledTokens(text, plan.TokensNeeded(), loaded.model->tokenizer());
  if (!tokens.ok()) return tokens.status();
  std::vector<BenchRow> rows;
  const Status status = BenchRunner(plan, loaded.engine.get(), *tokens).Run(&rows);
  if (!status.ok()) return status;
  return rows;
}

}  // namespace dynsplit::cli
