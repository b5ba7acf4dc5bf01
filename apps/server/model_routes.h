// What there is to know of the model, and its tokenizer: GET /v1/models, GET /props, POST
// /tokenize, POST /detokenize and GET /tokenizer_info. Called by several threads at once.
#pragma once

#include <httplib.h>

#include "apps/server/service.h"

namespace dynsplit::server {

void ServeModels(const Service& service, httplib::Response* response);
// GET /v1/models/NAME: 404 for another.
void ServeModel(const Service& service, const std::string& name, httplib::Response* response);
void ServeProps(const Service& service, httplib::Response* response);
void ServeTokenizerInfo(const Service& service, httplib::Response* response);
void ServeTokenize(const Service& service, const httplib::Request& request,
                   httplib::Response* response);
void ServeDetokenize(const Service& service, const httplib::Request& request,
                     httplib::Response* response);

}  // namespace dynsplit::server
