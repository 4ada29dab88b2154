#!/bin/sh
# Brings the mirror of a store into step with it, while the tool that owns the store goes on writing: nothing in the mirror
# may point to what it has not. So what points is listed before what it points to, and copied after it. What the store has
# not any more stays in the mirror, for now.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=rclone.sh
. /scripts/rclone.sh
# shellcheck source=store.sh
. /scripts/store.sh
# shellcheck source=times.sh
. /scripts/times.sh

# It begins anew so often when the owner removes what was listed, as its maintenance does once a day. What was copied until
# then stays, so that each pass is shorter than the one before.
PASSES=3

# Leaves $SCRATCH/listed.N for each layer, of the highest only what is finished, in $SCRATCH/now what the store has, and in
# $SCRATCH/moments when each finished backup began, `moment;;name`, without a moment where its entry does not say it.
list_layers() {
  layer=1
  while [ "$layer" -le "$depth" ]; do
    list "$SOURCE" "$SCRATCH/now"
    of_layer "$layer" "$SCRATCH/now" >"$SCRATCH/listed.$layer"
    layer=$((layer + 1))
  done
  sort "$SCRATCH"/listed.* >"$TMP/listed"

  # What goes on, or has come to nothing, is no backup.
  read_all "$SCRATCH/listed.1" "$SOURCE" "$TMP/entries"
  (cd "$TMP/entries" && grep -rlE "$FINISHED" .) >"$TMP/found" || [ $? -eq 1 ]
  sed 's|^\./||' "$TMP/found" >"$TMP/finished"
  named_in "$TMP/finished" "$SCRATCH/listed.1" >"$TMP/entries-finished"
  cp "$TMP/entries-finished" "$SCRATCH/listed.1"
  names_in "$SCRATCH/listed.1" >"$TMP/names"
  # As the owner says it: the time of an object is when somebody wrote it here.
  while read -r name; do
    in_utc "$(sed -n "$MOMENT" "$TMP/entries/$name")" || utc=
    printf '%s;;%s\n' "$utc" "$name"
  done <"$TMP/names" >"$SCRATCH/moments"
}

# read_all LIST PLACE FOLDER: the content of all objects of a list that are still there.
read_all() {
  rm -rf "$3"
  mkdir "$3"
  names_in "$1" >"$TMP/read"
  [ -s "$TMP/read" ] || return 0
  doing="reading $(count "$TMP/read") objects of $2"
  ask_rclone "$STEP_SECONDS" copy --no-traverse --files-from-raw "$TMP/read" "$2" "$3" ||
    fail "$2 does not give what it lists: $(why "$TMP/errors")"
}

# Before anything is copied over what was good.
refuse_a_loss() {
  [ -s "$SCRATCH/listed.1" ] || fail "There is no finished backup in $SOURCE, so there is nothing to mirror."
  refuse_fewer "$(count "$SCRATCH/listed.1")" "$(previously_counted backups)" backups
  refuse_shrunk "$TMP/listed"
  find_vanished "$TMP/listed"
  refuse_another_store
  refuse_another_repository
}

# When most of the mirror has vanished from the store, that has gone on for longer than it keeps backups, or it is another one.
# Only of one that has gone on the backups are in the mirror or newer than what was mirrored last.
refuse_another_store() {
  has_lost_much || return 0
  last=$(sed -n 's/.*"newestBackup":"\([^"]*\)".*/\1/p' "$PARTS/previous" 2>/dev/null) || true
  last=$last awk -F ';' '$1 <= ENVIRON["last"]' "$SCRATCH/moments" >"$TMP/not-newer"
  names_in "$TMP/not-newer" >"$TMP/old-names"
  only_in "$TMP/old-names" "$TMP/names-copied" >"$TMP/strange"
  backups=$(count "$SCRATCH/listed.1")
  strange=$(count "$TMP/strange")
  ! is_shrunk "$((backups - strange))" "$backups" ||
    fail "What is in $SOURCE looks like another store: $vanished of the $copied objects of the mirror are not in it, and $strange of its $backups backups are not in the mirror and no newer, $(some "$TMP/strange") among them; $MEANT."
}

