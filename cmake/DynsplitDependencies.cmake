# What is looked for. scripts/setup.sh gets all of it.
find_package(hwy CONFIG REQUIRED)  # Debian libhwy-dev
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)  # Debian libxxhash-dev; used inline

find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBURING REQUIRED IMPORTED_TARGET liburing)  # Debian liburing-dev

# ggml: the caller's own (-Dggml_DIR=<prefix>/lib/cmake/ggml, the environment variable ggml_DIR),
# else the one that scripts/setup.sh built for this CPU, else any in CMAKE_PREFIX_PATH.
macro(dynsplit_find_ggml)
  # What setup.sh said last time is asked again: its version may have changed since.
  if(NOT DEFINED ENV{ggml_DIR} AND (NOT ggml_DIR OR ggml_DIR STREQUAL DYNSPLIT_BUILT_GGML))
    set(ggml_variant "")
    if(DYNSPLIT_SANITIZE MATCHES thread)
      set(ggml_variant --tsan)  # its barriers must be seen by the sanitizer
    elseif(DYNSPLIT_AVX2)
      set(ggml_variant --avx2)
    endif()
    execute_process(
      COMMAND ${PROJECT_SOURCE_DIR}/scripts/setup.sh --print-ggml-dir ${ggml_variant}
      OUTPUT_VARIABLE ggml_built_dir OUTPUT_STRIP_TRAILING_WHITESPACE
      RESULT_VARIABLE ggml_missing ERROR_QUIET)
    if(ggml_missing EQUAL 0)
      set(ggml_DIR ${ggml_built_dir} CACHE PATH "Folder of ggml's CMake package" FORCE)
      set(DYNSPLIT_BUILT_GGML ${ggml_built_dir} CACHE INTERNAL "What setup.sh said last time")
    endif()
  endif()
  find_package(ggml CONFIG QUIET)
  if(NOT ggml_FOUND)
    message(FATAL_ERROR "No ggml. Run scripts/setup.sh ${ggml_variant}, or pass "
                        "-Dggml_DIR=<prefix>/lib/cmake/ggml, or build dynsplit::core alone with "
                        "-DDYNSPLIT_ENGINE=OFF.")
  endif()
  message(STATUS "ggml: ${ggml_DIR}")
endmacro()

if(DYNSPLIT_ENGINE)
  dynsplit_find_ggml()
  pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
endif()
