#!/bin/sh
# Waits until no pod with the labels of a stopped application runs any more. Pods that have ended count for nothing: those
# that the kubelet has evicted stay for days, and nobody writes in them.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=api-server.sh
. /scripts/api-server.sh

doing="waiting for the end of the pods with $POD_LABELS"
query="labelSelector=$SELECTOR&fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed&pretty=false"
end=$(($(date +%s) + $1))

until ask_api_server "$TMP/pods" api/v1 "pods?$query" && grep -q '"items":\[\]' "$TMP/pods"; do
  # An answer that does not fit would look like pods for ever.
  ! is_full || fail 'The scratch volume is full: this job needs a larger one.'
  if [ "$(date +%s)" -ge "$end" ]; then
    [ "$code" -eq 0 ] || fail "The API server does not show the pods with $POD_LABELS: $(why "$TMP/errors")"
    # One line, whose fields are in a fixed order.
    pod=$(sed -n 's/.*"items":\[{"metadata":{"name":"\([^"]*\)".*/\1/p' "$TMP/pods")
    fail "Pod $pod with $POD_LABELS is there: nothing may run with these labels while the application is read. If it is not the application's, name labels that only its pods have."
  fi
  sleep 1
done
