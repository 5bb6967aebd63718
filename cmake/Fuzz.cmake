# tests/fuzz/fuzz_NAME.c with its seeds in tests/fuzz/corpus/NAME/. Run: tests/fuzz/run SECONDS
# Our code is instrumented for coverage (fuzzer-no-link); only a target brings libFuzzer and its main.
target_compile_options(orq_options INTERFACE -fsanitize=fuzzer-no-link)
target_link_options(orq_options INTERFACE -fsanitize=fuzzer-no-link)

file(GLOB fuzz_sources CONFIGURE_DEPENDS tests/fuzz/fuzz_*.c)
foreach(source ${fuzz_sources})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source})
    # Static libraries: a target takes only what it calls, so any layer may be under test.
    target_link_libraries(${name} PRIVATE orq_app orq_options)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endforeach()
