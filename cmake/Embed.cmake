# Web files travel inside the binary (cmake/Embed.cmake builds orq_web).
add_library(orq_web INTERFACE)
