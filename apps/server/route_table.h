// Which methods the routes have: for a request that has another one. Filled before the first
// request, read by any thread then.
#pragma once

#include <regex>
#include <string>
#include <vector>

namespace dynsplit::server {

class RouteTable {
 public:
  struct Route {
    std::string method;
    std::string pattern;  // a regular expression, as httplib's routes
  };

  void Add(const std::string& method, const std::string& pattern);
  const std::vector<Route>& routes() const { return routes_; }

  // For metrics: the path of a route that the path belongs to, "/v1/models/" for any model; "other"
  // where there is none. Clients do not choose the names there.
  std::string LabelOf(const std::string& path) const;

  // "GET, POST": the methods of a path that has routes, where `method` is none of them; else "".
  // HEAD is a GET. The routes of a path are those with the first pattern that it matches.
  std::string OtherMethods(const std::string& method, const std::string& path) const;

 private:
  std::vector<Route> routes_;
  std::vector<std::regex> compiled_;  // of each
};

}  // namespace dynsplit::server
