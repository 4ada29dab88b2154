#!/bin/sh
# Brings the copy of a bucket into step with it: new and changed objects first, then what has vanished. What is replaced
# or has vanished is moved to $REPLACED, or stays as an old version in a location that keeps them.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=rclone.sh
. /scripts/rclone.sh

# refuse_none NUMBER PREVIOUS IN_COPY WHAT: no share that somebody has said goes for a bucket that has nothing left.
refuse_none() {
  [ "$1" -eq 0 ] || return 0
  before=$2
  [ "$before" -gt 0 ] || before=$3
  [ "$before" -eq 0 ] ||
    fail "There are no $4 left in $SOURCE, and the last copy had $before: with smallestPercent: 0 the bucket may have fewer, and not none. If it is to stay empty, exclude it; what was copied stays."
}

[ -n "$REPLACED" ] || require_versions
list "$SOURCE" "$SCRATCH/source"
[ "$(bytes_in "$SCRATCH/source")" -gt 0 ] || [ "$SMALLEST_PERCENT" -eq 0 ] ||
  fail "There is nothing to copy: $SOURCE has $(count "$SCRATCH/source") objects with 0 bytes."
refuse_shrunk "$SCRATCH/source"
find_vanished "$SCRATCH/source"
! has_lost_much ||
  fail "Of the $copied objects of the copy, $vanished are not in $SOURCE any more, $(some "$SCRATCH/vanished") among them: $MEANT."
refuse_none "$(count "$SCRATCH/source")" "$(previously items)" "$copied" objects
refuse_none "$(bytes_in "$SCRATCH/source")" "$(previously bytes)" "$(bytes_in "$TMP/copied")" bytes

doing="copying $SOURCE"
echo "$doing"
# For what vanishes between the list and the copy. rclone removes so many before it notices; they can be had back.
may_vanish=$((copied - (copied * SMALLEST_PERCENT + 99) / 100))
may_delete=$may_vanish
if [ -n "$REPLACED" ]; then
  # What it puts aside counts once when it is replaced, and twice when it has vanished (rclone v1.76.0, fs/operations: `Move`
  # of a store that only copies ends with `DeleteFile`).
  newer_than "$TMP/copied" "$SCRATCH/source" >"$TMP/newer"
  may_delete=$((2 * may_vanish + $(count "$TMP/newer")))
  # shellcheck disable=SC2086 # a list of words
  set -- $WITHOUT_EMPTY_PARTS --backup-dir "$REPLACED/$(this_run)"
fi
# Deletions come last, and only when all was copied.
ask_rclone "$STEP_SECONDS" sync --metadata --max-delete "$may_delete" "$@" "$SOURCE" "$COPY" || {
  [ "$code" -ne 7 ] || fail "During the run more than $may_vanish objects have vanished from the bucket of $SOURCE."
  fail "The copy of $SOURCE failed: $(why "$TMP/errors")"
}
