/** Names of images, as a container has them. */

/** Whether an image is the same one at every pull, as far as its registry keeps its word: a digest, or a tag that is not moved. */
export function isPinned(image: unknown): boolean {
  if (typeof image !== 'string' || /\s/.test(image)) return false;
  return image.includes('@sha256:') || (/.:\w[\w.-]*$/.test(image) && !image.endsWith(':latest'));
}
