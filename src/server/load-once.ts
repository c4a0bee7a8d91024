/**
 * What is loaded when it is first asked for: a promise until then, the value itself from then on, so that who asks
 * often need not wait. A load that fails is forgotten, and the next one who asks tries again.
 */
export function loadOnce<T extends object>(load: () => Promise<T>): () => T | Promise<T> {
  let known: T | Promise<T> | undefined;
  return () => {
    known ??= load().then(
      (loaded) => {
        known = loaded;
        return loaded;
      },
      (error: unknown) => {
        known = undefined;
        throw error;
      },
    );
    return known;
  };
}
