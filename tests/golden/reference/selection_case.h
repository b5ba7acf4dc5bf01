// A case of selections.json: keys, blocks and queries in the layout of the kernels.
#pragma once

#include <algorithm>
#include <vector>

#include "dynsplit/method.h"
#include "golden/reference/golden.h"
#include "index/block_index.h"
#include "kernels/f16.h"
#include "kernels/kernel_fixture.h"

namespace dynsplit {

struct SelectionCase {
  int head_dim = 0;
  std::vector<Block> blocks;
  std::vector<RandomPages> pages;  // [kv_heads], with the case's keys
  BlockIndex index;                // of one layer
  int group_heads = 0;
  std::vector<float> queries;  // [kv_heads, group_heads, head_dim]

  explicit SelectionCase(const nlohmann::json& c)
      : head_dim(static_cast<int>(c["keys"][0][0].size())),
        index({1, static_cast<int>(c["keys"].size()), head_dim, c["vectors"], Summary::kMean}) {
    for (const auto& block : c["blocks"]) {
      const int32_t start = block[0];
      blocks.push_back({start, block[1].get<int32_t>() - start});
    }
    Rng rng(0);
    std::vector<KvView> views;
    for (const auto& head : c["keys"]) {
      pages.emplace_back(rng, static_cast<int64_t>(head.size()), head_dim);
      int64_t token = 0;
      for (const auto& key : head) {
        std::transform(key.begin(), key.end(), pages.back().Key(token++),
                       [](const nlohmann::json& value) { return F16FromF32(value); });
      }
    }
    for (const RandomPages& head : pages) views.push_back(head.View());
    index.Reserve(static_cast<int64_t>(blocks.size()));
    index.Fill(0, 0, blocks, views);
    group_heads = static_cast<int>(c["queries"].size() / pages.size());
    for (const auto& head : c["queries"]) queries.insert(queries.end(), head.begin(), head.end());
  }
};

}  // namespace dynsplit
