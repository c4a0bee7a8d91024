import { SystemError } from "../errors.ts";

/** The result, if it comes in time. Throws store-failed when not; what was begun goes on, and nobody waits for it. */
export async function withinMs<T>(work: Promise<T>, limitMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new SystemError("store-failed", `The store has not answered within ${limitMs} ms`)),
    limitMs,
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
