#include "store/decoded_pages.h"

#include <gtest/gtest.h>

#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

constexpr int kDim = 16;
constexpr int64_t kTokens = 300;

class DecodedPagesTest : public ::testing::Test {
 protected:
  Rng rng_{7};
  RandomPages pages_{rng_, kTokens, kDim};
};

TEST_F(DecodedPagesTest, PagesOfF16AreLeftWhereTheyAre) {
  DecodedPages decoded;
  const KvView view = pages_.View();
  const KvView got = decoded.Decode(view, KvPart::kKeys, {0, kTokens});
  EXPECT_EQ(got.keys, view.keys);
  EXPECT_EQ(got.values, view.values);
}

TEST_F(DecodedPagesTest, GivesWhatPagesDecodeTo) {
  const EncodedPages encoded(pages_, {KvType::kF16, KvType::kQ4}, 192);
  for (const TokenRange tokens :
       {TokenRange{0, kTokens}, TokenRange{70, 71}, TokenRange{180, 200}, TokenRange{250, 300}}) {
    DecodedPages decoded;
    const KvView keys = decoded.Decode(encoded.View(), KvPart::kKeys, tokens);
    DecodedPages decoded_values;
    const KvView values = decoded_values.Decode(encoded.View(), KvPart::kValues, tokens);
    EXPECT_FALSE(keys.Part(KvPart::kKeys).encoded());
    for (int64_t t = tokens.start; t < tokens.end; ++t) {
      ASSERT_TRUE(std::equal(keys.Key(t), keys.Key(t) + kDim, encoded.Decoded().Key(t))) << t;
      ASSERT_TRUE(std::equal(values.Value(t), values.Value(t) + kDim, encoded.Decoded().Value(t)));
    }
  }
}

TEST_F(DecodedPagesTest, ThatOfNoTokensReadsNothing) {
  DecodedPages decoded;
  decoded.Decode({nullptr, nullptr, kDim, kDim, {KvType::kQ8, KvType::kQ8}}, KvPart::kKeys, {5, 5});
}

}  // namespace
}  // namespace dynsplit
