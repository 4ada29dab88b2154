#!/bin/sh
# Brings the copy of a bucket into step with it: new and changed objects first, then what has vanished. What is replaced
# or has vanished is moved to $REPLACED, or stays as an old version in a location that keeps them.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=rclone.sh
. /scripts/rclone.sh

list "$SOURCE" "$SCRATCH/source"
items=$(count "$SCRATCH/source")
bytes=$(bytes_in "$SCRATCH/source")
[ "$bytes" -gt 0 ] || [ "$SMALLEST_PERCENT" -eq 0 ] ||
  fail "There is nothing to copy: the bucket of $SOURCE has $items objects with $bytes bytes."
previous=$(cat "$PARTS/previous-items" 2>/dev/null || echo 0)
! is_shrunk "$items" "$previous" || fail "The bucket of $SOURCE has $items objects, and the last copy had $previous."
previous=$(cat "$PARTS/previous-bytes" 2>/dev/null || echo 0)
! is_shrunk "$bytes" "$previous" || fail "The bucket of $SOURCE has $bytes bytes, and the last copy had $previous."

# The number can be right and the objects others, in a bucket that was made again.
list "$COPY" "$TMP/copy"
copied=$(count "$TMP/copy")
names_in "$SCRATCH/source" >"$TMP/source-names"
names_in "$TMP/copy" >"$TMP/copy-names"
only_in "$TMP/copy-names" "$TMP/source-names" >"$TMP/vanished"
vanished=$(count "$TMP/vanished")
! is_shrunk "$((copied - vanished))" "$copied" ||
  fail "Of the $copied objects of the copy, $vanished are not in the bucket of $SOURCE any more, $(some "$TMP/vanished") among them."

doing="copying $SOURCE"
echo "$doing"
# For what vanishes between the list and the copy. rclone removes so many before it notices; they can be had back.
may_vanish=$((copied - (copied * SMALLEST_PERCENT + 99) / 100))
set -- --metadata --max-delete "$may_vanish"
# shellcheck disable=SC2086 # a list of words
[ -z "$REPLACED" ] || set -- "$@" $WITHOUT_EMPTY_PARTS --backup-dir "$REPLACED/$(tr -d ':-' <"$PARTS/started")"
# Deletions come last, and only when all was copied.
ask_rclone "$STEP_SECONDS" sync "$@" "$SOURCE" "$COPY" || {
  [ "$code" -ne 7 ] || fail "During the run more than $may_vanish objects have vanished from the bucket of $SOURCE."
  fail "The copy of $SOURCE failed: $(why "$TMP/errors")"
}
