#!/usr/bin/env bash
# Layers look down: base <- net | proto <- port <- domain | driver <- app. An include that points right is a
# design question; this test asks it. It also names the calls we do not make and what to use instead.
set -euo pipefail
cd "$(dirname "$0")/../.."
fail=0
complain() { echo "$*"; fail=1; }

# allowed LAYER PATTERN: the folders a layer may include from
allowed() {
    local layer=$1 pattern=$2 bad
    bad=$(grep -rnE '^#include "' "src/$layer" --include='*.[ch]' |
          grep -vE "#include \"($pattern)/" | grep -vE '#include "[a-z0-9_]+_test.h"' || true)
    [ -z "$bad" ] || complain "src/$layer may include only ($pattern):"$'\n'"$bad"
}
allowed base   'base'
allowed net    'base|net'
allowed proto  'base|proto'
allowed port   'base|port'
allowed domain 'base|proto|port|domain'
allowed driver 'base|net|proto|port|domain|driver'
# only wire.c names a driver
bad=$(grep -rlE '#include "driver/' src/app --include='*.[ch]' | grep -vE '^src/app/wire\.c$' || true)
[ -z "$bad" ] || complain "only src/app/wire.c may include a driver: $bad"

# banned NAME USE: a call we do not make, and its replacement
banned() {
    local bad
    bad=$(grep -rnE "(^|[^_a-zA-Z0-9])$1\(" src --include='*.[ch]' | grep -v '^src/base/mem\.[ch]:' |
          grep -vE ':[0-9]+: *(/\*|\*)' || true)
    [ -z "$bad" ] || complain "$1 is not used here; $2:"$'\n'"$bad"
}
banned sprintf 'use snprintf or buf_format'
banned strcpy 'use Str and buf_add'
banned strcat 'use buf_add'
banned strtok 'use str_cut'
banned atoi 'use str_to_u64'
banned strncpy 'use Str'
banned gets 'use read'
banned malloc 'use mem_alloc or mem_try (base/mem.h)'
banned calloc 'use mem_zero or mem_new (base/mem.h)'
banned realloc 'use mem_try_resize (base/mem.h)'
banned rand 'use random.h'

# secrets are compared with bytes_equal (constant time), never with these
bad=$(grep -rnE '(memcmp|strcmp|str_eq)\([^)]*(secret|mac|signature|password|api_key|token_hash)' src --include='*.c' || true)
[ -z "$bad" ] || complain "compare secrets with bytes_equal:"$'\n'"$bad"
[ $fail = 0 ] && echo "layers look down"
exit $fail
