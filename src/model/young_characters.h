// Characters younger than PCRE2's tables. libllama splits by Unicode 15.1; PCRE2 10.42 knows
// Unicode 14, in which the newest letters, digits, marks and signs are unassigned and match no
// class. Each has a stand-in here: an older character of its class that takes as many bytes, so
// that offsets stay. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace dynsplit {

// `text` (well-formed UTF-8) with stand-ins, kept in *storage where there are any; else `text`
// itself. A newer PCRE2 splits both alike. O(n).
std::string_view WithStandIns(std::string_view text, std::string* storage);

}  // namespace dynsplit
