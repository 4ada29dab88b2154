// The CSI driver of the lab: a volume is a folder, a snapshot is a copy of one. It has what a test of backups needs:
// dynamic provisioning, snapshots, restores from snapshots, and clones; no sizes, no block devices, no attachment.
// It makes itself known to kubelet, so that it needs no node-driver-registrar.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	reg "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

var (
	name   = flag.String("name", "", "the name of the driver")
	dir    = flag.String("dir", "", "the folder of volumes and snapshots")
	sock   = flag.String("socket", "", "its socket, below plugins/ of kubelet")
	regDir = flag.String("registry", "", "plugins_registry of kubelet")
	node   = flag.String("node", "", "the name of the node")
)

type meta struct {
	ID, Name, Source string
	Size             int64
	Created          time.Time
}

func path(kind, id string) string  { return filepath.Join(*dir, kind, id) }
func bad(f string, a ...any) error { return status.Errorf(codes.InvalidArgument, f, a...) }
func okID(id string) bool          { return id != "" && !strings.ContainsAny(id, "/\\") && id[0] != '.' }

func load(kind, id string) (m meta, ok bool) {
	if !okID(id) {
		return m, false
	}
	b, err := os.ReadFile(path(kind, id) + ".json")
	return m, err == nil && json.Unmarshal(b, &m) == nil
}

// create makes <kind>/<id> with the content of src, if there is one. The .json comes last, so that half a copy is none.
func create(kind string, m meta, src string) error {
	p := path(kind, m.ID)
	if err := os.RemoveAll(p); err != nil {
		return err
	}
	// As a new file system is: of root alone, until kubelet gives it to the group of a pod.
	if err := os.MkdirAll(p, 0o755); err != nil {
		return err
	}
	if src != "" {
		if out, err := exec.Command("cp", "-a", "--reflink=auto", src+"/.", p+"/").CombinedOutput(); err != nil {
			return fmt.Errorf("copy: %v: %s", err, out)
		}
	}
	b, _ := json.Marshal(m)
	return os.WriteFile(p+".json", b, 0o600)
}

