#include "apps/cli/op_times_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "apps/common/figures.h"

namespace dynsplit::cli {
namespace {

// Pages, blocks, what is handed to sessions: all but the graphs.
constexpr char kBetween[] = "between";

// Those of the graphs, and what lies between.
std::vector<OpTime> AllOps(const TimedPasses& timed) {
  std::vector<OpTime> ops = timed.graphs.ops;
  ops.push_back({.op = kBetween,
                 .calls = timed.graphs.passes,
                 .seconds = timed.seconds - timed.graphs.seconds,
                 .busy_seconds = {}});
  return ops;
}

std::string OpTable(const TimedPasses& timed) {
  Table table({"op", "share", "ms/pass", "calls/pass", "busy"});
  const auto passes = static_cast<double>(timed.graphs.passes);
  for (const OpTime& op : AllOps(timed)) {
    const double busy = op.busy_seconds ? 100 * *op.busy_seconds / op.seconds : 0;
    table.AddRow({op.op, fmt::format("{:.1f} %", 100 * op.seconds / timed.seconds),
                  fmt::format("{:.3f}", 1e3 * op.seconds / passes),
                  fmt::format("{:.0f}", static_cast<double>(op.calls) / passes),
                  op.busy_seconds ? fmt::format("{:.0f} %", busy) : "-"});
  }
  return table.ToString();
}

std::string LayerTable(const OpReport& graphs) {
  std::vector<std::string> header = {"layer", "ms/pass"};
  for (size_t s = 0; s < kNumAttentionSteps; ++s) {
    header.push_back(NameOf(static_cast<AttentionStep>(s)));
  }
  header.emplace_back("ggml");
  Table table(header);
  for (const LayerTime& layer : graphs.layers) {
    const auto milliseconds = [&](double seconds) {
      return fmt::format("{:.3f}", 1e3 * seconds / static_cast<double>(graphs.passes));
    };
    std::vector<std::string> cells = {layer.layer, milliseconds(layer.seconds)};
    double rest = layer.seconds;
    for (const double seconds : layer.steps) {
      cells.push_back(seconds > 0 ? milliseconds(seconds) : "-");
      rest -= seconds;
    }
    cells.push_back(milliseconds(rest));
    table.AddRow(std::move(cells));
  }
  return table.ToString();
}

}  // namespace

nlohmann::ordered_json ToJson(const TimedPasses& timed) {
  nlohmann::ordered_json json;
  json["passes"] = timed.graphs.passes;
  json["seconds"] = timed.seconds;
  json["ops"] = nlohmann::ordered_json::array();
  for (const OpTime& op : AllOps(timed)) {
    nlohmann::ordered_json one;
    one["op"] = op.op;
    one["calls"] = op.calls;
    one["seconds"] = op.seconds;
    one["busy_seconds"] = nullptr;
    if (op.busy_seconds) one["busy_seconds"] = *op.busy_seconds;
    json["ops"].push_back(std::move(one));
  }
  json["layers"] = nlohmann::ordered_json::array();
  for (const LayerTime& layer : timed.graphs.layers) {
    nlohmann::ordered_json one;
    one["layer"] = layer.layer;
    one["seconds"] = layer.seconds;
    for (size_t s = 0; s < kNumAttentionSteps; ++s) {
      one[NameOf(static_cast<AttentionStep>(s))] = layer.steps[s];
    }
    json["layers"].push_back(std::move(one));
  }
  return json;
}

std::string ToTables(const std::string& title, const TimedPasses& timed) {
  return fmt::format("{}: {} passes, {:.2f} ms each\n\n{}\n{}", title, timed.graphs.passes,
                     1e3 * timed.seconds / static_cast<double>(timed.graphs.passes), OpTable(timed),
                     LayerTable(timed.graphs));
}

}  // namespace dynsplit::cli
