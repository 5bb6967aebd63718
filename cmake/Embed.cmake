# Web files travel inside the binary: web/build.mjs bundles the pages and writes them, raw and gzipped, as
# one C table (src/app/http/assets.h). npm runs only when the lock file changed.
option(ORQ_WEB "embed the web pages (needs node and npm); OFF links an empty table" ON)

if(ORQ_WEB)
    find_program(NODE NAMES node nodejs REQUIRED)
    find_program(NPM NAMES npm REQUIRED)
    set(web_out ${CMAKE_BINARY_DIR}/web)
    set(web_packages ${CMAKE_SOURCE_DIR}/web/node_modules/.installed)
    file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS web/bell/src/* web/common/* web/client/src/* web/demo/* web/home/*)

    # Packages' own install scripts are not run: none of ours needs one.
    add_custom_command(OUTPUT ${web_packages}
        COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --no-progress --loglevel=error --silent
        COMMAND ${CMAKE_COMMAND} -E touch ${web_packages}
        DEPENDS web/package-lock.json
        WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/web
        COMMENT "web: npm ci" VERBATIM)
    add_custom_command(OUTPUT ${web_out}/assets.c
        COMMAND ${NODE} build.mjs ${web_out}
        DEPENDS ${web_packages} ${web_sources} web/build.mjs
        WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/web
        COMMENT "web: bundle" VERBATIM)
    add_library(orq_web STATIC ${web_out}/assets.c)
else()
    add_library(orq_web STATIC web/none.c)
endif()
target_include_directories(orq_web PRIVATE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(orq_web PRIVATE orq_options)
