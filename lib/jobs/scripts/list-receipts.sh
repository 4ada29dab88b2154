#!/bin/sh
# Which runs have left a receipt? A snapshot is tagged with the run that made it, so that this tells those of runs that came
# to their end from those that are torn, or that nothing has verified.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=receipts.sh
. /scripts/receipts.sh

mkdir -p "$TMP" "$PARTS"
list_receipts
sed 's/.*-\([0-9a-f]*\)\.json$/\1/' "$TMP/receipts" >"$PARTS/receipted"
# When the first of them was written, as restic writes times.
sed -n '1s/^\(....\)\(..\)\(..T..\)\(..\)\(..Z\).*/\1-\2-\3:\4:\5/p' "$TMP/receipts" >"$PARTS/first-receipt"
