#include "apps/eval/tasks/records/records.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "apps/eval/ascii.h"
#include "apps/eval/tasks/draw.h"
#include "apps/eval/tasks/generated/generated_task.h"
#include "apps/eval/tasks/generated/names.h"

namespace dynsplit::eval {
namespace {

using Json = nlohmann::ordered_json;

Fact FieldFact(const std::string& key, const std::string& field, const std::string& value) {
  return {.key = key,
          .answer = value,
          .prompt = "What is the " + field + " of " + key + "? Answer with the value alone.",
          .answer_prefix = "The " + field + " of " + key + " is"};
}

// One document's records: employees, orders and devices, in one layout.
class RecordWriter {
 public:
  explicit RecordWriter(Rng rng) : rng_(rng), people_(&unused_), objects_(&unused_) {
    indent_ = Chance(0.5, &rng_) ? 2 : -1;
  }

  Unit Next() {
    const uint64_t kind = rng_.Below(3);
    Unit unit;
    const Json record = kind == 0   ? Employee(&unit.facts)
                        : kind == 1 ? Order(&unit.facts)
                                    : Device(&unit.facts);
    unit.text = record.dump(indent_) + "\n";
    return unit;
  }

 private:
  Json Employee(std::vector<Fact>* facts) {
    const std::string name = people_.Next(&rng_);
    const std::string badge = unused_.Number(5, &rng_);
    const std::string phone = unused_.Number(6, &rng_);
    std::string email = AsUserName(name) + "@" + Word(Subjects()) + ".example";
    facts->push_back(FieldFact(name, "badge number", badge));
    facts->push_back(FieldFact(name, "phone extension", phone));
    facts->push_back(FieldFact(name, "email address", email));
    return {{"type", "employee"},
            {"name", name},
            {"office", {{"city", Word(Cities())}, {"floor", Between(1, 40, &rng_)}}},
            {"badge", {{"number", std::stoll(badge)}, {"color", Word(Qualities())}}},
            {"contact", {{"email", email}, {"phone_extension", phone}}},
            {"teams", {Word(Subjects()), Word(Subjects())}},
            {"part_time", Chance(0.3, &rng_)}};
  }

  Json Order(std::vector<Fact>* facts) {
    const std::string id = OrderId();
    const std::string customer = people_.Next(&rng_);
    const std::string tracking = unused_.Number(8, &rng_);
    const std::string invoice = unused_.Number(6, &rng_);
    facts->push_back(FieldFact("order " + id, "tracking number", tracking));
    facts->push_back(FieldFact("order " + id, "invoice number", invoice));
    facts->push_back(FieldFact("order " + id, "customer name", customer));
    for (Fact& fact : *facts) fact.key = id;  // in the text without "order"
    Json items = Json::array();
    for (int64_t i = Between(1, 2, &rng_); i > 0; --i) {
      items.push_back({{"product", Word(Qualities()) + " " + Word(Things())},
                       {"quantity", Between(1, 60, &rng_)}});
    }
    return {{"type", "order"},
            {"id", id},
            {"customer", {{"name", customer}, {"city", Word(Cities())}}},
            {"items", items},
            {"shipping", {{"carrier", Word(Cities()) + " Freight"}, {"tracking_number", tracking}}},
            {"invoice", {{"number", invoice}, {"paid", Chance(0.7, &rng_)}}}};
  }

  Json Device(std::vector<Fact>* facts) {
    std::string host = objects_.Next(&rng_);
    std::replace(host.begin(), host.end(), ' ', '-');
    const std::string serial = unused_.Number(7, &rng_);
    const std::string port = unused_.Number(5, &rng_);
    const std::string address = Address();
    facts->push_back(FieldFact(host, "serial number", serial));
    facts->push_back(FieldFact(host, "network port", port));
    facts->push_back(FieldFact(host, "network address", address));
    return {{"type", "device"},
            {"host", host},
            {"serial_number", serial},
            {"network", {{"address", address}, {"port", port}, {"vlan", Between(2, 999, &rng_)}}},
            {"location", {{"city", Word(Cities())}, {"rack", Between(1, 60, &rng_)}}},
            {"role", Word(Subjects()) + "-" + Word(Subjects())}};
  }

  // Two in five differ from an earlier one by a digit.
  std::string OrderId() {
    std::string id;
    if (!order_ids_.empty() && Chance(0.4, &rng_)) {
      id = order_ids_[rng_.Below(order_ids_.size())];
      id[4 + rng_.Below(id.size() - 4)] = static_cast<char>('1' + rng_.Below(9));
    }
    while (id.empty() || !unused_.Take(id)) id = "ORD-" + unused_.Number(5, &rng_);
    order_ids_.push_back(id);
    return id;
  }

  std::string Address() {
    std::string address = "10";
    for (int i = 0; i < 3; ++i) address += "." + std::to_string(Between(10, 250, &rng_));
    return address;
  }

  static std::string AsUserName(std::string name) {
    for (char& c : name) c = c == ' ' ? '.' : AsciiLower(c);
    return name;
  }

  std::string Word(std::span<const std::string_view> list) {
    return std::string(Pick(list, &rng_));
  }

  Rng rng_;
  Unused unused_;
  NameSource people_;
  ObjectSource objects_;
  std::vector<std::string> order_ids_;
  int indent_ = -1;
};

UnitSource Open(Rng rng) {
  return [writer = std::make_shared<RecordWriter>(rng)] { return writer->Next(); };
}

}  // namespace

Result<std::vector<Document>> MakeRecords(const TaskOptions& options, const Tokenizer& tokenizer) {
  return Generate({.name = "records",
                   .kind = "records",
                   .instructions = "Read these JSON records. Questions about them follow.",
                   .open = Open},
                  options, tokenizer);
}

}  // namespace dynsplit::eval