# What was made anew in the place of another has objects of the same names, and opens none of the others.
refuse_another_repository() {
  newest_identities "$TMP/copied" >"$TMP/identities"
  read_all "$TMP/identities" "$COPY" "$TMP/identities-copied"
  # Of an entry only when it is finished.
  sort "$SCRATCH"/listed.* >"$TMP/listed-now"
  newest_identities "$TMP/listed-now" >"$TMP/identities-listed"
  read_all "$TMP/identities-listed" "$SOURCE" "$TMP/identities-now"
  while IFS=';' read -r folder _ name; do
    now=$(folder=$folder awk -F ';' '$1 == ENVIRON["folder"] { sub(/^[^;]*;;/, ""); print }' "$TMP/identities-listed")
    if [ -z "$now" ] || [ ! -e "$TMP/identities-now/$now" ]; then continue; fi
    was=$(sed -n "$IDENTITY" "$TMP/identities-copied/$name")
    is=$(sed -n "$IDENTITY" "$TMP/identities-now/$now")
    [ -z "$was" ] || [ "$was" = "${is:-none}" ] ||
      fail "What $SOURCE has in $folder was made anew, and is another than in the mirror: move that folder of the mirror aside, and run again."
  done <"$TMP/identities"
}

# newest_identities LIST: the last of the objects of each folder that say whose it is, as a list with that folder first.
newest_identities() {
  pattern=$IDENTITIES awk '
    { name = $0; sub(/^[^;]*;[^;]*;/, "", name) }
    match(name, ENVIRON["pattern"]) {
      folder = substr(name, 1, RSTART - 1)
      if (name > last[folder]) last[folder] = name
    }
    END { for (folder in last) print folder ";;" last[folder] }' "$1"
}

# What a finished backup needs can have been lost, or be on its way, because the owner hands over the log of it later. That is
# left to the next run, unless the mirror has that backup already.
refuse_holes() {
  [ -n "$HOLES" ] || return 0
  names_in "$SCRATCH/listed.1" >"$TMP/names"
  names_in "$SCRATCH/listed.$depth" >"$TMP/names-lowest"
  set --
  while read -r name; do set -- "$@" "./$name"; done <"$TMP/names"
  (cd "$TMP/entries" && awk -f "/scripts/$HOLES" list=1 "$TMP/names-lowest" list= "$@") >"$TMP/holes"
  [ -s "$TMP/holes" ] || return 0
  awk -F ';' 'FILENAME == ARGV[1] { copied[$0] = 1; next } $1 == "lost" || $2 in copied' "$TMP/names-copied" "$TMP/holes" >"$TMP/lost"
  if [ -s "$TMP/lost" ]; then
    name=$(head -n 1 "$TMP/lost" | cut -d ';' -f 2)
    # The owner removes a backup in parts, its entry last.
    if [ "$pass" -lt "$PASSES" ]; then
      again="'$name' lacks what it needs"
      run 11 sleep 5
      return
    fi
    fail "The backup '$name' in $SOURCE cannot be restored: it needs '$(head -n 1 "$TMP/lost" | cut -d ';' -f 3-)', which is not there. Make a new backup, and remove that one there with the tool that made it; what was mirrored stays."
  fi
  cut -d ';' -f 2 "$TMP/holes" | sort -u >"$TMP/early"
  echo "The log that $(some "$TMP/early") needs is not there yet."
  only_in "$TMP/names" "$TMP/early" >"$TMP/whole"
  [ -s "$TMP/whole" ] || fail "No backup in $SOURCE has all of the log that it needs, $(some "$TMP/early") for one: see whether the log is archived there, or make a new backup."
  named_in "$TMP/whole" "$SCRATCH/listed.1" >"$TMP/entries-whole"
  cp "$TMP/entries-whole" "$SCRATCH/listed.1"
}

# not_in_copy LIST FILE: the names in a list of which the mirror, as it was listed last, has nothing of that size.
not_in_copy() {
  sizes_in "$1" >"$TMP/sizes"
  sizes_in "$TMP/copied" >"$TMP/sizes-copied"
  only_in "$TMP/sizes" "$TMP/sizes-copied" | cut -d ';' -f 2- >"$2"
}

