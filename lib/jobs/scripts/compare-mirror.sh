#!/bin/sh
# Compares the copy of a bucket, or of a store in one, with it: names and sizes of all objects, and the content of a share of them,
# another one with each run. Only content tells: a store makes the ETag of an object from how it was uploaded. What others
# change during the run is left to the next one.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=rclone.sh
. /scripts/rclone.sh

list "$SOURCE" "$SCRATCH/source-now"
list "$COPY" "$SCRATCH/copy-now"
in_both "$SCRATCH/source" "$SCRATCH/source-now" >"$SCRATCH/settled"
items=$(count "$SCRATCH/settled")
previous=$(previously items)
[ "$items" -gt 0 ] || [ ! -s "$SCRATCH/source" ] ||
  fail "Not a single object of $SOURCE has stayed as it was during the run."
! is_shrunk "$items" "$previous" ||
  fail "During the run $items objects of $SOURCE have stayed as they were, and the last copy had $previous."

doing='comparing names and sizes'
sizes_in "$SCRATCH/settled" >"$TMP/settled"
sizes_in "$SCRATCH/copy-now" >"$TMP/copied"
in_both "$TMP/settled" "$TMP/copied" >"$TMP/found"
only_in "$TMP/settled" "$TMP/copied" | cut -d ';' -f 2- >"$TMP/missing"
if [ -s "$TMP/missing" ]; then
  grep -E '^/|//' "$TMP/missing" >"$TMP/odd" || true
  [ "$(count "$TMP/odd")" -lt "$(count "$TMP/missing")" ] ||
    fail "All was copied but $(count "$TMP/odd") objects whose names have empty parts, $(some "$TMP/odd") among them: rename them, or copy to a location that keeps old versions."
  fail "The copy is not complete: $(count "$TMP/missing") of $items objects are not in it or have another size, $(some "$TMP/missing") among them."
fi
# What vanished from a store goes later, or stays.
if [ -z "${KEEPS_VANISHED:-}" ]; then
  sort "$SCRATCH/source" "$SCRATCH/source-now" >"$TMP/ever"
  names_in "$TMP/ever" | uniq >"$TMP/ever-names"
  names_in "$SCRATCH/copy-now" >"$TMP/copy-names"
  only_in "$TMP/copy-names" "$TMP/ever-names" | grep -vE '^/|//' >"$TMP/left" || true
  [ ! -s "$TMP/left" ] ||
    fail "The copy has $(count "$TMP/left") objects that are not in the bucket any more, $(some "$TMP/left") among them: these keys may not delete."
fi

# A share of few objects may have none of them, or only such as have changed: then it is the turn of the next.
shares=$CHECK_SHARES
[ "$items" -ge "$shares" ] || shares=$items
# Another one with each run, however often there is one.
share=$(cat "$PARTS/runs")
tries=0
compared=0
while [ "$compared" -eq 0 ] && [ "$items" -gt 0 ]; do
  tries=$((tries + 1))
  [ "$tries" -le "$shares" ] || fail "Not a single object of $SOURCE could be compared with its copy."
  share=$(((share + 1) % shares))
  doing="comparing the content of share $share of $shares"
  echo "$doing"
  # shellcheck disable=SC2086 # a list of words
  ask_rclone "$STEP_SECONDS" check --download --one-way $WITHOUT_EMPTY_PARTS --hash-filter "$share/$shares" \
    --match "$TMP/same" --differ "$TMP/differ" --missing-on-dst "$TMP/gone" --error "$TMP/unread" \
    "$SOURCE" "$COPY" || {
    [ ! -s "$TMP/unread" ] || fail "The content of $(some "$TMP/unread") cannot be compared: $(why "$TMP/errors")"
    [ -s "$TMP/differ" ] || [ -s "$TMP/gone" ] ||
      fail "The content of $SOURCE cannot be compared: $(why "$TMP/errors")"
  }
  compared=$(count "$TMP/same")
  sort "$TMP/differ" "$TMP/gone" >"$TMP/differing"
  [ -s "$TMP/differing" ] || continue
  list "$SOURCE" "$TMP/source-later"
  in_both "$SCRATCH/settled" "$TMP/source-later" >"$TMP/still"
  names_in "$TMP/still" >"$TMP/still-names"
  in_both "$TMP/differing" "$TMP/still-names" >"$TMP/damaged"
  [ ! -s "$TMP/damaged" ] ||
    fail "The copy has another content: $(count "$TMP/damaged") objects differ, $(some "$TMP/damaged") among them."
done

bytes_in "$SCRATCH/settled" >"$PARTS/bytes"
echo objects >"$PARTS/counted"
echo "$items" >"$PARTS/items-source"
count "$TMP/found" >"$PARTS/items-copy"
echo "$COPY_PATH" >"$PARTS/copy"
