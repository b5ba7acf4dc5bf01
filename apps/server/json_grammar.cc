#include "apps/server/json_grammar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace dynsplit::server {
namespace {

using Node = ByteGrammar::Node;

constexpr Node kEnd = ByteGrammar::kEnd;
constexpr int kIndentation = 32;
constexpr int kDigits = 18;  // what a 64-bit whole number always has room for
constexpr int kExponentDigits = 2;

// Well-formed UTF-8 of more than one byte: the first byte's range, the second one's, and how many
// follow in all (Unicode 15, table 3-7).
struct Utf8Form {
  uint8_t first, last, second_first, second_last;
  int following;
};
constexpr std::array<Utf8Form, 8> kUtf8Forms = {{{0xc2, 0xdf, 0x80, 0xbf, 1},
                                                 {0xe0, 0xe0, 0xa0, 0xbf, 2},
                                                 {0xe1, 0xec, 0x80, 0xbf, 2},
                                                 {0xed, 0xed, 0x80, 0x9f, 2},
                                                 {0xee, 0xef, 0x80, 0xbf, 2},
                                                 {0xf0, 0xf0, 0x90, 0xbf, 3},
                                                 {0xf1, 0xf3, 0x80, 0xbf, 3},
                                                 {0xf4, 0xf4, 0x80, 0x8f, 3}}};

}  // namespace

JsonGrammar::JsonGrammar(ByteGrammar* grammar) : grammar_(*grammar) {
  ByteGrammar& g = grammar_;
  digit_ = g.Bytes('0', '9', kEnd);
  hex_ = g.Either(std::array{digit_, g.Bytes('a', 'f', kEnd), g.Bytes('A', 'F', kEnd)});
  space_ = MakeSpace();
  character_ = MakeCharacter();
  const Node whole = g.Either(
      std::array{g.Bytes('0', '0', kEnd), g.Bytes('1', '9', Digits(0, kDigits - 1, kEnd))});
  integer_ = g.Either(std::array{whole, g.Bytes('-', '-', whole)});
  number_ = g.Call(integer_, MakeFraction());
  boolean_ = g.Either(std::array{Rule("true"), Rule("false")});
  null_ = Rule("null");
  any_value_ = g.Open();
  any_object_ = FreeObject(any_value_);
  for (const Node way :
       {any_object_, Array({}, any_value_, 0, -1), String(0, -1), number_, boolean_, null_}) {
    g.AddWay(any_value_, way);
  }
}

Node JsonGrammar::MakeSpace() {
  const Node blank = grammar_.Bytes(' ', ' ', kEnd);
  const Node line = grammar_.Bytes('\n', '\n', grammar_.Repeat(blank, 0, kIndentation, kEnd));
  return grammar_.Either(std::array{kEnd, blank, line});
}

Node JsonGrammar::MakeCharacter() {
  ByteGrammar& g = grammar_;
  std::vector<Node> ways = {g.Bytes(0x20, '"' - 1, kEnd), g.Bytes('"' + 1, '\\' - 1, kEnd),
                            g.Bytes('\\' + 1, 0x7f, kEnd)};
  for (const Utf8Form& form : kUtf8Forms) {
    Node rest = kEnd;
    for (int i = 1; i < form.following; ++i) rest = g.Bytes(0x80, 0xbf, rest);
    ways.push_back(
        g.Bytes(form.first, form.last, g.Bytes(form.second_first, form.second_last, rest)));
  }
  std::vector<Node> escapes;
  for (const char escaped : std::string_view("\"\\/bfnrt")) {
    escapes.push_back(grammar_.Literal({&escaped, 1}, kEnd));
  }
  // \uXXXX, but for surrogates: halves of a character, which may not stand alone.
  const Node last_two = g.Repeat(hex_, 2, 2, kEnd), last_three = g.Repeat(hex_, 3, 3, kEnd);
  std::vector<Node> first = {g.Bytes('0', '9', last_three)};
  for (const char base : {'a', 'A'}) {
    const auto digit = [&](int above_ten) { return static_cast<uint8_t>(base + above_ten); };
    first.push_back(g.Bytes(digit(0), digit(2), last_three));
    first.push_back(g.Bytes(digit(3), digit(3), g.Bytes('0', '7', last_two)));
    first.push_back(g.Bytes(digit(4), digit(5), last_three));
  }
  escapes.push_back(g.Bytes('u', 'u', g.Either(first)));
  ways.push_back(g.Bytes('\\', '\\', g.Either(escapes)));
  return g.Either(ways);
}

Node JsonGrammar::MakeFraction() {
  ByteGrammar& g = grammar_;
  const Node exponent_digits = Digits(1, kExponentDigits, kEnd);
  const Node signed_digits = g.Either(std::array{
      exponent_digits, g.Bytes('+', '+', exponent_digits), g.Bytes('-', '-', exponent_digits)});
  const Node exponent = g.Either(
      std::array{kEnd, g.Bytes('e', 'e', signed_digits), g.Bytes('E', 'E', signed_digits)});
  return g.Either(std::array{exponent, g.Bytes('.', '.', Digits(1, kDigits, exponent))});
}

Node JsonGrammar::String(int least, int most) {
  const Node end = Rule("\"");
  return grammar_.Bytes('"', '"', grammar_.Repeat(character_, least, most, end));
}

