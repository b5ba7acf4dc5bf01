// What `response_format` of a request asks of an answer, as a grammar: any JSON object, or a value
// of a JSON Schema. docs/server.md says which part of JSON Schema; what is no part of it is refused
// with an error that names the keyword. Each text of the grammar is a value of the schema, but not
// each value has a text: members stand in the order of `properties`, and there are no others.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "apps/common/json.h"
#include "apps/server/api_error.h"
#include "engine/byte_grammar.h"

namespace dynsplit::server {

// Any object.
std::shared_ptr<const ByteGrammar> AnyObjectGrammar();

// `name`: where the schema stands in the request, for errors: "response_format.json_schema.schema".
std::optional<ApiError> CompileSchema(const Json& schema, const std::string& name,
                                      std::shared_ptr<const ByteGrammar>* grammar);

}  // namespace dynsplit::server
