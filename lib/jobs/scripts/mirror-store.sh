#!/bin/sh
# Brings the mirror of a store into step with it, while the tool that owns the store goes on writing: nothing in the mirror
# may point to what it has not. So what points is listed before what it points to, and copied after it. What the store has
# not any more stays in the mirror, for now.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=rclone.sh
. /scripts/rclone.sh
# shellcheck source=store.sh
. /scripts/store.sh

# It begins anew so often when the owner removes what was listed, as its maintenance does once a day. What was copied until
# then stays, so that each pass is shorter than the one before.
PASSES=3

# Leaves $SCRATCH/listed.N for each layer, and in $SCRATCH/now what the store has.
list_layers() {
  layer=1
  while [ "$layer" -le "$depth" ]; do
    list "$SOURCE" "$SCRATCH/now"
    of_layer "$layer" "$SCRATCH/now" >"$SCRATCH/listed.$layer"
    layer=$((layer + 1))
  done
}

refuse_a_loss() {
  with_name "$BACKUPS" "$SCRATCH/listed.1" >"$TMP/backups"
  [ -s "$TMP/backups" ] || fail "There is no backup in $SOURCE, so there is nothing to mirror."
  sort "$SCRATCH"/listed.* >"$TMP/listed"
  items=$(count "$TMP/listed")
  previous=$(cat "$PARTS/previous-items" 2>/dev/null || echo 0)
  ! is_shrunk "$items" "$previous" || fail "There are $items objects in $SOURCE, and the last mirror had $previous."
  bytes=$(bytes_in "$TMP/listed")
  previous=$(cat "$PARTS/previous-bytes" 2>/dev/null || echo 0)
  ! is_shrunk "$bytes" "$previous" || fail "There are $bytes bytes in $SOURCE, and the last mirror had $previous."
}

# not_in_copy LIST FILE: the names in a list of which the mirror has nothing of that size.
not_in_copy() {
  list "$COPY" "$TMP/copied"
  sizes_in "$1" >"$TMP/sizes"
  sizes_in "$TMP/copied" >"$TMP/sizes-copied"
  only_in "$TMP/sizes" "$TMP/sizes-copied" | cut -d ';' -f 2- >"$2"
}

# copy_layer N: leaves in $SCRATCH/settled.N what was listed and has stayed as it was until it was copied. Says in $again
# whether something else has happened in between to what the layer above may point to.
copy_layer() {
  in_both "$SCRATCH/listed.$1" "$SCRATCH/now" >"$SCRATCH/settled.$1"
  # What was replaced above the lowest layer is a backup that goes on, or a note of the owner: its turn comes.
  names_in "$SCRATCH/listed.$1" >"$TMP/names"
  names_in "$SCRATCH/now" >"$TMP/names-now"
  only_in "$TMP/names" "$TMP/names-now" >"$TMP/removed"
  if [ -s "$TMP/removed" ]; then
    again="$(some "$TMP/removed") was removed"
    return
  fi
  names_in "$SCRATCH/settled.$1" >"$TMP/wanted"
  if [ "$1" -eq "$depth" ]; then
    # Their content never changes, so nobody has to be asked for each of them when it was written.
    not_in_copy "$SCRATCH/settled.$1" "$TMP/wanted"
  fi
  failure=
  if [ -s "$TMP/wanted" ]; then
    doing="copying layer $1 of $SOURCE, $(count "$TMP/wanted") objects"
    echo "$doing"
    ask_rclone "$STEP_SECONDS" copy --no-traverse --files-from-raw "$TMP/wanted" "$SOURCE" "$COPY" ||
      failure="The copy of $SOURCE failed: $(why "$TMP/errors")"
  fi
  list "$SOURCE" "$SCRATCH/now"
  only_in "$SCRATCH/settled.$1" "$SCRATCH/now" >"$TMP/changed"
  if [ -s "$TMP/changed" ]; then
    again="'$(head -n 1 "$TMP/changed" | cut -d ';' -f 3-)' was removed or replaced"
    return
  fi
  [ -z "$failure" ] || fail "$failure"
  not_in_copy "$SCRATCH/settled.$1" "$TMP/missing"
  [ ! -s "$TMP/missing" ] ||
    fail "$(count "$TMP/missing") objects of $SOURCE did not arrive, $(some "$TMP/missing") among them."
}

pass=0
again=yes
while [ -n "$again" ]; do
  pass=$((pass + 1))
  [ "$pass" -le "$PASSES" ] ||
    fail "In each of $PASSES passes the store has changed below what points to it, at last so: $again. Let the mirror run at another time."
  again=
  list_layers
  refuse_a_loss
  layer=$depth
  while [ "$layer" -ge 1 ] && [ -z "$again" ]; do
    copy_layer "$layer"
    layer=$((layer - 1))
  done
done

sort "$SCRATCH"/settled.* >"$SCRATCH/source"
with_name "$BACKUPS" "$SCRATCH/settled.1" >"$TMP/backups"
[ -s "$TMP/backups" ] || fail "Each backup in $SOURCE was being written during the run."
count "$TMP/backups" >"$PARTS/count.backups"
# What a restore from the mirror can reach, at most.
cut -d ';' -f 2 "$TMP/backups" | sort | tail -n 1 | sed 's/ /T/; s/\..*//; s/Z*$/Z/' >"$PARTS/moment.newestBackup"
