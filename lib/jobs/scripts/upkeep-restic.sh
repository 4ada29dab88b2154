#!/bin/sh
# upkeep-restic.sh POLICY...: the weekly upkeep of a repository, with keys that may delete. Removes stale locks and old
# snapshots without a receipt, forgets those with one by the policy, frees their space, and reads a part of all data back: a
# different one each week.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=restic.sh
. /scripts/restic.sh

open_repository
[ "$found" = yes ] || fail "There is no repository $RESTIC_REPOSITORY, so nothing has been backed up there."

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

# expect_gone FILE: fails when one of these ids is still there. An append-only store answers that all went well, and removes
# nothing.
expect_gone() {
  list_snapshots
  left=$(jq -n --slurpfile removed "$1" --slurpfile there "$TMP/snapshots" '
    $there[0] | map(.id) | . - (. - $removed[0]) | length
  ')
  [ "$left" -eq 0 ] ||
    fail "$(jq length "$1") snapshots of $RESTIC_REPOSITORY were removed, and $left are still there: these keys may not delete."
}

find_receipted

# The policy knows no receipts, and would keep a torn snapshot for a good one of the same day. One that is newer than the
# last receipt stays, because there may be nothing else of that time; and so does one whose run may still go on. What is
# older than the first receipt stays as well: receipts can be lost, and then it is not torn.
if [ "$(jq length "$TMP/unreceipted")" -gt 0 ]; then
  first=$(cat "$PARTS/first-receipt") || fail 'The step before has not said when the first receipt was written.'
  jq --slurpfile receipted "$TMP/receipted" --arg first "$first" --argjson seconds "$STEP_SECONDS" '
    $receipted[0][-1].time as $newest
    | (now - $seconds | floor | todate) as $over
    | map(select(.time > $first and .time < $newest and .time < $over) | .id)
  ' "$TMP/unreceipted" >"$TMP/torn"
  jq -r --arg first "$first" '
    map(select(.time <= $first) | .id) | select(length > 0) | "Kept, because they are older than all receipts: \(join(" "))"
  ' "$TMP/unreceipted"
  if [ "$(jq length "$TMP/torn")" -gt 0 ]; then
    torn=$(jq -r '.[]' "$TMP/torn")
    # shellcheck disable=SC2086 # a list of words
    exclusively 'removing snapshots without a receipt' forget $torn
    expect_gone "$TMP/torn"
    # shellcheck disable=SC2086 # a list of words
    echo "Removed, because they have no receipt:" $torn
  fi
fi

if [ -e "$TMP/runs" ]; then
  while read -r made; do
    set -- "$@" --tag "$made"
  done <"$TMP/runs"
fi
# Grouped by host and path, which is restic's default: each series of snapshots keeps its own.
exclusively 'forgetting by the policy' forget --json "$@"
jq '[.[].keep // [] | .[].id]' "$TMP/answer" >"$TMP/keep"
jq '[.[].remove // [] | .[].id]' "$TMP/answer" >"$TMP/remove"
expect_gone "$TMP/remove"
lost=$(jq -n --slurpfile keep "$TMP/keep" --slurpfile there "$TMP/snapshots" '$keep[0] - ($there[0] | map(.id)) | length')
[ "$lost" -eq 0 ] || fail "$lost snapshots that the policy keeps are gone from $RESTIC_REPOSITORY."

exclusively 'freeing space' prune
# restic says so and goes on: without a complaint the store would fill up.
left=$(grep -c '^unable to remove ' "$TMP/errors") || true
reason=$(grep -m 1 '^Remove(' "$TMP/errors") || true
# The next one with each turn of the schedule, to which it is at most half a week from here: a run may be late, and take long.
share=$((($(date +%s) - TURN_OF_WEEK + 302400) / 604800 % CHECK_SHARES + 1))
exclusively "reading part $share of $CHECK_SHARES of the data" check --read-data-subset="$share/$CHECK_SHARES"
[ "$left" -eq 0 ] || fail "$left files that nothing needs any more are still in $RESTIC_REPOSITORY: ${reason:-restic does not say why}."
echo "$(jq length "$TMP/snapshots") snapshots are kept."
