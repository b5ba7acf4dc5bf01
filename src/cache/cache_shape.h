// What the cache of a sequence looks like: sizes that the model gives.
#pragma once

namespace dynsplit {

struct CacheShape {
  int num_layers = 0;
  int num_heads = 0;  // query heads, a multiple of kv_heads
  int kv_heads = 0;
  int head_dim = 0;

  int group_heads() const { return num_heads / kv_heads; }
};

}  // namespace dynsplit
