#!/bin/sh
# Reads every dump to its end, as a restore would, and counts what comes out: `pg_restore --list` finds no damage. Needs
# no server.
# shellcheck source=common.sh
. /scripts/common.sh

COUNTS=$SCRATCH/counts
NAMED=$SCRATCH/named-roles

# psql accepts a script that was cut short; only this line tells (PostgreSQL 15, pg_dumpall.c).
[ -n "${ONLY_DATABASE:-}" ] ||
  grep -qsx -e '-- PostgreSQL database cluster dump complete' "$DATA/globals.sql" ||
  fail "The dump of roles and tablespaces is cut short."

total=0
for counted in "$COUNTS"/*.source; do
  name=${counted##*/}
  name=${name%.source}
  dump=$DATA/$name.dump
  doing="reading the dump of database $name"
  echo "$doing"
  if [ -z "${ONLY_DATABASE:-}" ]; then
    grep -vxF -f "$DATA/globals.sql" "$NAMED/$name" >"$TMP/gone" || [ $? -eq 1 ]
    gone=$(sed -n '1s/^CREATE ROLE \(.*\);$/\1/p' "$TMP/gone")
    [ ! -s "$TMP/gone" ] ||
      fail "The dump of database $name names the role $gone, which was dropped or renamed during the run: run the job again."
  fi
  rm -f "$TMP/pipe"
  mkfifo "$TMP/pipe"
  # A row with a large value is a line as long; all that counts stands at its beginning.
  cut -b 1-1000000 <"$TMP/pipe" | awk -f /scripts/count-rows.awk >"$COUNTS/$name.copy" &
  counter=$!
  run "$STEP_SECONDS" pg_restore --data-only --file="$TMP/pipe" "$dump" 2>"$TMP/errors" || {
    kill "$counter" 2>/dev/null || true
    fail "The dump of database $name is damaged: $(why "$TMP/errors")"
  }
  wait "$counter" || fail "The rows in the dump of database $name could not be counted."

  # The rows of a partition may be in the dump as rows of the topmost table (pg_dump, --load-via-partition-root, which it
  # chooses by itself for keys whose hashes may differ between servers). Rows of extensions' own tables are in the dump and
  # were not counted at the source.
  compared=$(awk -F '\t' '
    NR == FNR { root[$2] = $3; if (!($3 in source)) order[++roots] = $3; source[$3] += $1; next }
    { copy[$2 in root ? root[$2] : $2] += $1 }
    END {
      for (n = 1; n <= roots; n++) {
        name = order[n]
        if (copy[name] != source[name]) {
          printf "%s has %.0f at the source and %.0f in the dump", name, source[name], copy[name]
          exit
        }
        total += copy[name]
      }
      printf "%.0f", total
    }
  ' "$counted" "$COUNTS/$name.copy")
  case $compared in
  *[!0-9]*) fail "The dump of database $name is not complete: $compared." ;;
  *) total=$((total + compared)) ;;
  esac
done
echo "$total" >"$PARTS/items-copy"
