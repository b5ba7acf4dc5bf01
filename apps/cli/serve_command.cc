// dynsplit serve: a model behind the API of OpenAI.
#include <algorithm>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "apps/cli/commands.h"
#include "apps/cli/exit_status.h"
#include "apps/cli/flags.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/prompt_flags.h"
#include "apps/common/chat_prompt.h"
#include "apps/common/figures.h"
#include "apps/server/api_server.h"

namespace dynsplit::cli {
namespace {

constexpr std::chrono::milliseconds kLookInterval(100);
// Connections beyond those of requests that run or wait: for /health, /metrics, and idle ones.
constexpr size_t kSpareThreads = 24;

struct ServeFlags {
  ModelFlags model;
  std::string method = "dynsplit";
  MethodFlags refined;
  server::ApiServerOptions http;
  std::string api_key_file;
  std::string alias;
  std::string chat_template;
  int parallel = 4;
  size_t queue = 64;
  uint64_t cache_memory = uint64_t{1} << 30;
  std::string cache_dir;
  std::string session_dir;
  uint64_t cache_disk = uint64_t{4} << 30;
  int64_t timeout_s = 600;
  int64_t grace_s = 10;
  uint64_t body_bytes = server::ConnectionLimits().body_bytes;
};

// One key a line; empty lines and those that begin with # are none.
Status ReadKeys(const std::string& path, std::vector<std::string>* keys) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty() && line[0] != '#') keys->push_back(line);
  }
  if (file.bad() || !file.eof()) return IoError(path + ": cannot be read");
  if (keys->empty()) return InvalidArgument(path + ": no key in it");
  return {};
}

int64_t Signed(uint64_t bytes) {
  return static_cast<int64_t>(std::min<uint64_t>(bytes, INT64_MAX));
}

std::string NameOf(const ServeFlags& flags) {
  if (!flags.alias.empty()) return flags.alias;
  return std::filesystem::path(flags.model.model).stem().string();
}

Result<std::unique_ptr<server::Service>> MakeService(const ServeFlags& flags, const Method& method,
                                                     server::Metrics* metrics) {
  Result<LoadedModel> loaded = LoadModel(flags.model);
  if (!loaded.ok()) return loaded.status();
  DYNSPLIT_RETURN_IF_ERROR(loaded->engine->CheckMethod(method));
  auto service = std::make_unique<server::Service>();
  service->model_name = NameOf(flags);
  service->created = std::time(nullptr);
  service->model = loaded->model;
  service->chat_template = ChooseTemplate(*loaded->model, flags.chat_template);
  service->context_tokens = loaded->engine->context_tokens();
  service->text_bound = server::TextBound(loaded->model->tokenizer());
  service->build_info = loaded->engine->BuildInfo();
  service->defaults = {.method = method,
                       .max_choices = flags.parallel,
                       .vocab_size = loaded->model->description().vocab_size};
  service->timeout = std::chrono::seconds(flags.timeout_s);
  const server::SchedulerOptions options{.max_answers = flags.parallel,
                                         .max_queued = flags.queue,
                                         .cache_bytes = Signed(flags.cache_memory)};
  if (!flags.session_dir.empty()) service->sessions.emplace(flags.session_dir);
  std::unique_ptr<server::PrefixStore> store;
  if (!flags.cache_dir.empty()) {
    auto opened =
        server::PrefixStore::Open(flags.cache_dir, Signed(flags.cache_disk), loaded->engine.get());
    if (!opened.ok()) return opened.status();
    store = *std::move(opened);
  }
  service->scheduler = std::make_unique<server::Scheduler>(std::move(loaded->engine), options,
                                                           metrics, std::move(store));
  return service;
}

Status CheckFlags(ServeFlags* flags) {
  if (!flags->api_key_file.empty()) {
    DYNSPLIT_RETURN_IF_ERROR(ReadKeys(flags->api_key_file, &flags->http.api_keys));
  }
  for (const std::string& key : flags->http.api_keys) {
    if (key.empty()) return InvalidArgument("--api-key is empty");
  }
  return CheckChatTemplate(flags->chat_template);
}

