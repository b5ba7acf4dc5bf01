// The files of apps/server/web, which the program carries with it (cmake/EmbedFiles.cmake).
#pragma once

#include <span>
#include <string_view>

namespace dynsplit::server {

struct WebFile {
  std::string_view name;     // "style.css"
  std::string_view tag;      // of its content, in quotes: an HTTP entity tag
  std::string_view content;  // all bytes
};

std::span<const WebFile> WebFiles();

}  // namespace dynsplit::server
