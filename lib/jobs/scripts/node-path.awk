# Where on its node is what the containers of a static pod have at a path? Reads the manifest of the pod, in blocks with
# one key in each line, as kubeadm writes it, and the path from `path` of the environment. Prints the path on the node,
# and nothing where it cannot be told.

{
  sub(/\r$/, "")
  sub(/^ *#.*/, "")
  sub(/[ \t]#.*/, "")
  sub(/[ \t]+$/, "")
}
$0 == "" { next }

{
  match($0, /^ */)
  line_column = RLENGTH
  match($0, /^[ -]*/)
  key_column = RLENGTH
  is_item = key_column > line_column
  # The items of a list may stand below its key as well as to the right of it.
  if (list != "" && (line_column < list_column || line_column == list_column && !is_item)) {
    end_of_item()
    list = ""
  }
}

list == "" {
  if ($0 !~ /(^|[^A-Za-z0-9_.\/-])(volumeMounts|volumes)["']?[ \t]*:/) next
  list = substr($0, key_column + 1)
  if (list == "volumes: []" || list == "volumeMounts: []") list = ""
  else if (list != "volumes:" && list != "volumeMounts:") unclear = 1
  list_column = key_column
  item_column = -1
  containers += list == "volumeMounts:"
  next
}

!/^ *(- +)*[A-Za-z]+:( |$)/ { unclear = 1; next }

{
  if (item_column < 0) item_column = line_column
  if (line_column == item_column) {
    end_of_item()
    field_column = key_column
  }
  name = substr($0, key_column + 1)
  value = name
  sub(/:.*/, "", name)
  sub(/^[A-Za-z]+: */, "", value)
  if (key_column == field_column) parent = name
  else name = parent "." name
  item[name] = plain(value)
}

END {
  end_of_item()
  path = ENVIRON["path"]
  if (!is_tidy(path)) unclear = 1
  for (i = 1; i <= mounts; i++)
    if (index(path "/", at[i] "/") == 1 && (!(of[i] in nearest) || length(at[i]) > length(at[nearest[of[i]]])))
      nearest[of[i]] = i
  answer = ""
  for (container in nearest) {
    i = nearest[container]
    if (folder[volume[i]] == "") unclear = 1
    else if (answer == "" || answer == path)
      answer = folder[volume[i]] below[i] substr(path, length(at[i]) + 1)
  }
  if (!unclear) print answer
}

# Keeps what the lines of one mount, or of one volume, have said.
function end_of_item() {
  if (list == "volumeMounts:" && "mountPath" in item) {
    mounts++
    of[mounts] = containers
    at[mounts] = folder_of(item["mountPath"])
    # Nobody can tell what is in the variables of a subPathExpr.
    volume[mounts] = "subPathExpr" in item ? "" : item["name"]
    below[mounts] = item["subPath"] == "" ? "" : "/" item["subPath"]
  }
  if (list == "volumes:" && "hostPath.path" in item) folder[item["name"]] = folder_of(item["hostPath.path"])
  split("", item)
}

# A path to which one below can be appended.
function folder_of(text) {
  sub(/\/+$/, "", text)
  if (text != "" && !is_tidy(text)) unclear = 1
  return text
}

function is_tidy(text) {
  return text ~ /^\// && text !~ /\/\/|\/\.\.?(\/|$)/
}

# What a scalar of one line says.
function plain(text) {
  if (text ~ /^"[^"\\]*"$/ || text ~ /^'[^']*'$/) return substr(text, 2, length(text) - 2)
  if (text != "{}" && text != "[]" && text ~ /^[]["'{}&*!|>%@`]/) unclear = 1
  return text
}
