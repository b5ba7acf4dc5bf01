# Files as a C++ source, so that a program carries them with it: apps/server/web_files.h.
#
#   cmake -DOUTPUT=web_files.cc -DFOLDER=web -P EmbedFiles.cmake     all files of the folder
file(GLOB names RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT names)
set(entries "")
foreach(name IN LISTS names)
  file(READ ${FOLDER}/${name} hex HEX)
  string(REGEX REPLACE "(..)" "\\\\x\\1" literal "${hex}")
  string(LENGTH "${hex}" digits)
  math(EXPR bytes "${digits} / 2")
  file(SHA256 ${FOLDER}/${name} hash)
  string(SUBSTRING ${hash} 0 16 tag)
  string(APPEND entries "    {\"${name}\", \"\\\"${tag}\\\"\", {\"${literal}\", ${bytes}}},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made by cmake/EmbedFiles.cmake.
#include \"apps/server/web_files.h\"

namespace dynsplit::server {
namespace {

constexpr WebFile kFiles[] = {
${entries}};

}  // namespace

std::span<const WebFile> WebFiles() { return kFiles; }

}  // namespace dynsplit::server
")
