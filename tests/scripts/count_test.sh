#!/usr/bin/env bash
# scripts/count.sh against lines as the runners really write them: a check that miscounts would be believed.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/count.sh
log=$(mktemp)
trap 'rm -f "$log"' EXIT
fail=0

counts() { # EXPECTED WHAT; the log on stdin
    cat >"$log"
    local actual
    actual=$(count_tests "$log")
    [ "$actual" = "$1" ] || { echo "count_test: $2: expected '$1', counted '$actual'"; fail=1; }
}

counts '0 0' 'a log without tests' <<<'error: nothing was built'
counts '4 0' 'ctest: cmocka tests inside one, another that is no cmocka program' <<'EOF'
7: [==========] 3 test(s) run.
7: [  PASSED  ] 3 test(s).
1/2 Test  #7: buf ..............................   Passed    0.01 sec
2/2 Test #12: layers ...........................   Passed    0.07 sec
EOF
counts '3 3' 'ctest: one failed inside, one timed out, one died before it could count' <<'EOF'
5: [  PASSED  ] 3 test(s).
5: [  FAILED  ] 1 test(s), listed below:
5: [  FAILED  ] str_cut_walks_a_list
1/3 Test #5: str ..............................***Failed    0.01 sec
2/3 Test #6: wheel ............................***Timeout 120.01 sec
3/3 Test #8: map ..............................Subprocess aborted***Exception:   0.11 sec
EOF
counts '12 3' 'node, TAP' <<<$'# tests 15\n# pass 12\n# fail 1\n# cancelled 2'
counts '12 1' 'node, spec' <<<$'ℹ tests 13\nℹ pass 12\nℹ fail 1'
counts '1 1' 'fuzz' <<<$'fuzz json: 20 s, 123456 runs, ok\nfuzz url: FAILED; log and input in /tmp/x'
counts '12 1' 'a runner that sums up what node said too' <<<$'ℹ pass 12\nℹ fail 2\ne2e: 12 passed, 1 failed'
counts '5 2' 'plain' <<<$'noise\n5 passed, 2 failed'
[ $fail = 0 ] && echo 'check can count'
exit $fail
