#include "apps/eval/tasks/dialogue/dialogue.h"

#include <array>
#include <memory>
#include <string>

#include "apps/eval/tasks/draw.h"
#include "apps/eval/tasks/generated/generated_task.h"
#include "apps/eval/tasks/generated/names.h"

namespace dynsplit::eval {
namespace {

// In patterns, as for every text here: $c a city, $s a subject, $t a thing, $T one with
// its article, $f a food, $n a small
// number, $o the object asked about, $a the answer, $1 and $2 the speakers, $w a wrong answer.
constexpr std::array<std::string_view, 40> kSmallTalk = {
    "Did anyone see the weather in $c? Rain since Tuesday.",
    "I was in $c last week, and the trains were late again.",
    "My neighbour keeps $T in the hall. Nobody knows why.",
    "Can we talk about the $s later? I have to leave at $n.",
    "Honestly, I would rather have $f than another meeting.",
    "Who took the $t from the kitchen?",
    "It is quiet here today. Only $n people came.",
    "The $s is still not ready, they say next month.",
    "I dreamt of $T that could sing. Do not laugh.",
    "Has the $s team moved to $c already?",
    "We had $f yesterday, it was better than I feared.",
    "Sorry, I was away. What did I miss?",
    "Nothing much. We were comparing $c with $c.",
    "If you pass the market, please bring something for the $f.",
    "I read $n pages and understood none of them.",
    "Then let us wait until the $s is settled.",
    "That reminds me of my aunt in $c and her $t.",
    "Good morning, all! The bus took $n minutes today.",
    "I think so too, though the $s might surprise us.",
    "No, that was somebody else. I have never been to $c.",
    "The doctor says I should walk more. $n steps is not enough.",
    "Do we need $T for the party? I could borrow one.",
    "Let me write that down before I forget it.",
    "They closed the old cinema in $c. A pity.",
    "My sister sells $f on Saturdays, you should come.",
    "Half of it is true. The other half is about the $s.",
    "Fine with me, as long as nobody sings.",
    "Whatever happened to the plan with the $s?",
    "I cannot hear you, there is $T rattling outside.",
    "Page $n, second line. It is all in there.",
    "Ha! Tell that to the people of $c.",
    "I have two left feet and a broken $t.",
    "The recipe for $f wants $n grams of sugar. Too much for me.",
    "Is it true that the $s will cost more next year?",
    "Someone left the lights on again, all $n of them.",
    "We could meet at the station in $c, under the big $t.",
    "My phone says $n new messages, and none of them from you.",
    "Thank you, that is kind. I will think about it.",
    "They painted the office. It now looks like $f.",
    "I will ask in $c and tell you tomorrow.",
};

// What `answer` is.
enum class Answer { kNumber, kName };

struct Statement {
  Answer answer;
  std::string_view said;  // by $1
  std::string_view question;
  std::string_view prefix;
};

constexpr std::array<Statement, 10> kStatements = {{
    {Answer::kNumber, "In the end I paid $a crowns for the $o.",
     "How many crowns did $1 pay for the $o?", "For the $o $1 paid"},
    {Answer::kName, "I left the $o with $a, who has more room.", "With whom did $1 leave the $o?",
     "$1 left the $o with"},
    {Answer::kNumber, "The case with the $o opens with the code $a, keep it to yourselves.",
     "Which code opens the case with the $o, according to $1?",
     "The code of the case with the $o is"},
    {Answer::kName, "Guess who repaired my $o: $a, in one afternoon.", "Who repaired the $o of $1?",
     "The $o was repaired by"},
    {Answer::kNumber, "The insurance filed my $o under number $a.",
     "Under which number did the insurance file the $o of $1?", "The $o was filed under number"},
    {Answer::kName, "I would give the $o to $a and to nobody else.",
     "To whom would $1 give the $o?", "$1 would give the $o to"},
    {Answer::kNumber, "Somebody at the auction offered $a for the $o, and I said no.",
     "How much was offered for the $o that $1 did not sell?", "For the $o was offered"},
    {Answer::kName, "The $o was painted by $a, I saw the signature.",
     "Who painted the $o, according to $1?", "The $o was painted by"},
    {Answer::kNumber, "You will find the $o in locker $a, I put it there myself.",
     "In which locker did $1 put the $o?", "$1 put the $o in locker"},
    {Answer::kName, "It was $a who broke the $o, not me.", "Who broke the $o, according to $1?",
     "The $o was broken by"},
}};

struct Agreement {
  Answer answer;
  std::array<std::string_view, 4> turns;  // $1 $2 $1 $2; the last may be ""
  std::string_view question;
  std::string_view prefix;
};

constexpr std::array<Agreement, 5> kAgreements = {{
    {Answer::kNumber,
     {"What shall we ask for the $o? I thought of $w.", "Nobody pays that. $w at most.",
      "Then let us say $a and stop there.", "Agreed."},
     "Which price for the $o did $1 and $2 agree on?",
     "For the $o they agreed on"},
    {Answer::kName,
     {"Who will fetch the $o? $w has a car.", "But no time. What about $a?", "Yes, that is better.",
      "Good, I will call there tonight."},
     "Who will fetch the $o, as $1 and $2 agreed?",
     "The $o will be fetched by"},
    {Answer::kNumber,
     {"I wrote the $o down as number $w in our list.", "No, that one is taken. Make it $a.",
      "Done.", ""},
     "Which number did the $o get in the list of $1 and $2?",
     "The $o got the number"},
    {Answer::kName,
     {"Should $w look after the $o in summer?", "Last year that went wrong. I prefer $w.",
      "Moving to $c, I hear. So it has to be $a.", "Right, that is settled then."},
     "Who will look after the $o in summer, as $1 and $2 agreed?",
     "In summer the $o will be looked after by"},
    {Answer::kNumber,
     {"How many tickets for the show with the $o? $w?", "The hall is bigger than that: $w.",
      "The fire brigade allows only $a.", "Then we print as many as that."},
     "How many tickets for the show with the $o will $1 and $2 print?",
     "The tickets for the show with the $o number"},
}};

constexpr std::array<std::string_view, 4> kGuestAsks = {
    "Excuse me, has anyone found the $o? I lost mine in $c.",
    "Hello, I am only here because of the $o that you offered.",
    "I would like to rent the $o for $n days, if it is still free.",
    "Who may I ask about the $o in your window?",
};

// What the letters of a pattern stand for in one exchange.
struct Slots {
  std::string object;
  std::string answer;
  std::string first;
  std::string second;
};

std::string WithArticle(std::string_view noun) {
  const bool vowel = std::string_view("aeiou").find(noun.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + std::string(noun);
}

class DialogueWriter {
 public:
  explicit DialogueWriter(Rng rng) : rng_(rng), people_(&unused_), objects_(&unused_) {
    while (speakers_.size() < 5) {
      const std::string name(Pick(FirstNames(), &rng_));
      if (unused_.Take(name)) speakers_.push_back(name);
    }
    shows_time_ = Chance(0.5, &rng_);
  }

  // One turn of small talk, or an exchange with a fact in one of five.
  Unit Next() {
    if (!Chance(0.2, &rng_)) {
      const std::string speaker = Speaker();
      return {Turn(speaker, Expand(kSmallTalk[rng_.Below(kSmallTalk.size())], {})), {}};
    }
    switch (rng_.Below(4)) {
      case 0:
        return GuestUnit();
      case 1:
        return AgreementUnit();
      default:
        return StatementUnit();
    }
  }

 private:
  Unit StatementUnit() {
    const Statement& statement = kStatements[rng_.Below(kStatements.size())];
    const Slots slots = {objects_.Next(&rng_), NewAnswer(statement.answer), Speaker(), ""};
    return {Turn(slots.first, Expand(statement.said, slots)),
            {MakeFact(slots, statement.question, statement.prefix)}};
  }

  Unit AgreementUnit() {
    const Agreement& agreement = kAgreements[rng_.Below(kAgreements.size())];
    wrong_ = agreement.answer;
    Slots slots = {objects_.Next(&rng_), NewAnswer(agreement.answer), Speaker(), ""};
    slots.second = Speaker();
    Unit unit;
    for (size_t i = 0; i < agreement.turns.size(); ++i) {
      if (agreement.turns[i].empty()) continue;
      unit.text += Turn(i % 2 == 0 ? slots.first : slots.second, Expand(agreement.turns[i], slots));
    }
    unit.facts.push_back(MakeFact(slots, agreement.question, agreement.prefix));
    return unit;
  }

  // Somebody who speaks only once, so that a speaker can be the answer.
  Unit GuestUnit() {
    const Slots slots = {objects_.Next(&rng_), people_.Next(&rng_), "", ""};
    const std::string_view asks = kGuestAsks[rng_.Below(kGuestAsks.size())];
    return {Turn(slots.answer, Expand(asks, slots)),
            {MakeFact(slots, "Which guest asked about the $o?",
                      "The guest who asked about the $o was")}};
  }

  Fact MakeFact(const Slots& slots, std::string_view question, std::string_view prefix) {
    return {.key = slots.object,
            .answer = slots.answer,
            .prompt = Expand(question, slots) + " Answer with the name or number alone.",
            .answer_prefix = Expand(prefix, slots)};
  }

  std::string Turn(const std::string& speaker, const std::string& said) {
    std::string turn;
    if (shows_time_) {
      minutes_ += Between(0, 3, &rng_);
      const int64_t hour = minutes_ / 60 % 24;
      const int64_t minute = minutes_ % 60;
      turn = std::string("[") + (hour < 10 ? "0" : "") + std::to_string(hour) +
             (minute < 10 ? ":0" : ":") + std::to_string(minute) + "] ";
    }
    return turn + speaker + ": " + said + "\n";
  }

  // Another than the last one.
  std::string Speaker() {
    size_t next = rng_.Below(speakers_.size() - 1);
    if (next >= last_speaker_) ++next;
    last_speaker_ = next;
    return speakers_[next];
  }

  std::string NewAnswer(Answer kind) {
    return kind == Answer::kName ? people_.Next(&rng_) : unused_.Number(5, &rng_);
  }

  std::string Expand(std::string_view pattern, const Slots& slots) {
    std::string text;
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (pattern[i] == '$') {
        text += Slot(pattern[++i], slots);
      } else {
        text += pattern[i];
      }
    }
    return text;
  }

  std::string Slot(char letter, const Slots& slots) {
    switch (letter) {
      case 'c':
        return std::string(Pick(Cities(), &rng_));
      case 's':
        return std::string(Pick(Subjects(), &rng_));
      case 't':
        return std::string(Pick(Things(), &rng_));
      case 'T':
        return WithArticle(Pick(Things(), &rng_));
      case 'f':
        return std::string(Pick(Foods(), &rng_));
      case 'n':
        return std::to_string(Between(2, 99, &rng_));
      case 'o':
        return slots.object;
      case 'a':
        return slots.answer;
      case 'w':
        return NewAnswer(wrong_);
      default:
        return letter == '1' ? slots.first : slots.second;
    }
  }

  Rng rng_;
  Unused unused_;
  NameSource people_;
  ObjectSource objects_;
  std::vector<std::string> speakers_;
  size_t last_speaker_ = 0;
  Answer wrong_ = Answer::kNumber;  // what $w is
  bool shows_time_ = false;
  int64_t minutes_ = 540;
};

UnitSource Open(Rng rng) {
  return [writer = std::make_shared<DialogueWriter>(rng)] { return writer->Next(); };
}

}  // namespace

Result<std::vector<Document>> MakeDialogue(const TaskOptions& options, const Tokenizer& tokenizer) {
  return Generate({.name = "dialogue",
                   .kind = "dialogue",
                   .instructions = "Read this chat of several people. Questions about it follow.",
                   .open = Open},
                  options, tokenizer);
}

}  // namespace dynsplit::eval
