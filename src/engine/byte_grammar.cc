#include "engine/byte_grammar.h"

#include <algorithm>

#include "base/check.h"

namespace dynsplit {

ByteGrammar::Node ByteGrammar::Open() {
  nodes_.emplace_back();
  return static_cast<Node>(nodes_.size() - 1);
}

ByteGrammar::Node ByteGrammar::Bytes(uint8_t first, uint8_t last, Node next) {
  DYNSPLIT_CHECK(first <= last);
  const Node node = Open();
  AddEdge(node, {.first = first, .last = last, .to = next});
  return node;
}

ByteGrammar::Node ByteGrammar::Literal(std::string_view text, Node next) {
  for (size_t i = text.size(); i > 0; --i) {
    const auto byte = static_cast<uint8_t>(text[i - 1]);
    next = Bytes(byte, byte, next);
  }
  return next;
}

ByteGrammar::Node ByteGrammar::Call(Node rule, Node next) {
  const Node node = Open();
  AddEdge(node, {.to = next, .call = rule});
  return node;
}

ByteGrammar::Node ByteGrammar::Either(std::span<const Node> ways) {
  const Node node = Open();
  for (const Node way : ways) {
    if (!ReadsOnly(way)) {
      AddWay(node, way);
      continue;
    }
    for (const Edge& edge : edges(way)) AddEdge(node, edge);
  }
  return node;
}

bool ByteGrammar::ReadsOnly(Node node) const {
  const std::span<const Edge> ways = edges(node);
  return !ways.empty() &&
         std::all_of(ways.begin(), ways.end(), [](const Edge& e) { return e.first <= e.last; });
}

ByteGrammar::Node ByteGrammar::Repeat(Node rule, int least, int most, Node next) {
  DYNSPLIT_CHECK(least >= 0 && (most < 0 || least <= most));
  Node node = next;
  if (most < 0) {
    node = Open();
    AddWay(node, next);
    AddWay(node, Call(rule, node));
  }
  for (int i = most; i > least; --i) {
    const Node again = Call(rule, node);
    node = Open();
    AddWay(node, next);
    AddWay(node, again);
  }
  for (int i = 0; i < least; ++i) node = Call(rule, node);
  return node;
}

}  // namespace dynsplit
