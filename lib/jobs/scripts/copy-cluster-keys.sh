#!/bin/sh
# Copies what a snapshot of etcd is of no use without: the authorities and keys of the cluster, and the keys with which
# the API server encrypts Secrets. restic encrypts both. The key of a KMS is in no file, so somebody has to keep it.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=cluster-keys.sh
. /scripts/cluster-keys.sh

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

find_encryption_configuration
for file in $needed; do demand_same_path "$NODE_FOLDER/pki/$file"; done
copy=$DATA/encryption-configuration.yaml
if [ -n "$config" ]; then
  run "$STEP_SECONDS" cp "$found" "$copy" 2>"$TMP/errors" || fail "$config cannot be copied: $(why "$TMP/errors")"
  cmp -s "$found" "$copy" || fail "The copy of $config is another file."
  # Who brings it back needs to know where the API server read it.
  echo "$config" >"$DATA/encryption-configuration.path"
fi
digest_encryption "$copy" >"$TMP/encryption"
cmp -s "$PARTS/encryption" "$TMP/encryption" ||
  fail 'The encryption configuration of the API server has changed since this run began, so a key of its snapshot may be in no copy: let the job run again.'
if [ -z "$config" ]; then
  echo 'The API server encrypts nothing.'
  exit 0
fi

[ "$KMS_KEPT" = false ] || exit 0
doing="looking for a KMS in $config"
# What is a comment for certain goes away, and a mapping may be in one line as well as in many.
sed -E -e 's/^[[:space:]]*#.*//' -e "s/[[:space:]]#[^\"']*$//" "$copy" >"$TMP/lines"
tr '\r\n' '  ' <"$TMP/lines" >"$TMP/providers"
if ! grep -qE "providers[\"']?[[:space:]]*:" "$TMP/providers" || grep -q '[\]' "$TMP/providers"; then
  fail "It cannot be told from $config whether Secrets are encrypted by a KMS, whose key is in no copy: write it as YAML or JSON in UTF-8 without a backslash, or say with kmsKeptIn in kubeadmEtcd where that key is kept."
fi
! grep -qE "(^|[[:space:]\"',{[])kms[\"']?[[:space:]]*:[^[:alnum:]]" "$TMP/providers" ||
  fail "In $config, Secrets are encrypted by a KMS, whose key is in no copy: say with kmsKeptIn in kubeadmEtcd where it is kept, and who can unseal it."
