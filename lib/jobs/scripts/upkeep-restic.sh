#!/bin/sh
# upkeep-restic.sh POLICY...: the weekly upkeep of a repository, with keys that may delete. Removes stale locks, forgets
# snapshots by the policy, frees their space, and reads a part of all data back: a different one each week.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=restic.sh
. /scripts/restic.sh

open_repository
[ "$found" = yes ] || fail "There is no repository $RESTIC_REPOSITORY, so nothing has been backed up there."

# Leaves the list in $TMP/answer.
list_snapshots() {
  ask_restic "$ANSWER_SECONDS" snapshots --no-lock --json ||
    fail "The repository $RESTIC_REPOSITORY does not list its snapshots: $(why "$TMP/errors")"
}

# exclusively WHAT ARGUMENTS...: waits until no other run is in the way. restic takes a lock for stale when its owner,
# who renews it every 5 minutes, has not done so for 30 (restic 0.18, internal/restic/lock.go).
exclusively() {
  doing=$1
  shift
  echo "$doing"
  attempt=0
  while :; do
    ask_restic "$ANSWER_SECONDS" unlock ||
      fail "Stale locks of $RESTIC_REPOSITORY were not removed: $(why "$TMP/errors")"
    ask_restic "$STEP_SECONDS" "$@" && return
    [ "$code" -eq 11 ] || fail "Failed at $doing of $RESTIC_REPOSITORY: $(why "$TMP/errors")"
    attempt=$((attempt + 1))
    [ "$attempt" -le "$LOCK_ATTEMPTS" ] ||
      fail "The repository $RESTIC_REPOSITORY is still locked: $(why "$TMP/errors")"
    run "$((ANSWER_SECONDS + 1))" sleep "$ANSWER_SECONDS"
  done
}

list_snapshots
[ "$(jq length "$TMP/answer")" -gt 0 ] ||
  fail "The repository $RESTIC_REPOSITORY has no snapshot, so nothing has been backed up there."

# Grouped by host and path, which is restic's default: each series of snapshots keeps its own.
exclusively 'forgetting by the policy' forget --json "$@"
jq '[.[].keep // [] | .[].id]' "$TMP/answer" >"$TMP/keep"
jq '[.[].remove // [] | .[].id]' "$TMP/answer" >"$TMP/remove"
list_snapshots
jq 'map(.id)' "$TMP/answer" >"$TMP/after"
# An append-only store answers that all went well, and removes nothing.
left=$(jq -n --slurpfile remove "$TMP/remove" --slurpfile after "$TMP/after" '$remove[0] - ($remove[0] - $after[0]) | length')
[ "$left" -eq 0 ] ||
  fail "The policy removes $(jq length "$TMP/remove") snapshots of $RESTIC_REPOSITORY, and $left are still there: these keys may not delete."
lost=$(jq -n --slurpfile keep "$TMP/keep" --slurpfile after "$TMP/after" '$keep[0] - $after[0] | length')
[ "$lost" -eq 0 ] || fail "$lost snapshots that the policy keeps are gone from $RESTIC_REPOSITORY."

exclusively 'freeing space' prune
share=$(($(date +%s) / 604800 % CHECK_SHARES + 1))
exclusively "reading part $share of $CHECK_SHARES of the data" check --read-data-subset="$share/$CHECK_SHARES"
echo "$(jq length "$TMP/after") snapshots are kept."
