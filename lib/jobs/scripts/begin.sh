#!/bin/sh
# Before anything is dumped: is the store there, may these keys read it, and what did the last good run copy?
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=receipts.sh
. /scripts/receipts.sh

if find "$SCRATCH" -mindepth 1 -maxdepth 1 ! -name lost+found | grep -q .; then
  fail "The scratch volume is not empty, so this run would copy what another one has left behind."
fi
mkdir "$DATA" "$PARTS" "$TMP"
# All data is at least as new as this moment.
date -u +%Y-%m-%dT%H:%M:%SZ >"$PARTS/started"
# Names the receipt of this run, because two may end in the same second, and tags its snapshot.
od -An -N4 -tx4 /dev/urandom | tr -d ' \n' >"$PARTS/run"
printf '%s\n' "$(rclone version | sed -n '1s/^rclone v//p')" >"$PARTS/tool.rclone"

list_receipts
wc -l <"$TMP/receipts" >"$PARTS/runs"

# One may be made only where the store itself says that there is none. Not every copy is in one.
if [ -n "${REPOSITORY:-}" ]; then
  doing='looking for the repository'
  ask "$TMP/config" lsf --files-only --include /config "$REPOSITORY" ||
    fail "The store does not list $REPOSITORY: $(why "$TMP/errors")"
  if [ -s "$TMP/config" ]; then echo yes; else echo no; fi >"$PARTS/repository"
  # A key comes first, and then the configuration, before anything else.
  if [ ! -s "$TMP/config" ]; then
    ask "$TMP/rest" lsf --recursive --files-only "$REPOSITORY" ||
      fail "The store does not list $REPOSITORY: $(why "$TMP/errors")"
    if [ -s "$TMP/rest" ] && ! grep -qv '^keys/' "$TMP/rest"; then echo "$REPOSITORY" >"$PARTS/half-made"; fi
  fi
fi

last=$(tail -n 1 "$TMP/receipts")
if [ -z "$last" ]; then
  echo "No receipt yet: this is the first run."
  exit 0
fi

doing='reading the last receipt'
ask "$TMP/receipt" cat "$RECEIPTS/$last" || fail "The last receipt, $RECEIPTS/$last, cannot be read: $(why "$TMP/errors")"
# Receipts have one line, written by write-receipt.sh.
cp "$TMP/receipt" "$PARTS/previous"
sed -n 's/.*"bytes":\([0-9][0-9]*\),.*/\1/p' "$TMP/receipt" >"$PARTS/previous-bytes"
sed -n 's/.*"items":{[^}]*"copy":\([0-9][0-9]*\)}.*/\1/p' "$TMP/receipt" >"$PARTS/previous-items"
if [ ! -s "$PARTS/previous-bytes" ] || [ ! -s "$PARTS/previous-items" ]; then
  fail "The last receipt, $RECEIPTS/$last, is not one: delete it when the one before it is good."
fi
# A repository that is made anew in place of one that vanished would look like a first run that went well. The mirror of a
# bucket is only made whole again.
[ -z "${REPOSITORY:-}" ] || [ -s "$TMP/config" ] ||
  fail "There are receipts under $RECEIPTS, but the repository $REPOSITORY is gone: bring it back, or delete the receipts to begin anew."
