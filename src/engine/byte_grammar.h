// A context-free grammar over bytes: which texts there may be. It is built from the end: each piece
// is given the node that comes after it, and returns the node that it begins at.
//
//   Node value = grammar.Literal("yes", ByteGrammar::kEnd);   // a rule: the text "yes"
//
// A node goes on by any of its edges: by a byte, by nothing, or by a call, which is a rule's text
// and then the edge's own node. So rules may contain themselves. Not thread safe while it is built,
// immutable then.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace dynsplit {

class ByteGrammar {
 public:
  using Node = int32_t;
  static constexpr Node kEnd = 0;  // where every rule ends, and the text
  static constexpr Node kNone = -1;

  struct Edge {
    uint8_t first = 1;  // by a byte from first to last; by none where first > last
    uint8_t last = 0;
    Node to = kEnd;
    Node call = kNone;  // a rule whose text comes before `to`
  };

  ByteGrammar() : nodes_(1) {}

  // A node that has no way on yet: for loops, and for rules that contain themselves.
  Node Open();
  void AddWay(Node from, Node to) { AddEdge(from, {.to = to}); }

  Node Bytes(uint8_t first, uint8_t last, Node next);
  Node Literal(std::string_view text, Node next);
  Node Call(Node rule, Node next);
  // Ways that begin with bytes alone are joined to one place of a text: AddWay nothing to them
  // later.
  Node Either(std::span<const Node> ways);
  // So many times `rule`, at least and at most; with most < 0, any number of times more.
  Node Repeat(Node rule, int least, int most, Node next);

  std::span<const Edge> edges(Node node) const { return nodes_[static_cast<size_t>(node)]; }
  size_t num_nodes() const { return nodes_.size(); }

  // What the text as a whole is: a rule. Set once all is built.
  Node start() const { return start_; }
  void set_start(Node start) { start_ = start; }

 private:
  bool ReadsOnly(Node node) const;
  void AddEdge(Node from, const Edge& edge) { nodes_[static_cast<size_t>(from)].push_back(edge); }

  std::vector<std::vector<Edge>> nodes_;
  Node start_ = kEnd;
};

}  // namespace dynsplit
