#!/usr/bin/env bash
# Without any client: make a clip, look at what was made and what it cost. SORA is the command, if it is not on the PATH.
set -euo pipefail
sora=${SORA:-sora-mcp}

made=$($sora demo A paper boat in the rain)
echo "$made"
path=$(sed -n 's/^path  *//p' <<<"$made")
job=$(sed -n 's/^job  *//p' <<<"$made")
test -s "$path"

$sora jobs | tee /dev/stderr | grep -q "$job  *completed"
$sora show "$job" | grep -q '^charged  *no'
$sora spend | tee /dev/stderr | grep -q '^Nothing was spent'
$sora vendors | grep -q '^sample:sample'
$sora doctor >/dev/null
