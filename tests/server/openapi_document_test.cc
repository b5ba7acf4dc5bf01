// The document and the server: the same routes, methods and fields.
#include "apps/server/openapi_document.h"

#include <regex>
#include <set>

#include "server/server_fixture.h"

namespace dynsplit::testing {
namespace {

Json Document() { return Json::parse(OpenApiDocument()); }

TEST_F(ApiServerTest, TheDocumentHasAllRoutesAndNoOthers) {
  Start();
  std::set<std::string> served, told;
  for (const RouteTable::Route& route : server_->routes()) {
    served.insert(route.method + " " +
                  std::regex_replace(route.pattern, std::regex(R"(\(\.\+\))"), "{name}"));
  }
  const Json document = Document();
  for (const auto& [path, methods] : document["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      std::string upper;
      for (const char c : method) upper += static_cast<char>(std::toupper(c));
      told.insert(upper + " " + path);
      EXPECT_TRUE(operation.contains("operationId") && operation.contains("responses")) << path;
    }
  }
  EXPECT_EQ(served, told);
}

TEST_F(ApiServerTest, TheDocumentIsServed) {
  Start();
  const auto result = Client().Get("/openapi.json");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->get_header_value("Content-Type"), "application/json");
  EXPECT_EQ(Json::parse(result->body), Document());
}

TEST(OpenApiDocumentTest, EachReferenceLeadsSomewhere) {
  const Json document = Document();
  const std::string text = document.dump();
  const std::regex reference(R"re("\$ref":"#([^"]+)")re");
  int count = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), reference), end; at != end; ++at) {
    EXPECT_TRUE(document.contains(Json::json_pointer((*at)[1].str()))) << (*at)[1].str();
    ++count;
  }
  EXPECT_GT(count, 20);
}

// A value of the wrong kind in any field that the document has is an error that names it: so the
// server knows the field.
TEST_F(ApiServerTest, EachFieldOfTheDocumentIsKnown) {
  Start();
  const Json schemas = Document()["components"]["schemas"];
  const std::vector<std::pair<std::string, std::string>> requests = {
      {"ChatRequest", "/v1/chat/completions"},
      {"CompletionRequest", "/v1/completions"},
      {"TokenizeRequest", "/tokenize"},
      {"DetokenizeRequest", "/detokenize"}};
  for (const auto& [name, path] : requests) {
    for (const auto& [field, schema] : schemas[name]["properties"].items()) {
      Json body = Json::object();
      if (name == "ChatRequest") body["messages"] = {{{"role", "user"}, {"content", "x"}}};
      if (name == "CompletionRequest") body["prompt"] = "x";
      if (name == "TokenizeRequest") body[field == "prompt" ? "prompt" : "content"] = "x";
      const Json type = schema.value("type", Json());
      const bool object = type.is_array() && type[0] == "object";
      body[field] = object ? Json(5) : Json{{"no", "such"}};
      const Json error = ErrorOf(Post(path, DumpJson(body)), 400);
      const std::string param = error["param"].is_string() ? error["param"].get<std::string>() : "";
      EXPECT_TRUE(param.starts_with(field)) << path << " " << field << " " << param;
    }
  }
}

}  // namespace
}  // namespace dynsplit::testing
