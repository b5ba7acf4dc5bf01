#include "apps/cli/bench_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "apps/common/figures.h"

namespace dynsplit::cli {
namespace {

nlohmann::ordered_json RowToJson(const BenchRow& row) {
  nlohmann::ordered_json json;
  json["method"] = nullptr;
  if (!row.method.empty()) json["method"] = row.method;
  json["budget"] = nullptr;
  if (!row.budget.empty()) json["budget"] = row.budget;
  json["context"] = row.context;
  json["prefill_tokens"] = row.prefill_tokens;
  json["synthetic_tokens"] = row.synthetic_tokens;
  json["prefill_seconds"] = row.prefill_seconds;
  json["prefill_tokens_per_second"] = Rate(row.prefill_tokens, row.prefill_seconds);
  json["decode_steps"] = row.decode_steps;
  json["decode_seconds"] = row.decode_seconds;
  json["decode_tokens_per_second"] = Rate(row.decode_steps, row.decode_seconds);
  json["attended_tokens_mean"] = row.attended_tokens_mean;
  json["peak_rss_bytes"] = row.peak_rss_bytes;
  json["kv_bytes_total"] = row.kv_bytes_total;
  json["kv_bytes_resident"] = row.kv_bytes_resident;
  if (row.prefill_ops) json["prefill_ops"] = ToJson(*row.prefill_ops);
  if (row.decode_ops) json["decode_ops"] = ToJson(*row.decode_ops);
  return json;
}

std::string RateOrDash(int64_t count, double seconds) {
  return count > 0 ? FormatRate(Rate(count, seconds)) : "-";
}

// The context, and whether the model has read all of it.
std::string Depth(const BenchRow& row) {
  if (row.method.empty()) return std::to_string(row.prefill_tokens);
  return std::to_string(row.context) + (row.synthetic_tokens > 0 ? " (synthetic)" : "");
}

std::string OpTables(const std::vector<BenchRow>& rows) {
  std::string tables;
  for (const BenchRow& row : rows) {
    if (row.prefill_ops) {
      const std::string title = fmt::format("reading {} tokens", row.prefill_tokens);
      tables += "\n" + ToTables(title, *row.prefill_ops);
    }
    if (row.decode_ops) {
      tables += "\n" + ToTables(row.method + " at " + Depth(row), *row.decode_ops);
    }
  }
  return tables;
}

}  // namespace

std::string ToJson(const BenchReport& report) {
  nlohmann::ordered_json json;
  json["isa"] = report.isa;
  json["threads"] = report.threads;
  json["build"] = report.build;
  json["model"] = report.model;
  json["rows"] = nlohmann::ordered_json::array();
  for (const BenchRow& row : report.rows) json["rows"].push_back(RowToJson(row));
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string ToTable(const BenchReport& report) {
  Table table({"method", "budget", "context", "prefill tok/s", "decode tok/s", "attended",
               "KV cache", "peak memory"});
  for (const BenchRow& row : report.rows) {
    table.AddRow({row.method.empty() ? "(prefill)" : row.method,
                  row.budget.empty() ? "-" : row.budget, Depth(row),
                  RateOrDash(row.prefill_tokens, row.prefill_seconds),
                  RateOrDash(row.decode_steps, row.decode_seconds),
                  row.decode_steps > 0 ? fmt::format("{:.0f}", row.attended_tokens_mean) : "-",
                  FormatBytes(row.kv_bytes_total), FormatBytes(row.peak_rss_bytes)});
  }
  return fmt::format("{}, {}, {} threads\n\n{}{}", report.model, report.build, report.threads,
                     table.ToString(), OpTables(report.rows));
}

}  // namespace dynsplit::cli
