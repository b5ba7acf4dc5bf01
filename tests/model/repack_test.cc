#include "model/repack.h"

#include <gtest/gtest.h>

#include <cstring>

#include "ggml-cpp.h"
#include "ggml-cpu.h"

namespace dynsplit {
namespace {

TEST(Repack, PlainTypesStayPlain) {
  EXPECT_EQ(RepackedBufferType(GGML_TYPE_F32, 256, 64), nullptr);
  ggml_backend_buffer_type_t type = RepackedBufferType(GGML_TYPE_Q4_1, 256, 64);
  if (type != nullptr) {
    EXPECT_TRUE(HoldsAmxTiles(type));  // the only other layout that it has
  }
}

// On x86 ggml interleaves rows of q4_K in groups of 8 where there is AVX2.
TEST(Repack, InterleavesRowsWhereTheMachineHasKernels) {
  if (ggml_cpu_has_avx2() == 0) GTEST_SKIP() << "no AVX2";
  ggml_backend_buffer_type_t type = RepackedBufferType(GGML_TYPE_Q4_K, 256, 64);
  ASSERT_NE(type, nullptr);
  EXPECT_FALSE(ggml_backend_buft_is_host(type));
  if (std::strcmp(ggml_backend_buft_name(type), "CPU_REPACK") == 0) {
    EXPECT_EQ(RepackedBufferType(GGML_TYPE_Q4_K, 256, 60), nullptr);
    EXPECT_FALSE(HoldsAmxTiles(type));
  }
}

}  // namespace
}  // namespace dynsplit
