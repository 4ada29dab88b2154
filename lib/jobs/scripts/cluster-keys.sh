# shellcheck shell=sh
# shellcheck disable=SC2034 # for those who read it
# Where the keys of a cluster lie on the node of its API server, by the manifest of that, whose paths are those inside
# of its container.

manifest=/node/manifests/kube-apiserver.yaml
named=$NODE_FOLDER/manifests/kube-apiserver.yaml

# demand_same_path PATH: fails unless what the API server has there is what the node has there. Two paths for one file
# would be of no use to who brings it back, and an old one may lie at the other.
demand_same_path() {
  source=$(path=$1 awk -f /scripts/node-path.awk "$manifest")
  [ -n "$source" ] ||
    fail "It cannot be told from $named where on the node $1 of the API server is: mount its folder there with volumeMounts and a hostPath, one key in each line as kubeadm writes them."
  [ "$source" = "$1" ] ||
    fail "The API server has for $1 what is $source on the node: let it be at one path in $NODE_FOLDER, the same on the node and in the API server."
}

# find_encryption_configuration: leaves its path in `config`, nothing where the API server encrypts nothing, and in
# `found` where this job finds it.
find_encryption_configuration() {
  doing='looking for the encryption configuration'
  found=
  [ -s "$manifest" ] || fail "There is no $named, which says how Secrets are encrypted."
  # Two items of a list are as good as one with `=`, and any `_` is a `-` (Kubernetes 1.36, component-base/cli/flag).
  sed -e 's/^[[:space:]]*#.*//' -e 's/[[:space:]]#.*//' -e "s/[][\"',=]/ /g" "$manifest" >"$TMP/manifest"
  config=$(awk '
    { for (i = 1; i <= NF; i++) {
        if (value && $i != "-") { path = $i; value = 0 }
        else if ($i ~ /^--encryption[-_]provider[-_]config$/) { path = "nothing"; value = 1 }
    } }
    END { print path }' "$TMP/manifest")
  case $config in
  '') return ;;
  /*) ;;
  *) fail "It cannot be told from $named where the encryption configuration is: write --encryption-provider-config=$NODE_FOLDER/… there, in one line." ;;
  esac
  demand_same_path "$config"
  found=/node/${config#"$NODE_FOLDER/"}
  [ "$found" != "/node/$config" ] ||
    fail "The API server reads its encryption configuration from $config: move it into $NODE_FOLDER, where this job finds it."
  [ -s "$found" ] || fail "The API server reads its encryption configuration from $config, and the node has no such file."
}

# digest_encryption FILE: what the encryption configuration in a file is compared by.
digest_encryption() {
  if [ -n "$config" ]; then sha256sum <"$1"; else echo none; fi
}
