// JSON that a user supplies: parsed without exceptions, with errors that say where. `where` is the
// file and the place in it ("data.jsonl:12", "squad.json: data[3]").
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "dynsplit/status.h"

namespace dynsplit::eval {

// What a user's file may hold: more is ResourceExhausted, since it is read whole.
constexpr size_t kMaxUserFileBytes = size_t{256} << 20;

// InvalidArgument, with the byte, for what is no JSON text or holds ill-formed UTF-8. Any depth of
// nesting is read in constant stack.
Result<nlohmann::json> ParseJson(std::string_view text, const std::string& where);

// The value of a member. InvalidArgument where `object` is no object, has no such member, or one of
// another type.
Result<const nlohmann::json*> ListField(const nlohmann::json& object, const std::string& name,
                                        const std::string& where);
Result<std::string> StringField(const nlohmann::json& object, const std::string& name,
                                const std::string& where);
Result<std::vector<std::string>> StringListField(const nlohmann::json& object,
                                                 const std::string& name, const std::string& where);

}  // namespace dynsplit::eval
