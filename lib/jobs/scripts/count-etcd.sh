#!/bin/sh
# Before a member of etcd is copied: does it have what its cluster has, and how many keys are there? A member that is cut
# off from the others gives a snapshot all the same, of what it knew when it last heard of them. And with what are Secrets
# encrypted until then?
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=cluster-keys.sh
. /scripts/cluster-keys.sh

# ask PATH: leaves the answer in $TMP/answer. A leader may be chosen anew in between.
ask() {
  run "$ANSWER_SECONDS" rclone --contimeout 10s --timeout 60s --retries 3 --retries-sleep 2s --low-level-retries 2 \
    --ca-cert "$AUTHORITY" --client-cert "$CLIENT.crt" --client-key "$CLIENT.key" \
    copyurl --stdout "$ENDPOINT/$1" >"$TMP/answer" 2>"$TMP/errors"
}

doing="asking etcd at $ENDPOINT how it is"
# It answers after a read that needs a majority (etcd 3.6, etcdhttp/health.go). One that is out of space can be copied.
ask 'health?exclude=NOSPACE' || {
  reason=$(why "$TMP/errors")
  case $reason in
  *' 503 '*)
    fail "etcd at $ENDPOINT may have old or damaged data, so it is not copied: it has no leader, or has raised an alarm. 'etcdctl endpoint status --cluster' and 'etcdctl alarm list' say which."
    ;;
  # What an address answers that has no HTTP.
  *' 415 '*)
    fail "etcd at $ENDPOINT has /health and /metrics at another address, so nobody can tell whether it is up to date: start it without --listen-client-http-urls."
    ;;
  *) fail "etcd at $ENDPOINT does not say how it is: $reason" ;;
  esac
}
grep -q '"health":"true"' "$TMP/answer" || fail "What answers at $ENDPOINT is not etcd."

doing="asking etcd at $ENDPOINT for the number of its keys"
ask metrics || fail "etcd at $ENDPOINT does not say how many keys it has: $(why "$TMP/errors")"
# A large one is written as 1.234567e+06. The last one, because a second attempt writes after what the first one has written.
keys=$(awk '$1 == "etcd_debugging_mvcc_keys_total" { n = $2 } END { if (n != "") printf "%.0f", n }' "$TMP/answer")
[ -n "$keys" ] ||
  fail "etcd at $ENDPOINT does not say how many keys it has: there is no etcd_debugging_mvcc_keys_total in $ENDPOINT/metrics."
[ "$keys" -gt 0 ] || [ "$SMALLEST_PERCENT" -eq 0 ] || fail "etcd at $ENDPOINT has not a single key."
previous=$(previously_counted 'keys at the source')
! is_shrunk "$keys" "$previous" || fail "etcd at $ENDPOINT has $keys keys, and at the last backup it had $previous: $MEANT."
echo "$keys" >"$PARTS/count.keys at the source"

# The keys are copied after the snapshot, and one that is retired in between encrypts what is in it.
find_encryption_configuration
digest_encryption "$found" >"$PARTS/encryption"
