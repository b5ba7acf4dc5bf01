# One object library per folder of src/, so that tests can link exactly what their layer may see.

add_library(dynsplit_flags INTERFACE)
target_compile_features(dynsplit_flags INTERFACE cxx_std_20)
target_compile_options(dynsplit_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
  $<$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>:-Wno-shadow>)  # dynsplit_compile_together
if(DYNSPLIT_WERROR)
  target_compile_options(dynsplit_flags INTERFACE -Werror)
endif()
if(DYNSPLIT_SANITIZE)
  target_compile_options(dynsplit_flags INTERFACE -fsanitize=${DYNSPLIT_SANITIZE}
                                                  -fno-omit-frame-pointer
                                                  -fno-sanitize-recover=all)
  target_link_options(dynsplit_flags INTERFACE -fsanitize=${DYNSPLIT_SANITIZE})
endif()

# dynsplit_layer(NAME [DEPENDS layer...] [LIBRARIES target...]): builds src/NAME as the object
# library dynsplit_NAME. DYNSPLIT_CLOSURE lists it and every layer left of it.
function(dynsplit_layer name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc
       ${PROJECT_SOURCE_DIR}/src/${name}/*.h)
  add_library(dynsplit_${name} OBJECT ${sources})
  set_target_properties(dynsplit_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON
                                                    LINKER_LANGUAGE CXX)
  target_include_directories(dynsplit_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src
                                                     ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(dynsplit_${name} PUBLIC dynsplit_flags ${arg_LIBRARIES})
  set(closure dynsplit_${name})
  foreach(dep IN LISTS arg_DEPENDS)
    target_link_libraries(dynsplit_${name} PUBLIC dynsplit_${dep})
    get_target_property(dep_closure dynsplit_${dep} DYNSPLIT_CLOSURE)
    list(APPEND closure ${dep_closure})
  endforeach()
  list(REMOVE_DUPLICATES closure)
  set_target_properties(dynsplit_${name} PROPERTIES DYNSPLIT_CLOSURE "${closure}")
endfunction()

# dynsplit_link_layer(TARGET layer): links a test, benchmark or fuzzer with a layer's closure.
function(dynsplit_link_layer target layer)
  get_target_property(closure dynsplit_${layer} DYNSPLIT_CLOSURE)
  target_link_libraries(${target} PRIVATE ${closure})
endfunction()

# dynsplit_library(NAME LAYERS layer... [LIBRARIES target...]): the static library
# dynsplit::NAME made of whole layers.
function(dynsplit_library name)
  cmake_parse_arguments(arg "" "" "LAYERS;LIBRARIES" ${ARGN})
  set(lib lib${name})
  add_library(dynsplit_${lib} STATIC)
  add_library(dynsplit::${name} ALIAS dynsplit_${lib})
  set_target_properties(dynsplit_${lib} PROPERTIES OUTPUT_NAME dynsplit_${name}
                                                   EXPORT_NAME ${name} LINKER_LANGUAGE CXX)
  foreach(layer IN LISTS arg_LAYERS)
    target_sources(dynsplit_${lib} PRIVATE $<TARGET_OBJECTS:dynsplit_${layer}>)
    get_target_property(libraries dynsplit_${layer} LINK_LIBRARIES)
    foreach(library IN LISTS libraries)
      if(NOT library MATCHES "^dynsplit_")
        target_link_libraries(dynsplit_${lib} PUBLIC ${library})
      endif()
    endforeach()
  endforeach()
  foreach(library IN LISTS arg_LIBRARIES)
    target_link_libraries(dynsplit_${lib} PUBLIC ${library})
  endforeach()
  target_compile_features(dynsplit_${lib} PUBLIC cxx_std_20)
  target_link_libraries(dynsplit_${lib} PRIVATE $<BUILD_INTERFACE:dynsplit_flags>)
  target_include_directories(dynsplit_${lib} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endfunction()

# dynsplit_not_hot(TARGET): code that no user waits for is compiled faster.
function(dynsplit_not_hot target)
  if(DYNSPLIT_SANITIZE)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O0>)
  else()
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
endfunction()

# dynsplit_precompile(TARGET PRIVATE header...) or dynsplit_precompile(TARGET REUSE_FROM target): for
# what spends most of its compile time in such headers, in every file: those without them would
# take a second more. With them g++ 12 warns of std::string's own operator+.
function(dynsplit_precompile target)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-array-bounds -Wno-stringop-overflow
                                             -Wno-restrict)
  endif()
  target_precompile_headers(${target} ${ARGN})
endfunction()

# dynsplit_compile_together(TARGET): several of its files at a time, so that they share what the
# templates of json, gmock and CLI11 become: a third of the time for such files (a file of the
# server's tests takes 8 s alone, 2 s among eight). Their unnamed namespaces become one, so that a
# local name may be that of another file's (dynsplit_flags allows it then). The preset dev, which is
# there for the warnings, compiles them one by one.
function(dynsplit_compile_together target)
  if(DYNSPLIT_WERROR AND NOT DYNSPLIT_SANITIZE)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
endfunction()
