# shellcheck shell=sh
# How scripts ask the API server about what is in their own namespace.

TOKEN_FOLDER=/var/run/secrets/kubernetes.io/serviceaccount

# ask_api_server FILE GROUP PATH: GROUP is `api/v1`, or another with its version.
ask_api_server() {
  case $KUBERNETES_SERVICE_HOST in
  *:*) host="[$KUBERNETES_SERVICE_HOST]" ;;
  *) host=$KUBERNETES_SERVICE_HOST ;;
  esac
  url="https://$host:$KUBERNETES_SERVICE_PORT/$2/namespaces/$(cat "$TOKEN_FOLDER/namespace")/$3"
  # Not among the arguments, which others on the node can see.
  RCLONE_HEADER="Authorization: Bearer $(cat "$TOKEN_FOLDER/token")"
  export RCLONE_HEADER
  run "$ANSWER_SECONDS" rclone --ca-cert "$TOKEN_FOLDER/ca.crt" --contimeout 10s --timeout 60s copyurl --stdout "$url" \
    >"$1" 2>"$TMP/errors"
}
