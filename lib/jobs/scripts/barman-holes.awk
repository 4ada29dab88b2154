# What finished base copies of Barman need and a store has not: their data, and every segment of the log from the one in which
# the copy began to the one in which it ended (barman 3.16, barman/infofile.py and barman/xlog.py). Reads the names of what
# is there, while `list` is set, and then entries, `./<server>/base/<id>/backup.info`. Prints `lost;<entry>;<object>`, or
# `early;…` of what may still come, because nothing later of that log is there.
list { remember($0); next }
FNR == 1 { judge(); entry = substr(FILENAME, 3); first = last = "none"; segment = 16777216 }
/^begin_wal=/ { first = substr($0, 11) }
/^end_wal=/ { last = substr($0, 9) }
/^xlog_segment_size=/ { segment = substr($0, 19) + 0 }
END { judge() }

# What is there may have the suffix of a compression.
function remember(name, stem) {
  here[name] = 1
  if (name ~ /\.(partial|backup|history)$/) return
  stem = name
  sub(/\.[a-z0-9]+$/, "", stem)
  here[stem] = 1
  if (stem ~ /\/wals\/[0-9A-F]+\/[0-9A-F]+$/ && stem > newest[log_of(stem)]) newest[log_of(stem)] = stem
}

# The server and the timeline of a segment.
function log_of(name) {
  match(name, /\/wals\//)
  return substr(name, 1, RSTART + 13)
}

function judge(server, data, each, end, n) {
  if (entry == "") return
  data = server = entry
  sub(/\/backup\.info$/, "/data.tar", data)
  sub(/\/base\/[^\/]+\/backup\.info$/, "", server)
  if (!(data in here)) print "lost;" entry ";" data
  need(server, first)
  if (first == last) return
  # The middle of a name counts 4 GiB, and its end the segments in them.
  each = 4294967296 / segment
  end = number(last, each)
  # Between two timelines nobody knows which segments there are.
  if (substr(first, 1, 8) == substr(last, 1, 8))
    for (n = number(first, each) + 1; n < end; n++)
      need(server, substr(first, 1, 8) sprintf("%08X%08X", int(n / each), n % each))
  need(server, last)
}

function need(server, name, object) {
  object = server "/wals/" substr(name, 1, 16) "/" name
  if (!(object in here)) print (object > newest[log_of(object)] ? "early;" : "lost;") entry ";" object
}

function number(name, each) {
  return hex(substr(name, 9, 8)) * each + hex(substr(name, 17, 8))
}

function hex(digits, i, n) {
  n = 0
  for (i = 1; i <= length(digits); i++) n = n * 16 + index("0123456789ABCDEF", substr(digits, i, 1)) - 1
  return n
}
