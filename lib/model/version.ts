/** Versions as people state them: `1.30`, `v1.30.0`. */

/** Major and minor; `undefined` for what is not a version. */
export function parseVersion(text: string): readonly [major: number, minor: number] | undefined {
  const match = /^v?(\d+)\.(\d+)(\.\d+)?$/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

/** Whether a version is this one or a later one. */
export function isVersionFrom(text: string, major: number, minor: number): boolean {
  const version = parseVersion(text);
  if (version === undefined) return false;
  return version[0] > major || (version[0] === major && version[1] >= minor);
}