Node JsonGrammar::TwoDigits(int least, int most, Node next) {
  std::vector<Node> ways;
  for (int i = least; i <= most; ++i)
    ways.push_back(grammar_.Literal(fmt::format("{:02}", i), next));
  return grammar_.Either(ways);
}

Node JsonGrammar::Date(Node next) {
  const Node day = grammar_.Literal("-", TwoDigits(1, 31, next));
  return Digits(4, 4, grammar_.Literal("-", TwoDigits(1, 12, day)));
}

Node JsonGrammar::Time(Node next) {
  ByteGrammar& g = grammar_;
  const Node offset = TwoDigits(0, 23, g.Literal(":", TwoDigits(0, 59, next)));
  const Node zone =
      g.Either(std::array{g.Literal("Z", next), g.Literal("+", offset), g.Literal("-", offset)});
  const Node seconds = g.Literal(":", TwoDigits(0, 59, zone));
  return TwoDigits(0, 23, g.Literal(":", TwoDigits(0, 59, seconds)));
}

Node JsonGrammar::Format(std::string_view name) {
  ByteGrammar& g = grammar_;
  const Node end = Rule("\"");
  Node text = ByteGrammar::kNone;
  if (name == "date") text = Date(end);
  if (name == "time") text = Time(end);
  if (name == "date-time") text = Date(g.Literal("T", Time(end)));
  if (name == "uuid") {
    text = g.Repeat(hex_, 12, 12, end);
    for (const int digits : {4, 4, 4, 8}) {
      text = g.Repeat(hex_, digits, digits, g.Literal("-", text));
    }
  }
  return text == ByteGrammar::kNone ? text : g.Literal("\"", text);
}

Node JsonGrammar::Constants(std::span<const Json> values) {
  std::set<std::string> texts;
  for (const Json& value : values) texts.insert(DumpJson(value));
  return OneOf(std::vector<std::string>(texts.begin(), texts.end()), 0);
}

// A tree, so that a text is at one place of it, however many there are. Its depth is no more than
// their number, as what a group has in common is read at once.
Node JsonGrammar::OneOf(std::span<const std::string> texts, size_t read) {
  std::vector<Node> ways;
  if (texts.front().size() == read) {
    ways.push_back(kEnd);
    texts = texts.subspan(1);
  }
  while (!texts.empty()) {
    const char byte = texts.front()[read];
    const auto behind = std::find_if(texts.begin(), texts.end(),
                                     [&](const std::string& text) { return text[read] != byte; });
    const auto group = texts.first(static_cast<size_t>(behind - texts.begin()));
    const std::string_view low = group.front(), high = group.back();
    const auto common = static_cast<size_t>(
        std::mismatch(low.begin(), low.end(), high.begin(), high.end()).first - low.begin());
    const Node rest = group.size() == 1 ? kEnd : OneOf(group, common);
    ways.push_back(grammar_.Literal(low.substr(read, common - read), rest));
    texts = texts.subspan(group.size());
  }
  return grammar_.Either(ways);
}

Node JsonGrammar::Close(char bracket) { return Spaced(Rule({&bracket, 1})); }

Node JsonGrammar::AfterName(Node value, Node next) {
  return grammar_.Literal(":", Spaced(grammar_.Call(value, next)));
}

Node JsonGrammar::Object(const std::vector<Member>& members) {
  const Node close = Close('}');
  Node first = close;  // before any member was written
  Node next = close;   // after one
  for (size_t i = members.size(); i > 0; --i) {
    const Member& member = members[i - 1];
    const Node value =
        Spaced(grammar_.Literal(DumpJson(member.name), AfterName(member.value, next)));
    const Node another = grammar_.Literal(",", value);
    first = member.required ? value : grammar_.Either(std::array{value, first});
    next = member.required ? another : grammar_.Either(std::array{another, next});
  }
  return grammar_.Literal("{", first);
}

Node JsonGrammar::FreeObject(Node value) {
  const Node close = Close('}');
  const Node next = grammar_.Open();
  const Node member = Spaced(grammar_.Call(String(0, -1), AfterName(value, next)));
  grammar_.AddWay(next, close);
  grammar_.AddWay(next, grammar_.Literal(",", member));
  return grammar_.Literal("{", grammar_.Either(std::array{close, member}));
}

Node JsonGrammar::Array(const std::vector<Node>& first, Node rest, int least, int most) {
  const Node close = Close(']');
  const auto fixed = static_cast<int>(first.size());
  Node begin = close;  // before any element was written
  Node next = close;   // after one
  if (most < 0) {
    next = grammar_.Open();
    begin = Spaced(grammar_.Call(rest, next));
    grammar_.AddWay(next, close);
    grammar_.AddWay(next, grammar_.Literal(",", begin));
    begin = grammar_.Either(std::array{begin, close});
  }
  for (int i = most < 0 ? std::max(fixed, least) : most; i > 0; --i) {
    const Node rule = i <= fixed ? first[static_cast<size_t>(i - 1)] : rest;
    const Node element = Spaced(grammar_.Call(rule, next));
    const Node another = grammar_.Literal(",", element);
    const bool may_end = i - 1 >= least;
    begin = may_end ? grammar_.Either(std::array{element, close}) : element;
    next = may_end ? grammar_.Either(std::array{another, close}) : another;
  }
  return grammar_.Literal("[", begin);
}

}  // namespace dynsplit::server
