#!/bin/sh
# Removes what was replaced or has vanished so long ago that nobody wants it back. Comes after the comparison: as long as
# no copy is good, or it is empty, everything is kept.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=rclone.sh
. /scripts/rclone.sh

if [ "$(cat "$PARTS/bytes")" -eq 0 ]; then
  echo "The copy has nothing in it, so that nothing is removed from $REPLACED."
  exit 0
fi
doing="listing $REPLACED"
ask_rclone "$ANSWER_SECONDS" lsf --dirs-only "$REPLACED" || fail "The store does not list $REPLACED: $(why "$TMP/errors")"
grep -E '^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}(-[0-9])?/$' "$TMP/answer" >"$TMP/runs" || [ $? -eq 1 ]
oldest=$(date -u -d "@$(($(date +%s) - KEEP_SECONDS))" +%Y%m%dT%H%M%SZ)
awk -v oldest="$oldest" '$0 < oldest' "$TMP/runs" >"$TMP/expired"
while read -r folder; do
  doing="removing $REPLACED/$folder"
  echo "$doing"
  ask_rclone "$STEP_SECONDS" purge "$REPLACED/$folder" || fail "$REPLACED/$folder could not be removed: $(why "$TMP/errors")"
done <"$TMP/expired"
