#!/bin/sh
# Copies what a snapshot of etcd is of no use without: the authorities and keys of the cluster, and the keys with which
# the API server encrypts Secrets. restic encrypts both. The key of a KMS is in no file, so somebody has to keep it.
# shellcheck source=common.sh
. /scripts/common.sh

doing='copying the keys of the cluster'
echo "$doing"
run "$STEP_SECONDS" cp -R /node/pki "$DATA/pki" 2>"$TMP/errors" ||
  fail "The keys in $NODE_FOLDER/pki cannot be copied: $(why "$TMP/errors")"
needed='ca.crt sa.key sa.pub front-proxy-ca.crt etcd/ca.crt'
[ "$EXTERNAL_CA" = true ] || needed="$needed ca.key front-proxy-ca.key etcd/ca.key"
for file in $needed; do
  [ -s "$DATA/pki/$file" ] ||
    fail "There is no $NODE_FOLDER/pki/$file on this node: say externalCa in kubeadmEtcd where the authority is kept elsewhere."
  cmp -s "/node/pki/$file" "$DATA/pki/$file" || fail "The copy of $NODE_FOLDER/pki/$file is another file."
done

doing='looking for the encryption configuration'
manifest=/node/manifests/kube-apiserver.yaml
[ -s "$manifest" ] || fail "There is no $NODE_FOLDER/manifests/kube-apiserver.yaml, which says how Secrets are encrypted."
# Two items of a list are as good as one with `=`, and any `_` is a `-` (Kubernetes 1.36, component-base/cli/flag).
sed -e 's/^[[:space:]]*#.*//' -e 's/[[:space:]]#.*//' -e "s/[][\"',=]/ /g" "$manifest" >"$TMP/manifest"
config=$(awk '
  { for (i = 1; i <= NF; i++) {
      if (value && $i != "-") { path = $i; value = 0 }
      else if ($i ~ /^--encryption[-_]provider[-_]config$/) { path = "nothing"; value = 1 }
  } }
  END { print path }' "$TMP/manifest")
case $config in
'')
  echo 'The API server encrypts nothing.'
  exit 0
  ;;
/*) ;;
*) fail "It cannot be told from $NODE_FOLDER/manifests/kube-apiserver.yaml where the encryption configuration is: write --encryption-provider-config=$NODE_FOLDER/… there, in one line." ;;
esac
inside=${config#"$NODE_FOLDER/"}
[ "$inside" != "$config" ] ||
  fail "The API server reads its encryption configuration from $config: move it into $NODE_FOLDER, where this job finds it."
[ -s "/node/$inside" ] || fail "The API server reads its encryption configuration from $config, and the node has no such file."
run "$STEP_SECONDS" cp "/node/$inside" "$DATA/encryption-configuration.yaml" 2>"$TMP/errors" ||
  fail "$config cannot be copied: $(why "$TMP/errors")"
cmp -s "/node/$inside" "$DATA/encryption-configuration.yaml" || fail "The copy of $config is another file."

[ "$KMS_KEPT" = false ] || exit 0
doing="looking for a KMS in $config"
# What is a comment for certain goes away, and a mapping may be in one line as well as in many.
sed -E -e 's/^[[:space:]]*#.*//' -e "s/[[:space:]]#[^\"']*$//" "$DATA/encryption-configuration.yaml" >"$TMP/lines"
tr '\r\n' '  ' <"$TMP/lines" >"$TMP/providers"
if ! grep -qE "providers[\"']?[[:space:]]*:" "$TMP/providers" || grep -q '[\]' "$TMP/providers"; then
  fail "It cannot be told from $config whether Secrets are encrypted by a KMS, whose key is in no copy: write it as YAML or JSON in UTF-8 without a backslash, or say with kmsKeptIn in kubeadmEtcd where that key is kept."
fi
! grep -qE "(^|[[:space:]\"',{[])kms[\"']?[[:space:]]*:[^[:alnum:]]" "$TMP/providers" ||
  fail "In $config, Secrets are encrypted by a KMS, whose key is in no copy: say with kmsKeptIn in kubeadmEtcd where it is kept, and who can unseal it."
