// dynsplit chat: questions and answers in turn, from a terminal or a pipe.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "apps/cli/commands.h"
#include "apps/cli/conversation.h"
#include "apps/cli/exit_status.h"
#include "apps/cli/flags.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/prompt_flags.h"
#include "apps/cli/standard_output.h"
#include "apps/common/figures.h"

namespace dynsplit::cli {
namespace {

struct ChatFlags {
  ModelFlags model;
  PromptFlags texts;
  std::string method = "dynsplit";
  MethodFlags refined;
  AnswerFlags answer;
};

enum class Input { kLine, kEnd, kInterrupted };

// The next line of stdin without its end.
Input ReadLine(std::string* line) {
  char* buffer = nullptr;
  size_t capacity = 0;
  errno = 0;
  const ssize_t length = getline(&buffer, &capacity, stdin);
  const std::unique_ptr<char, void (*)(void*)> owner(buffer, std::free);
  if (length < 0) return errno == EINTR ? Input::kInterrupted : Input::kEnd;
  line->assign(buffer, static_cast<size_t>(length));
  if (line->ends_with('\n')) line->pop_back();
  if (line->ends_with('\r')) line->pop_back();
  return Input::kLine;
}

std::string StatsTable(const SessionStats& stats) {
  Table table;
  table.AddRow({"tokens", std::to_string(stats.tokens)});
  table.AddRow({"blocks", std::to_string(stats.num_blocks)});
  table.AddRow({"attended", fmt::format("{:.0f} tokens", stats.attended_tokens_mean)});
  table.AddRow({"KV cache", FormatBytes(stats.kv_bytes_total)});
  table.AddRow({"index", FormatBytes(stats.index_bytes)});
  return table.ToString();
}

class Chat {
 public:
  Chat(const ChatFlags& flags, Conversation* conversation)
      : flags_(flags), conversation_(*conversation), terminal_(isatty(STDIN_FILENO) == 1) {}

  ExitStatus Loop() {
    if (terminal_) PrintToStderr("Ask away. Commands: /stats, /reset, /exit.\n");
    for (;;) {
      CatchInterrupt();
      if (terminal_) PrintToStderr("> ");
      std::string line;
      const Input input = ReadLine(&line);
      if (input == Input::kInterrupted) return kInterrupted;
      if (input == Input::kEnd || line == "/exit") return kGood;
      const Status status = Turn(line);
      if (status.ok() || (terminal_ && status.code() == StatusCode::kCancelled)) continue;
      if (status.code() == StatusCode::kCancelled) return kInterrupted;
      Failed(status);
      // A person can go on; a script shall learn of it.
      if (!terminal_ || status.code() == StatusCode::kIoError) return kFailed;
    }
  }

 private:
  Status Turn(const std::string& line) {
    if (line.find_first_not_of(" \t") == std::string::npos) return {};
    if (line == "/stats") {
      PrintToStderr(StatsTable(conversation_.stats()));
      return {};
    }
    if (line == "/reset") {
      conversation_.Reset();
      return {};
    }
    if (line.front() == '/') {
      return InvalidArgument("no command " + line + "; there are /stats, /reset and /exit");
    }
    return Ask(line);
  }

  Status Ask(const std::string& question) {
    StandardOutput output(CatchInterrupt());
    GenerateOptions options;
    options.max_tokens = flags_.answer.max_tokens;
    options.sampler = flags_.answer.sampler;
    options.stop = flags_.answer.stop;
    options.ignore_end = flags_.answer.ignore_eos;
    options.cancel = output.cancel();
    options.on_text = [&](std::string_view text) { output.Write(text); };
    const auto answer =
        conversation_.Ask(question,
                          {.progress = flags_.model.progress,
                           .attention = PrefillUnder(conversation_.method(), flags_.model),
                           .cancel = output.cancel()},
                          options);
    output.Write("\n");
    DYNSPLIT_RETURN_IF_ERROR(output.Finish());
    if (!answer.ok()) return answer.status();
    if (answer->stop_reason == StopReason::kContext) {
      return ResourceExhausted("the context is full; /reset starts anew");
    }
    if (answer->stop_reason == StopReason::kCancelled) return Cancelled("interrupted");
    return {};
  }

  const ChatFlags& flags_;
  Conversation& conversation_;
  bool terminal_;
};

Status Start(const ChatFlags& flags, const Method& method, const PromptTexts& texts,
             const LoadedModel& loaded, Conversation* conversation) {
  if (!flags.texts.load_session.empty()) {
    auto session = loaded.engine->LoadSession(flags.texts.load_session, method);
    if (ShallReread(flags.texts, session.status())) {
      ChatFlags again = flags;
      again.texts = RereadFlags(flags.texts, session.status());
      return Start(again, method, texts, loaded, conversation);
    }
    if (!session.ok()) return session.status();
    conversation->Start(*std::move(session));
    return {};
  }
  DYNSPLIT_RETURN_IF_ERROR(conversation->Start(flags.texts.system,
                                               FilesMessage(flags.texts, texts, ""),
                                               {.progress = flags.model.progress,
                                                .attention = PrefillUnder(method, flags.model),
                                                .cancel = CatchInterrupt()}));
  if (flags.texts.save_session.empty()) return {};
  return conversation->SaveStart(flags.texts.save_session);
}

ExitStatus RunChat(const ChatFlags& flags) {
  const Result<Method> method = ResolveMethod(flags.method, flags.refined);
  if (!method.ok()) return WrongUsage(method.status());
  for (const Status& status :
       {CheckTextFlags(flags.texts), ValidateSampler(flags.answer.sampler),
        CheckPrefillFlags(flags.model, PrefillUnder(*method, flags.model))}) {
    if (!status.ok()) return WrongUsage(status);
  }
  if (std::count(flags.texts.files.begin(), flags.texts.files.end(), "-") > 0) {
    return WrongUsage(InvalidArgument("chat reads the questions from stdin, so no -f -"));
  }
  const Result<PromptTexts> texts = ReadPrompt(flags.texts);
  if (!texts.ok()) return Failed(texts.status());
  const Result<LoadedModel> loaded = LoadModel(flags.model);
  if (!loaded.ok()) return Failed(loaded.status());
  const auto chat_template = ChooseTemplate(*loaded->model, flags.texts.chat_template);
  if (!chat_template.ok()) return Failed(chat_template.status());
  Conversation conversation(*loaded, *chat_template, *method);
  const Status status = Start(flags, *method, *texts, *loaded, &conversation);
  if (status.code() == StatusCode::kCancelled) return kInterrupted;
  if (!status.ok()) return Failed(status);
  return Chat(flags, &conversation).Loop();
}

}  // namespace

void AddChatCommand(CLI::App* app, int* exit_status) {
  CLI::App* command = app->add_subcommand("chat", "Ask in turn, from a terminal or a pipe");
  const auto flags = std::make_shared<ChatFlags>();
  AddModelFlags(command, &flags->model);
  AddProfileFlag(command, &flags->model);
  AddContextFlag(command, &flags->model);
  AddPrefillFlags(command, kPrefillUnderMethod, &flags->model);
  AddTextFlags(command, &flags->texts);
  command->add_option("--method", flags->method, "How an answer attends to what was read")
      ->capture_default_str()
      ->type_name("SPEC")
      ->group("Method");
  AddMethodFlags(command, &flags->refined);
  AddAnswerFlags(command, &flags->answer);
  command->callback([flags, exit_status] { *exit_status = RunChat(*flags); });
}

}  // namespace dynsplit::cli
