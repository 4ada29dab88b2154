package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/ceph/go-ceph/rgw/admin"
	"github.com/kube-object-storage/lib-bucket-provisioner/pkg/apis/objectbucket.io/v1alpha1"
	"github.com/kube-object-storage/lib-bucket-provisioner/pkg/provisioner/api"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// buckets is what the library asks for the bucket of a claim.
type buckets struct{ *operator }

var _ api.Provisioner = buckets{}

// GenerateUserID names the owner, after the claim and no other of that name.
func (buckets) GenerateUserID(claim *v1alpha1.ObjectBucketClaim, bucket *v1alpha1.ObjectBucket) (string, error) {
	if bucket != nil {
		return bucket.Spec.AdditionalState["cephUser"], nil
	}
	return fmt.Sprintf("obc-%s-%s-%s", claim.Namespace, claim.Name, claim.UID), nil
}

// Provision makes the owner, the bucket, the quotas and the policy what the claim says.
func (rook buckets) Provision(options *api.BucketOptions) (*v1alpha1.ObjectBucket, error) {
	ctx := context.Background()
	config := options.ObjectBucketClaim.Spec.AdditionalConfig
	if err := rook.mayHave(ctx, config); err != nil {
		return nil, fmt.Errorf("failed to process additionalConfig: %w", err)
	}
	namespace, store := options.Parameters["objectStoreNamespace"], options.Parameters["objectStoreName"]
	gateway, err := rook.gatewayOf(ctx, namespace, store)
	if err != nil {
		return nil, err
	}
	bucket, uid := options.BucketName, options.UserID
	owner, err := gateway.GetUser(ctx, admin.User{ID: uid})
	if errors.Is(err, admin.ErrNoSuchUser) {
		owner, err = gateway.CreateUser(ctx, admin.User{ID: uid, DisplayName: uid})
	}
	if err != nil {
		return nil, fmt.Errorf("unable to get user %q creds: %w", uid, err)
	}
	keys := owner.Keys[0]
	client := gateway.as(keys)
	if err := gateway.makeBucket(ctx, client, bucket, uid); err != nil {
		return nil, err
	}
	if err := gateway.limit(ctx, bucket, uid, config); err != nil {
		return nil, err
	}
	if err := setPolicy(ctx, client, bucket, config["bucketPolicy"]); err != nil {
		return nil, fmt.Errorf("failed to set policy for bucket %q: %w", bucket, err)
	}
	return &v1alpha1.ObjectBucket{Spec: v1alpha1.ObjectBucketSpec{Connection: &v1alpha1.Connection{
		Endpoint: &v1alpha1.Endpoint{
			BucketHost:           gateway.host,
			BucketPort:           gateway.port,
			BucketName:           bucket,
			AdditionalConfigData: config,
		},
		Authentication: &v1alpha1.Authentication{
			AccessKeys: &v1alpha1.AccessKeys{AccessKeyID: keys.AccessKey, SecretAccessKey: keys.SecretKey},
		},
		AdditionalState: map[string]string{
			"cephUser":             uid,
			"objectStoreName":      store,
			"objectStoreNamespace": namespace,
		},
	}}}, nil
}

// In this order Rook looks at them; what is no field it does not see.
var fields = []string{
	"maxObjects", "maxSize", "bucketMaxObjects", "bucketMaxSize", "bucketPolicy", "bucketLifecycle", "bucketOwner",
}

// mayHave refuses what the settings of the operator do not allow. Rook reads them when they change.
func (rook buckets) mayHave(ctx context.Context, config map[string]string) error {
	allowed := "maxObjects,maxSize"
	settings, err := rook.core.CoreV1().ConfigMaps(rook.namespace).Get(ctx, "rook-ceph-operator-config", metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	if err == nil {
		if set, ok := settings.Data["ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS"]; ok {
			allowed = set
		}
	}
	for _, field := range fields {
		if _, ok := config[field]; !ok {
			continue
		}
		if !slices.Contains(strings.Split(allowed, ","), field) {
			return fmt.Errorf("OBC config %q is not allowed", field)
		}
		if field == "bucketLifecycle" || field == "bucketOwner" {
			return fmt.Errorf("what stands in for Rook here does nothing about %s", field)
		}
	}
	return nil
}

// makeBucket links one that is there already to this owner, who may have no other.
func (gateway gateway) makeBucket(ctx context.Context, client *s3.Client, bucket, uid string) error {
	there, err := gateway.GetBucketInfo(ctx, admin.Bucket{Bucket: bucket})
	switch {
	case errors.Is(err, admin.ErrNoSuchBucket):
		_, err = client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket})
	case err == nil && there.Owner != uid:
		err = gateway.LinkBucket(ctx, admin.BucketLinkInput{Bucket: bucket, UID: uid})
	}
	if err != nil {
		return fmt.Errorf("error creating bucket %q: %w", bucket, err)
	}
	one := 1
	_, err = gateway.ModifyUser(ctx, admin.User{ID: uid, MaxBuckets: &one})
	return err
}

func (gateway gateway) limit(ctx context.Context, bucket, uid string, config map[string]string) error {
	ofUser, err := quotaOf(config["maxObjects"], config["maxSize"])
	if err != nil {
		return err
	}
	ofBucket, err := quotaOf(config["bucketMaxObjects"], config["bucketMaxSize"])
	if err != nil {
		return err
	}
	ofUser.UID, ofBucket.UID, ofBucket.Bucket = uid, uid, bucket
	return errors.Join(gateway.SetUserQuota(ctx, ofUser), gateway.SetIndividualBucketQuota(ctx, ofBucket))
}

// setPolicy also takes away what no claim says.
func setPolicy(ctx context.Context, client *s3.Client, bucket, wanted string) error {
	has := ""
	live, err := client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &bucket})
	var answer smithy.APIError
	switch {
	case err == nil:
		has = aws.ToString(live.Policy)
	case !errors.As(err, &answer) || answer.ErrorCode() != "NoSuchBucketPolicy":
		return err
	}
	switch wanted {
	case has:
		return nil
	case "":
		_, err = client.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &bucket})
	default:
		_, err = client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &wanted})
	}
	return err
}

func (gateway gateway) as(keys admin.UserKeySpec) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &gateway.Endpoint,
		Credentials:  credentials.NewStaticCredentialsProvider(keys.AccessKey, keys.SecretKey, ""),
		Region:       "us-east-1",
		UsePathStyle: true,
	})
}

// Nothing in the tests ends a claim, or names a bucket that somebody else has made.
var errNotHere = errors.New("what stands in for Rook here makes buckets, and does nothing else")

func (buckets) Grant(*api.BucketOptions) (*v1alpha1.ObjectBucket, error) { return nil, errNotHere }

func (buckets) Delete(*v1alpha1.ObjectBucket) error { return errNotHere }

func (buckets) Revoke(*v1alpha1.ObjectBucket) error { return errNotHere }
