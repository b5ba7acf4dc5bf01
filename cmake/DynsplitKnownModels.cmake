# Turns scripts/models.tsv into <build>/generated/known_models.inc, one line a model:
#   {"name", bytes, "sha256", "what it is"},
# A target that links dynsplit_known_models includes it as "generated/known_models.inc".
set(table ${PROJECT_SOURCE_DIR}/scripts/models.tsv)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${table})
file(STRINGS ${table} rows REGEX "^[^#]")
set(lines "")
foreach(row IN LISTS rows)
  string(REPLACE "\t" ";" fields "${row}")
  list(GET fields 0 name)
  list(GET fields 1 bytes)
  list(GET fields 2 sha256)
  list(GET fields 4 description)
  string(APPEND lines "{\"${name}\", ${bytes}, \"${sha256}\", \"${description}\"},\n")
endforeach()
file(CONFIGURE OUTPUT generated/known_models.inc CONTENT "${lines}" @ONLY)

add_library(dynsplit_known_models INTERFACE)
target_include_directories(dynsplit_known_models INTERFACE ${PROJECT_BINARY_DIR})
