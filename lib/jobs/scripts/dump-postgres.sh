#!/bin/sh
# Dumps all databases of a PostgreSQL server, one after another, and the roles and tablespaces that they share; with
# ONLY_DATABASE that one alone, which its owner may. Rows are counted in the snapshot that is dumped, so that the numbers can
# be compared exactly. With LISTING, a file of SQL lists in $SCRATCH/lists/dumped, in that snapshot, what else belongs to the
# database.
# shellcheck source=common.sh
. /scripts/common.sh

COUNTS=$SCRATCH/counts
LISTS=$SCRATCH/lists
NAMED=$SCRATCH/named-roles
ATTEMPTS=3
mkdir "$COUNTS" "$LISTS" "$NAMED"

# because FILE: as `why`, with what the server says to do about it.
because() {
  hint=$(sed -n 's/^HINT: *//p' "$1" | tail -n 1)
  printf '%s%s\n' "$(why "$1")" "${hint:+ ($hint)}"
}

# ask QUERY: the answer is in $TMP/answer.
ask() {
  run "$ANSWER_SECONDS" psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1" >"$TMP/answer" 2>"$TMP/errors" ||
    fail "PostgreSQL at $PGHOST does not answer: $(because "$TMP/errors")"
}

# dump_database NAME ENCODING: to $DUMP, with the rows counted in $COUNTED.
dump_database() {
  rm -f "$DUMP" "$DUMPED"
  : >"$DUMP_ERRORS"
  run "$STEP_SECONDS" env PGDATABASE="$1" PGCLIENTENCODING="$2" \
    psql -X -q -A -t -F "$(printf '\t')" -v ON_ERROR_STOP=1 -v counted="$COUNTED" -v named="$NAMED/$file" \
    ${LISTING:+-v listing="$LISTING" -v listed="$LISTS/dumped"} -f /scripts/dump-database.sql >"$TMP/log" 2>"$TMP/errors" &&
    [ -s "$DUMPED" ]
}

doing="asking $PGHOST for its version"
ask 'show server_version_num'
server=$(($(cat "$TMP/answer") / 10000))
version=$(pg_dump --version | sed 's/^pg_dump (PostgreSQL) \([^ ]*\).*/\1/')
client=${version%%.*}
printf '%s\n' "$version" >"$PARTS/tool.pg_dump"
# What it is asked with, older ones do not know (pg_partition_root).
[ "$server" -ge 12 ] || fail "PostgreSQL $server is too old for this job, which dumps version 12 and newer: upgrade it."
[ "$client" -ge "$server" ] ||
  fail "pg_dump $client cannot dump PostgreSQL $server: give the job an image of PostgreSQL $server."
# It writes what an older server does not know, such as `SET transaction_timeout` since version 17, and an older
# pg_restore does not read its format.
[ "$client" -eq "$server" ] ||
  fail "What pg_dump $client dumps does not come back into PostgreSQL $server: give the job an image of PostgreSQL $server."

if [ -n "${ONLY_DATABASE:-}" ]; then
  every='pg_catalog.pg_database where datname = current_database()'
  date -u +%Y-%m-%dT%H:%M:%SZ >"$PARTS/moment.database"
else
  # Nobody keeps data in the two templates that every server has.
  every="pg_catalog.pg_database where datname not in ('template0', 'template1')"
fi

# The bytes as they are: names of what all databases share are in no encoding of their own. One that is set for clients of a
# database, or for a role, would change them.
ask 'show server_encoding'
PGCLIENTENCODING=$(cat "$TMP/answer")
export PGCLIENTENCODING

doing='listing databases'
ask "select count(*) || ', ' || min(quote_ident(datname)) || ' among them' from $every and not datallowconn having count(*) > 0"
closed=$(cat "$TMP/answer")
[ -z "$closed" ] || fail "Databases that take no connections cannot be dumped ($closed): let them, or drop them."
ask "select oid from $every order by oid"
cp "$TMP/answer" "$TMP/databases"
[ -s "$TMP/databases" ] || fail "PostgreSQL at $PGHOST has no database."

total=0
while read -r oid; do
  # A name may have any character, a newline at its end too.
  ask "select datname from pg_catalog.pg_database where oid = $oid"
  name=$(cat "$TMP/answer" && echo .)
  name=${name%
.}
  [ -n "$name" ] || fail "Database $oid was dropped during the run."
  ask "select case when datname ~ '^[A-Za-z0-9_-]+\$' then datname
                   else 'hex.' || encode(textsend(datname::text), 'hex') end, pg_encoding_to_char(encoding)
         from pg_catalog.pg_database where oid = $oid"
  IFS='|' read -r file encoding <"$TMP/answer" || fail "Database $oid was dropped during the run."

  doing="dumping database $file"
  echo "$doing"
  DUMP=$DATA/$file.dump COUNTED=$COUNTS/$file.source DUMPED=$TMP/dumped DUMP_ERRORS=$TMP/dump-errors
  export DUMP DUMPED DUMP_ERRORS
  attempts=1
  until dump_database "$name" "$encoding"; do
    cause=$DUMP_ERRORS
    if [ -s "$DUMPED" ] || [ ! -s "$DUMP_ERRORS" ]; then cause=$TMP/errors; fi
    reason=$(because "$cause")
    # Where pg_dump has written nothing yet, others may just have changed something that it was to read.
    if [ "$attempts" -eq "$ATTEMPTS" ] || [ -s "$DUMP" ] || is_late; then
      [ "$attempts" -eq 1 ] || reason="$reason (after $attempts attempts)"
      fail "Database $file was not dumped: $reason"
    fi
    attempts=$((attempts + 1))
    echo "beginning anew: $reason"
  done
  [ -s "$DUMP" ] || fail "The dump of database $file is empty."
  # The last line is there for an empty database too; psql says nothing when the disk is full.
  tail -n 1 "$COUNTED" | grep -q '(large objects)$' || fail "The rows of database $file were not counted."
  total=$((total + $(awk -F '\t' '{ n += $1 } END { printf "%.0f", n }' "$COUNTED")))
done <"$TMP/databases"

# After the databases: a role that was made meanwhile may own something in one of them. `verify` finds what has gone.
if [ -z "${ONLY_DATABASE:-}" ]; then
  doing='dumping roles and tablespaces'
  run "$STEP_SECONDS" pg_dumpall --globals-only --file="$DATA/globals.sql" 2>"$TMP/errors" ||
    fail "Roles and tablespaces were not dumped: $(because "$TMP/errors")"
fi

previous=$(previously items)
[ "$total" -gt 0 ] || [ "$SMALLEST_PERCENT" -eq 0 ] || fail "PostgreSQL at $PGHOST holds not a single row."
! is_shrunk "$total" "$previous" ||
  fail "PostgreSQL at $PGHOST holds $total rows and large objects, and at the last backup it held $previous: $MEANT."
echo 'rows and large objects' >"$PARTS/counted"
echo "$total" >"$PARTS/items-source"
