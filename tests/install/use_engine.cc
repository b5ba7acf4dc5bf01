// dynsplit::engine, seen from outside: opening a file that is not there is an error value.
#include <cstdio>

#include "dynsplit/model.h"

int main() {
  const auto model = dynsplit::Model::Load("no-such-file.gguf");
  if (model.ok() || model.status().code() != dynsplit::StatusCode::kNotFound) return 1;
  std::printf("%s\n", model.status().message().c_str());
  return 0;
}
