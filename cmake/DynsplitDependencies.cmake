# What is looked for, and where it comes from (scripts/setup.sh gets all of it).
find_package(PkgConfig REQUIRED)

find_package(hwy CONFIG QUIET)
if(NOT TARGET hwy::hwy)
  pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)  # Debian libhwy-dev
  add_library(hwy::hwy ALIAS PkgConfig::HWY)
endif()

if(DYNSPLIT_ENGINE)
  find_package(ggml CONFIG REQUIRED)  # pass -Dggml_DIR=<prefix>/lib/cmake/ggml
  pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
endif()
