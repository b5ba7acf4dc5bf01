// Figures for people: numbers with units, tables, and text for stderr.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dynsplit {

// "512 B", "1.5 MiB".
std::string FormatBytes(int64_t bytes);
// "850 ms", "12.3 s", "4 min 05 s".
std::string FormatSeconds(double seconds);
// "12.3" below 100, else "512".
std::string FormatRate(double per_second);
// count / seconds; 0 where no time has passed.
double Rate(int64_t count, double seconds);

// Writes to stderr and ignores errors: there is nowhere left to report them to.
void PrintToStderr(std::string_view text);

// Columns as wide as their widest cell. Under a header the first column stands to the left and the
// others, taken for figures, to the right; without one all stand to the left. Cells may hold what a
// file says: they are shown as Printable makes them.
class Table {
 public:
  explicit Table(std::vector<std::string> header = {});
  void AddRow(std::vector<std::string> cells);
  std::string ToString() const;

 private:
  std::string Line(const std::vector<std::string>& cells, const std::vector<size_t>& widths) const;

  std::vector<std::vector<std::string>> rows_;
  bool has_header_;
};

}  // namespace dynsplit
