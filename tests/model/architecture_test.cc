#include "model/architecture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "support/gguf_writer.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;

const std::string kSupportedNames =
    "gemma2, gemma3, granite, llama, olmo2, phi3, qwen2, qwen3, qwen3moe and smollm3";

// The architecture of a file that has these keys and nothing else.
Result<const Architecture*> Find(const std::function<void(GgufWriter*)>& keys) {
  GgufWriter writer;
  keys(&writer);
  const std::string bytes = writer.Build();
  const auto reader = GgufReader::FromBuffer(std::as_bytes(std::span(bytes)), "m.gguf");
  if (!reader.ok()) return reader.status();
  return FindArchitecture(*reader);
}

Result<const Architecture*> Find(const std::string& name) {
  return Find([&](GgufWriter* w) { w->SetString("general.architecture", name); });
}

TEST(Architecture, FindsEachByItsName) {
  for (const Architecture* architecture : SupportedArchitectures()) {
    const auto found = Find(std::string(architecture->name));
    ASSERT_TRUE(found.ok()) << found.status().ToString();
    EXPECT_EQ(*found, architecture);
  }
}

TEST(Architecture, ComeInTheOrderOfTheirNames) {
  const auto all = SupportedArchitectures();
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(),
                             [](const auto* a, const auto* b) { return a->name < b->name; }));
}

TEST(Architecture, RefusesByName) {
  EXPECT_EQ(Find("starcoder").status().ToString(),
            "Unsupported: m.gguf: architecture 'starcoder' is not supported; supported are " +
                kSupportedNames);
  const std::pair<const char*, const char*> kinds[] = {
      {"nomic-bert", "an encoder"},
      {"t5", "an encoder with a decoder"},
      {"mamba", "a recurrent model"},
      {"falcon-h1", "a model with recurrent layers"},
      {"deepseek2", "a model with latent attention (MLA)"},
      {"llada", "a diffusion model"},
      {"eagle3", "a draft model, which only runs beside the model it drafts for"},
      {"clip", "an image encoder"}};
  for (const auto& [name, kind] : kinds) {
    const Status status = Find(name).status();
    EXPECT_EQ(status.code(), StatusCode::kUnsupported);
    EXPECT_THAT(status.message(), HasSubstr(std::string("architecture '") + name + "' (" + kind +
                                            ") is not supported; supported are gemma2"));
  }
}

TEST(Architecture, NamesAreShownShortAndPrintable) {
  const std::string message = Find("\x1b[2J" + std::string(100000, 'x')).status().message();
  EXPECT_THAT(message, HasSubstr("architecture '\uFFFD[2J" + std::string(60, 'x') + "...' is not"));
}

TEST(Architecture, KeysTellWhatAnUnknownNameIs) {
  const auto with = [](const std::string& key) {
    return Find([&](GgufWriter* w) {
             w->SetString("general.architecture", "new");
             w->SetU32("new." + key, 8);
           })
        .status()
        .message();
  };
  EXPECT_THAT(with("attention.kv_lora_rank"), HasSubstr("'new' (a model with latent attention"));
  EXPECT_THAT(with("ssm.state_size"), HasSubstr("'new' (a model with recurrent layers)"));
}

TEST(Architecture, FilesThatHoldNoModel) {
  const Status adapter = Find([](GgufWriter* w) {
                           w->SetString("general.architecture", "llama");
                           w->SetString("general.type", "adapter");
                         }).status();
  EXPECT_EQ(adapter.ToString(), "Unsupported: m.gguf: holds no model, but general.type 'adapter'");
  EXPECT_EQ(Find([](GgufWriter*) {}).status().code(), StatusCode::kCorruption);
}

TEST(Architecture, FormsOfASupportedNameThatWriteNoText) {
  const auto message = [](const std::function<void(GgufWriter*)>& change) {
    return Find([&](GgufWriter* w) {
             w->SetString("general.architecture", "qwen3");
             change(w);
           })
        .status()
        .ToString();
  };
  const std::string begin = "Unsupported: m.gguf: ";
  EXPECT_EQ(message([](GgufWriter* w) { w->SetBool("qwen3.attention.causal", false); }),
            begin + "key 'qwen3.attention.causal': an encoder, supported are decoders");
  EXPECT_EQ(message([](GgufWriter* w) { w->SetU32("qwen3.pooling_type", 3); }),
            begin + "key 'qwen3.pooling_type': an embedding model, supported are decoders");
  EXPECT_EQ(
      message([](GgufWriter* w) { w->SetStrings("qwen3.classifier.output_labels", {"yes"}); }),
      begin + "key 'qwen3.classifier.output_labels': a classifier, supported are decoders");
  EXPECT_EQ(message([](GgufWriter* w) {
              w->tensors().push_back({"cls.output.weight", 0, {1}, std::string(4, '\0'), {}});
            }),
            begin + "tensor 'cls.output.weight': a classifier, supported are decoders");
  EXPECT_EQ(message([](GgufWriter* w) {
              w->SetU32("qwen3.pooling_type", 0);  // none
              w->SetBool("qwen3.attention.causal", true);
            }),
            "ok");
}

}  // namespace
}  // namespace dynsplit::testing
