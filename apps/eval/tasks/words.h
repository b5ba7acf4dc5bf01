// Common English words for keys and word lists. All differ, and none is part of another, so that a
// word found in an answer is that word.
#pragma once

#include <span>
#include <string_view>

namespace dynsplit::eval {

std::span<const std::string_view> Nouns();
std::span<const std::string_view> Adjectives();

}  // namespace dynsplit::eval
