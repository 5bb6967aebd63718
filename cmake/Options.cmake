# How every file of ours is compiled. Warnings are errors; libraries' headers are exempt (SYSTEM).
add_library(orq_options INTERFACE)
target_compile_options(orq_options INTERFACE
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual
    -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough -Werror -fno-strict-aliasing
    -fno-common -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
target_compile_definitions(orq_options INTERFACE _GNU_SOURCE ORQ_VERSION="${PROJECT_VERSION}")

if(ORQ_SANITIZE)
    target_compile_options(orq_options INTERFACE -fsanitize=${ORQ_SANITIZE} -fno-omit-frame-pointer
        -fno-sanitize-recover=all -g -O1)
    target_link_options(orq_options INTERFACE -fsanitize=${ORQ_SANITIZE})
endif()
if(ORQ_COVERAGE)
    target_compile_options(orq_options INTERFACE --coverage -O0 -g)
    target_link_options(orq_options INTERFACE --coverage)
endif()
if(ORQ_HARDEN)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
    target_compile_options(orq_options INTERFACE -fstack-protector-strong -fstack-clash-protection
        -fcf-protection -D_FORTIFY_SOURCE=2 -ftrivial-auto-var-init=zero -g1)
    target_link_options(orq_options INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
