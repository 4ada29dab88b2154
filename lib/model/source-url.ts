/** Where Flux reads a source from, in the forms in which people write it. */

export interface SourceUrl {
  readonly host: string;
  /** Whether it carries a password or a token, which would stand in the repository. */
  readonly hasCredentials: boolean;
}

/**
 * @param text `https://…`, `ssh://git@…`, `oci://…`, the `git@host:path` of Git, or the `host:port` of a Bucket.
 * @returns `undefined` for what names no host.
 */
export function readSourceUrl(text: string): SourceUrl | undefined {
  const ofGit = /^[^@/:\s]+@([^/:\s]+):(?!\d+$)/.exec(text);
  if (ofGit !== null) return { host: ofGit[1] ?? '', hasCredentials: false };
  try {
    const { protocol, hostname, username, password } = new URL(/^[a-z+]+:\/\//i.test(text) ? text : `https://${text}`);
    if (hostname === '') return undefined;
    // The user of SSH is not a secret; over HTTP a token may stand there.
    return { host: hostname, hasCredentials: password !== '' || (username !== '' && protocol !== 'ssh:') };
  } catch {
    return undefined;
  }
}
