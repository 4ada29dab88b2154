#!/bin/sh
# Compares the copy of a bucket, or of a store in one, with it: names and sizes of all objects, and the content of a share of them,
# another one with each run. Only content tells: a store makes the ETag of an object from how it was uploaded. What differs
# is copied again. What others change during the run is left to the next one.
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
  fail "During the run $items objects of $SOURCE have stayed as they were, and the last copy had $previous: $MEANT."

doing='comparing names and sizes'
sizes_in "$SCRATCH/settled" >"$TMP/settled"
sizes_in "$SCRATCH/copy-now" >"$TMP/copied"
in_both "$TMP/settled" "$TMP/copied" >"$TMP/found"
only_in "$TMP/settled" "$TMP/copied" | cut -d ';' -f 2- >"$TMP/missing"
if [ -s "$TMP/missing" ]; then
  grep -E '^/|//' "$TMP/missing" >"$TMP/odd" || [ $? -eq 1 ]
  [ "$(count "$TMP/odd")" -lt "$(count "$TMP/missing")" ] ||
    fail "All was copied but $(count "$TMP/odd") objects whose names have empty parts, $(some "$TMP/odd") among them: rename them, or copy to a location that keeps old versions."
  fail "The copy is not complete: $(count "$TMP/missing") of $items objects are not in it or have another size, $(some "$TMP/missing") among them."
fi
# What vanished from a store goes later, or stays.
if [ -z "${KEEPS_VANISHED:-}" ]; then
  sort "$SCRATCH/source" "$SCRATCH/source-now" >"$TMP/ever"
  names_in "$TMP/ever" | uniq >"$TMP/ever-names"
  names_in "$SCRATCH/copy-now" >"$TMP/copy-names"
  only_in "$TMP/copy-names" "$TMP/ever-names" | grep -vE '^/|//' >"$TMP/left" || [ $? -eq 1 ]
  [ ! -s "$TMP/left" ] ||
    fail "The copy has $(count "$TMP/left") objects that are not in the bucket any more, $(some "$TMP/left") among them: these keys may not delete."
fi

# compare_content FILTER...: downloads both sides of what the filter of rclone lets through. Leaves in $TMP/same what is equal,
# and in $TMP/differing what is not.
compare_content() {
  ask_rclone "$STEP_SECONDS" check --download --one-way "$@" \
    --match "$TMP/same" --differ "$TMP/differ" --missing-on-dst "$TMP/gone" --error "$TMP/unread" \
    "$SOURCE" "$COPY" || {
    [ ! -s "$TMP/unread" ] || fail "The content of $(some "$TMP/unread") cannot be compared: $(why "$TMP/errors")"
    [ -s "$TMP/differ" ] || [ -s "$TMP/gone" ] ||
      fail "The content of $SOURCE cannot be compared: $(why "$TMP/errors")"
  }
  sort "$TMP/differ" "$TMP/gone" >"$TMP/differing"
}

# find_damaged NAMES: leaves in $TMP/damaged those of which the source has what it had when the run began.
find_damaged() {
  : >"$TMP/damaged"
  [ -s "$1" ] || return 0
  list "$SOURCE" "$TMP/source-later"
  in_both "$SCRATCH/settled" "$TMP/source-later" >"$TMP/still"
  names_in "$TMP/still" >"$TMP/still-names"
  in_both "$1" "$TMP/still-names" >"$TMP/damaged"
}

# repair NAMES: copies objects again that size and time say are equal. Nobody can tell on which side they have rotted, so what
# the copy had is kept; not in $REPLACED, from where whoever goes back to an earlier run would bring it back.
repair() {
  doing="copying $(count "$1") objects again"
  echo "$(count "$1") objects of the copy have another content, $(some "$1") among them: they are copied again, and what it had is put into $DAMAGED/$(this_run)."
  ask_rclone "$STEP_SECONDS" copy --metadata --no-traverse --files-from-raw "$1" "$COPY" "$DAMAGED/$(this_run)" ||
    fail "The copy has another content, $(some "$1") for one, which could not be put aside: $(why "$TMP/errors")"
  ask_rclone "$STEP_SECONDS" copy --metadata --no-traverse --ignore-times --files-from-raw "$1" "$SOURCE" "$COPY" ||
    fail "The copy has another content, $(some "$1") for one, which could not be copied again: $(why "$TMP/errors")"
}

# A share of few objects may have none of them, or only such as have changed: then it is the turn of the next.
shares=$CHECK_SHARES
[ "$items" -ge "$shares" ] || shares=$items
# Another one with each run, however often there is one.
share=$(cat "$PARTS/runs")
tries=0
compared=0
repaired=0
while [ "$compared" -eq 0 ] && [ "$items" -gt 0 ]; do
  tries=$((tries + 1))
  [ "$tries" -le "$shares" ] || fail "Not a single object of $SOURCE could be compared with its copy."
  share=$(((share + 1) % shares))
  doing="comparing the content of share $share of $shares"
  echo "$doing"
  # shellcheck disable=SC2086 # a list of words
  compare_content $WITHOUT_EMPTY_PARTS --hash-filter "$share/$shares"
  compared=$(count "$TMP/same")
  find_damaged "$TMP/differing"
  [ -s "$TMP/damaged" ] || continue
  cp "$TMP/damaged" "$TMP/repaired"
  repair "$TMP/repaired"
  compare_content --files-from-raw "$TMP/repaired"
  # rclone says nothing of a name in such a list that it does not find, and finds none that ends with a slash.
  only_in "$TMP/repaired" "$TMP/same" >"$TMP/unequal"
  find_damaged "$TMP/unequal"
  [ ! -s "$TMP/damaged" ] ||
    fail "The copy has another content, also after it was copied again: $(count "$TMP/damaged") objects differ, $(some "$TMP/damaged") among them. Delete them below $COPY, and run again; if that ends so too, the store does not keep what it is given."
  compared=$((compared + $(count "$TMP/same")))
  repaired=$((repaired + $(count "$TMP/same")))
done

bytes_in "$SCRATCH/settled" >"$PARTS/bytes"
echo objects >"$PARTS/counted"
echo "$items" >"$PARTS/items-source"
count "$TMP/found" >"$PARTS/items-copy"
echo "$repaired" >"$PARTS/count.repaired"
echo "$COPY_PATH" >"$PARTS/copy"
