# A test lives beside its code: src/**/NAME_test.c becomes the ctest NAME.
find_library(CMOCKA cmocka REQUIRED)
# One suite a port (tests/port/), expanded by the test of every driver.
file(GLOB suite_sources CONFIGURE_DEPENDS tests/port/*.c)
add_library(orq_suites STATIC ${suite_sources})
target_include_directories(orq_suites PUBLIC ${CMAKE_SOURCE_DIR}/tests)
target_link_libraries(orq_suites PUBLIC orq_port PRIVATE orq_options)
file(GLOB_RECURSE test_sources CONFIGURE_DEPENDS src/*_test.c)
foreach(source ${test_sources})
    get_filename_component(name ${source} NAME_WE)
    string(REGEX REPLACE "_test$" "" name ${name})
    add_executable(test_${name} ${source})
    target_link_libraries(test_${name} PRIVATE orq_suites orq_app orq_options ${CMOCKA})
    target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    add_test(NAME ${name} COMMAND test_${name})
endforeach()
add_test(NAME layers COMMAND ${CMAKE_SOURCE_DIR}/tests/layers/layers_test.sh)

# Renders what tests/handlebars/run.mjs compares with npm's handlebars.
add_executable(render_cases tests/handlebars/render_cases.c)
target_link_libraries(render_cases PRIVATE orq_domain orq_options)
