/**
 * What a cluster serves, as far as Velero can back it up (verbs list, create, get and delete): Kubernetes 1.36 with the
 * CRDs of external-snapshotter 8 and Velero 1.18. In the order of the API server's discovery, which decides between
 * equal names. Recorded from a kube-apiserver 1.36.3.
 *
 * One line each: group, plural, singular, kind, N(amespaced) or C(luster), short names.
 */
const TABLE = `
|configmaps|configmap|ConfigMap|N|cm
|endpoints|endpoints|Endpoints|N|ep
|events|event|Event|N|ev
|limitranges|limitrange|LimitRange|N|limits
|namespaces|namespace|Namespace|C|ns
|nodes|node|Node|C|no
|persistentvolumeclaims|persistentvolumeclaim|PersistentVolumeClaim|N|pvc
|persistentvolumes|persistentvolume|PersistentVolume|C|pv
|pods|pod|Pod|N|po
|podtemplates|podtemplate|PodTemplate|N|
|replicationcontrollers|replicationcontroller|ReplicationController|N|rc
|resourcequotas|resourcequota|ResourceQuota|N|quota
|secrets|secret|Secret|N|
|serviceaccounts|serviceaccount|ServiceAccount|N|sa
|services|service|Service|N|svc
apiregistration.k8s.io|apiservices|apiservice|APIService|C|
apps|controllerrevisions|controllerrevision|ControllerRevision|N|
apps|daemonsets|daemonset|DaemonSet|N|ds
apps|deployments|deployment|Deployment|N|deploy
apps|replicasets|replicaset|ReplicaSet|N|rs
apps|statefulsets|statefulset|StatefulSet|N|sts
events.k8s.io|events|event|Event|N|ev
autoscaling|horizontalpodautoscalers|horizontalpodautoscaler|HorizontalPodAutoscaler|N|hpa
batch|cronjobs|cronjob|CronJob|N|cj
batch|jobs|job|Job|N|
certificates.k8s.io|certificatesigningrequests|certificatesigningrequest|CertificateSigningRequest|C|csr
networking.k8s.io|ingressclasses|ingressclass|IngressClass|C|
networking.k8s.io|ingresses|ingress|Ingress|N|ing
networking.k8s.io|ipaddresses|ipaddress|IPAddress|C|ip
networking.k8s.io|networkpolicies|networkpolicy|NetworkPolicy|N|netpol
networking.k8s.io|servicecidrs|servicecidr|ServiceCIDR|C|
policy|poddisruptionbudgets|poddisruptionbudget|PodDisruptionBudget|N|pdb
rbac.authorization.k8s.io|clusterrolebindings|clusterrolebinding|ClusterRoleBinding|C|
rbac.authorization.k8s.io|clusterroles|clusterrole|ClusterRole|C|
rbac.authorization.k8s.io|rolebindings|rolebinding|RoleBinding|N|
rbac.authorization.k8s.io|roles|role|Role|N|
storage.k8s.io|csidrivers|csidriver|CSIDriver|C|
storage.k8s.io|csinodes|csinode|CSINode|C|
storage.k8s.io|csistoragecapacities|csistoragecapacity|CSIStorageCapacity|N|
storage.k8s.io|storageclasses|storageclass|StorageClass|C|sc
storage.k8s.io|volumeattachments|volumeattachment|VolumeAttachment|C|
storage.k8s.io|volumeattributesclasses|volumeattributesclass|VolumeAttributesClass|C|vac
admissionregistration.k8s.io|mutatingadmissionpolicies|mutatingadmissionpolicy|MutatingAdmissionPolicy|C|
admissionregistration.k8s.io|mutatingadmissionpolicybindings|mutatingadmissionpolicybinding|MutatingAdmissionPolicyBinding|C|
admissionregistration.k8s.io|mutatingwebhookconfigurations|mutatingwebhookconfiguration|MutatingWebhookConfiguration|C|
admissionregistration.k8s.io|validatingadmissionpolicies|validatingadmissionpolicy|ValidatingAdmissionPolicy|C|
admissionregistration.k8s.io|validatingadmissionpolicybindings|validatingadmissionpolicybinding|ValidatingAdmissionPolicyBinding|C|
admissionregistration.k8s.io|validatingwebhookconfigurations|validatingwebhookconfiguration|ValidatingWebhookConfiguration|C|
apiextensions.k8s.io|customresourcedefinitions|customresourcedefinition|CustomResourceDefinition|C|crd,crds
scheduling.k8s.io|priorityclasses|priorityclass|PriorityClass|C|pc
coordination.k8s.io|leases|lease|Lease|N|
node.k8s.io|runtimeclasses|runtimeclass|RuntimeClass|C|
discovery.k8s.io|endpointslices|endpointslice|EndpointSlice|N|
resource.k8s.io|deviceclasses|deviceclass|DeviceClass|C|
resource.k8s.io|resourceclaims|resourceclaim|ResourceClaim|N|
resource.k8s.io|resourceclaimtemplates|resourceclaimtemplate|ResourceClaimTemplate|N|
resource.k8s.io|resourceslices|resourceslice|ResourceSlice|C|
flowcontrol.apiserver.k8s.io|flowschemas|flowschema|FlowSchema|C|
flowcontrol.apiserver.k8s.io|prioritylevelconfigurations|prioritylevelconfiguration|PriorityLevelConfiguration|C|
snapshot.storage.k8s.io|volumesnapshots|volumesnapshot|VolumeSnapshot|N|vs
snapshot.storage.k8s.io|volumesnapshotcontents|volumesnapshotcontent|VolumeSnapshotContent|C|vsc,vscs
snapshot.storage.k8s.io|volumesnapshotclasses|volumesnapshotclass|VolumeSnapshotClass|C|vsclass,vsclasses
velero.io|backuprepositories|backuprepository|BackupRepository|N|
velero.io|downloadrequests|downloadrequest|DownloadRequest|N|
velero.io|restores|restore|Restore|N|
velero.io|deletebackuprequests|deletebackuprequest|DeleteBackupRequest|N|
velero.io|podvolumerestores|podvolumerestore|PodVolumeRestore|N|
velero.io|serverstatusrequests|serverstatusrequest|ServerStatusRequest|N|ssr
velero.io|schedules|schedule|Schedule|N|
velero.io|volumesnapshotlocations|volumesnapshotlocation|VolumeSnapshotLocation|N|vsl
velero.io|backups|backup|Backup|N|
velero.io|backupstoragelocations|backupstoragelocation|BackupStorageLocation|N|bsl
velero.io|podvolumebackups|podvolumebackup|PodVolumeBackup|N|
velero.io|datadownloads|datadownload|DataDownload|N|
velero.io|datauploads|dataupload|DataUpload|N|
groupsnapshot.storage.k8s.io|volumegroupsnapshotclasses|volumegroupsnapshotclass|VolumeGroupSnapshotClass|C|vgsclass,vgsclasses
groupsnapshot.storage.k8s.io|volumegroupsnapshotcontents|volumegroupsnapshotcontent|VolumeGroupSnapshotContent|C|vgsc,vgscs
groupsnapshot.storage.k8s.io|volumegroupsnapshots|volumegroupsnapshot|VolumeGroupSnapshot|N|vgs
`;

/** A kind of object, by the names under which a cluster serves it. */
export interface ServedResource {
  /** API group, `''` for the core group. */
  readonly group: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
}

export const SERVED_RESOURCES: readonly ServedResource[] = TABLE.trim()
  .split('\n')
  .map((line) => {
    const [group = '', plural = '', singular = '', kind = '', scope = '', shortNames = ''] = line.split('|');
    return {
      group,
      plural,
      singular,
      kind,
      namespaced: scope === 'N',
      shortNames: shortNames === '' ? [] : shortNames.split(','),
    };
  });
