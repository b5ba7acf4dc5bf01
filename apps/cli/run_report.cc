#include "apps/cli/run_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "apps/common/figures.h"

namespace dynsplit::cli {
namespace {

double DecodeRate(const Generation& answer) {
  return Rate(answer.decode_steps, answer.decode_seconds);
}

}  // namespace

bool HasBudget(const Method& method) {
  return method.policy != Policy::kAll && method.policy != Policy::kRecent;
}

std::string ToJson(const RunReport& report) {
  nlohmann::ordered_json json;
  json["text"] = report.answer.text;
  json["tokens"] = report.answer.tokens.size();
  json["prompt_tokens"] = report.prompt_tokens;
  json["prefill_seconds"] = report.prefill_seconds;
  json["decode_seconds"] = report.answer.decode_seconds;
  json["decode_tokens_per_second"] = DecodeRate(report.answer);
  json["peak_rss_bytes"] = report.peak_rss_bytes;
  json["kv_bytes_total"] = report.stats.kv_bytes_total;
  json["kv_bytes_resident"] = report.stats.kv_bytes_resident;
  json["attended_tokens_mean"] = report.stats.attended_tokens_mean;
  json["method"] = report.method.name;
  json["budget"] = nullptr;
  if (HasBudget(report.method)) json["budget"] = FormatBudget(report.method.budget);
  json["stop_reason"] = StopReasonName(report.answer.stop_reason);
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string ToTable(const RunReport& report) {
  const Generation& answer = report.answer;
  Table table;
  table.AddRow({"model", report.model});
  table.AddRow({"build", fmt::format("{}, {} threads", report.build, report.threads)});
  table.AddRow({"method", HasBudget(report.method)
                              ? fmt::format("{}, budget {}", report.method.name,
                                            FormatBudget(report.method.budget))
                              : report.method.name});
  const std::string all = report.prefill_tokens < report.prompt_tokens
                              ? fmt::format(" of {}", report.prompt_tokens)
                              : "";
  table.AddRow(
      {"prompt", fmt::format("{}{} tokens in {}, {} tokens/s{}", report.prefill_tokens, all,
                             FormatSeconds(report.prefill_seconds),
                             FormatRate(Rate(report.prefill_tokens, report.prefill_seconds)),
                             report.stats.joint_rows > 0 ? ", selected prefill" : "")});
  table.AddRow({"answer",
                fmt::format("{} tokens in {}, {} tokens/s", answer.tokens.size(),
                            FormatSeconds(answer.decode_seconds), FormatRate(DecodeRate(answer)))});
  if (report.stats.selected_rows > 0) {
    table.AddRow({"attended", fmt::format("{:.0f} of {} tokens", report.stats.attended_tokens_mean,
                                          report.stats.tokens)});
  }
  const SessionStats& stats = report.stats;
  table.AddRow(
      {"KV cache", stats.kv_bytes_resident < stats.kv_bytes_total
                       ? fmt::format("{}, {} of it in memory", FormatBytes(stats.kv_bytes_total),
                                     FormatBytes(stats.kv_bytes_resident))
                       : FormatBytes(stats.kv_bytes_total)});
  table.AddRow({"peak memory", FormatBytes(report.peak_rss_bytes)});
  table.AddRow({"ended by", std::string(StopReasonName(answer.stop_reason))});
  return table.ToString();
}

}  // namespace dynsplit::cli
