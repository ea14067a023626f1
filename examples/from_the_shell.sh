#!/usr/bin/env bash
# Without any client: make a clip, look at what was made and what it cost. SORA is the command, if it is not on the PATH.
set -euo pipefail
sora=${SORA:-sora-mcp}

# told WHAT COMMAND...: the command's words hold WHAT. They are taken whole first: a grep that has seen enough ends who still writes.
told() {
    local words
    words=$($sora "${@:2}")
    echo "$words"
    grep -q "$1" <<<"$words"
}

made=$($sora demo A paper boat in the rain)
echo "$made"
path=$(sed -n 's/^path  *//p' <<<"$made")
job=$(sed -n 's/^job  *//p' <<<"$made")
test -s "$path"

told "$job  *completed" jobs
told '^charged  *no' show "$job"
told '^Nothing was spent' spend
told '^sample:sample' vendors
$sora doctor >/dev/null
