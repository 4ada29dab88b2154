#!/bin/sh
# When was the data read of the newest snapshot that was copied? To read it may take hours, and restic notes only when that was
# over; when it began, the receipt says of the run that made the snapshot. Of a mirror it is the last receipt, because its
# runs make none: what one has copied since then that came to no good end is newer.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=receipts.sh
. /scripts/receipts.sh
# shellcheck source=times.sh
. /scripts/times.sh

list_receipts
if [ -e "$PARTS/receipted" ]; then
  name=$(sed 's/.*/-&.json/' "$PARTS/newest-tags" | grep -F -f - "$TMP/receipts" | tail -n 1)
else
  name=$(tail -n 1 "$TMP/receipts")
fi
[ -n "$name" ] || fail "No receipt under $RECEIPTS says when the data of the newest snapshot was read: let a run there go well first."
receipt=$RECEIPTS/$name

doing="reading $receipt"
ask "$TMP/source-receipt" cat "$receipt" || fail "The receipt $receipt cannot be read: $(why "$TMP/errors")"
# It has one line, written by write-receipt.sh.
in_utc "$(sed -n 's/.*"startedAt":"\([^"]*\)".*/\1/p' "$TMP/source-receipt")" ||
  fail "The receipt $receipt is not one: delete it when the one before it is good."
! is_to_come ||
  fail "The receipt $receipt says that the data was read at $utc, and here it is only $(now): set the clocks right, and delete that receipt when the one before it is good."
read_at=$seconds
echo "$utc" >"$PARTS/started"
in_utc "$(cat "$PARTS/newest-time")"
[ "$read_at" -le "$((seconds + CLOCKS_DIFFER))" ] ||
  fail "The receipt $receipt speaks of data of $(cat "$PARTS/started"), and the newest snapshot was made at $utc, so that a newer one is lost: let a run there go well first."
