#include <nlohmann/json.hpp>

#include "cli/cli_fixture.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using BenchCommandTest = CliTest;
using nlohmann::json;

TEST_F(BenchCommandTest, ARowForEachMethodAndContext) {
  const ProcessResult result =
      Run("bench", {"--context", "0,700", "--method", "full,dynsplit", "--decode", "8", "--rounds",
                    "2", "--prompt", "100", "--budget", "64", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const json report = json::parse(result.out);
  EXPECT_FALSE(report["isa"].get<std::string>().empty());
  EXPECT_GE(report["threads"], 1);
  EXPECT_FALSE(report["build"].get<std::string>().empty());
  EXPECT_FALSE(report["model"].get<std::string>().empty());
  const json& rows = report["rows"];
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_TRUE(rows[0]["method"].is_null());
  EXPECT_EQ(rows[0]["prefill_tokens"], 100);
  EXPECT_EQ(rows[0]["decode_steps"], 0);
  for (size_t i = 1; i < rows.size(); ++i) {
    const json& row = rows[i];
    EXPECT_EQ(row["context"], i <= 2 ? 0 : 700);
    EXPECT_EQ(row["method"], i % 2 == 1 ? "full" : "dynsplit");
    EXPECT_EQ(row["prefill_tokens"], row["context"]);
    EXPECT_EQ(row["decode_steps"], 8);
    EXPECT_GT(row["decode_seconds"], 0);
    EXPECT_NEAR(row["decode_tokens_per_second"], 8 / row["decode_seconds"].get<double>(),
                1e-6 * 8 / row["decode_seconds"].get<double>());
    EXPECT_GT(row["peak_rss_bytes"], 0);
    EXPECT_GT(row["kv_bytes_total"], 0);
    EXPECT_EQ(row["kv_bytes_resident"], row["kv_bytes_total"]);
  }
  // Eight steps after 700 tokens and two that do not count: 703 to 710 tokens, all attended to.
  EXPECT_DOUBLE_EQ(rows[3]["attended_tokens_mean"], 706.5);
  EXPECT_TRUE(rows[3]["budget"].is_null());
  EXPECT_EQ(rows[4]["budget"], "64");
}

TEST_F(BenchCommandTest, SelectedPrefill) {
  const ProcessResult result =
      Run("bench", {"--context", "0", "--decode", "0", "--prompt", "600", "--prefill", "selected",
                    "--prefill-budget", "16", "--prefill-window", "64", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(json::parse(result.out)["rows"][0]["prefill_tokens"], 600);
  ExpectRefused(Run("bench", {"--context", "9", "--prefill", "selected", "--method", "h2o"}), 1,
                "h2o");
}

TEST_F(BenchCommandTest, SelectionAttendsToLess) {
  const TempFile deeper(TinyModel({.num_layers = 4}).Build());
  const ProcessResult result =
      RunDynsplit({"bench", "-m", deeper.path(), "--context", "700", "--method", "full,dynsplit",
                   "--decode", "4", "--budget", "64", "--json"});
  const json rows = json::parse(result.out)["rows"];
  // Two of four layers are dense, the others take sink, recent and the budget.
  EXPECT_LT(rows[1]["attended_tokens_mean"], rows[0]["attended_tokens_mean"].get<double>() * 0.85);
}

TEST_F(BenchCommandTest, EvictionFollowsOnTheSamePrefill) {
  const TempFile deeper(TinyModel({.num_layers = 4}).Build());
  const ProcessResult result =
      RunDynsplit({"bench", "-m", deeper.path(), "--context", "700", "--method", "full,snapkv,h2o",
                   "--decode", "4", "--budget", "64", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const json rows = json::parse(result.out)["rows"];
  ASSERT_EQ(rows.size(), 3u);
  // Two of four layers are dense (703 to 706 tokens), two see sink, budget and recent.
  for (const size_t i : {1, 2}) {
    EXPECT_DOUBLE_EQ(rows[i]["attended_tokens_mean"], 0.5 * 704.5 + 0.5 * (4 + 64 + 64));
  }
}

TEST_F(BenchCommandTest, ASyntheticContextIsCalledSo) {
  const std::vector<std::string> flags = {"--context", "700,1500", "--fill",
                                          "synthetic", "--decode", "2"};
  std::vector<std::string> json_flags = flags;
  json_flags.emplace_back("--json");
  const ProcessResult result = Run("bench", json_flags);
  ASSERT_EQ(result.status, 0) << result.err;
  const json rows = json::parse(result.out)["rows"];
  ASSERT_EQ(rows.size(), 4u);
  // The first 1,024 tokens are read.
  EXPECT_EQ(rows[0]["prefill_tokens"], 700);
  EXPECT_EQ(rows[0]["synthetic_tokens"], 0);
  EXPECT_EQ(rows[2]["context"], 1500);
  EXPECT_EQ(rows[2]["prefill_tokens"], 1024);
  EXPECT_EQ(rows[2]["synthetic_tokens"], 476);
  // Two steps that do not count, then 1,503 and 1,504 tokens.
  EXPECT_DOUBLE_EQ(rows[2]["attended_tokens_mean"], 1503.5);
  const ProcessResult table = Run("bench", flags);
  EXPECT_THAT(table.out, HasSubstr("1500 (synthetic)"));
  EXPECT_THAT(table.out, Not(HasSubstr("700 (synthetic)")));
  ExpectRefused(Run("bench", {"--fill", "sand"}), 2, "synthetic");
}

TEST_F(BenchCommandTest, TellsWhereTheTimeGoes) {
  const std::vector<std::string> flags = {"--context", "100", "--decode",  "4",
                                          "--rounds",  "2",   "--op-times"};
  std::vector<std::string> json_flags = flags;
  json_flags.emplace_back("--json");
  const ProcessResult result = Run("bench", json_flags);
  ASSERT_EQ(result.status, 0) << result.err;
  const json rows = json::parse(result.out)["rows"];
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["prefill_ops"]["passes"], 1);
  EXPECT_FALSE(rows[1].contains("prefill_ops"));  // the first row's
  for (const json& row : rows) {
    const json& timed = row["decode_ops"];
    EXPECT_EQ(timed["passes"], 8);  // of two rounds, without what warmed up
    double ops = 0, layers = 0;
    for (const json& op : timed["ops"]) ops += op["seconds"].get<double>();
    EXPECT_NEAR(ops, timed["seconds"].get<double>(), 1e-6);
    for (const json& layer : timed["layers"]) layers += layer["seconds"].get<double>();
    // All but what lies between the graphs.
    EXPECT_EQ(timed["ops"].back()["op"], "between");
    EXPECT_NEAR(layers, ops - timed["ops"].back()["seconds"].get<double>(), 1e-6);
    EXPECT_EQ(timed["layers"][0]["layer"], "embedding");
    EXPECT_GT(timed["layers"][1]["attend"], 0);
  }
  const ProcessResult table = Run("bench", flags);
  EXPECT_THAT(table.out, HasSubstr("reading 100 tokens: 1 passes"));
  EXPECT_THAT(table.out, HasSubstr("dynsplit at 100: 8 passes"));
  EXPECT_THAT(table.out, HasSubstr("mul_mat"));
}

TEST_F(BenchCommandTest, TableForPeople) {
  const TempFile text("A short text of one's own.");
  const ProcessResult result =
      Run("bench", {"--context", "32", "--method", "full", "--decode", "2", "-f", text.path()});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("decode tok/s"));
  EXPECT_THAT(result.out, HasSubstr("full"));
}

TEST_F(BenchCommandTest, EmptyTextIsAnError) {
  const TempFile text("");
  ExpectRefused(Run("bench", {"--context", "32", "-f", text.path()}), 1, "empty");
}

}  // namespace
}  // namespace dynsplit::testing
