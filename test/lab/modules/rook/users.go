package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"slices"
	"strings"
	"time"

	"github.com/ceph/go-ceph/rgw/admin"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

var users = schema.GroupVersionResource{Group: "ceph.rook.io", Version: "v1", Resource: "cephobjectstoreusers"}

// userSpec has the fields that are known here. Others would go unheeded, and are refused.
type userSpec struct {
	Store            string            `json:"store"`
	ClusterNamespace string            `json:"clusterNamespace"`
	DisplayName      string            `json:"displayName"`
	Capabilities     map[string]string `json:"capabilities"`
	OpMask           *[]string         `json:"opMask"`
	Quotas           struct {
		MaxBuckets *int                `json:"maxBuckets"`
		MaxObjects *int64              `json:"maxObjects"`
		MaxSize    *intstr.IntOrString `json:"maxSize"`
	} `json:"quotas"`
}

// In this order Rook writes them.
var capabilities = []string{
	"users", "buckets", "metadata", "usage", "zone", "roles", "amz-cache", "bilog", "info", "mdlog", "datalog",
	"user-policy", "oidc-provider", "ratelimit",
}

// keepUsers makes those that are new or have changed, and tries again with those that failed.
func (rook *operator) keepUsers(ctx context.Context) {
	for ; ; time.Sleep(time.Second) {
		list, err := rook.objects.Resource(users).List(ctx, metav1.ListOptions{})
		if err != nil {
			log.Print(err)
			continue
		}
		for _, object := range list.Items {
			if err := rook.keepUser(ctx, object); err != nil {
				log.Printf("failed to reconcile CephObjectStoreUser %s/%s: %v", object.GetNamespace(), object.GetName(), err)
			}
		}
	}
}

func (rook *operator) keepUser(ctx context.Context, object unstructured.Unstructured) error {
	phase, _, _ := unstructured.NestedString(object.Object, "status", "phase")
	seen, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	if phase == "Ready" && seen == object.GetGeneration() {
		return nil
	}
	given, _, _ := unstructured.NestedMap(object.Object, "spec")
	var spec userSpec
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(given, &spec, true); err != nil {
		return rook.say(ctx, object, map[string]any{"phase": "ReconcileFailed"}, err)
	}
	cluster := spec.ClusterNamespace
	if cluster == "" {
		cluster = object.GetNamespace()
	}
	if cluster != rook.namespace {
		return nil
	}
	if err := rook.makeUser(ctx, object, spec); err != nil {
		return rook.say(ctx, object, map[string]any{"phase": "ReconcileFailed"}, err)
	}
	return rook.say(ctx, object, map[string]any{
		"phase":              "Ready",
		"observedGeneration": object.GetGeneration(),
		"info":               map[string]string{"secretName": secretName(object, spec)},
	}, nil)
}

