# Installs a build tree, builds the consumer against it, and runs the consumer.
#   cmake -DSOURCE_DIR=... -DBUILD_DIR=... -DWORK_DIR=... -DCOMPONENTS=core[,engine] -P run.cmake
# With CORE_ONLY=ON instead of BUILD_DIR, it first builds where ggml is not found.
cmake_minimum_required(VERSION 3.25)
string(REPLACE "," ";" components "${COMPONENTS}")

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
if(CORE_ONLY)
  set(BUILD_DIR ${WORK_DIR}/core)
  run(${CMAKE_COMMAND} -S ${SOURCE_DIR} -B ${BUILD_DIR} -G Ninja -DCMAKE_BUILD_TYPE=Debug
      -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} -DDYNSPLIT_ENGINE=OFF -DDYNSPLIT_TESTS=OFF
      -DCMAKE_DISABLE_FIND_PACKAGE_ggml=ON)
  run(${CMAKE_COMMAND} --build ${BUILD_DIR})
endif()
run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/prefix)
run(${CMAKE_COMMAND} -S ${SOURCE_DIR}/tests/install -B ${WORK_DIR}/build -G Ninja
    -DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix -DCOMPONENTS=${COMPONENTS})
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build)
foreach(component IN LISTS components)
  run(${WORK_DIR}/build/use_${component})
endforeach()
if("engine" IN_LIST components)
  run(${WORK_DIR}/prefix/bin/dynsplit --version)
endif()
