# shellcheck shell=sh
# shellcheck disable=SC2034 # for those who read it
# What the steps share that ask the store for receipts.

# ask FILE ARGUMENTS...: one question to the store.
ask() {
  answer=$1
  shift
  run "$ANSWER_SECONDS" rclone --contimeout 10s --timeout 60s --retries 2 --low-level-retries 2 "$@" \
    >"$answer" 2>"$TMP/errors" || return "$code"
  # rclone says nothing of an answer that did not fit.
  ! is_full || fail 'The scratch volume is full: this job needs a larger one.'
}

# list_receipts: leaves their names in $TMP/receipts, the last one at the end.
list_receipts() {
  doing='looking for receipts of earlier runs'
  ask "$TMP/files" lsf --files-only "$RECEIPTS" || {
    # A prefix that is not there is an empty list; code 3 is for a bucket (rclone v1.76.0, backend/s3).
    [ "$code" -ne 3 ] || fail "The bucket of $RECEIPTS does not exist."
    fail "The store does not list $RECEIPTS: $(why "$TMP/errors")"
  }
  # As write-receipt.sh names them.
  grep -E '^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}\.json$' "$TMP/files" | sort >"$TMP/receipts"
}
