#!/bin/sh
# Brings the copy of a bucket into step with it: new and changed objects first, then what has vanished. What is replaced
# or has vanished is moved to $REPLACED, or stays as an old version in a location that keeps them.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=rclone.sh
. /scripts/rclone.sh

[ -n "$REPLACED" ] || require_versions
list "$SOURCE" "$SCRATCH/source"
[ "$(bytes_in "$SCRATCH/source")" -gt 0 ] || [ "$SMALLEST_PERCENT" -eq 0 ] ||
  fail "There is nothing to copy: $SOURCE has $(count "$SCRATCH/source") objects with 0 bytes."
refuse_shrunk "$SCRATCH/source"
find_vanished "$SCRATCH/source"
! has_lost_much ||
  fail "Of the $copied objects of the copy, $vanished are not in $SOURCE any more, $(some "$SCRATCH/vanished") among them: $MEANT."

doing="copying $SOURCE"
echo "$doing"
# For what vanishes between the list and the copy. rclone removes so many before it notices; they can be had back.
may_vanish=$((copied - (copied * SMALLEST_PERCENT + 99) / 100))
set -- --metadata --max-delete "$may_vanish"
# shellcheck disable=SC2086 # a list of words
[ -z "$REPLACED" ] || set -- "$@" $WITHOUT_EMPTY_PARTS --backup-dir "$REPLACED/$(this_run)"
# Deletions come last, and only when all was copied.
ask_rclone "$STEP_SECONDS" sync "$@" "$SOURCE" "$COPY" || {
  [ "$code" -ne 7 ] || fail "During the run more than $may_vanish objects have vanished from the bucket of $SOURCE."
  fail "The copy of $SOURCE failed: $(why "$TMP/errors")"
}
