// dynsplit::core, seen from outside: a preset comes by name, and an unknown name is an error.
#include <cstdio>

#include "dynsplit/method.h"

int main() {
  const dynsplit::Result<dynsplit::Method> method = dynsplit::MethodPreset("dynsplit");
  if (!method.ok() || !dynsplit::ValidateMethod(*method).ok()) return 1;
  if (dynsplit::MethodPreset("no such preset").ok()) return 1;
  std::printf("%s: blocks of about %d tokens\n", method->name.c_str(), method->split.block_tokens);
  return 0;
}