# Before an entry is copied, because rclone says nothing of a name that it does not find.
refuse_the_absent() {
  list "$COPY" "$TMP/copied"
  sort "$SCRATCH"/settled.* >"$TMP/settled"
  not_in_copy "$TMP/settled" "$TMP/missing"
  [ ! -s "$TMP/missing" ] ||
    fail "$(count "$TMP/missing") objects of $SOURCE did not arrive, $(some "$TMP/missing") among them."
}

# copy_layer N: leaves in $SCRATCH/settled.N what was listed and has stayed as it was until it was copied. Says in $again
# whether something else has happened in between to what the layer above may point to.
copy_layer() {
  in_both "$SCRATCH/listed.$1" "$SCRATCH/now" >"$SCRATCH/settled.$1"
  # What was replaced above the lowest layer is a backup that goes on, or a note of the owner: its turn comes.
  names_in "$SCRATCH/listed.$1" >"$TMP/names"
  names_in "$SCRATCH/now" >"$TMP/names-now"
  only_in "$TMP/names" "$TMP/names-now" >"$TMP/removed"
  if [ -s "$TMP/removed" ]; then
    again="$(some "$TMP/removed") was removed"
    return
  fi
  names_in "$SCRATCH/settled.$1" >"$TMP/wanted"
  if [ "$1" -eq "$depth" ]; then
    # They are many, and seldom replaced: two lists tell, without a question for each of them.
    not_in_copy "$SCRATCH/settled.$1" "$TMP/absent"
    newer_than "$TMP/copied" "$SCRATCH/settled.$1" >"$TMP/newer"
    sort -u "$TMP/absent" "$TMP/newer" >"$TMP/wanted"
  fi
  failure=
  if [ -s "$TMP/wanted" ]; then
    doing="copying layer $1 of $SOURCE, $(count "$TMP/wanted") objects"
    echo "$doing"
    ask_rclone "$STEP_SECONDS" copy --no-traverse --files-from-raw "$TMP/wanted" "$SOURCE" "$COPY" ||
      failure="The copy of $SOURCE failed: $(why "$TMP/errors")"
  fi
  list "$SOURCE" "$SCRATCH/now"
  only_in "$SCRATCH/settled.$1" "$SCRATCH/now" >"$TMP/changed"
  if [ -s "$TMP/changed" ]; then
    again="'$(head -n 1 "$TMP/changed" | cut -d ';' -f 3-)' was removed or replaced"
    return
  fi
  [ -z "$failure" ] || fail "$failure"
}

[ -z "$REMOVES" ] || require_versions
pass=0
again=yes
while [ -n "$again" ]; do
  pass=$((pass + 1))
  [ "$pass" -le "$PASSES" ] ||
    fail "In each of $PASSES passes the store has changed below what points to it, at last so: $again. Let the mirror run at another time."
  again=
  rm -f "$SCRATCH"/settled.*
  list_layers
  refuse_a_loss
  refuse_holes
  layer=$depth
  while [ "$layer" -ge 1 ] && [ -z "$again" ]; do
    [ "$layer" -gt 1 ] || refuse_the_absent
    copy_layer "$layer"
    layer=$((layer - 1))
  done
done

[ -s "$SCRATCH/settled.1" ] || fail "Each backup in $SOURCE was replaced during the run."
sort "$SCRATCH"/settled.* >"$SCRATCH/source"
count "$SCRATCH/settled.1" >"$PARTS/count.backups"
names_in "$SCRATCH/settled.1" >"$TMP/names"
named_in "$TMP/names" "$SCRATCH/moments" | sort >"$TMP/moments"
name=$(sed -n 's/^;;//p' "$TMP/moments" | head -n 1)
[ -z "$name" ] ||
  fail "The entry '$name' in $SOURCE does not say when its backup began, but '$(sed -n "$MOMENT" "$TMP/entries/$name")': remove it there with the tool that made it."
newest=$(tail -n 1 "$TMP/moments")
in_utc "${newest%%;*}"
! is_to_come ||
  fail "The entry '${newest#*;;}' in $SOURCE says that its backup began at $utc, and here it is only $(now): set the clocks right, and remove that backup there with the tool that made it."
echo "$utc" >"$PARTS/moment.newestBackup"
