// JSON as rules of a grammar: what a value looks like when a model writes it. It is a part of all
// JSON that there is: a name is written in one way, between parts there is one space or a new line
// with up to 32 spaces at most, and numbers have up to 18 digits before and behind the point. So a
// model cannot go on for ever with what means nothing.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/common/json.h"
#include "engine/byte_grammar.h"

namespace dynsplit::server {

class JsonGrammar {
 public:
  using Node = ByteGrammar::Node;

  // Adds the rules to `grammar`, which must outlive this.
  explicit JsonGrammar(ByteGrammar* grammar);

  // Rules.
  Node any_value() const { return any_value_; }
  Node any_object() const { return any_object_; }
  Node integer() const { return integer_; }
  Node number() const { return number_; }
  Node boolean() const { return boolean_; }
  Node null() const { return null_; }
  // Of so many characters; most < 0: any number.
  Node String(int least, int most);
  // The texts of a format of JSON Schema ("date", "time", "date-time", "uuid"); kNone: not known.
  Node Format(std::string_view name);
  // One of these, at least one.
  Node Constants(std::span<const Json> values);

  struct Member {
    std::string name;
    Node value;  // a rule
    bool required = true;
  };
  // These members, in their order.
  Node Object(const std::vector<Member>& members);
  // Members of any names, whose values are of one rule.
  Node FreeObject(Node value);
  // Elements of `first` and then any number of `rest` (kNone: none), so many in all; most < 0: any
  // number.
  Node Array(const std::vector<Node>& first, Node rest, int least, int most);

 private:
  Node Rule(std::string_view text) { return grammar_.Literal(text, ByteGrammar::kEnd); }
  // One of the texts, ascending, of which all have the same first `read` bytes, from there on.
  Node OneOf(std::span<const std::string> texts, size_t read);
  Node MakeSpace();
  Node MakeCharacter();
  Node MakeFraction();
  Node Digits(int least, int most, Node next) { return grammar_.Repeat(digit_, least, most, next); }
  Node TwoDigits(int least, int most, Node next);
  Node Date(Node next);
  Node Time(Node next);
  Node Spaced(Node next) { return grammar_.Call(space_, next); }
  Node Close(char bracket);
  // A colon and a value.
  Node AfterName(Node value, Node next);

  ByteGrammar& grammar_;
  Node digit_, hex_, space_, character_, integer_, number_, boolean_, null_, any_value_,
      any_object_;
};

}  // namespace dynsplit::server
