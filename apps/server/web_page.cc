#include "apps/server/web_page.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace dynsplit::server {
namespace {

constexpr std::string_view kFolder = "/web/";
constexpr std::string_view kIndex = "index.html";
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct MediaType {
  std::string_view ending;
  const char* type;
};
constexpr std::array<MediaType, 5> kMediaTypes = {{
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".txt", "text/plain; charset=utf-8"},
    {".svg", "image/svg+xml"},
}};

const char* MediaTypeOf(std::string_view name) {
  const auto known = std::find_if(kMediaTypes.begin(), kMediaTypes.end(),
                                  [&](const MediaType& t) { return name.ends_with(t.ending); });
  return known == kMediaTypes.end() ? "application/octet-stream" : known->type;
}

// A browser may name several, and marks those that a proxy has changed as weak.
bool Names(const std::string& if_none_match, std::string_view tag) {
  return if_none_match == "*" || if_none_match.find(tag) != std::string::npos;
}

}  // namespace

const WebFile* FindWebFile(const std::string& path) {
  std::string_view name = path;
  if (path == "/") {
    name = kIndex;
  } else if (name.starts_with(kFolder) && name != "/web/index.html") {
    name.remove_prefix(kFolder.size());
  } else {
    return nullptr;
  }
  const auto files = WebFiles();
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const WebFile& file) { return file.name == name; });
  return found == files.end() ? nullptr : &*found;
}

void ServeWebFile(const WebFile& file, const httplib::Request& request,
                  httplib::Response* response) {
  response->set_header("ETag", std::string(file.tag));
  response->set_header("Cache-Control", "no-cache");  // ask whether there is a newer one
  response->set_header("Content-Security-Policy", kPolicy);
  response->set_header("X-Content-Type-Options", "nosniff");
  response->set_header("Referrer-Policy", "no-referrer");
  if (Names(request.get_header_value("If-None-Match"), file.tag)) {
    response->status = 304;
    return;
  }
  response->status = 200;
  response->set_content(file.content.data(), file.content.size(), MediaTypeOf(file.name));
}

}  // namespace dynsplit::server