func remove(kind, id string) error {
	if !okID(id) {
		return nil
	}
	if err := os.RemoveAll(path(kind, id)); err != nil {
		return err
	}
	if err := os.Remove(path(kind, id) + ".json"); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

type driver struct {
	csi.UnimplementedIdentityServer
	csi.UnimplementedControllerServer
	csi.UnimplementedNodeServer
}

// What it is.

func (driver) GetPluginInfo(context.Context, *csi.GetPluginInfoRequest) (*csi.GetPluginInfoResponse, error) {
	return &csi.GetPluginInfoResponse{Name: *name, VendorVersion: "0.1.0"}, nil
}
func (driver) Probe(context.Context, *csi.ProbeRequest) (*csi.ProbeResponse, error) {
	return &csi.ProbeResponse{Ready: wrapperspb.Bool(true)}, nil
}
func (driver) GetPluginCapabilities(context.Context, *csi.GetPluginCapabilitiesRequest) (*csi.GetPluginCapabilitiesResponse, error) {
	return &csi.GetPluginCapabilitiesResponse{Capabilities: []*csi.PluginCapability{{
		Type: &csi.PluginCapability_Service_{Service: &csi.PluginCapability_Service{Type: csi.PluginCapability_Service_CONTROLLER_SERVICE}}}}}, nil
}

// What concerns the whole cluster.

func (driver) ControllerGetCapabilities(context.Context, *csi.ControllerGetCapabilitiesRequest) (*csi.ControllerGetCapabilitiesResponse, error) {
	r := &csi.ControllerGetCapabilitiesResponse{}
	for _, t := range []csi.ControllerServiceCapability_RPC_Type{
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME,
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_SNAPSHOT,
		csi.ControllerServiceCapability_RPC_LIST_SNAPSHOTS,
		csi.ControllerServiceCapability_RPC_CLONE_VOLUME,
	} {
		r.Capabilities = append(r.Capabilities, &csi.ControllerServiceCapability{
			Type: &csi.ControllerServiceCapability_Rpc{Rpc: &csi.ControllerServiceCapability_RPC{Type: t}}})
	}
	return r, nil
}

func (driver) CreateVolume(_ context.Context, r *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	if !okID(r.Name) {
		return nil, bad("name %q", r.Name)
	}
	for _, c := range r.VolumeCapabilities {
		if c.GetBlock() != nil {
			return nil, bad("block volumes are not supported")
		}
	}
	m := meta{ID: r.Name, Name: r.Name, Size: r.GetCapacityRange().GetRequiredBytes(), Created: time.Now()}
	src := ""
	if s := r.GetVolumeContentSource(); s != nil {
		kind, id := "volumes", s.GetVolume().GetVolumeId()
		if s.GetSnapshot() != nil {
			kind, id = "snapshots", s.GetSnapshot().GetSnapshotId()
		}
		o, ok := load(kind, id)
		if !ok {
			return nil, status.Errorf(codes.NotFound, "source %s/%s", kind, id)
		}
		if m.Size < o.Size {
			return nil, status.Errorf(codes.OutOfRange, "%d bytes asked, source has %d", m.Size, o.Size)
		}
		src = path(kind, id)
	}
	if old, ok := load("volumes", m.ID); ok {
		m = old
	} else if err := create("volumes", m, src); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.CreateVolumeResponse{Volume: &csi.Volume{VolumeId: m.ID, CapacityBytes: m.Size, ContentSource: r.VolumeContentSource}}, nil
}

func (driver) DeleteVolume(_ context.Context, r *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	return &csi.DeleteVolumeResponse{}, remove("volumes", r.VolumeId)
}

func (driver) ValidateVolumeCapabilities(_ context.Context, r *csi.ValidateVolumeCapabilitiesRequest) (*csi.ValidateVolumeCapabilitiesResponse, error) {
	return &csi.ValidateVolumeCapabilitiesResponse{Confirmed: &csi.ValidateVolumeCapabilitiesResponse_Confirmed{VolumeCapabilities: r.VolumeCapabilities}}, nil
}

func snap(m meta) *csi.Snapshot {
	return &csi.Snapshot{SnapshotId: m.ID, SourceVolumeId: m.Source, SizeBytes: m.Size, CreationTime: timestamppb.New(m.Created), ReadyToUse: true}
}

func (driver) CreateSnapshot(_ context.Context, r *csi.CreateSnapshotRequest) (*csi.CreateSnapshotResponse, error) {
	if !okID(r.Name) {
		return nil, bad("name %q", r.Name)
	}
	if m, ok := load("snapshots", r.Name); ok {
		if m.Source != r.SourceVolumeId {
			return nil, status.Error(codes.AlreadyExists, "same name, other source")
		}
		return &csi.CreateSnapshotResponse{Snapshot: snap(m)}, nil
	}
	v, ok := load("volumes", r.SourceVolumeId)
	if !ok {
		return nil, status.Errorf(codes.NotFound, "volume %s", r.SourceVolumeId)
	}
	m := meta{ID: r.Name, Name: r.Name, Source: v.ID, Size: v.Size, Created: time.Now()}
	if err := create("snapshots", m, path("volumes", v.ID)); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.CreateSnapshotResponse{Snapshot: snap(m)}, nil
}

func (driver) DeleteSnapshot(_ context.Context, r *csi.DeleteSnapshotRequest) (*csi.DeleteSnapshotResponse, error) {
	return &csi.DeleteSnapshotResponse{}, remove("snapshots", r.SnapshotId)
}

func (driver) ListSnapshots(_ context.Context, r *csi.ListSnapshotsRequest) (*csi.ListSnapshotsResponse, error) {
	files, _ := filepath.Glob(path("snapshots", "*.json"))
	out := &csi.ListSnapshotsResponse{}
	for _, f := range files {
		m, ok := load("snapshots", strings.TrimSuffix(filepath.Base(f), ".json"))
		if ok && (r.SnapshotId == "" || r.SnapshotId == m.ID) && (r.SourceVolumeId == "" || r.SourceVolumeId == m.Source) {
			out.Entries = append(out.Entries, &csi.ListSnapshotsResponse_Entry{Snapshot: snap(m)})
		}
	}
	return out, nil
}

// What concerns the node.

func (driver) NodeGetInfo(context.Context, *csi.NodeGetInfoRequest) (*csi.NodeGetInfoResponse, error) {
	return &csi.NodeGetInfoResponse{NodeId: *node}, nil
}
func (driver) NodeGetCapabilities(context.Context, *csi.NodeGetCapabilitiesRequest) (*csi.NodeGetCapabilitiesResponse, error) {
	return &csi.NodeGetCapabilitiesResponse{}, nil
}

func mounted(p string) bool {
	b, _ := os.ReadFile("/proc/self/mountinfo")
	return strings.Contains(string(b), " "+p+" ")
}

func (driver) NodePublishVolume(_ context.Context, r *csi.NodePublishVolumeRequest) (*csi.NodePublishVolumeResponse, error) {
	if _, ok := load("volumes", r.VolumeId); !ok {
		return nil, status.Errorf(codes.NotFound, "volume %s", r.VolumeId)
	}
	if mounted(r.TargetPath) {
		return &csi.NodePublishVolumeResponse{}, nil
	}
	if err := os.MkdirAll(r.TargetPath, 0o750); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	if err := syscall.Mount(path("volumes", r.VolumeId), r.TargetPath, "", syscall.MS_BIND, ""); err != nil {
		return nil, status.Errorf(codes.Internal, "bind: %v", err)
	}
	if r.Readonly {
		if err := syscall.Mount("", r.TargetPath, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			return nil, status.Errorf(codes.Internal, "remount ro: %v", err)
		}
	}
	return &csi.NodePublishVolumeResponse{}, nil
}

func (driver) NodeUnpublishVolume(_ context.Context, r *csi.NodeUnpublishVolumeRequest) (*csi.NodeUnpublishVolumeResponse, error) {
	if mounted(r.TargetPath) {
		if err := syscall.Unmount(r.TargetPath, 0); err != nil {
			return nil, status.Errorf(codes.Internal, "unmount: %v", err)
		}
	}
	if err := os.Remove(r.TargetPath); err != nil && !os.IsNotExist(err) {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.NodeUnpublishVolumeResponse{}, nil
}

// How kubelet gets to know it.

type registration struct {
	reg.UnimplementedRegistrationServer
}

func (registration) GetInfo(context.Context, *reg.InfoRequest) (*reg.PluginInfo, error) {
	return &reg.PluginInfo{Type: reg.CSIPlugin, Name: *name, Endpoint: *sock, SupportedVersions: []string{"1.0.0"}}, nil
}
func (registration) NotifyRegistrationStatus(_ context.Context, s *reg.RegistrationStatus) (*reg.RegistrationStatusResponse, error) {
	log.Printf("kubelet registration: ok=%v %s", s.PluginRegistered, s.Error)
	return &reg.RegistrationStatusResponse{}, nil
}

func listen(p string) net.Listener {
	if err := os.MkdirAll(filepath.Dir(p), 0o750); err != nil {
		log.Fatal(err)
	}
	os.Remove(p)
	l, err := net.Listen("unix", p)
	if err != nil {
		log.Fatal(err)
	}
	return l
}

func logErr(ctx context.Context, req any, i *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
	r, err := h(ctx, req)
	if err != nil {
		log.Printf("%s: %v", i.FullMethod, err)
	}
	return r, err
}

func main() {
	flag.Parse()
	if *name == "" || *dir == "" || *sock == "" || *regDir == "" || *node == "" {
		log.Fatal("-name, -dir, -socket, -registry and -node are needed")
	}
	for _, k := range []string{"volumes", "snapshots"} {
		if err := os.MkdirAll(path(k, ""), 0o755); err != nil {
			log.Fatal(err)
		}
	}
	s := grpc.NewServer(grpc.UnaryInterceptor(logErr))
	csi.RegisterIdentityServer(s, driver{})
	csi.RegisterControllerServer(s, driver{})
	csi.RegisterNodeServer(s, driver{})
	l := listen(*sock)
	go func() {
		rs := grpc.NewServer()
		reg.RegisterRegistrationServer(rs, registration{})
		log.Fatal(rs.Serve(listen(filepath.Join(*regDir, *name+"-reg.sock"))))
	}()
	log.Fatal(s.Serve(l))
}
