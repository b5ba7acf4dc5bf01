// Lists of words that generated texts draw names from: at least a hundred of each, different from
// one another, so that a document can have near-duplicates and yet each name once.
#pragma once

#include <span>
#include <string_view>

namespace dynsplit::eval {

std::span<const std::string_view> FirstNames();  // "Ada"
std::span<const std::string_view> LastNames();   // "Abernathy"
std::span<const std::string_view> Cities();      // "Aarhus"
std::span<const std::string_view> Qualities();   // "amber", of things
std::span<const std::string_view> Things();      // "almanac": what stands on a shelf
std::span<const std::string_view> Verbs();       // "adjust": begins the name of a function
std::span<const std::string_view> Subjects();    // "account": what software keeps
std::span<const std::string_view> Aspects();     // "age": a property of a subject
std::span<const std::string_view> Foods();       // "apple pie"

}  // namespace dynsplit::eval
