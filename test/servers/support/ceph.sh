#!/usr/bin/env bash
# ceph.sh FOLDER PORT: a whole Ceph for one test run (mon, mgr, one OSD in memory, RGW) on the loopback interface. Its
# ports begin at PORT, which is RGW's. `ceph.sh FOLDER stop` ends it.
set -euo pipefail

folder=$1
conf=$folder/ceph.conf

pids() { cat "$folder"/run/*.pid 2>/dev/null || true; }

if [ "$2" = stop ]; then
  for pid in $(pids); do kill -KILL "$pid" 2>/dev/null || true; done
  exit 0
fi

port=$2
mkdir -p "$folder"/{mon,mgr,osd,rgw,log,run}
fsid=$(cat /proc/sys/kernel/random/uuid)
monitor="[v2:127.0.0.1:$((port + 2))/0,v1:127.0.0.1:$((port + 1))/0]"
cat >"$conf" <<CONF
[global]
fsid = $fsid
mon initial members = a
mon host = $monitor
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
ms bind port min = $((port + 10))
ms bind port max = $((port + 90))
ms bind ipv6 = false
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = $folder/keyring
log file = $folder/log/\$name.log
run dir = $folder/run
admin socket = $folder/run/\$name.asok
pid file = $folder/run/\$name.pid
crash dir = $folder/crash
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
mon data avail crit = 1
mon data avail warn = 2
[mon.a]
host = localhost
mon data = $folder/mon
[mgr.x]
mgr data = $folder/mgr
[osd.0]
osd data = $folder/osd
osd objectstore = memstore
memstore device bytes = 2147483648
[client.rgw.a]
rgw data = $folder/rgw
rgw frontends = beast endpoint=127.0.0.1:$port
rgw enable usage log = false
CONF
export CEPH_CONF=$conf
{
  ceph-authtool --create-keyring "$folder/keyring" --gen-key -n mon. --cap mon 'allow *'
  ceph-authtool "$folder/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' --cap mds 'allow *'
  monmaptool --create --clobber --fsid "$fsid" --addv a "$monitor" "$folder/monmap"
  ceph-mon -c "$conf" --mkfs -i a --monmap "$folder/monmap" --keyring "$folder/keyring"
  ceph-mon -c "$conf" -i a
} >"$folder/log/start.log" 2>&1
ceph -c "$conf" auth get-or-create mgr.x mon 'allow profile mgr' osd 'allow *' mds 'allow *' >>"$folder/keyring"
ceph-mgr -c "$conf" -i x
osd=$(cat /proc/sys/kernel/random/uuid)
secret=$(ceph-authtool --gen-print-key)
printf '[osd.0]\n\tkey = %s\n' "$secret" >>"$folder/keyring"
echo "{\"cephx_secret\":\"$secret\"}" | ceph -c "$conf" osd new "$osd" -i - >/dev/null
ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$osd" >>"$folder/log/start.log" 2>&1
ceph-osd -c "$conf" -i 0 >>"$folder/log/start.log" 2>&1
ceph -c "$conf" auth get-or-create client.rgw.a mon 'allow rw' osd 'allow rwx' mgr 'allow rw' >>"$folder/keyring"
radosgw -c "$conf" -n client.rgw.a
for _ in $(seq 240); do
  if curl -fs -o /dev/null "http://127.0.0.1:$port/"; then exit 0; fi
  sleep 0.5
done
echo "RGW did not answer on port $port" >&2
exit 1
