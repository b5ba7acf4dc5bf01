#include "apps/cli/exit_status.h"

#include "apps/common/figures.h"

namespace dynsplit::cli {

ExitStatus Failed(const Status& status) {
  PrintToStderr("dynsplit: " + status.message() + "\n");
  return kFailed;
}

ExitStatus WrongUsage(const Status& status) {
  PrintToStderr("dynsplit: " + status.message() + " (see dynsplit --help)\n");
  return kWrongUsage;
}

}  // namespace dynsplit::cli
