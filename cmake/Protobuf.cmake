# src/proto/client.proto becomes client.pb-c.[ch] in the build directory. The generated code is compiled by
# itself, without our warnings; its header is a system header to those who include it.
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
find_program(PROTOC_C NAMES protoc-c REQUIRED)
set(pb_out ${CMAKE_BINARY_DIR}/generated/protobuf)
file(MAKE_DIRECTORY ${pb_out})
add_custom_command(OUTPUT ${pb_out}/client.pb-c.c ${pb_out}/client.pb-c.h
    COMMAND ${PROTOC_C} --proto_path=${CMAKE_SOURCE_DIR}/src/proto --c_out=${pb_out} client.proto
    DEPENDS src/proto/client.proto
    COMMENT "client.proto" VERBATIM)
add_library(centrifuge_messages STATIC ${pb_out}/client.pb-c.c ${pb_out}/client.pb-c.h)
target_include_directories(centrifuge_messages SYSTEM PUBLIC ${pb_out})
target_link_libraries(centrifuge_messages PUBLIC PkgConfig::PROTOBUF_C)
target_compile_options(centrifuge_messages PRIVATE -w)
