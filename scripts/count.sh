# shellcheck shell=bash
# count.sh: how many tests a log tells of, whichever runner wrote it; sourced by check.

# Understands ctest -V (with the cmocka tests inside each), node's runner and tests/fuzz/run. A plain line
# "N passed, N failed" (one word with a colon may stand before it) is a runner's own sum: the last one wins over all that.
count_tests() { # LOG  ->  "PASSED FAILED"
    awk '
        # ctest -V: "7: [  PASSED  ] 12 test(s)." belongs to test #7, which is summed up later by
        # "3/40 Test  #7: buf ....   Passed    0.01 sec". A test that is no cmocka program counts as one.
        /^[0-9]+: \[  PASSED  \] [0-9]+ test/ { sub(":", "", $1); inner_ok[$1] += $5 }
        /^[0-9]+: \[  FAILED  \] [0-9]+ test/ { sub(":", "", $1); inner_bad[$1] += $5 }
        /^ *[0-9]+\/[0-9]+ Test +#[0-9]+:/ {
            id = $0; sub(/^[^#]*#/, "", id); sub(/:.*/, "", id)
            if (/ Passed +[0-9.]+ sec/) ok += inner_ok[id] ? inner_ok[id] : 1
            else { ok += inner_ok[id]; bad += inner_bad[id] ? inner_bad[id] : 1 }
        }
        # node --test: "# pass 12" (TAP) or "ℹ pass 12" (spec); what was cancelled did not pass
        $1 ~ /^(#|ℹ)$/ && $2 == "pass" && $3 ~ /^[0-9]+$/ { ok += $3 }
        $1 ~ /^(#|ℹ)$/ && ($2 == "fail" || $2 == "cancelled") && $3 ~ /^[0-9]+$/ { bad += $3 }
        /^fuzz [^ ]+: .* ok$/ { ok++ }
        /^fuzz [^ ]+: FAILED/ { bad++ }
        /^([a-z0-9-]+: )?[0-9]+ passed, [0-9]+ failed/ { summed = 1; sub(/^[^:]*: /, ""); sum_ok = $1; sum_bad = $3 }
        END { if (summed) print sum_ok, sum_bad; else print ok + 0, bad + 0 }
    ' "$1"
}
