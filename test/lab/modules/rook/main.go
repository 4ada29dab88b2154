// Stands in for the operator of Rook, for two of its kinds: makes the users of CephObjectStoreUsers and the buckets of
// ObjectBucketClaims, real ones, in a gateway that is there already. The claims are followed by the library that Rook
// follows them with, and the gateway is asked by those that Rook asks it with. What lies between is written here, by the
// rules of Rook v1.20.6, whose own controllers cannot be had: their types are a module of its own, which the Go proxy does
// not have in that version.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/ceph/go-ceph/rgw/admin"
	"github.com/kube-object-storage/lib-bucket-provisioner/pkg/provisioner"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

type operator struct {
	namespace string
	core      kubernetes.Interface
	objects   dynamic.Interface
	// Of the user that may make others.
	accessKey, secretKey string
}

func main() {
	config, err := rest.InClusterConfig()
	if err != nil {
		log.Fatal(err)
	}
	rook := &operator{
		namespace: os.Getenv("POD_NAMESPACE"),
		core:      kubernetes.NewForConfigOrDie(config),
		objects:   dynamic.NewForConfigOrDie(config),
		accessKey: os.Getenv("ADMIN_ACCESS_KEY"),
		secretKey: os.Getenv("ADMIN_SECRET_KEY"),
	}
	claims, err := provisioner.NewProvisioner(config, rook.namespace+".ceph.rook.io/bucket", buckets{rook}, "")
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	go rook.keepUsers(ctx)
	log.Fatal(claims.RunWithContext(ctx))
}

// gateway is where a CephObjectStore is served.
type gateway struct {
	*admin.API
	host string
	port int
	// Namespaces that may have users of it, beside its own.
	usersIn []string
}

var stores = schema.GroupVersionResource{Group: "ceph.rook.io", Version: "v1", Resource: "cephobjectstores"}

func (rook *operator) gatewayOf(ctx context.Context, namespace, name string) (gateway, error) {
	store, err := rook.objects.Resource(stores).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return gateway{}, fmt.Errorf("failed to get ceph object store %q: %w", name, err)
	}
	port, _, _ := unstructured.NestedInt64(store.Object, "spec", "gateway", "port")
	usersIn, _, _ := unstructured.NestedStringSlice(store.Object, "spec", "allowUsersInNamespaces")
	host := fmt.Sprintf("rook-ceph-rgw-%s.%s.svc", name, namespace)
	endpoint := fmt.Sprintf("http://%s:%d", host, port)
	api, err := admin.New(endpoint, rook.accessKey, rook.secretKey, &http.Client{Timeout: 15 * time.Second})
	return gateway{API: api, host: host, port: int(port), usersIn: usersIn}, err
}
