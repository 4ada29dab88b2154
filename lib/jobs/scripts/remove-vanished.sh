#!/bin/sh
# Removes from the mirror what the store did not have any more when this run began. Comes last, when all was copied and
# compared, and only where the location keeps what is removed as an old version. What points goes before what it points to.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=rclone.sh
. /scripts/rclone.sh
# shellcheck source=store.sh
. /scripts/store.sh

# As lines of a list.
sed 's/^/;;/' "$SCRATCH/vanished" >"$TMP/lines"
layer=1
while [ "$layer" -le "$depth" ]; do
  of_layer "$layer" "$TMP/lines" >"$TMP/of-layer"
  names_in "$TMP/of-layer" >"$TMP/names"
  if [ -s "$TMP/names" ]; then
    doing="removing $(count "$TMP/names") objects of layer $layer"
    echo "$doing"
    ask_rclone "$STEP_SECONDS" delete --files-from-raw "$TMP/names" "$COPY" || {
      # Its last words are only how many there are.
      grep -m 1 ERROR "$TMP/errors" >"$TMP/first" || cp "$TMP/errors" "$TMP/first"
      fail "What the store has not any more could not be removed from the mirror: $(why "$TMP/first")"
    }
  fi
  layer=$((layer + 1))
done

list "$COPY" "$TMP/copy-now"
names_in "$TMP/copy-now" >"$TMP/names-now"
in_both "$SCRATCH/vanished" "$TMP/names-now" >"$TMP/left"
[ ! -s "$TMP/left" ] ||
  fail "$(count "$TMP/left") objects are still in the mirror after they were removed, $(some "$TMP/left") among them."
