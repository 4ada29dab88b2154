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

# bring COMMAND...: one pass of rclone over both. What a pass replaces or removes is put into a folder of its own, because the
# same object of another pass would take its place.
passes=0
bring() {
  passes=$((passes + 1))
  [ -z "$REPLACED" ] || set -- "$@" --backup-dir "$REPLACED/$(this_run)-$passes"
  ask_rclone "$STEP_SECONDS" "$@" --metadata "$SOURCE" "$COPY"
}
refuse_half() {
  fail "The copy of $SOURCE failed: $(why "$TMP/errors")"
}
# rclone cannot put aside what it does not see.
without=
[ -z "$REPLACED" ] || without=$WITHOUT_EMPTY_PARTS

doing="copying $SOURCE"
echo "$doing"
# Size, time and content can be as they were where metadata is another, or where an application sets the time itself. Then
# rclone would only set the time. What was written less than one step before its copy may have been written while it was copied.
last=$(sed -n 's/.*"startedAt":"\([^"]*\)Z".*/\1/p' "$PARTS/previous" 2>/dev/null | tr T ' ') || true
newer_than "$TMP/copied" "$SCRATCH/source" "$last" "$STEP_SECONDS" >"$TMP/newer"
# Once, because a second attempt would put what the first one has brought in the place of what that has put aside.
[ ! -s "$TMP/newer" ] ||
  bring copy --retries 1 --ignore-times --no-traverse --files-from-raw "$TMP/newer" || refuse_half
# The pass before knows times by the second. Where only the time differs, rclone would set it, and forget all metadata but the
# content type and what is the application's own (rclone v1.76.0, backend/s3: `SetModTime`).
# shellcheck disable=SC2086 # a list of words
bring copy --modify-window 1s --no-update-modtime $without || refuse_half

# Deletions come last, and only when all was copied. Nothing but them counts in this pass, twice what is put aside (rclone
# v1.76.0, fs/operations: `Move` of a store that only copies ends with `DeleteFile`). rclone removes so many before it
# notices that more have vanished since the list; they can be had back.
list "$COPY" "$TMP/copied"
copied=$(count "$TMP/copied")
may_vanish=$((copied - (copied * SMALLEST_PERCENT + 99) / 100))
may_delete=$may_vanish
[ -z "$REPLACED" ] || may_delete=$((2 * may_vanish))
doing="removing from the copy what has vanished from $SOURCE"
# shellcheck disable=SC2086 # a list of words
bring sync --ignore-existing --max-delete "$may_delete" $without || {
  [ "$code" -ne 7 ] || fail "During the run more than $may_vanish objects have vanished from the bucket of $SOURCE."
  refuse_half
}
