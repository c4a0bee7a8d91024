/** What a process returns. Documented in the README; tests hold the numbers. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, system: 3, partial: 4, interrupted: 130 } as const;
export type ExitCode = keyof typeof exitCodes;
