#!/bin/sh
# Before anything is dumped: is the store there, may these keys read it, and what did the last good run copy?
# shellcheck source=common.sh
. /scripts/common.sh

if find "$SCRATCH" -mindepth 1 -maxdepth 1 ! -name lost+found | grep -q .; then
  fail "The scratch volume is not empty, so this run would copy what another one has left behind."
fi
mkdir "$DATA" "$PARTS" "$TMP"
# All data is at least as new as this moment.
date -u +%Y-%m-%dT%H:%M:%SZ >"$PARTS/started"
# Two runs may begin and end in the same second, and neither may overwrite what the other keeps.
od -An -N4 -tx4 /dev/urandom | tr -d ' \n' >"$PARTS/run"
printf '%s\n' "$(rclone version | sed -n '1s/^rclone v//p')" >"$PARTS/tool.rclone"

# ask FILE ARGUMENTS...: one question to the store.
ask() {
  answer=$1
  shift
  run "$ANSWER_SECONDS" rclone --contimeout 10s --timeout 60s --retries 2 --low-level-retries 2 "$@" \
    >"$answer" 2>"$TMP/errors" || return "$code"
  # rclone says nothing of an answer that did not fit.
  ! is_full || fail 'The scratch volume is full: this job needs a larger one.'
}

doing='looking for receipts of earlier runs'
ask "$TMP/files" lsf --files-only "$RECEIPTS" || {
  # A prefix that is not there is an empty list; code 3 is for a bucket (rclone v1.76.0, backend/s3).
  [ "$code" -ne 3 ] || fail "The bucket of $RECEIPTS does not exist."
  fail "The store does not list $RECEIPTS: $(why "$TMP/errors")"
}
# As write-receipt.sh names them, the last one at the end.
grep -E '^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}\.json$' "$TMP/files" | sort >"$TMP/receipts"
wc -l <"$TMP/receipts" >"$PARTS/runs"

# One may be made only where the store itself says that there is none. Not every copy is in one.
if [ -n "${REPOSITORY:-}" ]; then
  doing='looking for the repository'
  ask "$TMP/config" lsf --files-only --include /config "$REPOSITORY" ||
    fail "The store does not list $REPOSITORY: $(why "$TMP/errors")"
  if [ -s "$TMP/config" ]; then echo yes; else echo no; fi >"$PARTS/repository"
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