ExitStatus RunServe(ServeFlags* flags) {
  const Result<Method> method = ResolveMethod(flags->method, flags->refined);
  if (!method.ok()) return WrongUsage(method.status());
  if (const Status status = CheckFlags(flags); !status.ok()) return WrongUsage(status);
  flags->http.num_threads = static_cast<size_t>(flags->parallel) + flags->queue + kSpareThreads;
  flags->http.limits.body_bytes = flags->body_bytes;
  std::atomic<bool>* stop = CatchInterrupt();
  CatchTermination();
  auto http = server::ApiServer::Create(flags->http);
  if (!http.ok()) return Failed(http.status());
  (*http)->Start();
  const std::string address = "http://" + flags->http.host + ":" + std::to_string((*http)->port());
  PrintToStderr("dynsplit: listening at " + address + ", loading the model\n");
  auto service = MakeService(*flags, *method, (*http)->metrics());
  if (!service.ok()) return Failed(service.status());
  (*http)->SetService(*std::move(service));
  PrintToStderr("dynsplit: serving " + NameOf(*flags) + " at " + address + "/v1" +
                (flags->http.page ? ", its page at " + address : "") + "\n");
  while (!stop->load() && !(*http)->ended()) std::this_thread::sleep_for(kLookInterval);
  const bool told = stop->load();
  PrintToStderr("dynsplit: stopping\n");
  (*http)->Stop(std::chrono::seconds(flags->grace_s));
  if (told) return kGood;
  return Failed(IoError(address + ": the system takes no more connections there"));
}

void AddAddressFlags(CLI::App* command, ServeFlags* flags) {
  const std::string group = "Address";
  command->add_option("--host", flags->http.host, "Address to listen at; 0.0.0.0: all")
      ->capture_default_str()
      ->type_name("HOST")
      ->group(group);
  command->add_option("--port", flags->http.port, "Port; 0: any that is free")
      ->check(WholeNumber(0, 65535))
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
  command->add_option("--api-key", flags->http.api_keys, "A key that may ask; may be repeated")
      ->allow_extra_args(false)
      ->type_name("KEY")
      ->group(group);
  command->add_option("--api-key-file", flags->api_key_file, "Keys, one a line")
      ->type_name("FILE")
      ->group(group);
  command
      ->add_flag_callback(
          "--no-page", [flags] { flags->http.page = false; }, "No page at /, the API alone")
      ->group(group);
  command
      ->add_option("--cors", flags->http.cors_origin,
                   "Whose pages may ask from a browser; *: any; default: none")
      ->type_name("ORIGIN")
      ->group(group);
}

void AddServiceFlags(CLI::App* command, ServeFlags* flags) {
  const std::string group = "Service";
  command->add_option("--alias", flags->alias, "What clients call the model")
      ->type_name("NAME")
      ->group(group);
  AddChatTemplateFlag(command, &flags->chat_template)->group(group);
  command->add_option("--parallel", flags->parallel, "Answers written at the same time")
      ->check(WholeNumber(1, 256))
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
  command->add_option("--queue", flags->queue, "Prompts that may wait; more are refused (429)")
      ->check(WholeNumber(1, 4096))
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
  InBytes(command->add_option(
              "--cache-memory", flags->cache_memory,
              "Most bytes of prompts kept for others that begin alike; 0: none (default: 1G)"))
      ->group(group);
  command
      ->add_option("--cache-dir", flags->cache_dir,
                   "Folder for prompts that memory has no room for, and for the next start")
      ->check(CLI::Validator(IsNotEmpty, ""))
      ->type_name("DIR")
      ->group(group);
  command
      ->add_option("--session-dir", flags->session_dir,
                   "Folder for sessions that clients save; default: they cannot")
      ->check(CLI::Validator(IsNotEmpty, ""))
      ->type_name("DIR")
      ->group(group);
  InBytes(command->add_option("--cache-disk", flags->cache_disk,
                              "Most bytes of --cache-dir (default: 4G)"))
      ->group(group);
  command->add_option("--timeout", flags->timeout_s, "Most seconds of a request; 0: no limit")
      ->check(WholeNumber(0, 1 << 30))
      ->capture_default_str()
      ->type_name("S")
      ->group(group);
  command->add_option("--grace", flags->grace_s, "Seconds for what is under way when told to stop")
      ->check(WholeNumber(0, 3600))
      ->capture_default_str()
      ->type_name("S")
      ->group(group);
  InBytes(command->add_option("--max-body", flags->body_bytes,
                              "Most bytes of a request (default: 16M)"))
      ->group(group);
}

}  // namespace

void AddServeCommand(CLI::App* app, int* exit_status) {
  CLI::App* command = app->add_subcommand("serve", "A model behind the API of OpenAI");
  const auto flags = std::make_shared<ServeFlags>();
  AddModelFlags(command, &flags->model);
  AddProfileFlag(command, &flags->model);
  AddContextFlag(command, &flags->model);
  AddAddressFlags(command, flags.get());
  AddServiceFlags(command, flags.get());
  command->add_option("--method", flags->method, "How answers attend where a request does not say")
      ->capture_default_str()
      ->type_name("SPEC")
      ->group("Method");
  AddMethodFlags(command, &flags->refined);
  command->callback([flags, exit_status] { *exit_status = RunServe(flags.get()); });
}

}  // namespace dynsplit::cli
