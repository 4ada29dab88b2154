# shellcheck shell=sh
# shellcheck disable=SC2034 # for those who read it
# What the scripts share that are told when something was.

# in_utc TIME: leaves such a time (RFC 3339, without fractions of a second) in $utc, and in $seconds since 1970.
in_utc() {
  printf '%s\n' "$1" | grep -qE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})$' || return 1
  zone=${1#???????????????????}
  # Not every busybox has a `date` that knows zones. A 1 at the front, because numbers that begin with 0 are octal.
  offset=0
  if [ "$zone" != Z ]; then
    hours=${zone%:*}
    offset=$(((1${hours#?} - 100) * 3600 + (1${zone#*:} - 100) * 60))
  fi
  case $zone in -*) offset=-$offset ;; *) ;; esac
  seconds=$(date -u -d "$(printf '%s\n' "${1%"$zone"}" | tr T ' ')" +%s) || return 1
  seconds=$((seconds - (offset)))
  utc=$(date -u -d "@$seconds" +%Y-%m-%dT%H:%M:%SZ)
}

# What clocks of nodes may differ by, in seconds.
CLOCKS_DIFFER=300

# Whether the time that was read last is still to come: a copy would look fresh until then.
is_to_come() {
  [ "$seconds" -gt "$(($(date +%s) + CLOCKS_DIFFER))" ]
}

now() {
  date -u +%Y-%m-%dT%H:%M:%SZ
}
