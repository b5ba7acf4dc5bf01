#include "apps/eval/tasks/generated/code_module.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "apps/eval/tasks/generated/words.h"

namespace dynsplit::eval {
namespace {

// In patterns: $p the parameter, $v a local name, $s a word, $n a small number, $f the callee. No
// statement returns: what a function returns is its last line.
constexpr std::array<std::string_view, 26> kStatements = {
    "$v = $p.get(\"$s\", $n)\nif $v is None:\n    raise KeyError(\"$s\")\n",
    "$v = [item for item in $p if item.$s > $n]\n",
    "for index, $v in enumerate($p):\n    if index % $n == 0:\n        log.debug(\"$s %d\", "
    "index)\n",
    "if not $p:\n    raise ValueError(\"no $s given\")\n",
    "$v = sorted($p, key=lambda item: item.$s)[:$n]\n",
    "with lock:\n    cache[\"$s\"] = $p\n",
    "$v = 0\nwhile $v < $n and $p.pending():\n    $v += $p.step(\"$s\")\n",
    "try:\n    $v = int($p[\"$s\"])\nexcept (KeyError, TypeError):\n    $v = $n\n",
    "assert len($p) < $n, \"too many: \" + \"$s\"\n",
    "$v = {key: value for key, value in $p.items() if key != \"$s\"}\n",
    "log.info(\"$s: %s of $n\", $p)\n",
    "$p.$s = max($p.$s, $n)\n",
    "$v = \"-\".join(str(part) for part in $p.$s)\n",
    "if $p.$s is None:\n    $p.$s = $n\nelif $p.$s > $n:\n    warnings.warn(\"$s out of range\")\n",
    "$v, rest = $p[:$n], $p[$n:]\n",
    "metrics.increment(\"$s\", by=$n)\n",
    "$v = defaultdict(list)\nfor item in $p:\n    $v[item.$s].append(item)\n",
    "$v = datetime.now() - timedelta(minutes=$n)\n$p.touch($v, reason=\"$s\")\n",
    "# The $s is counted twice on purpose: see the note of the $s team.\n$v = $p.$s * 2 + $n\n",
    "if any(item.$s == $n for item in $p):\n    log.warning(\"$s seen again\")\n",
    "$v = Path($p.folder) / \"$s.txt\"\n$v.write_text(str($n), encoding=\"utf-8\")\n",
    "$v = hash(($p, \"$s\")) % $n\n",
    "del $p.history[:-$n]\n",
    "match $p.kind:\n    case \"$s\":\n        $v = $n\n    case _:\n        $v = $n\n",
    "$v = iter($p)\nnext($v, None)  # the head holds the $s\n",
    "queue.put((\"$s\", $p), timeout=$n)\n",
};

constexpr std::array<std::string_view, 8> kCalls = {
    "$v = $f($p, $n)\n",
    "if $f($p):\n    log.debug(\"$s\")\n",
    "$v = [$f(item) for item in $p.$s]\n",
    "$p.$s = $f($p.$s, limit=$n)\n",
    "for $v in $f($p):\n    queue.put($v)\n",
    "cache[\"$s\"] = $f($p) or $n\n",
    "with $f($p, \"$s\") as $v:\n    $v.flush()\n",
    "log.info(\"$s %s\", $f($p))\n",
};

constexpr std::array<std::string_view, 8> kComputedReturns = {
    "return len($p) * $n\n", "return $p.$s\n",          "return sum(item.$s for item in $p)\n",
    "return None\n",         "return $p.$s or $n\n",    "return [item.$s for item in $p]\n",
    "return not $p.$s\n",    "return ($p.$s, $p.$s)\n",
};

constexpr std::array<std::string_view, 6> kImports = {"import logging\nimport warnings\n",
                                                      "from collections import defaultdict\n",
                                                      "from datetime import datetime, timedelta\n",
                                                      "from pathlib import Path\n",
                                                      "from threading import Lock\n",
                                                      "from queue import Queue\n"};

template <size_t n>
std::string_view PickPattern(const std::array<std::string_view, n>& list, Rng* rng) {
  return list[rng->Below(n)];
}

std::string Indent(std::string_view text, std::string_view by) {
  std::string indented;
  while (!text.empty()) {
    const size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    if (size > 1) indented += by;
    indented += text.substr(0, size);
    text.remove_prefix(size);
  }
  return indented;
}

std::string Capitalized(std::string_view word) {
  std::string text(word);
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

// The line of `text` that calls `callee`, without indentation.
std::string CallLine(std::string_view text, const std::string& callee) {
  const size_t at = text.find(callee + "(");
  const size_t begin = text.rfind('\n', at);
  std::string_view line = text.substr(begin == std::string_view::npos ? 0 : begin + 1);
  line = line.substr(0, line.find('\n'));
  return std::string(line.substr(line.find_first_not_of(' ')));
}

}  // namespace

CodeUnit CodeModule::Next() {
  ++num_units_;
  if (num_units_ == 1) return Imports();
  if (methods_left_ == 0 && Chance(0.12, &rng_)) return ClassHead();
  return Function();
}

CodeUnit CodeModule::Imports() {
  CodeUnit unit;
  unit.text = "\"\"\"Rules of the " + std::string(Pick(Subjects(), &rng_)) + " service in " +
              std::string(Pick(Cities(), &rng_)) + ".\"\"\"\n\n";
  for (const std::string_view import : kImports) unit.text += import;
  unit.text += "\nlog = logging.getLogger(__name__)\nlock = Lock()\nqueue = Queue()\ncache = {}\n";
  return unit;
}

CodeUnit CodeModule::ClassHead() {
  methods_left_ = static_cast<int>(Between(2, 6, &rng_));
  const std::string subject(Pick(Subjects(), &rng_));
  const std::string aspect(Pick(Aspects(), &rng_));
  const std::string limit = std::to_string(Between(10, 999, &rng_));
  CodeUnit unit;
  unit.text = "\n\nclass " + Capitalized(subject) + Capitalized(Pick(Aspects(), &rng_)) +
              Capitalized(Pick(Things(), &rng_)) + ":\n    \"\"\"Keeps the " + aspect +
              " of every " + subject + ".\"\"\"\n\n    def __init__(self, " + subject + "):\n" +
              "        self." + subject + " = " + subject + "\n        self." + aspect + " = " +
              limit + "\n";
  return unit;
}

// Two in five are an earlier name with one word changed.
std::string CodeModule::FunctionName() {
  for (;;) {
    std::array<std::string, 3> words = {std::string(Pick(Verbs(), &rng_)),
                                        std::string(Pick(Subjects(), &rng_)),
                                        std::string(Pick(Aspects(), &rng_))};
    if (!names_.empty() && Chance(0.4, &rng_)) {
      const std::string& near = names_[rng_.Below(names_.size())];
      const size_t first = near.find('_');
      const size_t second = near.find('_', first + 1);
      const size_t changed = rng_.Below(3);
      if (changed != 0) words[0] = near.substr(0, first);
      if (changed != 1) words[1] = near.substr(first + 1, second - first - 1);
      if (changed != 2) words[2] = near.substr(second + 1);
    }
    std::string name = words[0] + "_" + words[1] + "_" + words[2];
    if (unused_.Take(name)) return name;
  }
}

// "" where there is none.
std::string CodeModule::TakeCallee() {
  if (uncalled_.empty()) return "";
  const auto at = uncalled_.begin() + static_cast<int64_t>(rng_.Below(uncalled_.size()));
  std::string callee = std::move(*at);
  uncalled_.erase(at);
  return callee;
}

std::string CodeModule::Signature(const std::string& name, bool is_method,
                                  const std::string& parameter) {
  std::string parameters = is_method ? "self, " + parameter : parameter;
  if (Chance(0.3, &rng_)) {
    parameters += ", " + std::string(Pick(Aspects(), &rng_)) +
                  "_limit=" + std::to_string(Between(10, 999, &rng_));
  }
  if (Chance(0.2, &rng_)) parameters += ", *, strict=False";
  return (Chance(0.08, &rng_) ? "async def " : "def ") + name + "(" + parameters + "):\n";
}

std::string CodeModule::DocComment(const std::string& name) {
  const size_t first = name.find('_');
  std::string words = Capitalized(name.substr(0, first)) + " the " + name.substr(first + 1);
  std::replace(words.begin(), words.end(), '_', ' ');
  const std::string city(Pick(Cities(), &rng_));
  switch (rng_.Below(5)) {
    case 0:
      return "\"\"\"" + words + ".\"\"\"\n";
    case 1:
      return "\"\"\"" + words + ".\n\nUsed by the office in " + city +
             " and, since the merger, by " + std::string(Pick(Cities(), &rng_)) + ".\n\"\"\"\n";
    case 2:
      return "# " + words + ", as agreed with " + std::string(Pick(FirstNames(), &rng_)) +
             " from " + city + ".\n";
    case 3:
      return "\"\"\"" + words + " before the " + std::string(Pick(Subjects(), &rng_)) +
             " is closed.\"\"\"\n";
    default:
      return "";
  }
}

std::string CodeModule::ReturnLine(CodeUnit* unit) {
  std::string comment;
  if (Chance(0.15, &rng_)) comment = "  # per " + std::string(Pick(Subjects(), &rng_));
  if (Chance(0.6, &rng_)) {
    unit->literal = unused_.Number(5, &rng_);
    return "return " + unit->literal + comment + "\n";
  }
  do {
    unit->literal =
        std::string(Pick(Qualities(), &rng_)) + "-" + std::string(Pick(Things(), &rng_));
  } while (!unused_.Take(unit->literal) && Chance(0.9, &rng_));
  return "return \"" + unit->literal + "\"" + comment + "\n";
}

std::string CodeModule::Statement(std::string_view pattern, const std::string& parameter,
                                  const std::string& callee) {
  const std::string local(Pick(Aspects(), &rng_));
  const std::string word(Pick(Subjects(), &rng_));
  std::string text;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '$') {
      text += pattern[i];
      continue;
    }
    const char what = pattern[++i];
    if (what == 'p') text += parameter;
    if (what == 'v') text += local + "_" + word;
    if (what == 's') text += Pick(Subjects(), &rng_);
    if (what == 'n') text += std::to_string(Between(2, 999, &rng_));
    if (what == 'f') text += callee;
  }
  return text;
}

