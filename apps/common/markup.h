// Text from outside, made safe to stand in markup.
#pragma once

#include <string>
#include <string_view>

namespace dynsplit {

// For the text and the quoted attributes of HTML, XML and SVG. Control characters, which XML does
// not allow, become spaces.
std::string EscapedMarkup(std::string_view text);
// For a cell of a Markdown table: on one line, no character of it means anything.
std::string EscapedMarkdown(std::string_view text);
// For a field of a CSV file (RFC 4180): in quotes where it has to be.
std::string EscapedCsv(std::string_view text);

}  // namespace dynsplit
