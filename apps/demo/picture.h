// The demo's result as one SVG file: what was right and how fast as bars, and the text around a
// hidden fact with its blocks in colours.
#pragma once

#include <string>

#include "apps/demo/demo_run.h"
#include "dynsplit/tokenizer.h"

namespace dynsplit::demo {

std::string DrawPicture(const DemoResult& demo, const Tokenizer& tokenizer,
                        const std::string& model_name);

}  // namespace dynsplit::demo
