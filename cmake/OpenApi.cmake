# src/app/api/openapi.json (the schemas of the OpenAPI document) travels inside the binary, as bytes.
set(openapi_json ${CMAKE_SOURCE_DIR}/src/app/api/openapi.json)
set(openapi_c ${CMAKE_BINARY_DIR}/generated/openapi_components.c)
set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${openapi_json})
file(READ ${openapi_json} hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
file(CONFIGURE OUTPUT ${openapi_c} CONTENT
    "#include \"app/api/openapi.h\"\nconst char openapi_components[] = {${bytes}0};\n" @ONLY)
target_sources(orq_app PRIVATE ${openapi_c})
