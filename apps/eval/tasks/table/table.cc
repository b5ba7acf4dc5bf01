#include "apps/eval/tasks/table/table.h"

#include <array>
#include <memory>
#include <string>

#include "apps/eval/tasks/draw.h"
#include "apps/eval/tasks/generated/generated_task.h"
#include "apps/eval/tasks/generated/names.h"

namespace dynsplit::eval {
namespace {

enum class RowName { kObject, kPerson };

struct TableKind {
  std::string_view title;  // $c a city, $s a subject
  RowName row_name;
  std::string_view row_header;
  std::array<std::string_view, 8> columns;
};

constexpr std::array<TableKind, 6> kTables = {{
    {"Stock of the warehouse in $c",
     RowName::kObject,
     "item",
     {"stock", "price", "weight", "reorder level", "shelf number", "lot", "minimum", "barcode"}},
    {"Staff of the $s office in $c",
     RowName::kPerson,
     "name",
     {"badge", "extension", "salary", "locker", "staff number", "parking space", "leave", "grade"}},
    {"Auction in $c, second day",
     RowName::kObject,
     "lot name",
     {"estimate", "reserve", "hammer price", "lot number", "bids", "catalogue page", "fee", "tax"}},
    {"Readings of the $s survey, $c",
     RowName::kPerson,
     "observer",
     {"first reading", "second reading", "third reading", "sum", "station", "error", "drift",
      "range"}},
    {"Imports through $c by article",
     RowName::kObject,
     "article",
     {"units", "declared value", "duty", "container", "net mass", "gross mass", "tariff code",
      "insurance"}},
    {"Members of the $s club of $c",
     RowName::kPerson,
     "member",
     {"member number", "points", "dues", "trophies", "games", "rating", "best score", "seat"}},
}};

// One document's tables, all in Markdown or all as comma-separated values.
class TableWriter {
 public:
  explicit TableWriter(Rng rng) : rng_(rng), people_(&unused_), objects_(&unused_) {
    markdown_ = Chance(0.5, &rng_);
  }

  // A row; the first one of a table with what stands above it.
  Unit Next() {
    Unit unit;
    if (rows_left_ == 0) unit.text = Begin();
    --rows_left_;
    std::vector<std::string> cells = {table_->row_name == RowName::kPerson ? people_.Next(&rng_)
                                                                           : objects_.Next(&rng_)};
    for (size_t i = 0; i < columns_.size(); ++i) cells.push_back(unused_.Number(5, &rng_));
    unit.text += Line(cells);
    const size_t asked = rng_.Below(columns_.size());
    unit.facts.push_back(MakeFact(cells.front(), columns_[asked], cells[asked + 1]));
    return unit;
  }

 private:
  // Title, header and rule of the next table.
  std::string Begin() {
    table_ = &kTables[rng_.Below(kTables.size())];
    title_.clear();
    for (size_t i = 0; i < table_->title.size(); ++i) {
      if (table_->title[i] != '$') {
        title_ += table_->title[i];
        continue;
      }
      title_ += Pick(table_->title[++i] == 'c' ? Cities() : Subjects(), &rng_);
    }
    columns_.assign(table_->columns.begin(), table_->columns.end());
    Shuffle(&columns_, &rng_);
    columns_.resize(static_cast<size_t>(Between(3, 5, &rng_)));
    rows_left_ = Between(8, 24, &rng_);
    std::vector<std::string> header = {std::string(table_->row_header)};
    header.insert(header.end(), columns_.begin(), columns_.end());
    std::string text = num_tables_++ == 0 ? "" : "\n";
    text += (markdown_ ? "## " : "# ") + title_ + "\n";
    if (markdown_) text += "\n";
    text += Line(header);
    if (markdown_) text += Line(std::vector<std::string>(header.size(), "---"));
    return text;
  }

  std::string Line(const std::vector<std::string>& cells) const {
    std::string line = markdown_ ? "|" : "";
    for (size_t i = 0; i < cells.size(); ++i) {
      if (markdown_) {
        line += " " + cells[i] + " |";
      } else {
        line += (i == 0 ? "" : ",") + cells[i];
      }
    }
    return line + "\n";
  }

  Fact MakeFact(const std::string& row, const std::string& column, const std::string& value) const {
    return {.key = row,
            .answer = value,
            .prompt = "In the table \"" + title_ + "\", what stands in the column \"" + column +
                      "\" of the row \"" + row + "\"? Answer with the number alone.",
            .answer_prefix = "The \"" + column + "\" of \"" + row + "\" is"};
  }

  Rng rng_;
  Unused unused_;
  NameSource people_;
  ObjectSource objects_;
  bool markdown_ = false;
  const TableKind* table_ = nullptr;  // the one that is being written
  std::string title_;
  std::vector<std::string> columns_;
  int64_t rows_left_ = 0;
  int num_tables_ = 0;
};

UnitSource Open(Rng rng) {
  return [writer = std::make_shared<TableWriter>(rng)] { return writer->Next(); };
}

}  // namespace

Result<std::vector<Document>> MakeTable(const TaskOptions& options, const Tokenizer& tokenizer) {
  return Generate({.name = "table",
                   .kind = "table",
                   .instructions = "Read these tables. Questions about them follow.",
                   .open = Open},
                  options, tokenizer);
}

}  // namespace dynsplit::eval
