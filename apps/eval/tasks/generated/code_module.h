// A Python module that is written function by function: names from three lists, near-duplicates of
// earlier names among them, varied bodies, classes, doc comments, constants. It reads like code of
// a business and does nothing.
#pragma once

#include <string>
#include <vector>

#include "apps/eval/tasks/draw.h"

namespace dynsplit::eval {

struct CodeUnit {
  std::string text;  // a function, or what begins a module or class; ends with a newline
  std::string name;  // of the function; "" where there is none
  std::string
      literal;         // what it returns, always; "" where that is computed. Strings without quotes
  std::string callee;  // an earlier function that it calls and no other does; "" for none
  std::string call;    // the line that calls it, without indentation
};

// Not thread-safe.
class CodeModule {
 public:
  explicit CodeModule(Rng rng) : rng_(rng) {}

  CodeUnit Next();

 private:
  CodeUnit Imports();
  CodeUnit ClassHead();
  CodeUnit Function();
  std::string FunctionName();
  std::string TakeCallee();
  std::string Signature(const std::string& name, bool is_method, const std::string& parameter);
  std::string DocComment(const std::string& name);
  std::string ReturnLine(CodeUnit* unit);
  std::string Statement(std::string_view pattern, const std::string& parameter,
                        const std::string& callee);

  Rng rng_;
  Unused unused_;
  std::vector<std::string> names_;     // of all functions so far
  std::vector<std::string> uncalled_;  // that neither call nor are called: who may be called
  int num_units_ = 0;
  int methods_left_ = 0;  // of the class that is being written
};

}  // namespace dynsplit::eval
