// How the program ends, and what it says when that is not well.
#pragma once

#include "dynsplit/status.h"

namespace dynsplit::cli {

enum ExitStatus : int {
  kGood = 0,
  kFailed = 1,
  kWrongUsage = 2,
  kInterrupted = 130,  // as shells say of a program that SIGINT ended
};

// One line on stderr: "dynsplit: <message>".
ExitStatus Failed(const Status& status);
// The same, and where to find help.
ExitStatus WrongUsage(const Status& status);

}  // namespace dynsplit::cli
