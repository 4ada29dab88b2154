/** What can be said of the lab without starting it. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BINARY_NAMES, binary, binaryNamed } from './binaries';
import { importImage } from './images';
import { layout } from './layout';

describe('the programs of the lab', () => {
  it('are found by name', () => {
    expect(binaryNamed('kubelet')).toBe('kubelet');
    expect(() => binaryNamed('kublet')).toThrow('The lab builds no program called kublet. Did you mean kubelet?');
    expect(() => binaryNamed('ceph')).toThrow(/^The lab builds no program called ceph\. They are: kube-apiserver, /);
  });

  it('lie in a folder that is named after what they are made of, and not in a checkout', () => {
    for (const name of BINARY_NAMES) expect(binary(name)).toMatch(/\/lab\/[a-z-]+-[0-9a-f]{12}\/[a-z-]+$/);
    expect(binary('etcd')).not.toContain(process.cwd());
  });
});

describe('an image', () => {
  const lab = layout('/nowhere');

  it.each(['busybox', 'busybox:1.36', 'library/busybox:1.36', 'docker.io/library/busybox', 'docker.io/x:1@sha256:12'])(
    'is not called %s',
    async (name) => {
      await expect(importImage(lab, name, ['/'], {})).rejects.toThrow(
        `${name} is not the full name of an image. Write registry, repository and tag: docker.io/library/busybox:1.36`,
      );
    },
  );

  it('is made of files that are there', async () => {
    expect(existsSync('/nowhere')).toBe(false);
    await expect(importImage(lab, 'registry.k8s.io/etcd:3.6.16-0', ['/nowhere'], {})).rejects.toThrow(
      'There is no /nowhere: name a folder, or a tar file, with the files of the image.',
    );
  });
});
