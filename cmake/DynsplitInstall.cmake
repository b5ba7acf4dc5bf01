# Installs the headers, dynsplit::core and dynsplit::engine as components of one CMake package, and
# the program. tests/install builds a consumer against the result.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/dynsplit)

# dynsplit_install_component(NAME): the library dynsplit::NAME and its targets file.
function(dynsplit_install_component name)
  install(TARGETS dynsplit_lib${name} EXPORT dynsplit_${name}
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT dynsplit_${name} NAMESPACE dynsplit:: DESTINATION ${package_dir}
          FILE dynsplit-${name}-targets.cmake)
endfunction()

dynsplit_install_component(core)
if(DYNSPLIT_ENGINE)
  dynsplit_install_component(engine)
  # ggml lives outside the system's library folders.
  set_target_properties(dynsplit PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS dynsplit RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  # What `dynsplit models --get` runs.
  set(share_dir ${CMAKE_INSTALL_DATADIR}/dynsplit)
  install(PROGRAMS scripts/get-model.sh DESTINATION ${share_dir}/scripts)
  install(FILES scripts/lib.sh scripts/models.tsv DESTINATION ${share_dir}/scripts)
  install(DIRECTORY profiles DESTINATION ${share_dir})
endif()

install(DIRECTORY include/dynsplit DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
configure_package_config_file(cmake/dynsplit-config.cmake.in dynsplit-config.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(dynsplit-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/dynsplit-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/dynsplit-config-version.cmake
        DESTINATION ${package_dir})
