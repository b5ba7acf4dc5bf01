#include "model/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "dynsplit/model.h"
#include "model/weights.h"
#include "support/gguf_writer.h"
#include "support/temp_folder.h"
#include "support/tiny_model.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;

constexpr uint32_t kNumParts = 3;

// A tiny model split into three files, as gguf-split writes them.
class ModelFileTest : public ::testing::Test {
 protected:
  ModelFileTest() : whole_(TinyModel({.num_layers = 3})) {
    for (uint32_t i = 0; i < kNumParts; ++i) WritePart(i, kNumParts, whole_.tensors().size());
  }

  static std::string Name(uint32_t index) {
    return "tiny-0000" + std::to_string(index + 1) + "-of-00003.gguf";
  }
  std::string Path(uint32_t index) const { return folder_.path() + "/" + Name(index); }

  // The first part has the model's keys; tensors are dealt out in turn.
  GgufWriter Part(uint32_t index, uint32_t count, size_t num_tensors) const {
    GgufWriter part;
    if (index == 0) part = whole_;
    part.SetU32("split.no", index);
    part.SetU32("split.count", count);
    part.SetI32("split.tensors.count", static_cast<int32_t>(num_tensors));
    part.tensors().clear();
    GgufWriter whole = whole_;
    for (size_t i = index; i < whole.tensors().size(); i += kNumParts) {
      part.tensors().push_back(whole.tensors()[i]);
    }
    return part;
  }
  void WritePart(uint32_t index, uint32_t count, size_t num_tensors) const {
    folder_.Write(Name(index), Part(index, count, num_tensors).Build());
  }

  GgufWriter whole_;
  TempFolder folder_;
};

TEST_F(ModelFileTest, AnyPartOpensAll) {
  for (uint32_t i = 0; i < kNumParts; ++i) {
    const auto file = ModelFile::Open(Path(i));
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    ASSERT_EQ(file->parts().size(), kNumParts);
    EXPECT_EQ(file->header().path(), Path(0));
    const auto weights = Weights::Load(Path(i));
    ASSERT_TRUE(weights.ok()) << weights.status().ToString();
    for (const char* name : {"blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.2.ffn_up.weight"}) {
      const ModelWeights& tensors = (*weights)->tensors(1);
      const ggml_tensor* tensor = std::string(name) == "blk.0.attn_q.weight" ? tensors.layers[0].wq
                                  : std::string(name) == "blk.0.attn_k.weight"
                                      ? tensors.layers[0].wk
                                      : tensors.layers[2].ffn_up;
      EXPECT_EQ(std::string(static_cast<const char*>(tensor->data), ggml_nbytes(tensor)),
                whole_.tensor(name).bytes);
    }
  }
  const auto model = Model::Load(Path(1));
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  EXPECT_EQ((*model)->description().name, "tiny llama");
}

TEST_F(ModelFileTest, AModelInOneFileIsOnePart) {
  folder_.Write("whole.gguf", whole_.Build());
  const auto file = ModelFile::Open(folder_.path() + "/whole.gguf");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ(file->parts().size(), 1u);
}

TEST_F(ModelFileTest, FilesStayReadableWithoutTheirHeaders) {
  Result<ModelFile> model = ModelFile::Open(Path(0));
  ASSERT_TRUE(model.ok()) << model.status().message();
  std::vector<std::vector<std::byte>> before;
  for (const ModelFile::Part& part : model->parts()) {
    const std::span<const std::byte> bytes = part.file.bytes();
    before.emplace_back(bytes.begin(), bytes.end());
    const std::byte* first = part.reader.tensors().front().bytes.data();
    EXPECT_EQ(bytes.data() + part.HeaderBytes(), first);
  }
  const std::vector<MappedFile> files = std::move(*model).TakeFiles();
  ASSERT_EQ(files.size(), before.size());
  for (size_t i = 0; i < files.size(); ++i) {
    EXPECT_TRUE(std::ranges::equal(files[i].bytes(), before[i]));
  }
}

TEST_F(ModelFileTest, PartsTellModelsApart) {
  const uint64_t before = Weights::Load(Path(0)).value()->fingerprint();
  whole_.tensor("blk.0.attn_k.weight").bytes[7] ^= 1;
  WritePart(2, kNumParts, whole_.tensors().size());
  WritePart(1, kNumParts, whole_.tensors().size());
  WritePart(0, kNumParts, whole_.tensors().size());
  EXPECT_NE(Weights::Load(Path(0)).value()->fingerprint(), before);
}

TEST_F(ModelFileTest, HeadersTellModelsApart) {
  whole_.SetString("general.author", "somebody");
  folder_.Write("whole.gguf", whole_.Build());
  const std::string path = folder_.path() + "/whole.gguf";
  const uint64_t before = Weights::Load(path).value()->fingerprint();
  whole_.SetString("general.author", "anybody!");  // as long
  folder_.Write("whole.gguf", whole_.Build());
  EXPECT_NE(Weights::Load(path).value()->fingerprint(), before);
}

TEST_F(ModelFileTest, AMissingPartIsNamed) {
  std::filesystem::remove(Path(1));
  const Status status = ModelFile::Open(Path(2)).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(status.message(),
            Path(1) + ": No such file or directory (" + Path(2) + " is part 3 of 3 of a model)");
}

TEST_F(ModelFileTest, NamesMustSayWhichPartTheyAre) {
  folder_.Write("other.gguf", Part(0, kNumParts, 1).Build());
  const std::string path = folder_.path() + "/other.gguf";
  EXPECT_EQ(ModelFile::Open(path).status().ToString(),
            "InvalidArgument: " + path +
                ": part 1 of 3 of a model; its name must end in -00001-of-00003.gguf for the "
                "others to be found");
}

TEST_F(ModelFileTest, PartsThatDoNotBelongTogether) {
  const size_t num_tensors = whole_.tensors().size();
  folder_.Write(Name(1), Part(2, kNumParts, num_tensors).Build());
  EXPECT_THAT(ModelFile::Open(Path(0)).status().ToString(),
              HasSubstr("key 'split.no': got 2, wanted 1 as the file's name says"));
  folder_.Write(Name(1), Part(1, 4, num_tensors).Build());
  EXPECT_THAT(ModelFile::Open(Path(0)).status().ToString(),
              HasSubstr("key 'split.count': got 4, wanted 3 as in the other parts"));
  folder_.Write(Name(1), Part(1, kNumParts, num_tensors + 1).Build());
  EXPECT_THAT(ModelFile::Open(Path(0)).status().ToString(),
              HasSubstr("'split.tensors.count': got"));
  GgufWriter twice = Part(1, kNumParts, num_tensors);
  twice.tensors().push_back(Part(0, kNumParts, num_tensors).tensors()[0]);
  folder_.Write(Name(1), twice.Build());
  EXPECT_THAT(ModelFile::Open(Path(0)).status().ToString(),
              HasSubstr("is in another part of the model as well"));
}

TEST_F(ModelFileTest, ImpossibleCounts) {
  folder_.Write(Name(0), Part(3, 3, 1).Build());
  EXPECT_THAT(ModelFile::Open(Path(0)).status().ToString(),
              HasSubstr("key 'split.no': got 3, wanted less than split.count 3"));
  folder_.Write(Name(0), Part(0, 5000, 1).Build());
  EXPECT_THAT(ModelFile::Open(Path(0)).status().ToString(),
              HasSubstr("key 'split.count': got 5000, wanted at most 1024"));
}

}  // namespace
}  // namespace dynsplit::testing