// say writes the status. It returns why it is so, or why it could not be written.
func (rook *operator) say(ctx context.Context, of unstructured.Unstructured, status map[string]any, why error) error {
	patch, err := json.Marshal(map[string]any{"status": status})
	if err != nil {
		return err
	}
	_, err = rook.objects.Resource(users).Namespace(of.GetNamespace()).
		Patch(ctx, of.GetName(), types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	return errors.Join(why, err)
}

func (rook *operator) makeUser(ctx context.Context, object unstructured.Unstructured, spec userSpec) error {
	gateway, err := rook.gatewayOf(ctx, rook.namespace, spec.Store)
	if err != nil {
		return err
	}
	namespace := object.GetNamespace()
	allowed := slices.ContainsFunc(gateway.usersIn, func(each string) bool { return each == "*" || each == namespace })
	if namespace != rook.namespace && !allowed {
		return fmt.Errorf("object store %q does not allow creating users namespace %q, the namespace must first be added to allowUsersInNamespaces", spec.Store, namespace)
	}
	target := userFor(object.GetName(), spec)
	live, err := gateway.GetUser(ctx, admin.User{ID: target.ID})
	if errors.Is(err, admin.ErrNoSuchUser) {
		live, err = gateway.CreateUser(ctx, target)
	}
	if err != nil {
		return err
	}
	if live.DisplayName != target.DisplayName || live.OpMask != target.OpMask || live.MaxBuckets == nil || *live.MaxBuckets != *target.MaxBuckets {
		if live, err = gateway.ModifyUser(ctx, target); err != nil {
			return err
		}
	}
	if err := gateway.setCapabilities(ctx, live, target.UserCaps); err != nil {
		return err
	}
	quota, err := userQuota(spec)
	if err != nil {
		return err
	}
	quota.UID = target.ID
	if err := gateway.SetUserQuota(ctx, quota); err != nil {
		return err
	}
	return rook.writeKeys(ctx, object, spec, map[string]string{
		"AccessKey": live.Keys[0].AccessKey,
		"SecretKey": live.Keys[0].SecretKey,
		"Endpoint":  gateway.Endpoint,
	})
}

func userFor(name string, spec userSpec) admin.User {
	maxBuckets := 1000
	if spec.Quotas.MaxBuckets != nil {
		maxBuckets = *spec.Quotas.MaxBuckets
	}
	user := admin.User{ID: name, DisplayName: spec.DisplayName, MaxBuckets: &maxBuckets, OpMask: mask(spec.OpMask)}
	if user.DisplayName == "" {
		user.DisplayName = name
	}
	for _, each := range capabilities {
		right := spec.Capabilities[each]
		if right == "" {
			// Rook takes the singular too.
			right = spec.Capabilities[strings.TrimSuffix(each, "s")]
		}
		if right != "" {
			user.UserCaps += each + "=" + right + ";"
		}
	}
	return user
}

// mask is the list as the gateway says it.
func mask(given *[]string) string {
	all := []string{"read", "write", "delete"}
	if given == nil {
		return strings.Join(all, ", ")
	}
	some := slices.DeleteFunc(all, func(each string) bool { return !slices.Contains(*given, each) })
	if len(some) == 0 {
		return "<none>"
	}
	return strings.Join(some, ", ")
}

// setCapabilities takes the old ones away first, because adding removes none.
func (gateway gateway) setCapabilities(ctx context.Context, live admin.User, wanted string) error {
	has := ""
	for _, each := range live.Caps {
		has += each.Type + "=" + each.Perm + ";"
	}
	if has == wanted {
		return nil
	}
	if has != "" {
		if _, err := gateway.RemoveUserCap(ctx, live.ID, has); err != nil {
			return err
		}
	}
	if wanted == "" {
		return nil
	}
	_, err := gateway.AddUserCap(ctx, live.ID, wanted)
	return err
}

func userQuota(spec userSpec) (admin.QuotaSpec, error) {
	objects, size := "", ""
	if spec.Quotas.MaxObjects != nil {
		objects = fmt.Sprint(*spec.Quotas.MaxObjects)
	}
	if spec.Quotas.MaxSize != nil {
		size = spec.Quotas.MaxSize.String()
	}
	return quotaOf(objects, size)
}

// quotaOf takes quantities; an empty one is no limit.
func quotaOf(objects, size string) (admin.QuotaSpec, error) {
	limits := []int64{-1, -1}
	for index, text := range []string{objects, size} {
		if text == "" {
			continue
		}
		quantity, err := resource.ParseQuantity(text)
		if err != nil {
			return admin.QuotaSpec{}, fmt.Errorf("failed to parse %q as a quantity: %w", text, err)
		}
		limits[index] = quantity.Value()
	}
	enabled := objects != "" || size != ""
	return admin.QuotaSpec{Enabled: &enabled, MaxObjects: &limits[0], MaxSize: &limits[1]}, nil
}

func secretName(user unstructured.Unstructured, spec userSpec) string {
	return fmt.Sprintf("rook-ceph-object-user-%s-%s", spec.Store, user.GetName())
}

func (rook *operator) writeKeys(ctx context.Context, user unstructured.Unstructured, spec userSpec, keys map[string]string) error {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:      secretName(user, spec),
			Namespace: user.GetNamespace(),
			Labels: map[string]string{
				"app":               "rook-ceph-rgw",
				"user":              user.GetName(),
				"rook_cluster":      user.GetNamespace(),
				"rook_object_store": spec.Store,
			},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(&user, user.GroupVersionKind())},
		},
		StringData: keys,
		Type:       "kubernetes.io/rook",
	}
	secrets := rook.core.CoreV1().Secrets(user.GetNamespace())
	_, err := secrets.Create(ctx, secret, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		_, err = secrets.Update(ctx, secret, metav1.UpdateOptions{})
	}
	return err
}
