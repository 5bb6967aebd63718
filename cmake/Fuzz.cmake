# tests/fuzz/fuzz_NAME.c with its seeds in tests/fuzz/corpus/NAME/. Run: tests/fuzz/run SECONDS
# Our code is instrumented for coverage (fuzzer-no-link); only a target brings libFuzzer and its main.
target_compile_options(orq_options INTERFACE -fsanitize=fuzzer-no-link)
target_link_options(orq_options INTERFACE -fsanitize=fuzzer-no-link)

# A target links proto, where the parsers are, and any other layer whose headers it includes: a parser
# can be fuzzed while something above it does not build.
function(fuzz_layers source result)
    file(STRINGS ${source} includes REGEX "^#include \"(net|port|domain|driver|app)/")
    set(layers orq_proto)
    foreach(line ${includes})
        string(REGEX REPLACE "^#include \"([a-z]+)/.*" "orq_\\1" layer "${line}")
        list(APPEND layers ${layer})
    endforeach()
    list(REMOVE_DUPLICATES layers)
    set(${result} ${layers} PARENT_SCOPE)
endfunction()

file(GLOB fuzz_sources CONFIGURE_DEPENDS tests/fuzz/fuzz_*.c)
foreach(source ${fuzz_sources})
    get_filename_component(name ${source} NAME_WE)
    fuzz_layers(${source} layers)
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE ${layers} orq_options)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endforeach()
