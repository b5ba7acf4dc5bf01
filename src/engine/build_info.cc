#include "engine/build_info.h"

#include "base/io_ring.h"
#include "ggml-cpu.h"
#include "ggml.h"
#include "kernels/isa.h"

namespace dynsplit {

std::string DescribeBuild() {
  std::string text =
      "dynsplit " DYNSPLIT_VERSION ", kernels " + ActiveIsa() +
      (IoRing::Create(/*descriptor=*/-1) != nullptr ? ", io_uring" : ", read threads") + "; ggml " +
      ggml_version();
  const struct {
    const char* name;
    int present;
  } features[] = {{"AVX2", ggml_cpu_has_avx2()},
                  {"FMA", ggml_cpu_has_fma()},
                  {"F16C", ggml_cpu_has_f16c()},
                  {"AVX_VNNI", ggml_cpu_has_avx_vnni()},
                  {"AVX512", ggml_cpu_has_avx512()},
                  {"AVX512_VNNI", ggml_cpu_has_avx512_vnni()},
                  {"AVX512_BF16", ggml_cpu_has_avx512_bf16()},
                  {"NEON", ggml_cpu_has_neon()},
                  {"LLAMAFILE", ggml_cpu_has_llamafile()}};
  for (const auto& feature : features) {
    if (feature.present != 0) text += std::string(" ") + feature.name;
  }
  return text;
}

}  // namespace dynsplit
