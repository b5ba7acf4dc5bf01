#include "apps/cli/exit_status.h"

#include "apps/common/figures.h"
#include "model/utf8.h"

namespace dynsplit::cli {

ExitStatus Failed(const Status& status) {
  PrintToStderr("dynsplit: " + Printable(status.message()) + "\n");
  return kFailed;
}

ExitStatus WrongUsage(const Status& status) {
  PrintToStderr("dynsplit: " + Printable(status.message()) + " (see dynsplit --help)\n");
  return kWrongUsage;
}

}  // namespace dynsplit::cli
