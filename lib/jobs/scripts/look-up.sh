#!/bin/sh
# Before an application is stopped, and before it is started again: how many pods does it have when it runs? Writes the
# patches that stop and start it. What a run stops it marks with that number, and only what is marked is started by the undo
# of a killed run: an application that a person has stopped stays as it is, and both patches change nothing. So does a hold
# on Flux that a person has set, which the mark names, because after a kill nobody could tell it from those of the run.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=api-server.sh
. /scripts/api-server.sh

mkdir -p "$TMP" "$SCRATCH/patches"

doing="asking the API server about $OBJECT"
ask_api_server "$TMP/object" apis/apps/v1 "$OBJECT?pretty=false" ||
  fail "The API server does not show $OBJECT: $(why "$TMP/errors")"

# One line, whose fields are in a fixed order. What stands in a text has its quotes escaped.
pods=$(sed -n 's/.*"spec":{"replicas":\([0-9][0-9]*\)[,}].*/\1/p' "$TMP/object")
marked=$(sed -n "s|.*\"$MARK\":\"\([0-9][0-9]*\)[ \"].*|\1|p" "$TMP/object")
[ -n "$pods" ] || fail "The API server does not say how many pods $OBJECT is to have."

# Labels of the pods' template, before anything is stopped: pods that do not carry them would never be seen, gone or not.
if [ "$1" = stop ]; then
  carried=$(sed -n 's/.*"template":{"metadata":{[^{}]*"labels":{\([^}]*\)}.*/\1/p' "$TMP/object")
  for label in $POD_LABELS; do
    case $carried in
    *"\"${label%%=*}\":\"${label#*=}\""*) ;;
    *) fail "The pods of $OBJECT do not carry $label, so that nobody could tell whether they are gone." ;;
    esac
  done
fi

# held_by_a_person KEY
held_by_a_person() {
  if [ -n "$marked" ]; then
    sed -n "s|.*\"$MARK\":\"$marked\( [^\"]*\)\".*|\1 |p" "$TMP/object" | grep -qF " $1 "
  else
    # Of the object itself, not of its pods. Flux takes the value in any case.
    sed 's/"spec":{"replicas".*//' "$TMP/object" | grep -q "\"$1\":\"[Dd][Ii][Ss][Aa][Bb][Ll][Ee][Dd]\""
  fi
}
ours=
theirs=
for key in $HOLDS; do
  if held_by_a_person "$key"; then theirs="$theirs $key"; else ours="$ours $key"; fi
done

# patch FILE MARK HOLD PODS: what is said of the mark, and by which annotations Flux is held off.
patch() {
  annotations="\"$MARK\":$2"
  for key in $ours; do annotations="$annotations,\"$key\":$3"; done
  printf '{"metadata":{"annotations":{%s}},"spec":{"replicas":%s}}\n' "$annotations" "$4" >"$SCRATCH/patches/$1"
}

wanted=$marked
# Nobody but a run would have stopped it and marked it.
if [ -z "$wanted" ] && [ "$1" = stop ] && [ "$pods" -gt 0 ]; then wanted=$pods; fi
if [ -z "$wanted" ]; then
  echo "$OBJECT is left as it is, with $pods pods."
  for name in stop start; do echo '{}' >"$SCRATCH/patches/$name.json"; done
  exit 0
fi
echo "$OBJECT has $wanted pods when it runs."
patch stop.json "\"$wanted$theirs\"" '"disabled"' 0
patch start.json null null "$wanted"
