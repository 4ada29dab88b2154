#!/bin/sh
# The last step: says in the store what was copied. It runs only when all steps before have succeeded, and refuses when
# one of them has left out what it should have said.
# shellcheck source=common.sh
. /scripts/common.sh

# All of these leave their result in `value`: in busybox, what fails inside of $(…) does not end the script.

# part NAME: what a step has said.
part() {
  [ -s "$PARTS/$1" ] || fail "No step has said '$1', so there is no receipt."
  value=$(cat "$PARTS/$1")
}

number() {
  part "$1"
  case $value in
    *[!0-9]*) fail "A step has said '$value' for '$1', which is not a number." ;;
    *) ;;
  esac
}

# json TEXT
json() {
  value=$(printf '%s\n' "$1" | tr -d '\000-\011\013-\037' | sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$/"/')
}

# text NAME: what a step has said, as JSON.
text() {
  part "$1"
  json "$value"
}

doing='writing the receipt'
number bytes && bytes=$value
number items-source && source=$value
number items-copy && copy=$value
text counted && counted=$value
[ "$source" -eq "$copy" ] || fail "The copy has $copy of $counted, and the source has $source."
tools=$STATED_TOOLS
for file in "$PARTS"/tool.*; do
  name=${file##*/tool.}
  text "tool.$name" && tools=$tools${tools:+,}\"$name\":$value
done
# What only some jobs say: members of one JSON object, by the rest of their names.
moments=
for file in "$PARTS"/moment.*; do
  [ -e "$file" ] || continue
  name=${file##*/moment.}
  text "moment.$name" && moments=$moments${moments:+,}\"$name\":$value
done
counts=
for file in "$PARTS"/count.*; do
  [ -e "$file" ] || continue
  name=${file##*/count.}
  number "count.$name" && counts=$counts${counts:+,}\"$name\":$value
done
[ -z "$moments" ] || moments=",\"moments\":{$moments}"
[ -z "$counts" ] || counts=",\"counts\":{$counts}"
text started && started=$value
json "$VERIFIED_BY" && verified=$value
text copy && snapshot=$value
finished=$(date -u +%Y-%m-%dT%H:%M:%SZ)
# One line: begin.sh reads it with sed.
printf '{"version":1,"dataset":%s,"startedAt":%s,"finishedAt":"%s","bytes":%s,"items":{"counted":%s,"source":%s,"copy":%s}%s%s,"verifiedBy":%s,"tools":{%s},"copy":%s}\n' \
  "$DATASET" "$started" "$finished" "$bytes" "$counted" "$source" "$copy" \
  "$moments" "$counts" "$verified" "$tools" "$snapshot" \
  >"$SCRATCH/receipt.json"

part run
place=$RECEIPTS/$(date -u +%Y%m%dT%H%M%SZ)-$value.json
store() {
  run "$ANSWER_SECONDS" rclone --contimeout 10s --timeout 60s --retries 3 --low-level-retries 3 "$@"
}
doing='storing the receipt'
store copyto --no-traverse "$SCRATCH/receipt.json" "$place" 2>"$TMP/errors" ||
  fail "The copy is made, but its receipt was not stored: $(why "$TMP/errors")"
doing='reading the receipt back'
store cat "$place" >"$TMP/receipt" 2>"$TMP/errors" ||
  fail "The copy is made, but its receipt cannot be read: $(why "$TMP/errors")"
cmp -s "$SCRATCH/receipt.json" "$TMP/receipt" || fail "The copy is made, but the store gives back another receipt."
cat "$SCRATCH/receipt.json"