CodeUnit CodeModule::Function() {
  const bool is_method = methods_left_ > 0;
  if (is_method) --methods_left_;
  CodeUnit unit;
  unit.name = FunctionName();
  const std::string parameter(Pick(Subjects(), &rng_));
  std::string body = DocComment(unit.name);
  if (Chance(0.5, &rng_)) unit.callee = TakeCallee();
  const int64_t num_statements = Between(1, 3, &rng_);
  const int64_t call_at = Between(0, num_statements - 1, &rng_);
  for (int64_t i = 0; i < num_statements; ++i) {
    body += Statement(PickPattern(kStatements, &rng_), parameter, "");
    if (i == call_at && !unit.callee.empty()) {
      const std::string call = Statement(PickPattern(kCalls, &rng_), parameter, unit.callee);
      unit.call = CallLine(call, unit.callee);
      body += call;
    }
  }
  body += Chance(0.6, &rng_) ? ReturnLine(&unit)
                             : Statement(PickPattern(kComputedReturns, &rng_), parameter, "");
  unit.text = (is_method ? "\n" : "\n\n") +
              Indent(Signature(unit.name, is_method, parameter) + Indent(body, "    "),
                     is_method ? "    " : "");
  names_.push_back(unit.name);
  if (unit.callee.empty()) uncalled_.push_back(unit.name);
  return unit;
}

}  // namespace dynsplit::eval
