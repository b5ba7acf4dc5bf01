// What the cache of a sequence looks like: sizes that the model gives.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dynsplit {

// What may differ from layer to layer.
struct LayerShape {
  int kv_heads = 0;
  // A row sees its own key and the window - 1 before it; 0: all before it. Layers without a window
  // are *global*: only these select, are indexed and are observed.
  int window = 0;

  bool operator==(const LayerShape&) const = default;
};

struct CacheShape {
  int num_layers = 0;
  int num_heads = 0;                    // query heads, a multiple of the KV heads of each layer
  int kv_heads = 0;                     // of the layer that has most
  int head_dim = 0;                     // of queries and keys
  int value_dim = head_dim;             // of values
  float score_scale = 0;                // multiplies q.k; 0: 1 / sqrt(head_dim)
  float score_cap = 0;                  // soft-cap of the scores (kernels/score_cap.h); 0: none
  std::vector<LayerShape> layers = {};  // [num_layers]; none: all have kv_heads, and are global

  int group_heads() const { return num_heads / kv_heads; }  // of the layer that has fewest
  int KvHeads(int layer) const { return layers.empty() ? kv_heads : At(layer).kv_heads; }
  int GroupHeads(int layer) const { return num_heads / KvHeads(layer); }
  int Window(int layer) const { return layers.empty() ? 0 : At(layer).window; }
  bool IsGlobal(int layer) const { return Window(layer) == 0; }
  float Scale() const {
    return score_scale != 0 ? score_scale : 1 / std::sqrt(static_cast<float>(head_dim));
  }
  // Of keys or values, whichever are wider: what a page has room for.
  int PageWidth() const { return std::max(head_dim, value_dim); }

  // The first token that the row at `position` sees.
  int64_t FirstSeen(int layer, int64_t position) const {
    const int window = Window(layer);
    return window == 0 ? 0 : std::max<int64_t>(0, position + 1 - window);
  }

  // Global layers, ascending, and how many are before one of them.
  std::vector<int> GlobalLayers() const {
    std::vector<int> global;
    for (int i = 0; i < num_layers; ++i) {
      if (IsGlobal(i)) global.push_back(i);
    }
    return global;
  }
  int NumGlobal() const { return CountGlobal(num_layers); }
  int GlobalIdx(int layer) const { return CountGlobal(layer); }

  // Of all layers together, and the query heads of a KV head where there are most of them.
  int64_t TotalKvHeads() const {
    int64_t sum = 0;
    for (int i = 0; i < num_layers; ++i) sum += KvHeads(i);
    return sum;
  }
  int MostGroupHeads() const {
    int most = group_heads();
    for (const LayerShape& layer : layers) most = std::max(most, num_heads / layer.kv_heads);
    return most;
  }

  const LayerShape& At(int layer) const { return layers[static_cast<size_t>(layer)]; }
  int CountGlobal(int end) const {
    if (layers.empty()) return end;
    return static_cast<int>(std::count_if(layers.begin(), layers.begin() + end,
                                          [](const LayerShape& l) { return l.window == 0; }));
  }
};

}  // namespace dynsplit
