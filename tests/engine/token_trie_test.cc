#include "engine/token_trie.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "support/tiny_vocabulary.h"

namespace dynsplit::testing {
namespace {

TEST(TokenTrieTest, EachTokenIsWhereItsBytesLead) {
  const auto tokenizer = *Tokenizer::Create(TinyBpe());
  const TokenTrie trie(*tokenizer);
  std::map<int32_t, std::string> found;
  std::string path;
  for (const TokenTrie::Node& node : trie.nodes()) {
    path.resize(static_cast<size_t>(node.depth) - 1);
    path += static_cast<char>(node.byte);
    for (int32_t i = node.first_token; i < node.end_token; ++i) {
      found[trie.tokens()[static_cast<size_t>(i)]] = path;
    }
  }
  EXPECT_EQ(found.size(), trie.tokens().size());
  for (const auto& [token, text] : found) EXPECT_EQ(text, tokenizer->TokenBytes(token));
  EXPECT_EQ(found[259], "hello");
  EXPECT_EQ(found.count(263) + found.count(264) + found.count(267), 0u);  // they have no text
  EXPECT_EQ(trie.max_depth(), 12);                                        // <tool><tool>
  ASSERT_EQ(trie.ends().size(), 1u);
  EXPECT_EQ(trie.ends()[0], 264);
}

TEST(TokenTrieTest, BehindANodeAreNoneOfItsDescendants) {
  const TokenTrie trie(**Tokenizer::Create(TinyBpe()));
  const auto nodes = trie.nodes();
  for (size_t i = 0; i < nodes.size(); ++i) {
    size_t end = i + 1;
    while (end < nodes.size() && nodes[end].depth > nodes[i].depth) ++end;
    EXPECT_EQ(static_cast<size_t>(nodes[i].behind), end);
  }
}

}  // namespace
}  // namespace dynsplit::testing
